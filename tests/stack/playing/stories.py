"""Requests as the demo's people meet them: views told by facts, as the feed tells them."""

from datetime import UTC, datetime, timedelta

import domain.events as happened
from domain.chapters.handling import Cause
from domain.events import Fact
from domain.field_tasks import FieldParty
from domain.levels import Level
from domain.limits.policy import Policy
from domain.partners import CaseStatus, Clue, Partner
from domain.request import LegRole
from domain.time.durations import Duration
from domain.units import Unit
from domain.whistles import Decision, Mode, Post, Spot, Summoned, WhistleEnd, WhistleKind
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


def opened(partner: Partner = Partner.ENFORCEMENT, *, waits: bool = True) -> happened.CaseOpened:
    """A case that the grid hands over."""
    poll = timedelta(hours=1)
    return happened.CaseOpened(CASE, partner, "1", Clue("seen"), NOON, poll, poll, waits=waits)


def reported(
    status: CaseStatus, message: str, partner: Partner = Partner.ENFORCEMENT, code: str = ""
) -> happened.CaseReported:
    """How that case stands."""
    return happened.CaseReported(CASE, partner, status, message, "No. 7", code)


CASE = f"{NUMBER}-p1"
BUREAU = Unit("440106-urban_mgmt_bureau", Level.DISTRICT, "440106", "城市管理局", "Urban management")
SPOT = Spot(23.1, 113.3)
WORKING = (REGISTERED, ACCEPTED, leg(1, Level.GRID), happened.LegSigned("1", automatic=False))
ASKED = happened.LegDispatched("2", LegRole.JOINT, BUREAU, "", 1, "joined", "come")
BLOWN = happened.WhistleBlown(
    "w1", WhistleKind.DAILY, UNITS[Level.TOWN], (Summoned(BUREAU, "p", "处罚", "penalty", listed=True),),
    "help", "", SPOT, "", None, Duration.parse("2h"), Duration.parse("4h"), None, Duration.parse("10d"),
    Post.STAFF, 300, Duration.parse("5d"), "",
)  # fmt: skip
HEARD = happened.WhistleAcknowledged("w1", "w1.1")
CAME = happened.WhistleAttended(
    "w1", "w1.1", Mode.ON_SITE, "head", Post.HEAD, authority=True, spot=SPOT, distance=3
)
PLAN = happened.PlanAgreed("w1", "so be it", (Decision(BUREAU, "penalty", Duration.parse("4h"), "2"),))
PLANNED = happened.LegDispatched("2", LegRole.JOINT, BUREAU, "", 1, "whistle", "penalty")
CONTRIBUTED = happened.Contributed("2", "solved", "done", ())
OVER = happened.WhistleEnded("w1", WhistleEnd.RESOLVED, "done")
SENT = happened.FieldTaskGiven("f1", FieldParty.PROPERTY_FIRM, "firm", "look", "1", Duration.parse("30min"))
