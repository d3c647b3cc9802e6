"""The rules against a naive model that counts minutes one by one: whatever is asked, both say the same.

The same state, the same refusals, the same due minutes, and the same thresholds fired at the same minutes.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.applications import ExceptionKind
from domain.clock import ClockKind, threshold
from domain.commands import (
    Accept,
    Acknowledge,
    Act,
    Adopt,
    AnswerDirectly,
    Attach,
    Callback,
    CancelCard,
    Comment,
    ContinueStory,
    DeclineJoint,
    Delegate,
    DeliberationResult,
    Disown,
    Dispatch,
    FirstContact,
    HandToPartner,
    HandUp,
    Instruct,
    MarkConfidential,
    Merge,
    PartnerResult,
    PassTime,
    RaiseCard,
    Reassign,
    Redo,
    ReferDeliberation,
    RefuseReply,
    Reject,
    RemoveJoint,
    Reopen,
    ReportInterim,
    RequestInfo,
    Resume,
    ReviewBack,
    ReviewPass,
    Rule,
    SendDown,
    Sign,
    StartJoint,
    SubmitReply,
    Supervise,
    SupplyInfo,
    Urge,
    Withdraw,
)
from domain.durations import Duration
from domain.events import DeadlineFired
from domain.levels import Level
from domain.lifecycle import TABLE
from domain.partners import Partner
from domain.policy import ClockMode, Extension, Policy, Thresholds, Urgency
from domain.refusals import Refused
from domain.request import Card, Intake, State, Visibility
from domain.simulator import Simulation
from domain.terms import Reason
from domain.units import SYSTEM, Actor, Role
from tests.support.builders import (
    MONDAY_MORNING,
    OFFICE,
    PHOTO,
    UNITS,
    actor,
    application,
    calendar,
    common,
    intake,
    policy,
    terms,
    unclassified,
)
from tests.support.naive import table
from tests.support.naive.asking import Naive
from tests.support.naive.file import Refusal
from tests.support.naive.office import DAY, Office

MIDNIGHT = MONDAY_MORNING - timedelta(hours=10)
"""Minute 0 of the model: Monday 00:00 in Guangzhou."""
TEN = 10 * 60
MORNING, AFTERNOON = set(range(9 * 60, 12 * 60)), set(range(14 * 60, 18 * 60))

CALENDAR = calendar(
    exceptions=((date(2026, 3, 5), "09:00-12:00"), (date(2026, 3, 9), ""), (date(2026, 3, 14), OFFICE))
)
OFFICE_HOURS = Office({3: MORNING, 7: set[int](), 12: MORNING | AFTERNOON})

NOT_MOVED = "20260302-0000151"
"""A number whose reminders are moved by nothing, so that they fall on whole minutes."""

NATURAL = {
    "dispatch": "5min",
    "sign": "10min",
    "first_contact": "20min",
    "total": "8h",
    "review": "2h",
    "callback_within": "1d",
    "reminder_every": "1d",
}
WORKING = {
    "dispatch": "1wh",
    "sign": "2wh",
    "first_contact": "4wh",
    "total": "20wh",
    "review": "1wd",
    "callback_within": "2wd",
    "reminder_every": "1wd",
}
WAITING_PLACES = {
    "registration": "30min",
    "registration_again": "1wd",
    "awaiting_info": "3wd",
    "deliberation": "3wd",
    "partner": "2d",
}

PROMISES: list[tuple[Policy, dict[str, str], dict[str, str]]] = [
    (
        policy(
            **NATURAL, dwell=dwell, suspend=True, extension=Extension(2, Duration.parse("1h"), Level.TOWN)
        ),
        NATURAL,
        dwell,
    )
    for dwell in (
        {"grid": "1h", "community": "1h", "town": "2h", "district": "4h"},
        {"community": "2h", "town": "3h"},
    )
] + [
    (
        policy(
            **WORKING,
            dwell=dwell,
            clock=ClockMode.WORKING,
            urgency=Urgency.NORMAL,
            suspend=True,
            extension=Extension(2, Duration.parse("10wh"), Level.TOWN),
            **more,
        ),
        WORKING,
        dwell,
    )
    for dwell, more in (
        ({"grid": "4wh", "community": "5wh", "town": "6wh", "district": "5wh"}, {"auto_dispatch": True}),
        ({"grid": "10wh", "town": "10wh"}, {"thresholds": Thresholds((50,), 100, 120, 140)}),
    )
]

EXTENSION = terms(ExceptionKind.EXTENSION, within=("5min", "30min", "2wh"))
SUSPENSION = terms(
    ExceptionKind.SUSPENSION,
    reasons=(Reason("site_inaccessible", "现场无法进入", "no way in", Duration.parse("6wh")),),
)
"""Six working hours at a time, so that it ends on a whole minute."""

Said = dict[str, Any]

ACTS: dict[str, Callable[[Said], Act]] = {
    "request_info": lambda said: RequestInfo("where?"),
    "supply_info": lambda said: SupplyInfo("there"),
    "accept": lambda said: Accept(said["matter"], said["snapshot"]),
    "reject": lambda said: Reject("outside_area", "elsewhere"),
    "answer_directly": lambda said: AnswerDirectly("K-1", "at nine"),
    "dispatch": lambda said: Dispatch(_unit(said["level"]), "knows the place"),
    "sign": lambda said: Sign(said["leg"]),
    "first_contact": lambda said: FirstContact(said["leg"], "call log"),
    "hand_up": lambda said: HandUp("too hard", said["release"]),
    "send_down": lambda said: SendDown("too easy", _unit(said["level"])),
    "submit_reply": lambda said: SubmitReply(said["leg"], "solved", "done"),
    "review_pass": lambda said: ReviewPass(),
    "review_back": lambda said: ReviewBack("poor"),
    "callback": lambda said: Callback(
        said["contacted"], satisfied=said["satisfied"], attributable=said["attributable"]
    ),
    "redo": lambda said: Redo("once more"),
    "withdraw": lambda said: Withdraw(),
    "urge": lambda said: Urge(),
    "supervise": lambda said: Supervise("watched", said["card"]),
    "ask_return": lambda said: application(ExceptionKind.RETURN),
    "ask_extension": lambda said: application(ExceptionKind.EXTENSION, terms=EXTENSION),
    "ask_suspension": lambda said: application(ExceptionKind.SUSPENSION, terms=SUSPENSION),
    "rule": lambda said: Rule(said["application"], said["granted"], "as the file shows"),
    "resume": lambda said: Resume("the way is free"),
    "reassign": lambda said: Reassign(UNITS[Level(said["level"] or "grid")], "a matter of theirs"),
    "merge": lambda said: Merge("20260302-0000002", State.IN_PROGRESS),
    "reopen": lambda said: Reopen("dark again"),
    "ask_transfer_out": lambda said: application(
        ExceptionKind.TRANSFER_OUT, reason="police_110" if said["at_once"] else "petition"
    ),
    "ask_void": lambda said: application(ExceptionKind.VOID),
    "comment": lambda said: Comment("is anybody there?"),
    "attach": lambda said: Attach(replace(PHOTO, sha256=said["file"] * 64)),
    "instruct": lambda said: Instruct("settle it this week"),
    "acknowledge": lambda said: Acknowledge(said["instruction"]),
    "interim_report": lambda said: ReportInterim("a lorry is ordered"),
    "mark_confidential": lambda said: MarkConfidential(Visibility(said["secrecy"]), "the caller is afraid"),
    "cancel_card": lambda said: CancelCard(said["leg"], Card(said["card"] or Card.YELLOW), "by mistake"),
    "raise_card": lambda said: RaiseCard(said["leg"], "two yellow cards"),
    "adopt": lambda said: Adopt(said["child"], has_contact=True),
    "disown": lambda said: Disown(said["child"]),
    "refuse_reply": lambda said: RefuseReply(said["leg"], "not_possible_now", "moved on"),
    "continue_story": lambda said: ContinueStory(2),
    "pass_time": lambda said: PassTime(),
    "refer_deliberation": lambda said: ReferDeliberation("residents' hall", "where to?"),
    "deliberation_result": lambda said: DeliberationResult("beside the gate", agreed=said["granted"]),
    "hand_to_partner": lambda said: HandToPartner(Partner.ENFORCEMENT, "clue-7"),
    "partner_result": lambda said: PartnerResult("done", "corrected", said["case"]),
    "delegate": lambda said: Delegate(said["leg"], UNITS[Level(said["level"] or "grid")], "have a look"),
    "start_joint": lambda said: StartJoint(UNITS[Level(said["level"] or "grid")], "lend a lorry"),
    "decline_joint": lambda said: DeclineJoint(said["leg"], "no lorry"),
    "remove_joint": lambda said: RemoveJoint(said["leg"], "not needed"),
}

NOT_PLAYED = {
    "register": "each story begins with it, in call()",
    "recalculate": "the naive office knows one calendar",
    "move_policy": "the naive clerk keeps one promise for a whole request",
    "remind_of_commitment": "nothing is put off until a later date here",
}
"""Acts of the table that the naive clerk does not know, with the reason."""

KINDS_NOT_PLAYED = {
    ExceptionKind.DISPUTE: "who rules it names a unit from outside the ladder",
    ExceptionKind.ADMISSION: "the door asks for it with the terms of a dispatch",
    ExceptionKind.HAND_UP: "the promises here do not ask before handling moves up",
    ExceptionKind.BACKLOG: "it comes with a commitment and its reminders",
    ExceptionKind.UNREASONABLE: "a finding changes neither state nor clock",
    ExceptionKind.MALICIOUS: "a finding changes neither state nor clock",
    ExceptionKind.APPEAL: "it answers a finding",
}
"""Exceptions that nobody asks the naive clerk for, with the reason."""

STRAIGHT_ON: dict[str, list[tuple[str, str]]] = {
    "registered": [("accept", "agent")],
    "awaiting_info": [("supply_info", "citizen")],
    "pending_dispatch": [("dispatch", "dispatcher")],
    "pending_sign": [("sign", "handler")],
    "in_progress": [("first_contact", "handler"), ("submit_reply", "handler")],
    "in_deliberation": [("deliberation_result", "handler")],
    "awaiting_partner": [("partner_result", "handler"), ("partner_result", "partner")],
    "suspended": [("resume", "handler"), ("resume", "dispatcher")],
    "pending_review": [("review_pass", "reviewer"), ("review_pass", "reviewer"), ("review_back", "reviewer")],
    "pending_callback": [("callback", "callback_agent")],
}

SELDOM = (
    "withdraw", "reject", "answer_directly", "merge", "ask_transfer_out", "ask_void", "comment", "attach", "instruct",
    "interim_report", "mark_confidential", "cancel_card", "raise_card", "adopt", "disown", "refuse_reply",
    "continue_story", "pass_time",
)  # fmt: skip

WAITS = st.one_of(
    st.integers(0, 20), st.integers(0, 600), st.integers(0, 3 * DAY), st.integers(5 * DAY, 9 * DAY)
)


def _unit(level: str | None) -> Any:
    return UNITS[Level(level)] if level else None


def instant(minute: int) -> datetime:
    return MIDNIGHT + timedelta(minutes=minute)


def minute(at: datetime) -> float:
    return (at - MIDNIGHT) / timedelta(minutes=1)


class SideBySide(RuleBasedStateMachine):
    """The same orders at the same minutes, given to the rules and to the naive clerk."""

    def __init__(self) -> None:
        super().__init__()
        self.story: Simulation
        self.clerk: Naive

    @initialize(
        promise=st.integers(0, len(PROMISES) - 1),
        complete=st.sampled_from([True, True, True, False]),
        contact=st.sampled_from([True, True, False]),
        missing=st.sets(st.sampled_from([Level.GRID, Level.COMMUNITY]), max_size=1),
        begin_at=st.sampled_from([TEN, 13 * 60, 4 * DAY + 17 * 60 + 50, 5 * DAY + 3]),
    )
    def call(self, promise: int, complete: bool, contact: bool, missing: set[Level], begin_at: int) -> None:
        chosen, limits, dwell = PROMISES[promise]
        begun: dict[str, Any] = {
            "number": NOT_MOVED,
            "received_at": instant(begin_at),
            "calendar": CALENDAR,
            "common": common(
                registration_again=Duration.parse("1wd"),
                deliberation=Duration.parse("3wd"),
                partner=Duration.parse("2d"),
            ),
            "has_contact": contact,
        }
        self.complete: Intake = intake(policy=chosen, missing=tuple(missing), **begun)
        self.story = Simulation.of(self.complete if complete else unclassified(**begun))
        self.clerk = Naive(
            now=begin_at,
            office=OFFICE_HOURS,
            limits={
                **WAITING_PLACES,
                **limits,
                "callback": limits["callback_within"],
                "reminder": limits["reminder_every"],
            },
            dwell=dwell,
            units={level.value for level in Level} - {level.value for level in missing},
            marks=(
                *chosen.thresholds.reminders,
                chosen.thresholds.yellow_card,
                chosen.thresholds.red_card,
                chosen.thresholds.black_list,
            ),
            complete=complete,
            called_back=contact,
            auto_dispatch=chosen.auto_dispatch,
            hurried=chosen.urgency is Urgency.URGENT,
            longer=str(chosen.extension.each) if chosen.extension else "",
        )

    @rule(wait=WAITS)
    def wait(self, wait: int) -> None:
        self.clerk.pass_minutes(wait)
        self.story.wait_until(instant(self.clerk.now))

    @precondition(lambda self: self.clerk.state in STRAIGHT_ON)
    @rule(wait=st.integers(0, 90), turn=st.integers(0, 5), redo=st.booleans())
    def go_straight_on(self, wait: int, turn: int, redo: bool) -> None:
        """What usually comes next, by the right unit."""
        self.wait(wait)
        if steps := STRAIGHT_ON.get(self.clerk.state):
            name, role = steps[turn % len(steps)]
            lead = self.clerk.lead or {"id": "9", "level": "town"}
            self._give(
                name,
                role,
                self._whatever
                | {
                    "leg": lead["id"],
                    "unit": lead["level"],
                    "contacted": True,
                    "satisfied": not redo,
                    "attributable": redo,
                },
            )

    @precondition(lambda self: self.clerk.state in table.AT_WORK)
    @rule(
        wait=st.integers(0, 20),
        kinds=st.sampled_from([["suspension"], ["extension"], ["return"], ["extension", "suspension"]]),
        patience=st.sampled_from([1, 5, 10, 200]),
        granted=st.sampled_from([True, True, True, False]),
    )
    def bend(self, wait: int, kinds: list[str], patience: int, granted: bool) -> None:
        """Exceptions are asked for by the unit that leads, and the last is decided, or not in time."""
        self.wait(wait)
        lead = self.clerk.lead or {"level": "town"}
        for kind in kinds:
            self._give(f"ask_{kind}", "handler", self._whatever | {"unit": lead["level"]})
        self.wait(patience)
        self._give("rule", "dispatcher", self._whatever | {"granted": granted})

    @precondition(lambda self: self.clerk.state == "in_progress")
    @rule(
        waits=st.tuples(st.integers(0, 20), st.sampled_from([0, 5, 200, 3 * DAY])),
        act=st.sampled_from(["refer_deliberation", "hand_to_partner"]),
    )
    def wait_for_others(self, waits: tuple[int, int], act: str) -> None:
        """The matter lies elsewhere for a while."""
        self.wait(waits[0])
        lead = self.clerk.lead or {"level": "town"}
        self._give(act, "handler", self._whatever | {"unit": lead["level"]})
        self.wait(waits[1])

    @precondition(lambda self: self.clerk.state in table.ENDED)
    @rule(wait=st.sampled_from([1, 60, 20 * DAY, 31 * DAY]))
    def open_again(self, wait: int) -> None:
        self.wait(wait)
        self._give("reopen", "callback_agent", self._whatever)

    @precondition(lambda self: self.clerk.state not in table.ENDED)
    @rule(data=st.data(), wait=st.integers(0, 90))
    def go_on(self, data: st.DataObject, wait: int) -> None:
        """Something that is possible now, by somebody who may."""
        self.wait(wait)
        possible = [
            name
            for name, (states, _) in table.POSSIBLE.items()
            if self.clerk.state in states and name not in SELDOM
        ]
        if possible:
            name = data.draw(st.sampled_from(possible))
            self._give(name, data.draw(st.sampled_from(sorted(table.POSSIBLE[name][1]))), self._said(data))

    @rule(data=st.data(), name=st.sampled_from(sorted(ACTS)), role=st.sampled_from(list(Role)))
    def try_anything(self, data: st.DataObject, name: str, role: Role) -> None:
        self._give(name, role.value, self._said(data))

    def _give(self, name: str, role: str, said: Said) -> None:
        before = self.clerk.state
        by, act = self._somebody(role, said), ACTS[name](said)
        refused_by_clerk = self._refused(Refusal, lambda: self.clerk.obey(name, role, **said))
        refused = self._refused(Refused, lambda: self._tell(by, act))
        assert refused == refused_by_clerk, f"{name} by {role} in {before}"

    def _tell(self, by: Actor, act: Act) -> None:
        self.story.act(by, act, instant(self.clerk.now))
        self.story.wait_until(instant(self.clerk.now))

    @staticmethod
    def _refused(kind: type[Exception], give: Callable[[], None]) -> bool:
        try:
            give()
        except kind:
            return True
        return False

    def _said(self, data: st.DataObject) -> Said:
        legs = [leg["id"] for leg in self.clerk.legs]
        leg = data.draw(st.sampled_from([*legs[-3:], *legs[-1:], "9"]))
        holder = next((each["level"] for each in self.clerk.legs if each["id"] == leg), "town")
        return self._whatever | {
            "leg": leg,
            "unit": data.draw(st.sampled_from([holder, holder, holder, *table.LADDER])),
            "level": data.draw(st.sampled_from([None, None, *table.LADDER])),
            "release": data.draw(st.booleans()),
            "contacted": data.draw(st.booleans()),
            "satisfied": data.draw(st.sampled_from([None, True, False])),
            "attributable": data.draw(st.booleans()),
            "card": data.draw(st.sampled_from([None, *Card])),
            "granted": data.draw(st.booleans()),
            "at_once": data.draw(st.booleans()),
            "file": data.draw(st.sampled_from("abc")),
            "instruction": f"i{self.clerk.instructed - data.draw(st.integers(0, 1))}",
            "secrecy": data.draw(st.sampled_from(table.SECRECY)),
            "child": data.draw(st.sampled_from(["20260302-0000003", "20260302-0000004"])),
            "case": data.draw(st.sampled_from(["", "clue-7", "clue-8"])),
        }

    @property
    def _whatever(self) -> Said:
        return {
            "level": None,
            "release": False,
            "card": None,
            "granted": True,
            "application": f"a{len(self.clerk.asked)}",
            "case": "clue-7",
            "at_once": False,
            "matter": self.complete.matter,
            "snapshot": self.complete.snapshot,
        }

    @staticmethod
    def _somebody(role: str, said: Said) -> Actor:
        if role == Role.SYSTEM:
            return SYSTEM
        if role in table.UNIT:
            return actor(Role(role), unit=_unit(said["unit"]))
        return actor(Role(role), person=f"{role}-1")

    @invariant()
    def both_stand_in_the_same_state(self) -> None:
        assert self.story.state.state == self.clerk.state

    @invariant()
    def both_fired_the_same_thresholds_at_the_same_minutes(self) -> None:
        told = [event.what for event in self.story.timeline if isinstance(event.what, DeadlineFired)]
        fired = [(fact.clock.value, fact.leg, fact.percent, minute(fact.due_at)) for fact in told]
        assert fired == self.clerk.fired

    @invariant()
    def both_have_the_same_deadlines_ahead(self) -> None:
        if self.clerk.state in table.ENDED:
            return
        lead = self.clerk.lead["id"] if self.clerk.lead else None
        asked = f"a{len(self.clerk.asked)}"
        for kind, leg in (
            *((kind, None) for kind in ("total", "resume", "deliberation", "partner")),
            ("decision", asked),
            *((kind, lead) for kind in ("sign", "dwell", "first_contact")),
        ):
            due = self._due(kind, leg)
            assert due == self.clerk.due(kind, leg), kind

    def _due(self, kind: str, leg: str | None) -> float | None:
        clock = self.story.state.clock(ClockKind(kind), leg)
        due = threshold(clock, 100, self.story.state.calendar) if clock else None
        return None if due is None else minute(due)


SideBySide.TestCase.settings = settings(
    derandomize=True, max_examples=70, stateful_step_count=40, deadline=None
)
TestSideBySide = SideBySide.TestCase


def test_the_naive_clerk_plays_every_act_but_these() -> None:
    assert set(ACTS) == set(table.POSSIBLE)
    asked = {name.removeprefix("ask_") for name in ACTS if name.startswith("ask_")}
    assert {"apply" if name.startswith("ask_") else name for name in ACTS} == set(TABLE) - set(NOT_PLAYED)
    assert asked == set(ExceptionKind) - set(KINDS_NOT_PLAYED)
    assert set(NOT_PLAYED) <= set(TABLE)


def test_the_naive_clerk_knows_nothing_of_the_rules() -> None:
    for file in Path(table.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.Import), file.name
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").startswith(
                    ("__future__", "abc", "typing", "tests.support.naive")
                ), file.name
