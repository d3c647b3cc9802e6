"""When the lead unit may reply for several: the join rule (会办规则), who sets it, and what the reply waits for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.chapters.handling import own_lead
from domain.commands import SetJoinRule
from domain.events import Fact, JoinRuleSet
from domain.joining import Join, JoinRule
from domain.refusals import Refused
from domain.request import Leg, LegEnd, LegRole, RequestState
from domain.texts import required_text
from domain.units import Actor, Role


def set_join_rule(state: RequestState, act: SetJoinRule, by: Actor, _now: datetime) -> Iterator[Fact]:
    """The lead unit or a dispatcher says what the reply waits for; what a dispatcher said only a dispatcher takes back.

    Raises:
        Refused: ``not_your_leg``, ``set_by_dispatcher``, ``not_a_quorum``, or a reason that says nothing.
    """
    if by.role is not Role.DISPATCHER:
        own_lead(state, by)
        _not_over_a_dispatcher(state)
    yield JoinRuleSet(sound(act.rule), required_text(act.reason, "reason"))


def first_rule(state: RequestState, rule: JoinRule | None) -> Iterator[Fact]:
    """The rule that comes with the first request for a contribution.

    Raises:
        Refused: ``join_rule_set``, ``not_a_quorum``.
    """
    if rule is None or (state.join_rule_from is not None and rule == state.join_rule):
        return
    if state.join_rule_from is not None:
        raise Refused(
            "join_rule_set",
            "join",
            f"the join rule of this request is {state.join_rule}",
            "set_join_rule, with a reason",
        )
    yield JoinRuleSet(sound(rule))


def sound(rule: JoinRule) -> JoinRule:
    """The rule, if its number fits it.

    Raises:
        Refused: ``not_a_quorum``.
    """
    counts = rule.join is Join.QUORUM
    if counts and (rule.quorum is None or rule.quorum < 1):
        raise Refused("not_a_quorum", "quorum", f"{rule.quorum} contributions", "a number from 1")
    if not counts and rule.quorum is not None:
        raise Refused("not_a_quorum", "quorum", f"{rule.join} counts no contributions", "no number")
    return rule


def check_contributions(state: RequestState) -> None:
    """The reply may go to review as far as the contributions are concerned.

    Raises:
        Refused: ``contributions_missing``.
    """
    missing = awaited(state)
    if not missing:
        return
    named = ", ".join(f"leg {leg.id} ({leg.unit.code})" for leg in missing)
    raise Refused(
        "contributions_missing",
        "join_rule",
        f"the reply waits for {state.join_rule}: {named}",
        "their contributions, an application for removal of who is overdue, or another join rule",
    )


def awaited(state: RequestState) -> tuple[Leg, ...]:
    """The open mandatory joint legs, where the join rule still waits for some of them; who was let go is waited for no
    more.
    """
    open_ones = tuple(leg for leg in _mandatory(state) if leg.is_open)
    match state.join_rule.join:
        case Join.LEAD_DECIDES:
            return ()
        case Join.ALL:
            return open_ones
        case Join.QUORUM:
            return open_ones if _contributed(state) < (state.join_rule.quorum or 0) else ()


def _contributed(state: RequestState) -> int:
    return sum(leg.end is LegEnd.CONTRIBUTED for leg in _mandatory(state))


def _mandatory(state: RequestState) -> Iterator[Leg]:
    return (
        leg
        for leg in state.legs
        if leg.role is LegRole.JOINT and leg.mandatory and (leg.is_open or leg.attempt == state.cycle)
    )


def _not_over_a_dispatcher(state: RequestState) -> None:
    if state.join_rule_from is Role.DISPATCHER:
        raise Refused(
            "set_by_dispatcher",
            "rule",
            f"a dispatcher set the join rule {state.join_rule}",
            "a dispatcher's word",
        )
