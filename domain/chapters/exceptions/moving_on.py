"""What takes a request elsewhere: the next level after a confirmed dwell, a later date, another channel, the bin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.cases.open_cases import check_nothing_mandatory
from domain.chapters.exceptions.asking import next_application
from domain.chapters.exceptions.verdicts import Verdict
from domain.chapters.handling import alarms_for, lead_of, move_up, promised
from domain.commands import Apply
from domain.events import ApplicationMade, Fact, PutIntoBacklog, Supervised, TransferredOut, Voided
from domain.exceptions.applications import Application, ExceptionKind, Silence
from domain.refusals import Refused
from domain.request import Card, Leg, RequestState
from domain.responsibility.ladder import SUPERVISING_EXPIRED_DWELL, new_card, raised
from domain.time.durations import Duration, Unit
from domain.units import Actor, Role

LATEST_COMMITMENT = Duration(365, Unit.D)
"""A commitment is carried out within a year, where neither reason nor terms say less."""


def hand_up_asked(state: RequestState, lead: Leg, within: Duration) -> Iterator[Fact]:
    """The dwell has passed, and a dispatcher is asked whether handling moves up; nobody's answer means yes."""
    yield ApplicationMade(
        application=next_application(state),
        exception=ExceptionKind.HAND_UP,
        leg=lead.id,
        reason="dwell_passed",
        explanation=f"dwell at {lead.level} passed",
        deciders=(Role.DISPATCHER,),
        seat=None,
        within=within,
        silence=Silence.GRANTED,
        reason_zh="本级办理时限已到",
        reason_en="the level's dwell has passed",
    )


def moved_up(state: RequestState, asked: Application, verdict: Verdict, now: datetime) -> Iterator[Fact]:
    """Handling moves up, as it would have done without the question."""
    del asked, verdict, now
    lead = lead_of(state)
    rung, gaps = promised(state).ladder.next_above(lead.level)
    if rung is None:
        yield from alarms_for(gaps)
        yield from stays_supervised(state)
        return
    yield from move_up(state, lead, rung, gaps, "dwell", f"dwell at {lead.level} passed", release=False)


def kept_below(state: RequestState, asked: Application, verdict: Verdict, now: datetime) -> Iterator[Fact]:
    """The unit keeps the lead beyond its dwell, and is supervised for it."""
    del asked, verdict, now
    yield from stays_supervised(state)


def stays_supervised(state: RequestState) -> Iterator[Fact]:
    """The dwell has passed and the unit goes on: supervision with a yellow card."""
    lead = lead_of(state)
    body = raised(state.supervised_by, SUPERVISING_EXPIRED_DWELL[lead.level])
    yield Supervised(lead.id, body, new_card(state, Card.YELLOW), "dwell")


def may_promise(state: RequestState, act: Apply, leg: Leg | None, by: Actor, now: datetime) -> None:
    """The date of a commitment lies ahead, and not too far; no partner's answer is waited for.

    Raises:
        Refused: ``case_open``, ``commitment_date_passed`` or ``commitment_too_late``.
    """
    del leg, by
    check_nothing_mandatory(state.cases)
    _lies_ahead(act.until, now)
    reason = act.terms.reason(act.reason)
    longest = (reason.longest if reason is not None else None) or act.terms.in_sum or LATEST_COMMITMENT
    latest = state.calendar.due(now, longest).at
    if act.until is not None and act.until > latest:
        raise Refused(
            "commitment_too_late",
            "until",
            f"{act.until.isoformat()} is later than a commitment may be",
            f"{latest.isoformat()} at the latest",
        )


def put_into_backlog(
    state: RequestState, asked: Application, verdict: Verdict, now: datetime
) -> Iterator[Fact]:
    """The request is closed with a plan and a date.

    Raises:
        Refused: ``case_open`` or ``commitment_date_passed``.
    """
    del verdict
    check_nothing_mandatory(state.cases)
    _lies_ahead(asked.until, now)
    assert asked.until is not None
    yield PutIntoBacklog(asked.id, lead_of(state).id, asked.until, asked.plan)


def transferred_out(
    state: RequestState, asked: Application, verdict: Verdict, now: datetime
) -> Iterator[Fact]:
    """Another channel answers from here."""
    del state, verdict, now
    yield TransferredOut(asked.id, asked.channel, asked.reason)


def voided(state: RequestState, asked: Application, verdict: Verdict, now: datetime) -> Iterator[Fact]:
    """The record is struck."""
    del state, verdict, now
    yield Voided(asked.id, asked.reason)


def _lies_ahead(until: datetime | None, now: datetime) -> None:
    if until is None or until <= now:
        raise Refused(
            "commitment_date_passed", "until", "the date of the commitment has passed", "a later date"
        )
