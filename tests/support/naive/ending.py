"""The end, and what comes after it: following another request, commitments, and being opened again."""

from __future__ import annotations

from typing import Any

from tests.support.naive.besides import Besides
from tests.support.naive.office import DAY
from tests.support.naive.table import ENDED_WITHOUT_ANSWER, LEADING_REQUEST


class Ending(Besides):
    """Knows that an end need not be the last word."""

    def _merge(self, _role: str, _said: dict[str, Any]) -> None:
        self._must(not self.children)
        self._end("merged")
        self.awaits_answer, self.answered_on = True, None

    def _hear_answer(self, _role: str, said: dict[str, Any]) -> None:
        self._must(said["parent"] == LEADING_REQUEST)
        self._stop("callback")
        self.tries = []
        self.awaits_answer, self.answered_on = not said["answered"], None
        if said["answered"]:
            self.answered_on = self.now
            if said["by_a_unit"] and self.called_back and self.accepted:
                self._start("callback")

    def _remind_of_commitment(self, _role: str, _said: dict[str, Any]) -> None:
        self._must(self.promised_for is not None)

    def _reopen(self, role: str, said: dict[str, Any]) -> None:
        cause = said["cause"]
        if role != "system":
            self._must(cause in ("dissatisfied", "wrongly_ended"))
            ended_on = self.ended_on if self.answered_on is None else self.answered_on
            self._must(self.awaits_answer or self.now <= ended_on + 30 * DAY)
        if cause == "parent_gone":
            self._must(self.state == "merged" and said["parent"] == LEADING_REQUEST)
        self._must(cause != "commitment" or self.promised_for is not None)
        self._opened(cause)

    def _opened(self, cause: str) -> None:
        self._stop("callback")
        if self.state in ENDED_WITHOUT_ANSWER:
            self.children = set()
        answered = self.replied or self.answered_on is not None
        percent = self.redo_percent if answered and cause == "dissatisfied" else 100
        self.cycle, self.tries, self.submitted, self.replied = self.cycle + 1, [], None, False
        self.awaits_answer, self.answered_on, self.promised_for = False, None, None
        if not self.accepted:
            self.state = "registered"
            self._start("registration")
            return
        self._start("total", percent=percent)
        leads = [leg for leg in self.legs if leg["role"] == "lead"]
        if leads and not leads[-1]["taken_away"]:
            last = leads[-1]["level"]
            above = self._rung_above(last) if cause == "commitment" else None
            self._dispatched(above or last, percent=percent)
        elif self.auto_dispatch:
            self._dispatched(self._first_rung(), percent=percent)
        else:
            self._start("dispatch")
            self.state = "pending_dispatch"
