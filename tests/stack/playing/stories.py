"""Requests as the demo's people meet them: views told by facts, as the feed tells them."""

from datetime import UTC, datetime, timedelta

import domain.events as happened
from domain.chapters.handling import Cause
from domain.events import Fact
from domain.levels import Level
from domain.policy import Policy
from domain.request import LegRole
from stack.playing.crew import Fate
from stack.playing.habits import Situation
from stack.playing.views import View
from tests.support.builders import UNITS, policy

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
NUMBER = "20260302-0000042"
PLACE = {"category": "0201", "place": {"area": "440106012003017", "address": ""}}

REGISTERED = happened.Registered("digest", "phone_12345", "help")
ACCEPTED = happened.Accepted("P-TEST", 2, NOON)


def drilled(**changes: object) -> Policy:
    """A drill of a minute: 10 s in the grid and the community, 20 s in the town and the district."""
    limits = {"dispatch": "2s", "sign": "4s", "first_contact": "8s", "total": "60s", "review": "10s"}
    dwell = {"grid": "10s", "community": "10s", "town": "20s", "district": "20s"}
    return policy(**{**limits, "callback_within": "20s", "reminder_every": "20s", "dwell": dwell, **changes})


def leg(number: int, level: Level, cause: Cause = "dispatched") -> happened.LegDispatched:
    """A lead leg for the unit of a level."""
    reason = f"dwell at {level} passed" if cause == "handed_up" else ""
    return happened.LegDispatched(str(number), LegRole.LEAD, UNITS[level], "D-1", 1, cause, reason)


def told(*facts: Fact, apart: float = 1.0) -> View:
    """The view after these facts, the first at noon, each so many seconds after the one before."""
    view = View(number=NUMBER, title="暴露垃圾")
    for seq, fact in enumerate(facts, start=1):
        view.take(seq, NOON + timedelta(seconds=apart * (seq - 1)), fact)
    return view


def signed(*before: Fact) -> View:
    """A request in progress at the grid, after what came before."""
    return told(
        *(before or (REGISTERED, ACCEPTED)), leg(1, Level.GRID), happened.LegSigned("1", automatic=False)
    )


def situation(view: View, fate: Fate | None = None, of: Policy | None = None) -> Situation:
    """The view with a fate and a drill."""
    return Situation(view, fate or Fate(), of or drilled(), PLACE)


def seconds(at: datetime) -> float:
    """Seconds after noon."""
    return (at - NOON).total_seconds()
