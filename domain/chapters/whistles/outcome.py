"""What a whistle comes to: its end, the town's ratings, and the district's finding that it was not justified."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.chapters.whistles.parties import (
    a_mark,
    known_whistle,
    must_be_rateable,
    must_have_called,
    open_whistle,
    somebody_came,
)
from domain.commands import ConfirmUnjustified, EndWhistle, RateWhistle
from domain.events import AlarmRaised, CallFoundUnjustified, Fact, WhistleEnded, WhistleRated
from domain.levels import Level
from domain.refusals import Refused
from domain.request import LegRole, RequestState
from domain.texts import optional_text, required_text
from domain.units import Actor
from domain.whistles import Whistle, WhistleEnd

DISPUTED_MARK = 2
"""A call is disputed where every department marks it so low, or lower."""


def end_whistle(state: RequestState, act: EndWhistle, by: Actor, _now: datetime) -> Iterator[Fact]:
    """The town ends the whistle. An unresolved one goes to the district's leadership as a proposal, and an objection to
    the arbiter.

    Raises:
        Refused: ``whistle_unknown``, ``whistle_ended``, ``not_your_whistle``, ``nobody_came`` or ``decisions_open``.
    """
    present = open_whistle(state, act.whistle)
    must_have_called(present, by)
    text = required_text(act.text, "text")
    if act.resolved:
        somebody_came(present)
        _decisions_are_done(state, present)
    yield WhistleEnded(present.id, WhistleEnd.RESOLVED if act.resolved else WhistleEnd.UNRESOLVED, text)
    for summons in present.summonses:
        if summons.objected_at is not None:
            yield AlarmRaised(
                "whistle_objection", "arbiter", f"{summons.id} {summons.unit.code}: {summons.objection}"
            )
    if not act.resolved:
        yield AlarmRaised("proposal", "district_leader", f"whistle {present.id} ended unresolved: {text}")


def rate_whistle(state: RequestState, act: RateWhistle, by: Actor, now: datetime) -> Iterator[Fact]:
    """The town rates a department, once.

    Raises:
        Refused: ``whistle_unknown``, ``not_your_whistle``, ``whistle_open``, ``whistle_cancelled``,
            ``rating_period_over``, ``not_summoned``, ``rated_already`` or ``mark_out_of_range``.
    """
    present = known_whistle(state, act.whistle)
    must_have_called(present, by)
    must_be_rateable(state, present, now)
    rated = present.summons_of(act.unit)
    if rated is None:
        called = ", ".join(each.unit.code for each in present.summonses)
        raise Refused("not_summoned", "unit", f"whistle {present.id} did not call {act.unit}", called)
    if rated.rating is not None:
        raise Refused("rated_already", "unit", f"{act.unit} has been rated", "one rating, which stays")
    yield WhistleRated(
        present.id,
        rated.id,
        a_mark(act.in_time, "in_time"),
        a_mark(act.cooperated, "cooperated"),
        a_mark(act.solved, "solved"),
        optional_text(act.text, "text"),
    )


def confirm_unjustified(
    state: RequestState, act: ConfirmUnjustified, by: Actor, _now: datetime
) -> Iterator[Fact]:
    """The district confirms what every department said: the whistle counts against the town.

    Raises:
        Refused: ``whistle_unknown``, ``seat_too_low``, ``call_not_disputed`` or ``confirmed_before``.
    """
    present = known_whistle(state, act.whistle)
    if Level.DISTRICT.is_above(by.level or Level.CITY):
        raise Refused(
            "seat_too_low", "by", f"the {by.level} does not judge a whistle", "the district or higher"
        )
    if not all(each.justified is not None and each.justified <= DISPUTED_MARK for each in present.summonses):
        raise Refused(
            "call_not_disputed",
            "whistle",
            f"not every department has marked whistle {present.id} with {DISPUTED_MARK} or less",
            "the marks of all departments",
        )
    if present.unjustified_at is not None:
        raise Refused("confirmed_before", "whistle", f"whistle {present.id} counts already", "nothing more")
    yield CallFoundUnjustified(present.id, required_text(act.reason, "reason"))


def _decisions_are_done(state: RequestState, present: Whistle) -> None:
    legs = [state.leg(decision.leg) for decision in present.decisions]
    undone = [leg.unit.code for leg in legs if leg is not None and leg.role is LegRole.JOINT and leg.is_open]
    if undone:
        raise Refused(
            "decisions_open",
            "resolved",
            f"not carried out yet: {', '.join(undone)}",
            "their contributions, or an end as unresolved",
        )
