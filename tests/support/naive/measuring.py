"""Other measures: a corrected calendar, and another promise."""

from __future__ import annotations

from typing import Any

from tests.support.naive.file import File


class Measured(File):
    """Counts anew what still runs."""

    def _recalculate(self, _role: str, said: dict[str, Any]) -> None:
        self._must(said["calendar"] != self.calendar)
        self.calendar = said["calendar"]
        for clock in self.clocks:
            if clock["working"]:
                clock["ticks"] = [minute + 1 for minute in clock["ran"] if self.office.is_open(minute)]
                if self._runs_on(clock):
                    self._set(clock, clock["limit"])
                self._measure(clock)

    def _move_policy(self, _role: str, said: dict[str, Any]) -> None:
        self._must(said["promise"] != self.promise)
        self.promise = said["promise"]
        for clock in self.clocks:
            limit = self._limit_of(clock)
            if limit and self._runs_on(clock):
                self._set(clock, limit)
                self._measure(clock)

    def _set(self, clock: dict[str, Any], limit: str) -> None:
        """What it must count, from where it started."""
        minutes, _ = self._minutes(limit, clock["since"])
        clock.update(limit=limit, need=minutes * clock["percent"] / 100 + clock["more"])

    def _limit_of(self, clock: dict[str, Any]) -> str:
        if clock["kind"] == "dwell":
            return self.dwell.get(self._leg_of(clock)["level"], "")
        of_the_promise = ("total", "dispatch", "sign", "first_contact", "review", "callback", "reminder")
        return self.limits[clock["kind"]] if clock["kind"] in of_the_promise else ""

    def _runs_on(self, clock: dict[str, Any]) -> bool:
        if clock["running"]:
            return True
        match clock["kind"]:
            case "total":
                return True
            case "sign":
                return self._leg_of(clock)["state"] == "pending_sign"
            case "first_contact":
                return self._leg_of(clock) is self.lead and not self._leg_of(clock)["contacted"]
            case "dwell":
                return self._leg_of(clock) is self.lead
            case "joint":
                return clock["paused"]
            case _:
                return False

    def _leg_of(self, clock: dict[str, Any]) -> dict[str, Any]:
        return next(leg for leg in self.legs if leg["id"] == clock["leg"])
