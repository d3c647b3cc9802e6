"""Unreasonable and malicious requests (不合理、恶意诉求认定): a finding that takes them out of the satisfaction rates.

They are answered all the same; the citizen is told, and may appeal once. An appeal that is upheld is final.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.chapters.exceptions.verdicts import Verdict
from domain.commands import Apply
from domain.events import ExclusionLifted, ExclusionMarked, Fact
from domain.exceptions.applications import Application, ApplicationStatus, ExceptionKind
from domain.refusals import Refused
from domain.request import Exclusion, Leg, RequestState
from domain.standing import reopening_ends
from domain.units import Actor

FINDINGS = frozenset({ExceptionKind.UNREASONABLE, ExceptionKind.MALICIOUS})


def may_mark(state: RequestState, act: Apply, leg: Leg | None, by: Actor, now: datetime) -> None:
    """One finding at a time, and none after an appeal was upheld.

    Raises:
        Refused: ``excluded_already``, ``already_asked`` or ``appeal_is_final``.
    """
    del act, leg, by, now
    if state.exclusion is not None:
        raise Refused("excluded_already", "kind", f"the request was found {state.exclusion}", "nothing more")
    if any(asked.kind in FINDINGS for asked in state.undecided):
        raise Refused("already_asked", "kind", "a finding has been asked for", "the decision on it")
    upheld = any(
        asked.kind is ExceptionKind.APPEAL and asked.status is ApplicationStatus.GRANTED
        for asked in state.applications
    )
    if upheld:
        raise Refused("appeal_is_final", "kind", "the citizen's appeal was upheld", "a reply like any other")


def may_appeal(state: RequestState, act: Apply, leg: Leg | None, by: Actor, now: datetime) -> None:
    """There must be a finding to appeal against.

    Raises:
        Refused: ``nothing_to_appeal`` or ``window_passed``.
    """
    del act, leg, by
    if state.exclusion is None:
        raise Refused("nothing_to_appeal", "kind", "there is no finding against the request", "nothing")
    until = reopening_ends(state)
    if until is not None and now > until:
        raise Refused(
            "window_passed",
            "kind",
            f"an appeal was possible until {until.isoformat()}",
            "nothing; the request is archived",
        )


def marked_unreasonable(
    state: RequestState, asked: Application, verdict: Verdict, now: datetime
) -> Iterator[Fact]:
    """The wish is found unreasonable."""
    del state, verdict, now
    yield ExclusionMarked(asked.id, Exclusion.UNREASONABLE)


def marked_malicious(
    state: RequestState, asked: Application, verdict: Verdict, now: datetime
) -> Iterator[Fact]:
    """The call is found malicious."""
    del state, verdict, now
    yield ExclusionMarked(asked.id, Exclusion.MALICIOUS)


def lifted(state: RequestState, asked: Application, verdict: Verdict, now: datetime) -> Iterator[Fact]:
    """The finding is lifted, by somebody else than who made it.

    Raises:
        Refused: ``same_person``.
    """
    del now
    findings = [
        found
        for found in state.applications
        if found.kind in FINDINGS and found.status is ApplicationStatus.GRANTED
    ]
    if not verdict.silent and findings and findings[-1].decided_by == verdict.by.person:
        raise Refused(
            "same_person", "by", "who made the finding may not judge the appeal", "another duty leader"
        )
    yield ExclusionLifted(asked.id)
