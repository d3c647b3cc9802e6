"""What the timeline reports: whether an order was obeyed by the very call that brought it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from activities.messages import Appended, StoredAnswer
from domain.commands import Answer
from domain.events import Commented, Event, Fact, LegSigned, Urged
from domain.units import SYSTEM, Role
from tests.support.builders import MONDAY_MORNING, actor

HANDLER = actor(Role.HANDLER)


def events(*facts: Fact) -> tuple[Event, ...]:
    return tuple(Event(seq, MONDAY_MORNING, HANDLER, fact) for seq, fact in enumerate(facts, start=7))


SIGNED = events(LegSigned("1", automatic=False))
WITH_MORE = events(LegSigned("1", automatic=False), Commented("more"))
WITH_MORE_BEFORE = events(Commented("more"), LegSigned("1", automatic=False))
ANSWERS = (StoredAnswer("key", Answer("20260302-0000001", "in_progress", 7), "digest"),)


@pytest.mark.parametrize("decided", [SIGNED, WITH_MORE, events(Urged("")), ()])
def test_what_the_timeline_says_counts_whatever_is_decided_now(decided: tuple[Event, ...]) -> None:
    assert Appended(SIGNED, inserted=True).obeys(decided)
    assert not Appended(SIGNED, inserted=False).obeys(decided)


@pytest.mark.parametrize("decided", [SIGNED, WITH_MORE, WITH_MORE_BEFORE])
def test_of_an_older_report_what_was_decided_then_may_have_grown_since(decided: tuple[Event, ...]) -> None:
    assert Appended(SIGNED).obeys(decided)


@pytest.mark.parametrize(
    "found",
    [
        Appended(SIGNED, ANSWERS),
        Appended((), ANSWERS),
        Appended(events(Urged(""))),
        Appended(WITH_MORE),
        Appended(WITH_MORE_BEFORE),
        Appended(tuple(replace(event, at=event.at - timedelta(seconds=1)) for event in SIGNED)),
        Appended(tuple(replace(event, by=SYSTEM) for event in SIGNED)),
    ],
)
def test_an_older_report_of_what_others_wrote_is_no_obedience(found: Appended) -> None:
    assert not found.obeys(SIGNED)
