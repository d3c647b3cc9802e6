"""The plan of a whistle (议定方案): decisions that are carried out as joint legs, each with its own limit.

The town leads, unless the plan hands the lead to a department whose power it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from domain.chapters.handling import must_handle, next_leg
from domain.chapters.whistles.parties import must_have_called, open_whistle, somebody_came
from domain.commands import AgreePlan
from domain.events import Fact, HandedUp, LegDispatched, PlanAgreed
from domain.limits.named import must_end_by
from domain.refusals import Refused
from domain.request import LegRole, RequestState, State
from domain.texts import required_text
from domain.units import Actor, Unit
from domain.whistles import Decision, Whistle

MOST_DECISIONS = 20

LONGEST_DECISION = timedelta(days=92)
"""A quarter: what takes longer is not whistled for, it is put off until a date."""


def agree_plan(state: RequestState, act: AgreePlan, by: Actor, now: datetime) -> Iterator[Fact]:
    """Each decision becomes a mandatory joint leg of its unit; what the leading unit does lies with its own leg.

    Raises:
        Refused: ``whistle_unknown``, ``whistle_ended``, ``not_your_whistle``, ``plan_agreed_before``, ``nobody_came``,
            ``decisions_missing``, ``too_many_decisions``, ``decided_twice``, ``level_does_not_handle``,
            ``not_summoned``, ``limit_too_long``, ``bound_already``, or a code of taking the lead.
    """
    present = open_whistle(state, act.whistle)
    must_have_called(present, by)
    if present.plan_agreed_at is not None:
        raise Refused(
            "plan_agreed_before", "whistle", f"whistle {present.id} has its plan", "the end of the whistle"
        )
    somebody_came(present)
    _check_decisions(state, present, act.decisions)
    minutes = required_text(act.minutes, "minutes")
    lead = _new_lead(state, present, act.lead) if act.lead is not None else None
    if act.keeps_shares:
        _check_limits(state, act.decisions, now)
        _shares_stand(state, act.decisions, lead)
    first = int(next_leg(state))
    lead_leg, leads = (str(first), lead) if lead is not None else (_lead_leg(state), _lead_unit(state))
    decided = _with_legs(act.decisions, first + (lead is not None), leads, lead_leg)
    yield PlanAgreed(present.id, minutes, decided, lead_leg if lead is not None else None)
    if lead is not None:
        yield HandedUp(_lead_leg(state), "whistle", minutes, release=False)
        yield LegDispatched(lead_leg, LegRole.LEAD, lead, "", state.cycle, "whistle", minutes)
    yield from (_share(state, decision) for decision in decided if decision.leg != lead_leg)


def _share(state: RequestState, decision: Decision) -> LegDispatched:
    return LegDispatched(
        decision.leg,
        LegRole.JOINT,
        decision.unit,
        "",
        state.cycle,
        "whistle",
        decision.action,
        within=decision.within,
        mandatory=True,
    )


def _check_decisions(state: RequestState, present: Whistle, decisions: tuple[Decision, ...]) -> None:
    if not decisions:
        raise Refused("decisions_missing", "decisions", "the plan decides nothing", "at least one decision")
    if len(decisions) > MOST_DECISIONS:
        raise Refused(
            "too_many_decisions", "decisions", f"{len(decisions)} decisions", f"at most {MOST_DECISIONS}"
        )
    seen: set[str] = set()
    for decision in decisions:
        must_handle(decision.unit)
        _may_be_bound(state, present, decision.unit)
        required_text(decision.action, "action")
        if decision.unit.code in seen:
            raise Refused(
                "decided_twice", "decisions", f"{decision.unit.code} stands twice", "each unit once"
            )
        seen.add(decision.unit.code)


def _may_be_bound(state: RequestState, present: Whistle, unit: Unit) -> None:
    """A plan binds whom the whistle called, the town's own units, and the unit that leads."""
    lead = _lead_unit(state)
    is_called = present.summons_of(unit.code) is not None
    if not is_called and not unit.lies_within(present.town) and (lead is None or lead.code != unit.code):
        called = ", ".join(each.unit.code for each in present.summonses)
        raise Refused("not_summoned", "decisions", f"whistle {present.id} does not bind {unit.code}", called)


def _check_limits(state: RequestState, decisions: tuple[Decision, ...], now: datetime) -> None:
    for decision in decisions:
        must_end_by(
            now + LONGEST_DECISION,
            decision.within,
            now,
            state.calendar,
            field="decisions",
            at_most=f"{LONGEST_DECISION.days}d",
        )


def _shares_stand(state: RequestState, decisions: tuple[Decision, ...], lead: Unit | None) -> None:
    """A unit holds one leg, so a plan that gave it another would end what it owes by an earlier plan, or otherwise has
    to contribute. Who takes the lead answers for the whole from then on.
    """
    binding = {leg.unit.code: leg for leg in state.legs if leg.is_open and leg.mandatory}
    for decision in decisions:
        owed = binding.get(decision.unit.code)
        if owed is None or (lead is not None and lead.code == decision.unit.code):
            continue
        raise Refused(
            "bound_already",
            "decisions",
            f"{owed.unit.code} still owes what leg {owed.id} asks of it",
            f"its contribution, or a dispatcher who lets leg {owed.id} go (remove_joint)",
        )


def _new_lead(state: RequestState, present: Whistle, code: str) -> Unit:
    summons = present.summons_of(code)
    if summons is None or summons.arrived_at is None:
        attending = ", ".join(each.unit.code for each in present.came)
        raise Refused("not_summoned", "lead", f"{code} does not attend whistle {present.id}", attending)
    lead = state.lead
    if state.state is not State.IN_PROGRESS or lead is None:
        raise Refused(
            "not_possible_now",
            "lead",
            f"the lead cannot be handed over while the request is {state.state}",
            State.IN_PROGRESS,
        )
    if not summons.unit.level.is_above(lead.level):
        raise Refused(
            "not_above_the_lead",
            "lead",
            f"{code} does not stand above {lead.unit.code}",
            "a dispatcher, who may reassign",
        )
    return summons.unit


def _lead_leg(state: RequestState) -> str:
    return state.lead.id if state.lead is not None else ""


def _lead_unit(state: RequestState) -> Unit | None:
    return state.lead.unit if state.lead is not None else None


def _with_legs(
    decisions: tuple[Decision, ...], first: int, leads: Unit | None, lead_leg: str
) -> tuple[Decision, ...]:
    """The decisions with the legs that they become, numbered on from ``first``."""
    placed = list[Decision]()
    for decision in decisions:
        if leads is not None and decision.unit.code == leads.code:
            placed.append(replace(decision, leg=lead_leg))
        else:
            placed.append(replace(decision, leg=str(first)))
            first += 1
    return tuple(placed)
