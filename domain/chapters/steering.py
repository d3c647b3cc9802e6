"""Steering from above: urging and supervision ordered by a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.commands import ContinueStory, Recalculate, Supervise, Urge
from domain.events import CalendarCorrected, Fact, StoryContinued, Supervised, Urged
from domain.ladder import level_of, raised
from domain.levels import Level
from domain.refusals import Refused
from domain.request import Body, RequestState
from domain.texts import optional_text, required_text
from domain.units import Actor, Role

_BODY_OF_LEVEL = {
    Level.GRID: Body.COMMUNITY,
    Level.COMMUNITY: Body.COMMUNITY,
    Level.TOWN: Body.TOWN,
    Level.DISTRICT: Body.DISTRICT,
    Level.CITY: Body.CITY,
}


def urge(state: RequestState, act: Urge, by: Actor, now: datetime) -> Iterator[Fact]:
    """The unit is told that it is waited for; a citizen may do so once a local day."""
    zone = ZoneInfo(state.calendar.zone)
    last = state.citizen_urged_at
    if (
        by.role is Role.CITIZEN
        and last is not None
        and last.astimezone(zone).date() == now.astimezone(zone).date()
    ):
        raise Refused("urged_today", "by", "the request has been urged today", "again tomorrow")
    yield Urged(optional_text(act.note, "note"))


def supervise(state: RequestState, act: Supervise, by: Actor, _now: datetime) -> Iterator[Fact]:
    """A supervisor of the handling level or a higher one watches the request, with a card if wanted."""
    level = by.level or Level.CITY
    if level_of(state).is_above(level):
        raise Refused(
            "supervisor_too_low",
            "by",
            f"a supervisor of the {level} cannot supervise the {level_of(state)}",
            f"{level_of(state)} or higher",
        )
    lead = state.lead
    if act.card is not None and lead is None:
        raise Refused("nobody_to_card", "card", "no unit holds the request yet", "supervision without a card")
    if act.card is not None and lead is not None and act.card in lead.cards:
        raise Refused(
            "card_issued_before",
            "card",
            f"leg {lead.id} has its {act.card}",
            "a card once per leg and colour",
        )
    body = raised(state.supervised_by, _BODY_OF_LEVEL[level])
    yield Supervised(
        lead.id if lead else None, body, act.card, "ordered", required_text(act.reason, "reason")
    )


def recalculate(state: RequestState, act: Recalculate, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """The deadlines are counted in a corrected calendar of the same office: a newly published year, a stop of work."""
    if (act.calendar.name, act.calendar.zone) != (state.calendar.name, state.calendar.zone):
        raise Refused(
            "other_calendar", "calendar", f"{act.calendar.name} is another calendar", state.calendar.name
        )
    if act.calendar == state.calendar:
        raise Refused(
            "calendar_unchanged", "calendar", "the request counts in this calendar already", "a correction"
        )
    yield CalendarCorrected(act.calendar, required_text(act.reason, "reason"))


def continue_story(_state: RequestState, act: ContinueStory, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """The workflow goes on in a new run; nothing changes for people."""
    yield StoryContinued(act.run)
