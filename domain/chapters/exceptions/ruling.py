"""Deciding an application: who may, never the one who asked, and what it means that nobody does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.chapters.exceptions.granting import EFFECTS
from domain.chapters.exceptions.verdicts import Verdict
from domain.chapters.handling import lead_of
from domain.commands import Rule
from domain.events import ApplicationDecided, Fact, RefusalProposed
from domain.exceptions.applications import Application, ApplicationStatus, ExceptionKind, Silence
from domain.exceptions.undecided import can_be_decided
from domain.levels import Level
from domain.limits.deadlines import Deadline
from domain.refusals import Refused
from domain.request import RequestState
from domain.texts import required_text
from domain.units import HANDS, SYSTEM, Actor


def rule(state: RequestState, act: Rule, by: Actor, now: datetime) -> Iterator[Fact]:
    """An application is granted or refused. What a community would not admit is confirmed by a dispatcher.

    Raises:
        Refused: ``application_unknown``, ``application_decided``, ``not_possible_now``, ``role_not_allowed``,
            ``seat_too_low``, ``same_person``, ``not_your_leg``, ``refusal_not_proposed``,
            ``amendment_without_dispute``, ``unit_without_dispute``, or a code of the kind.
    """
    asked = _asked(state, act.application)
    _check_post(asked, by)
    note = required_text(act.note, "note")
    _check_nothing_of_a_dispute(asked, act)
    if asked.kind is ExceptionKind.ADMISSION:
        _check_admission(state, asked, act, by)
        if not act.granted and by.role in HANDS:
            yield RefusalProposed(asked.id, note)
            return
    verdict = Verdict(act.granted, by, note, unit=act.unit, amendment=act.amendment)
    yield from decided(state, asked, verdict, now)


def decided(state: RequestState, asked: Application, verdict: Verdict, now: datetime) -> Iterator[Fact]:
    """The verdict and what follows from it."""
    effect = EFFECTS[asked.kind]
    yield ApplicationDecided(asked.id, asked.kind, verdict.granted, verdict.silent, verdict.note)
    yield from (effect.granted if verdict.granted else effect.refused)(state, asked, verdict, now)


def silence(state: RequestState, due: Deadline) -> Iterator[Fact]:
    """Nobody decided in time: the terms said what that means."""
    now = due.due_at
    asked = state.application(due.clock.leg or "")
    assert asked is not None, "a clock of decision belongs to an application"
    refused = Verdict(granted=False, by=SYSTEM, silent=True)
    if asked.silence is Silence.REFUSED:
        yield from decided(state, asked, refused, now)
        return
    granted = Verdict(granted=True, by=SYSTEM, silent=True)
    try:
        facts = tuple(decided(state, asked, granted, now))
    except Refused:
        # What has become impossible is not granted by silence either, and time must not stand still for it.
        facts = tuple(decided(state, asked, refused, now))
    yield from facts


def _asked(state: RequestState, application_id: str) -> Application:
    asked = state.application(application_id)
    if asked is None:
        raise Refused(
            "application_unknown",
            "application",
            f"request {state.number} has no application {application_id}",
            ", ".join(each.id for each in state.undecided) or "none is undecided",
        )
    if asked.status is not ApplicationStatus.OPEN:
        raise Refused(
            "application_decided",
            "application",
            f"application {asked.id} is {asked.status}",
            ", ".join(each.id for each in state.undecided) or "none is undecided",
        )
    if not can_be_decided(state, asked):
        raise Refused(
            "not_possible_now",
            "state",
            f"{asked.kind} cannot be decided while the request is {state.state}",
            "the request back with its unit",
        )
    return asked


def _check_post(asked: Application, by: Actor) -> None:
    if by.role not in asked.deciders:
        raise Refused(
            "role_not_allowed",
            "role",
            f"{by.role} may not decide {asked.kind}",
            f"one of: {', '.join(sorted(asked.deciders))}",
        )
    level = by.level or Level.CITY
    if asked.seat is not None and asked.seat.is_above(level):
        raise Refused(
            "seat_too_low",
            "by",
            f"{asked.kind} is not decided on the level of the {level}",
            f"{asked.seat} or higher",
        )
    if by.person == asked.asked_by or (by.person == asked.refusal_proposed_by and by.role not in HANDS):
        raise Refused(
            "same_person", "by", "who asked or proposed may not decide", "somebody else in that post"
        )


def _check_nothing_of_a_dispute(asked: Application, act: Rule) -> None:
    """Only the ruling of a dispute names who leads, and may change the duty list."""
    if asked.kind is ExceptionKind.DISPUTE:
        return
    if act.amendment is not None:
        raise Refused(
            "amendment_without_dispute",
            "amendment",
            f"{asked.kind} does not change the duty list",
            "a dispute, or no amendment",
        )
    if act.unit is not None:
        raise Refused(
            "unit_without_dispute",
            "unit",
            f"a decision on {asked.kind} names nobody who leads",
            "no unit here; the dispatcher names it when dispatching",
        )


def _check_admission(state: RequestState, asked: Application, act: Rule, by: Actor) -> None:
    community = lead_of(state).unit
    if by.role in HANDS:
        if by.unit != community.code:
            raise Refused("not_your_leg", "leg", f"{community.code} was asked", community.code)
    elif not act.granted and asked.refusal_proposed_by is None:
        raise Refused(
            "refusal_not_proposed",
            "granted",
            f"{community.code} has not proposed to refuse",
            "the community's proposal first",
        )
