"""What is kept of one request, and how its clocks count: a running minute adds to each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from tests.support.naive.office import DAY, Office
from tests.support.naive.table import ENDED, FIRST_TO_SPEAK, LADDER, SPEAKING


class Refusal(Exception):
    """The naive clerk says no."""


class File(ABC):
    """One request. ``limits`` are texts such as "4wh"; ``units`` the levels on whose rung somebody stands."""

    def __init__(
        self,
        *,
        now: int,
        office: Office,
        limits: dict[str, str],
        dwell: dict[str, str],
        units: set[str],
        marks: tuple[int, ...],
        complete: bool,
        called_back: bool,
        auto_dispatch: bool = False,
        redo_percent: int = 50,
        hurried: bool = False,
        longer: str = "",
        named: str = "town",
        secrecy: str = "party",
    ) -> None:
        self.now = now
        self.office = office
        self.limits = limits
        self.dwell = dwell
        self.rungs = [level for level in LADDER if level in dwell]
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
        self._start("registration")
        if complete:
            self._accepted()

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
        minute, counted = self.now, clock["counted"]
        while counted < clock["need"]:
            counted += not clock["working"] or self.office.is_open(minute)
            minute += 1
        return minute

    @property
    def lead(self) -> dict[str, Any] | None:
        """The lead leg dispatched last, if it has not ended."""
        leads = [leg for leg in self.legs if leg["role"] == "lead"]
        return leads[-1] if leads and leads[-1]["state"] != "ended" else None

    # Time.

    def pass_minutes(self, minutes: int) -> None:
        """Let the minutes go by, one at a time."""
        for left in range(minutes, 0, -1):
            if self.state in ENDED:
                self.now += left
                return
            open_now = self.office.is_open(self.now)
            self.now += 1
            for clock in self.clocks:
                if clock["running"] and (open_now or not clock["working"]):
                    clock["counted"] += 1
                    clock["ticks"].append(self.now)
                    self._note_reached(clock)
            self.settle()

    def settle(self) -> None:
        """Let everything speak that has something to say and may."""
        self._let_lapse()
        while self.state not in ENDED and (waiting := self._waiting()):
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
            and clock["kind"] in SPEAKING[self.state]
            and (clock["leg"] in (None, lead and lead["id"]) or self._can_be_decided(clock["leg"]))
            for percent, minute in clock["reached"].items()
            if percent not in clock["fired"]
        ]

    def _note_reached(self, clock: dict[str, Any]) -> None:
        for percent in self._percents(clock["kind"]):
            if percent not in clock["reached"] and clock["counted"] * 100 >= clock["need"] * percent:
                clock["reached"][percent] = self.now

    def _percents(self, kind: str) -> tuple[int, ...]:
        if kind == "total":
            return self.marks
        if kind == "dwell":
            return (*self.marks[:-3], 100)
        return (100, 200) if kind == "review" else (100,)

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
        """The lowest rung; after a unit gave the matter back, whom it named."""
        leads = [leg for leg in self.legs if leg["role"] == "lead"]
        return self.named if leads and leads[-1]["returned"] else self._first_rung()

    def _first_rung(self) -> str:
        return next(level for level in self.rungs if level in self.units)

    def _rung_above(self, level: str) -> str | None:
        above = [rung for rung in self.rungs if LADDER.index(rung) > LADDER.index(level)]
        return next((rung for rung in above if rung in self.units), None)

    def _clock(self, kind: str, leg: str | None = None) -> dict[str, Any] | None:
        return next((c for c in reversed(self.clocks) if (c["kind"], c["leg"]) == (kind, leg)), None)

    def _start(self, kind: str, limit: str = "", leg: str | None = None, percent: int = 100) -> None:
        need, working = self._minutes(limit or self.limits[kind])
        self.clocks = [clock for clock in self.clocks if (clock["kind"], clock["leg"]) != (kind, leg)]
        self.clocks.append(
            {
                "kind": kind, "leg": leg, "need": need * percent / 100, "working": working, "counted": 0,
                "running": True, "paused": False, "stopped_at": None, "reached": dict[int, int](), "fired": set[int](),
                "ticks": list[int](),
            }
        )  # fmt: skip

    def _stop_all(self) -> None:
        for clock in self.clocks:
            clock.update(running=False, paused=False)

    def _stop(self, kind: str, leg: str | None = None) -> None:
        for clock in self.clocks:
            if (clock["kind"], clock["leg"]) == (kind, leg) and (clock["running"] or clock["paused"]):
                clock.update(running=False, paused=False, stopped_at=self.now)

    def _minutes(self, limit: str) -> tuple[int, bool]:
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
                return self.office.worked(self.now, self.office.close_after(self.now, amount)), True
            case unit:
                raise ValueError(unit)
