"""The rules against a naive model that counts minutes one by one: whatever is asked, both say the same.

The same state, the same refusals, the same due minutes, and the same thresholds fired at the same minutes.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from domain.commands import Act
from domain.events import ApplicationMade, DeadlineFired
from domain.exceptions.applications import ExceptionKind
from domain.joining import Join
from domain.levels import Level
from domain.lifecycle import TABLE
from domain.limits.clock import ClockKind, threshold
from domain.limits.policy import Urgency
from domain.refusals import Refused
from domain.request import Card, Intake, PolicySnapshot, begin
from domain.simulator import Simulation
from domain.time.durations import Duration
from domain.units import SYSTEM, Actor, Role
from tests.support.builders import UNITS, actor, common, intake, ladder, unclassified
from tests.support.naive import table
from tests.support.naive.asking import Naive
from tests.support.naive.file import Refusal
from tests.support.naive.office import DAY
from tests.support.side_by_side import (
    ACTS,
    CALENDARS,
    CONFIRMED_IN,
    MIDNIGHT,
    NEIGHBOURS_ACTS,
    NOT_MOVED,
    OFFICES,
    PROMISES,
    TEN,
    Said,
)

BEGINNINGS = (TEN, 13 * 60, 4 * DAY + 17 * 60 + 50, 5 * DAY + 3)
"""The minutes of the call: in the office, at noon, just before its close, at the weekend."""

STRAIGHT_ON: dict[str, list[tuple[str, str]]] = {
    "registered": [("accept", "agent")],
    "awaiting_info": [("supply_info", "citizen")],
    "pending_dispatch": [("dispatch", "dispatcher")],
    "pending_sign": [("sign", "handler")],
    "in_progress": [("first_contact", "handler"), ("submit_reply", "handler")],
    "in_deliberation": [("deliberation_result", "handler")],
    "awaiting_partner": [("partner_result", "handler"), ("partner_result", "partner")],
    "suspended": [("resume", "handler"), ("resume", "dispatcher")],
    "in_dispute": [("rule", "arbiter")],
    "admission_review": [("rule", "handler"), ("rule", "dispatcher")],
    "pending_review": [("review_pass", "reviewer"), ("review_pass", "reviewer"), ("review_back", "reviewer")],
    "pending_callback": [("callback", "callback_agent")],
}

JUDGEMENTS = ("accept", "accept", "request_info", "reject", "reject", "answer_directly", "ask_void")

ENDING = (
    "withdraw", "reject", "answer_directly", "merge", "ask_transfer_out", "ask_void", "ask_backlog",
)  # fmt: skip
"""Acts that end a story, so that not every step may be one of them."""

BESIDE = (
    "comment", "attach", "instruct", "acknowledge", "interim_report", "mark_confidential", "supervise", "cancel_card",
    "raise_card", "adopt", "disown", "refuse_reply", "continue_story", "pass_time", "set_join_rule", "delegate",
    "decline_joint", "remove_joint", "urge", "recalculate", "move_policy", "hear_answer", "remind_of_commitment",
)  # fmt: skip
"""Acts that happen beside the way of a request, or after its end."""

WAITS = st.one_of(
    st.integers(0, 20), st.integers(0, 600), st.integers(0, 3 * DAY), st.integers(5 * DAY, 9 * DAY)
)


SEEDS = st.integers(0, 2**16)
"""What a person says in full is thrown with dice, for it is much."""


def instant(minute: int) -> datetime:
    return MIDNIGHT + timedelta(minutes=minute)


def minute(at: datetime) -> float:
    return (at - MIDNIGHT) / timedelta(minutes=1)


class SideBySide(RuleBasedStateMachine):
    """The same orders at the same minutes, given to the rules and to the naive clerk."""

    obeyed: ClassVar[set[str]] = set()
    """Every act that was obeyed in some story."""
    asked: ClassVar[set[ExceptionKind]] = set()
    """Every kind of exception that was asked for in some story."""

    def __init__(self) -> None:
        super().__init__()
        self.story: Simulation
        self.clerk: Naive

    @initialize(
        promise=st.integers(0, len(PROMISES) - 1),
        complete=st.sampled_from([True, True, True, False]),
        contact=st.sampled_from([True, True, False]),
        missing=st.sets(st.sampled_from([Level.GRID, Level.COMMUNITY]), max_size=1),
        begin_at=st.sampled_from(BEGINNINGS),
    )
    def call(self, promise: int, complete: bool, contact: bool, missing: set[Level], begin_at: int) -> None:
        versions = (PROMISES[promise], PROMISES[promise].other())
        chosen = versions[0].policy()
        begun: dict[str, Any] = {
            "number": NOT_MOVED,
            "received_at": instant(begin_at),
            "calendar": CALENDARS[0],
            "common": common(
                registration_again=Duration.parse("1wd"),
                deliberation=Duration.parse("3wd"),
                partner=Duration.parse("2d"),
                interim_every=Duration.parse("60wd"),
            ),
            "has_contact": contact,
        }
        self.complete: Intake = intake(policy=chosen, missing=tuple(missing), **begun)
        next_version = versions[1].policy(version=2)
        self.snapshots = (
            self.complete.snapshot,
            PolicySnapshot(next_version, ladder(of=next_version, missing=tuple(missing))),
        )
        self.story = Simulation(begin(self.complete if complete else unclassified(**begun)))
        self.clerk = Naive(
            now=begin_at,
            offices=OFFICES,
            promises=tuple(version.for_the_clerk() for version in versions),
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
            confirm=str(CONFIRMED_IN) if chosen.confirm_hand_up else "",
        )
        self._give("register", "system", self._whatever)

    def teardown(self) -> None:
        """Remember what was asked for."""
        made = [event.what for event in self.story.timeline if isinstance(event.what, ApplicationMade)]
        self.asked.update(fact.exception for fact in made)

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
            said = {"contacted": True, "satisfied": not redo, "attributable": redo}
            self._give(name, role, self._whatever | said)

    @precondition(lambda self: self.clerk.state == "registered")
    @rule(act=st.sampled_from(JUDGEMENTS))
    def judge(self, act: str) -> None:
        """The agent says what becomes of the call."""
        self._give(act, "agent", self._whatever)

    @precondition(lambda self: self.clerk.state in ("registered", "pending_dispatch", "pending_sign"))
    @rule(level=st.sampled_from([None, None, *table.LADDER]))
    def get_to_work(self, level: str | None) -> None:
        """Accepted, dispatched and signed in one go."""
        for name, role in (("accept", "agent"), ("dispatch", "dispatcher"), ("sign", "handler")):
            if self.clerk.state in table.POSSIBLE[name][0]:
                self._give(name, role, self._whatever | {"level": level})

    @precondition(lambda self: self.clerk.state in ("in_progress", "pending_review"))
    @rule(answered=st.booleans())
    def get_it_answered(self, answered: bool) -> None:
        """Replied and reviewed in one go."""
        for name, role in (("submit_reply", "handler"), ("review_pass", "reviewer")):
            if answered and self.clerk.state in table.POSSIBLE[name][0]:
                self._give(name, role, self._whatever)

    @precondition(lambda self: self.clerk.state in ("pending_sign", "in_progress", "pending_review"))
    @rule(
        wait=st.integers(0, 20),
        kinds=st.sampled_from(
            [
                ["suspension"],
                ["extension"],
                ["return"],
                ["extension", "suspension"],
                ["return", "dispute"],
                ["dispute"],
                ["dispute"],
                ["backlog"],
                ["unreasonable"],
                ["malicious"],
                ["removal"],
            ]
        ),
        asker=st.sampled_from(["handler", "unit_head", "unit_head", "dispatcher"]),
        patience=st.sampled_from([1, 5, 10, 200]),
        granted=st.sampled_from([True, True, True, False]),
        level=st.sampled_from(table.LADDER),
    )
    def bend(self, wait: int, kinds: list[str], asker: str, patience: int, granted: bool, level: str) -> None:
        """Exceptions are asked for by the unit that leads, and the last is decided, or not in time."""
        self.wait(wait)
        helpers = [
            leg["level"] for leg in self.clerk.legs if leg["role"] == "joint" and leg["state"] != "ended"
        ]
        for kind in kinds:
            named = helpers[-1] if kind == "removal" and helpers else level
            self._give(f"ask_{kind}", asker, self._whatever | {"level": named})
        self.wait(patience)
        self._decide(granted=granted, level=level)

    def _decide(self, *, granted: bool, level: str, **more: Any) -> None:
        kind = self.clerk.asked[-1]["kind"] if self.clerk.asked else "return"
        named = {"level": level if kind == "dispute" else None, "granted": granted}
        self._give("rule", max(table.DECIDED_BY[kind]), self._whatever | named | more)

    @precondition(lambda self: bool(self.clerk.excluded))
    @rule(wait=st.sampled_from([0, 40, 3 * DAY]), who=st.sampled_from([1, 2]), granted=st.booleans())
    def appeal(self, wait: int, who: int, granted: bool) -> None:
        """The citizen does not accept a finding; the appeal is decided, or not in time."""
        self._give("ask_appeal", "citizen", self._whatever)
        self.wait(wait)
        self._decide(granted=granted, level="town", who=who)

    @precondition(lambda self: self.clerk.state == "pending_dispatch")
    @rule(wait=st.sampled_from([0, 5, 200]), granted=st.booleans(), turn=st.integers(0, 2))
    def ask_the_community(self, wait: int, granted: bool, turn: int) -> None:
        """A community that has not the matter on its list is asked first."""
        self._give("dispatch", "dispatcher", self._whatever | {"level": "community", "unlisted": True})
        self.wait(wait)
        said = self._whatever | {"granted": granted, "unit": "community"}
        for role in ("handler", "dispatcher")[turn % 2 :]:
            self._give("rule", role, said)

    @precondition(lambda self: self.clerk.state in table.OPEN)
    @rule(act=st.sampled_from(["recalculate", "move_policy"]), other=st.sampled_from([0, 1, 1]))
    def measure_otherwise(self, act: str, other: int) -> None:
        """The calendar is corrected, or the request is put under another promise."""
        self._give(act, "duty_leader", self._whatever | {"calendar": other, "promise": other})

    @precondition(lambda self: self.clerk.state in table.OPEN)
    @rule(
        waits=st.tuples(st.integers(0, 90), st.sampled_from([0, 60, 40 * DAY])),
        seldom=st.sampled_from([0, 0, 0, 1]),
        said=st.lists(st.sampled_from([None, True, False]), max_size=3),
    )
    def follow(self, waits: tuple[int, int], seldom: int, said: list[bool | None]) -> None:
        """It follows another request, is answered through it, and its caller is asked."""
        if not seldom:
            return
        self._give("merge", "dispatcher", self._whatever)
        self.wait(waits[1])
        self._give("hear_answer", "system", self._whatever)
        for satisfied in said:
            self.wait(waits[0])
            asked = {"contacted": satisfied is not None, "satisfied": satisfied, "attributable": True}
            self._give("callback", "callback_agent", self._whatever | asked)

    @precondition(lambda self: self.clerk.state == "in_progress")
    @rule(
        waits=st.tuples(st.integers(0, 20), st.sampled_from([0, 5, 200, 3 * DAY])),
        act=st.sampled_from(["refer_deliberation", "hand_to_partner"]),
    )
    def wait_for_others(self, waits: tuple[int, int], act: str) -> None:
        """The matter lies elsewhere for a while."""
        self.wait(waits[0])
        self._give(act, "handler", self._whatever)
        self.wait(waits[1])

    @precondition(lambda self: self.clerk.state in ("pending_sign", "in_progress"))
    @rule(
        waits=st.tuples(st.integers(0, 20), st.sampled_from([0, 5, 40, 200, 3 * DAY])),
        level=st.sampled_from(table.LADDER),
        mandatory=st.booleans(),
    )
    def work_together(self, waits: tuple[int, int], level: str, mandatory: bool) -> None:
        """A dispatcher asks another unit to contribute, which takes its time."""
        self.wait(waits[0])
        said = self._whatever | {"level": level, "mandatory": mandatory}
        if self.clerk.state in ("pending_sign", "in_progress"):
            self._give("start_joint", "dispatcher", said)
            self._give("set_join_rule", "dispatcher", said)
        self.wait(waits[1])

    @precondition(lambda self: self.clerk.state in table.AT_WORK)
    @rule(wait=st.integers(0, 90))
    def be_instructed(self, wait: int) -> None:
        """A leader gives an instruction, and the unit acknowledges it."""
        self._give("instruct", "duty_leader", self._whatever)
        self.wait(wait)
        self._give("acknowledge", "handler", self._whatever | {"instruction": f"i{self.clerk.instructed}"})

    @precondition(lambda self: any(leg["role"] == "joint" for leg in self.clerk.legs))
    @rule(act=st.sampled_from(["decline_joint", "sign", "submit_reply"]))
    def help_out(self, act: str) -> None:
        """The unit that was asked last says no, or does its share."""
        for helper in [leg for leg in self.clerk.legs if leg["role"] == "joint"][-1:]:
            self._give(act, "handler", self._whatever | {"leg": helper["id"], "unit": helper["level"]})

    @precondition(lambda self: self.clerk.state == "in_progress" and not self.clerk.hurried)
    @rule(wait=st.sampled_from([1, 60, 20 * DAY]))
    def put_off(self, wait: int) -> None:
        """A later date is promised, and looked at before it comes."""
        self._give("ask_backlog", "unit_head", self._whatever)
        self._decide(granted=True, level="town")
        self.wait(wait)
        self._give("remind_of_commitment", "system", self._whatever)

    @precondition(lambda self: self.clerk.state in table.ENDED)
    @rule(wait=st.sampled_from([1, 60, 20 * DAY, 31 * DAY]), by_the_system=st.booleans())
    def open_again(self, wait: int, by_the_system: bool) -> None:
        self.wait(wait)
        if by_the_system and self.clerk.promised_for is not None:
            self._give("remind_of_commitment", "system", self._whatever)
            self._give("reopen", "system", self._whatever | {"cause": "commitment"})
        else:
            self._give("reopen", "callback_agent", self._whatever)

    @rule(seed=SEEDS, wait=st.integers(0, 90))
    def go_on(self, seed: int, wait: int) -> None:
        """Something that is possible now, by somebody who may."""
        self.wait(wait)
        self._do_one_of(set(table.POSSIBLE) - set(ENDING) - set(BESIDE), Random(seed))

    @rule(seeds=st.lists(SEEDS, min_size=1, max_size=3))
    def say_beside(self, seeds: list[int]) -> None:
        """Something that leaves the request where it is."""
        for seed in seeds:
            self._do_one_of(set(BESIDE), Random(seed))

    @rule(seed=SEEDS, often_enough=st.sampled_from([False, False, False, True]))
    def end_it(self, seed: int, often_enough: bool) -> None:
        """The request ends before it is answered."""
        if often_enough:
            self._do_one_of(set(ENDING), Random(seed))

    @rule(seed=SEEDS, name=st.sampled_from(sorted(ACTS)), role=st.sampled_from(list(Role)))
    def try_anything(self, seed: int, name: str, role: Role) -> None:
        self._give(name, role.value, self._said(Random(seed)))

    def _do_one_of(self, names: set[str], dice: Random) -> None:
        possible = [name for name in sorted(names) if self.clerk.state in table.POSSIBLE[name][0]]
        if possible:
            name = dice.choice(possible)
            self._give(name, dice.choice(sorted(table.POSSIBLE[name][1])), self._said(dice))

    def _give(self, name: str, role: str, said: Said) -> None:
        before = self.clerk.state
        by = self._somebody(role, said)
        said = {**said, "person": by.person, "now": instant(self.clerk.now)}
        act = ACTS[name](said)
        refused_by_clerk = self._refused(Refusal, lambda: self.clerk.obey(name, role, **said))
        refused = self._refused(Refused, lambda: self._tell(by, act))
        assert refused == refused_by_clerk, f"{name} by {role} in {before}"

    def _tell(self, by: Actor, act: Act) -> None:
        self.story.act(by, act, instant(self.clerk.now))
        self.story.wait_until(instant(self.clerk.now))
        self.obeyed.add(act.act)

    @staticmethod
    def _refused(kind: type[Exception], give: Callable[[], None]) -> bool:
        try:
            give()
        except kind:
            return True
        return False

    def _said(self, dice: Random) -> Said:
        """Anything that may be said, rather often something that makes sense."""
        legs = [leg["id"] for leg in self.clerk.legs]
        leg = dice.choice([*legs[-3:], *legs[-1:], "9"])
        holder = next((each["level"] for each in self.clerk.legs if each["id"] == leg), "town")
        thrown = {
            "leg": leg,
            "unit": dice.choice([holder, holder, holder, *table.LADDER]),
            "level": dice.choice([None, None, *table.LADDER]),
            "release": dice.choice([True, False]),
            "contacted": dice.choice([True, False]),
            "satisfied": dice.choice([None, True, False]),
            "attributable": dice.choice([True, False]),
            "card": dice.choice([None, *Card]),
            "granted": dice.choice([True, False]),
            "at_once": dice.choice([True, False]),
            "file": dice.choice("abc"),
            "instruction": f"i{self.clerk.instructed - dice.choice([0, 1])}",
            "secrecy": dice.choice(table.SECRECY),
            "child": dice.choice(["20260302-0000003", "20260302-0000004"]),
            "case": dice.choice(["", "clue-7", "clue-8"]),
            "timed": dice.choice([True, False]),
            "mandatory": dice.choice([True, False]),
            "join": dice.choice([Join.ALL, Join.LEAD_DECIDES]),
            "who": dice.choice([1, 1, 2]),
            "unlisted": dice.choice([False, False, True]),
            "calendar": dice.choice([0, 1]),
            "promise": dice.choice([0, 1]),
            "cause": dice.choice(
                ["dissatisfied", "dissatisfied", "wrongly_ended", "parent_gone", "commitment"]
            ),
            "parent": dice.choice([table.LEADING_REQUEST, "20260302-0000009"]),
            "answered": dice.choice([True, False]),
            "by_a_unit": dice.choice([True, False]),
        }
        sensible = self._whatever
        if dice.choice([True, False]):
            del thrown["leg"], thrown["unit"]
        kept = {
            name: value
            for name, value in thrown.items()
            if name not in sensible or dice.choice([True, False])
        }
        return sensible | kept

    @property
    def _whatever(self) -> Said:
        lead = self.clerk.lead or {"id": "9", "level": "town"}
        return {
            "leg": lead["id"],
            "unit": lead["level"],
            "level": None,
            "release": False,
            "card": None,
            "granted": True,
            "application": f"a{len(self.clerk.asked)}",
            "case": "clue-7",
            "timed": True,
            "mandatory": True,
            "join": Join.ALL,
            "at_once": False,
            "matter": self.complete.matter,
            "snapshot": self.complete.snapshot,
            "snapshots": self.snapshots,
            "who": 1,
            "unlisted": False,
            "calendar": 1,
            "promise": 1,
            "cause": "dissatisfied",
            "parent": table.LEADING_REQUEST,
            "answered": True,
            "by_a_unit": True,
        }

    @staticmethod
    def _somebody(role: str, said: Said) -> Actor:
        if role == Role.SYSTEM:
            return SYSTEM
        if role in table.UNIT:
            return actor(Role(role), unit=UNITS[Level(said["unit"])])
        return actor(Role(role), person=f"{role}-{said['who']}")

    @invariant()
    def both_stand_in_the_same_state(self) -> None:
        assert self.story.state.state == self.clerk.state
        legs = [(leg["id"], leg["role"], leg["state"], leg["level"]) for leg in self.clerk.legs]
        assert [(leg.id, leg.role, leg.state, leg.level) for leg in self.story.state.legs] == legs

    @invariant()
    def both_fired_the_same_thresholds_at_the_same_minutes(self) -> None:
        told = [event.what for event in self.story.timeline if isinstance(event.what, DeadlineFired)]
        fired = [(fact.clock.value, fact.leg, fact.percent, minute(fact.due_at)) for fact in told]
        assert fired == self.clerk.fired

    @invariant()
    def both_have_the_same_deadlines_ahead(self) -> None:
        lead = self.clerk.lead["id"] if self.clerk.lead else None
        waiting_places = ("callback", "resume", "deliberation", "partner")
        clocks = [*((kind, None) for kind in waiting_places), ("decision", f"a{len(self.clerk.asked)}")]
        if self.clerk.state not in table.ENDED:
            clocks += [("total", None), *((kind, lead) for kind in ("sign", "dwell", "first_contact"))]
            clocks += [
                (clock["kind"], clock["leg"])
                for clock in self.clerk.clocks
                if clock["running"] and clock["kind"] in ("joint", "sign")
            ]
        for kind, leg in clocks:
            due = self._due(kind, leg)
            assert due == self.clerk.due(kind, leg), kind

    def _due(self, kind: str, leg: str | None) -> float | None:
        clock = self.story.state.clock(ClockKind(kind), leg)
        due = threshold(clock, 100, self.story.state.calendar) if clock else None
        return None if due is None else minute(due)


SideBySide.TestCase.settings = settings(derandomize=True, max_examples=30, stateful_step_count=40)
TestSideBySide = SideBySide.TestCase

WALKS, MOST_WALKS, STEPS = 50, 300, 40
"""So many stories at least, and more until everything has been played; each of so many steps."""

Move = Callable[[SideBySide, Random], object]

MOVES: list[Move] = [
    lambda both, dice: both.wait(
        dice.choice([dice.randrange(20), dice.randrange(600), dice.randrange(3 * DAY)])
    ),
    *[lambda both, dice: both.go_on(dice.randrange(2**16), dice.randrange(90))] * 5,
    *[lambda both, dice: both.say_beside([dice.randrange(2**16) for _ in range(3)])] * 2,
    *[
        lambda both, dice: both.go_straight_on(
            dice.randrange(90), dice.randrange(6), dice.choice([True, False])
        )
    ]
    * 2,
    lambda both, dice: both.end_it(dice.randrange(2**16), dice.randrange(6) == 0),
    lambda both, dice: both.judge(dice.choice(JUDGEMENTS)),
    lambda both, dice: both.get_to_work(dice.choice([None, None, *table.LADDER])),
    lambda both, dice: both.get_it_answered(dice.randrange(5) == 0),
    lambda both, dice: both.wait_for_others(
        (dice.randrange(20), dice.choice([0, 5, 3 * DAY])),
        dice.choice(["refer_deliberation", "hand_to_partner"]),
    ),
    lambda both, dice: both.work_together(
        (dice.randrange(20), dice.choice([0, 40, 3 * DAY])),
        dice.choice(table.LADDER),
        dice.choice([True, False]),
    ),
    lambda both, dice: both.bend(
        dice.randrange(20),
        [
            dice.choice(
                [
                    "suspension",
                    "extension",
                    "return",
                    "dispute",
                    "backlog",
                    "unreasonable",
                    "malicious",
                    "removal",
                ]
            )
        ],
        dice.choice(["handler", "unit_head", "dispatcher"]),
        dice.choice([1, 5, 10, 200]),
        dice.randrange(4) > 0,
        dice.choice(table.LADDER),
    ),
    lambda both, dice: both.appeal(
        dice.choice([0, 40, 3 * DAY]), dice.choice([1, 2]), dice.choice([True, False])
    ),
    lambda both, dice: both.ask_the_community(
        dice.choice([0, 5, 200]), dice.choice([True, False]), dice.randrange(3)
    ),
    lambda both, dice: both.measure_otherwise(dice.choice(["recalculate", "move_policy"]), dice.randrange(2)),
    lambda both, dice: both.follow(
        (dice.randrange(90), dice.choice([0, 60, 40 * DAY])),
        int(dice.randrange(9) == 0),
        [dice.choice([None, True, False]) for _ in range(dice.randrange(4))],
    ),
    lambda both, dice: both.be_instructed(dice.randrange(90)),
    lambda both, dice: both.help_out(dice.choice(["decline_joint", "sign", "submit_reply"])),
    lambda both, dice: dice.randrange(5) or both.put_off(dice.choice([1, 60, 20 * DAY])),
    lambda both, dice: both.open_again(dice.choice([1, 60, 20 * DAY, 31 * DAY]), dice.choice([True, False])),
]
"""What may come next on a walk; what is not possible then is refused by both."""


def walk(seed: int) -> None:
    """A long story thrown with dice, in which both must say the same after every step."""
    dice, both = Random(seed), SideBySide()
    both.call(
        promise=seed % len(PROMISES),
        complete=dice.randrange(3) > 0,
        contact=dice.randrange(4) > 0,
        missing=set(dice.choice([(), (), (Level.GRID,), (Level.COMMUNITY,)])),
        begin_at=dice.choice(BEGINNINGS),
    )
    for _ in range(STEPS):
        dice.choice(MOVES)(both, dice)
        both.both_stand_in_the_same_state()
        both.both_fired_the_same_thresholds_at_the_same_minutes()
        both.both_have_the_same_deadlines_ahead()
    both.teardown()


def test_on_long_walks_both_say_the_same_of_every_act_and_of_every_exception() -> None:
    every = set(TABLE) - NEIGHBOURS_ACTS, set(ExceptionKind)
    SideBySide.obeyed.clear()
    SideBySide.asked.clear()
    for seed in range(MOST_WALKS):
        try:
            walk(seed)
        except Exception as difference:
            difference.add_note(f"on walk {seed}")
            raise
        if seed >= WALKS and (SideBySide.obeyed, SideBySide.asked) == every:
            return
    assert (SideBySide.obeyed, SideBySide.asked) == every


def test_the_naive_clerk_knows_every_act_but_those_of_the_neighbours() -> None:
    assert set(ACTS) == set(table.POSSIBLE)
    assert {"apply" if name.startswith("ask_") else name for name in ACTS} == set(TABLE) - NEIGHBOURS_ACTS


def test_the_naive_clerk_knows_nothing_of_the_rules() -> None:
    for file in Path(table.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.Import), file.name
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").startswith(
                    ("__future__", "abc", "typing", "tests.support.naive")
                ), file.name
