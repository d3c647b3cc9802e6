"""What is kept of one request, and how its clocks count: a running minute adds to each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from tests.support.naive.office import DAY, Office
from tests.support.naive.table import ENDED, FIRST_TO_SPEAK, LADDER, SPEAKING

Promise = tuple[dict[str, str], dict[str, str]]
"""The limits, and how long each level may keep the request."""

NEVER = 10**12


class Refusal(Exception):
    """The naive clerk says no."""


def _up(amount: float) -> int:
    return -int(-amount // 1)


class File(ABC):
    """One request. ``limits`` are texts such as "4wh"; ``units`` the levels on whose rung somebody stands."""

    def __init__(
        self,
        *,
        now: int,
        offices: tuple[Office, ...],
        promises: tuple[Promise, ...],
        units: set[str],
        marks: tuple[int, ...],
        complete: bool,
        called_back: bool,
        auto_dispatch: bool = False,
        redo_percent: int = 50,
        hurried: bool = False,
        longer: str = "",
        confirm: str = "",
        named: str = "town",
        secrecy: str = "party",
    ) -> None:
        self.now = now
        self.offices, self.calendar = offices, 0
        self.promises, self.promise = promises, 0
        self.rungs = [level for level in LADDER if level in promises[0][1]]
        self.units = units
        self.marks = marks
        self.called_back = called_back
        self.auto_dispatch = auto_dispatch
        self.redo_percent = redo_percent
        self.hurried = hurried
        self.longer = longer
        self.named = named
        self.asked: list[dict[str, Any]] = []
        self.changed_hands = 0
        self.replied = False
        self.accepted = False
        self.ended_on = 0
        self.state = "registered"
        self.legs: list[dict[str, Any]] = []
        self.clocks: list[dict[str, Any]] = []
        self.fired: list[tuple[str, str | None, int, int]] = []
        self.cycle = 1
        self.sent_down_from: set[str] = set()
        self.tries: list[int] = []
        self.urged_on: int | None = None
        self.submitted: int | None = None
        self.secrecy = secrecy
        self.deliberations = 0
        self.instructed, self.unread = 0, set[str]()
        self.files = set[str]()
        self.children = set[str]()
        self.join, self.join_set_by = "lead_decides", ""
        self.begun, self.complete = False, complete
        self.confirm = confirm
        self.ruled = False
        self.excluded, self.excluded_by, self.upheld = "", "", False
        self.promised_for: int | None = None
        self.awaits_answer, self.answered_on = False, None

    @property
    def office(self) -> Office:
        """The office in whose calendar the limits count at present."""
        return self.offices[self.calendar]

    @property
    def limits(self) -> dict[str, str]:
        """The limits that are promised at present."""
        return self.promises[self.promise][0]

    @property
    def dwell(self) -> dict[str, str]:
        """How long each level may keep the request."""
        return self.promises[self.promise][1]

    # What an onlooker may ask.

    def due(self, kind: str, leg: str | None = None) -> int | None:
        """The minute at which a clock has run its whole limit; ``None`` if it stands still short of it."""
        clock = self._clock(kind, leg)
        if clock is None:
            return None
        if 100 in clock["reached"]:
            return clock["reached"][100]
        if not clock["running"]:
            return None
        return self._after(clock, self.now, clock["need"])

    @property
    def lead(self) -> dict[str, Any] | None:
        """The lead leg dispatched last, if it has not ended."""
        leads = [leg for leg in self.legs if leg["role"] == "lead"]
        return leads[-1] if leads and leads[-1]["state"] != "ended" else None

    # Time.

    def pass_minutes(self, minutes: int) -> None:
        """Let the minutes go by, one at a time."""
        end = self.now + minutes
        while self.now < end:
            running = [clock for clock in self.clocks if clock["running"]]
            if self.state in ENDED and not running:
                self.now = end
            elif self._wakes_one_of(running, end):
                self.settle()

    def _wakes_one_of(self, running: list[dict[str, Any]], end: int) -> bool:
        """Minute by minute until one of the clocks has something to say, or until the end; whether one has."""
        office = self.office
        while self.now < end:
            is_open = office.is_open(self.now)
            self.now += 1
            woken = [clock for clock in running if self._tick(clock, is_open)]
            if woken:
                return True
        return False

    def _tick(self, clock: dict[str, Any], is_open: bool) -> bool:
        """A minute for one clock; whether it has something to say now."""
        clock["ran"].append(self.now - 1)
        if clock["working"] and not is_open:
            return False
        clock["ticks"].append(self.now)
        if len(clock["ticks"]) * 100 < clock["wakes_at"]:
            return False
        self._measure(clock)
        return True

    def settle(self) -> None:
        """Let everything speak that has something to say and may."""
        self._let_lapse()
        while waiting := self._waiting():
            _, _, percent, clock = min(waiting, key=lambda entry: entry[:3])
            clock["fired"].add(percent)
            self.fired.append((clock["kind"], clock["leg"], percent, clock["reached"][percent]))
            self._speak(clock, percent)
            self._let_lapse()

    def _waiting(self) -> list[tuple[int, int, int, dict[str, Any]]]:
        lead = self.lead
        return [
            (minute, FIRST_TO_SPEAK.index(clock["kind"]), percent, clock)
            for clock in self.clocks
            if clock["running"]
            and ("joint" if self._is_of_a_helper(clock) else clock["kind"]) in SPEAKING.get(self.state, set())
            and (
                clock["leg"] in (None, lead and lead["id"])
                or self._is_of_a_helper(clock)
                or self._can_be_decided(clock["leg"])
            )
            for percent, minute in clock["reached"].items()
            if percent not in clock["fired"]
        ]

    def _is_of_a_helper(self, clock: dict[str, Any]) -> bool:
        helpers = {leg["id"] for leg in self.legs if leg["role"] == "joint"}
        return clock["kind"] in ("sign", "joint") and clock["leg"] in helpers

    def _measure(self, clock: dict[str, Any]) -> None:
        """Look up when each share of the limit was used, and which comes next."""
        need, ticks = clock["need"], clock["ticks"]
        percents = self._percents(clock["kind"])
        used = [percent for percent in percents if len(ticks) * 100 >= need * percent]
        clock["reached"] = {percent: ticks[_up(need * percent / 100) - 1] for percent in used}
        clock["wakes_at"] = min((need * each for each in percents if each not in used), default=NEVER)

    def _percents(self, kind: str) -> tuple[int, ...]:
        if kind == "total":
            return self.marks
        if kind == "dwell":
            return (*self.marks[:-3], 100)
        return {"review": (100, 200), "joint": (90, 100)}.get(kind, (100,))

    # What others say.

    @abstractmethod
    def _accepted(self) -> None: ...

    @abstractmethod
    def _speak(self, clock: dict[str, Any], percent: int) -> None: ...

    @abstractmethod
    def _let_lapse(self) -> None: ...

    @abstractmethod
    def _can_be_decided(self, number: str | None) -> bool: ...

    # Small things.

    def _must(self, right: bool) -> None:
        if not right:
            raise Refusal

    def _own(self, said: dict[str, Any]) -> dict[str, Any]:
        leg = next((leg for leg in self.legs if leg["id"] == said["leg"]), None)
        self._must(leg is not None and leg["level"] == said["unit"])
        assert leg is not None
        self._must(leg["state"] in ("pending_sign", "in_progress"))
        return leg

    def _usual_holder(self) -> str:
        """The lowest rung; after a unit gave the matter back, whom it named; above a community that did not take it."""
        leads = [leg for leg in self.legs if leg["role"] == "lead"]
        if leads and leads[-1]["returned"]:
            return self.named
        if leads and leads[-1]["not_admitted"]:
            return self._rung_above(leads[-1]["level"]) or leads[-1]["level"]
        return self._first_rung()

    def _first_rung(self) -> str:
        return next(level for level in self.rungs if level in self.units)

    def _rung_above(self, level: str) -> str | None:
        above = [rung for rung in self.rungs if LADDER.index(rung) > LADDER.index(level)]
        return next((rung for rung in above if rung in self.units), None)

    def _clock(self, kind: str, leg: str | None = None) -> dict[str, Any] | None:
        return next((c for c in reversed(self.clocks) if (c["kind"], c["leg"]) == (kind, leg)), None)

    def _start(self, kind: str, limit: str = "", leg: str | None = None, percent: int = 100) -> None:
        limit = limit or self.limits[kind]
        need, working = self._minutes(limit, self.now)
        self.clocks = [clock for clock in self.clocks if (clock["kind"], clock["leg"]) != (kind, leg)]
        self.clocks.append(
            {
                "kind": kind, "leg": leg, "limit": limit, "percent": percent, "more": 0, "since": self.now,
                "need": need * percent / 100, "working": working, "running": True, "paused": False, "stopped_at": None,
                "reached": dict[int, int](), "fired": set[int](), "ran": list[int](), "ticks": list[int](),
            }
        )  # fmt: skip
        self._measure(self.clocks[-1])

    def _stop_all(self) -> None:
        for clock in self.clocks:
            if clock["kind"] != "decision":
                clock.update(running=False, paused=False)

    def _stop(self, kind: str, leg: str | None = None) -> None:
        for clock in self.clocks:
            if (clock["kind"], clock["leg"]) == (kind, leg) and (clock["running"] or clock["paused"]):
                clock.update(running=False, paused=False, stopped_at=self.now)

    def _after(self, clock: dict[str, Any], minute: int, need: float) -> int:
        """When a clock has used so much, if it runs on from there."""
        left = _up(need - len(clock["ticks"]))
        if left <= 0:
            return minute
        return self.office.later(minute, left) if clock["working"] else minute + left

    def _minutes(self, limit: str, since: int) -> tuple[int, bool]:
        amount = int("".join(letter for letter in limit if letter.isdigit()))
        match limit.lstrip("0123456789"):
            case "min":
                return amount, False
            case "h":
                return amount * 60, False
            case "d":
                return amount * DAY, False
            case "wh":
                return amount * 60, True
            case "wd":
                return self.office.worked(since, self.office.close_after(since, amount)), True
            case unit:
                raise ValueError(unit)
