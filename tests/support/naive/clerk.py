"""The clerk: what each act and each passed limit means on the way from the call to the answer."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from tests.support.naive.file import Refusal
from tests.support.naive.measuring import Measured
from tests.support.naive.office import DAY
from tests.support.naive.table import LADDER, POSSIBLE


class Clerk(Measured):
    """Handles a request by the book."""

    def _speak(self, clock: dict[str, Any], percent: int) -> None:
        match clock["kind"]:
            case "registration":
                self._start("registration", self.limits["registration_again"])
            case "awaiting_info":
                self._end("not_accepted")
            case "dispatch":
                self._dispatched(self._usual_holder())
            case "sign" | "joint":
                self._of_a_leg(clock, percent)
            case "dwell" if percent == 100:
                self._dwelt()
            case "total":
                self._total_passed(percent)
            case "reminder":
                self._start("reminder")
            case "review" if percent == 200:
                self._passed()
            case "callback":
                self._asked()
            case "decision":
                self._silent(clock["leg"])
            case "resume" | "deliberation" | "partner":
                self._come_back(clock["kind"])
            case _:
                return

    def _of_a_leg(self, clock: dict[str, Any], percent: int) -> None:
        leg = next(leg for leg in self.legs if leg["id"] == clock["leg"])
        if clock["kind"] == "sign":
            self._signed(leg)
        elif percent == 100 and leg["mandatory"]:
            leg["cards"].add("yellow_card")

    def _dwelt(self) -> None:
        lead = self.lead or {}
        above = self._rung_above(lead["level"])
        if above is None:
            lead["cards"].add("yellow_card")
        elif self.confirm:
            self._ask("hand_up", lead, limit=self.confirm)
        else:
            self._joint(lead)
            self._dispatched(above)

    def _total_passed(self, percent: int) -> None:
        yellow, red, black = self.marks[-3:]
        if self.lead is not None and percent in (yellow, red):
            self.lead["cards"].add("yellow_card" if percent == yellow else "red_card")
        if percent == black:
            self._start("reminder")

    # Acts.

    def _register(self, _role: str, _said: dict[str, Any]) -> None:
        self._must(not self.begun)
        self.begun = True
        self._start("registration")
        if self.complete:
            self._accepted()

    def obey(self, act: str, role: str, **said: Any) -> None:
        """Do what is asked, or refuse it."""
        states, who = POSSIBLE[act]
        if self.state not in states or role not in who:
            raise Refusal(act)
        getattr(self, f"_{act}")(role, said)
        self.settle()

    def _request_info(self, _role: str, _said: dict[str, Any]) -> None:
        self._stop("registration")
        self._start("awaiting_info")
        self.state = "awaiting_info"

    def _supply_info(self, _role: str, _said: dict[str, Any]) -> None:
        self._stop("awaiting_info")
        self._start("registration")
        self.state = "registered"

    def _accept(self, _role: str, _said: dict[str, Any]) -> None:
        self._accepted()

    def _reject(self, role: str, _said: dict[str, Any]) -> None:
        if role == "duty_leader":
            self._end("not_accepted")

    def _answer_directly(self, _role: str, _said: dict[str, Any]) -> None:
        self._end("answered_directly")

    def _dispatch(self, _role: str, said: dict[str, Any]) -> None:
        self._dispatched(said["level"] or self._usual_holder())
        self._may_be_admitted(said, named=said["level"])

    def _sign(self, _role: str, said: dict[str, Any]) -> None:
        leg = self._own(said)
        self._must(leg["state"] == "pending_sign")
        self._must(leg["role"] == "joint" or self.state == "pending_sign")
        self._signed(leg)

    def _first_contact(self, _role: str, said: dict[str, Any]) -> None:
        leg = self._own(said)
        self._must(leg["state"] == "in_progress" and not leg["contacted"])
        leg["contacted"] = True
        self._stop("first_contact", leg["id"])

    def _hand_up(self, _role: str, said: dict[str, Any]) -> None:
        lead = self._own({**said, "leg": (self.lead or {})["id"]})
        above = self._rung_above(lead["level"])
        self._must(above is not None)
        if said["release"]:
            self._end_leg(lead)
        else:
            self._joint(lead)
        self._dispatched(above or "")

    def _send_down(self, role: str, said: dict[str, Any]) -> None:
        lead = self.lead or {}
        if role != "dispatcher":
            self._own({**said, "leg": lead["id"]})
        self._must(lead["level"] not in self.sent_down_from)
        level, standing = said["level"], LADDER.index(lead["level"])
        if level is None:
            below = [rung for rung in self.rungs if LADDER.index(rung) < standing and rung in self.units]
            self._must(bool(below))
            level = below[-1]
        self._must(LADDER.index(level) < standing)
        self.sent_down_from.add(lead["level"])
        self._joint(lead)
        self._dispatched(level)
        self._may_be_admitted(said, named=level)

    def _submit_reply(self, _role: str, said: dict[str, Any]) -> None:
        leg = self._own(said)
        self._must(leg["state"] == "in_progress")
        if leg["role"] == "joint":
            self._end_leg(leg)
            return
        self._must(self.state == "in_progress" and not self.unread)
        self._must(self.join != "all" or not self._awaits_helpers())
        leg["state"] = "replied"
        self._stop("first_contact", leg["id"])
        self._start("review")
        self.state, self.submitted, self.replied = "pending_review", self.now, True

    def _awaits_helpers(self) -> bool:
        waiting = ("pending_sign", "in_progress")
        return any(
            leg["role"] == "joint" and leg["mandatory"] and leg["state"] in waiting for leg in self.legs
        )

    def _review_pass(self, _role: str, _said: dict[str, Any]) -> None:
        self._passed()

    def _review_back(self, _role: str, _said: dict[str, Any]) -> None:
        self._stop("review")
        (self.lead or {})["state"] = "in_progress"
        self.state, self.submitted = "in_progress", None

    def _callback(self, _role: str, said: dict[str, Any]) -> None:
        clock = self._clock("callback")
        self._must(self.state != "merged" or (clock is not None and clock["running"]))
        if not said["contacted"]:
            self._must(said["satisfied"] is None)
            self.tries.append(self.now // DAY)
            if len(self.tries) >= 3 and len(set(self.tries)) >= 2:
                self._asked()
        elif said["satisfied"] is False and said["attributable"] and self.cycle == 1:
            if self.state == "merged":
                self._opened("dissatisfied")
            else:
                self._again()
        else:
            self._asked()

    def _asked(self) -> None:
        if self.state == "merged":
            self._stop("callback")
        else:
            self._end("closed")

    def _redo(self, _role: str, _said: dict[str, Any]) -> None:
        self._again()

    def _withdraw(self, _role: str, _said: dict[str, Any]) -> None:
        self._end("withdrawn")

    def _urge(self, role: str, _said: dict[str, Any]) -> None:
        if role == "citizen":
            self._must(self.urged_on != self.now // DAY)
            self.urged_on = self.now // DAY

    def _supervise(self, _role: str, said: dict[str, Any]) -> None:
        if said["card"] is not None:
            self._must(self.lead is not None and said["card"] not in self.lead["cards"])
            (self.lead or {})["cards"].add(said["card"])

    # What follows.

    def _accepted(self) -> None:
        self._stop("registration")
        self._start("total")
        self._start("dispatch")
        self.state, self.accepted = "pending_dispatch", True
        if self.auto_dispatch:
            self._dispatched(self._first_rung())

    def _dispatched(self, level: str, percent: int = 100) -> None:
        for held in [leg for leg in self.legs if leg["role"] == "joint" and leg["level"] == level]:
            self._end_leg(held)
        for leg in self.legs:
            if leg["level"] == level and leg["state"] in ("pending_sign", "in_progress"):
                self._end_leg(leg)
        leg = self._new_leg(level, "lead")
        self._stop("dispatch")
        self._start("sign", leg=leg["id"])
        if level in self.dwell:
            self._start("dwell", self.dwell[level], leg=leg["id"], percent=percent)
        self.state = "pending_sign"

    def _new_leg(self, level: str, role: str) -> dict[str, Any]:
        leg: dict[str, Any] = {
            "id": str(len(self.legs) + 1), "level": level, "role": role, "state": "pending_sign",
            "contacted": False, "cards": set[str](), "cancelled": set[str](),
            "since": self.now, "taken_away": False, "returned": False, "not_admitted": False, "mandatory": False,
            "asked": False,
        }  # fmt: skip
        self.legs.append(leg)
        return leg

    def _signed(self, leg: dict[str, Any]) -> None:
        leg["state"] = "in_progress"
        self._stop("sign", leg["id"])
        if leg is self.lead and self.state == "pending_sign":
            self._start("first_contact", leg=leg["id"])
            self.state = "in_progress"

    def _joint(self, leg: dict[str, Any]) -> None:
        leg["role"] = "joint"
        for kind in ("first_contact", "dwell"):
            self._stop(kind, leg["id"])

    def _end_leg(self, leg: dict[str, Any]) -> None:
        leg["state"] = "ended"
        for kind in ("sign", "first_contact", "dwell", "joint"):
            self._stop(kind, leg["id"])

    def _passed(self) -> None:
        self._stop("review")
        self._start("callback")
        self.state = "pending_callback"
        if not (self.called_back or self.children):
            self._end("closed")

    def _again(self) -> None:
        lead = self.lead or {}
        self._end_leg(lead)
        for clock in self.clocks:
            if clock["kind"] != "decision" and not self._is_of_a_helper(clock):
                clock.update(running=False, paused=False)
        self._start("total", percent=self.redo_percent)
        self.cycle, self.tries, self.submitted, self.replied = self.cycle + 1, [], None, False
        self._dispatched(lead["level"], percent=self.redo_percent)

    def _stand_still(self, state: str, until: str, limit: str = "") -> None:
        for clock in self.clocks:
            if clock["running"] and clock["kind"] != "decision":
                clock.update(running=False, paused=True)
        self._start(until, limit)
        self.state = state

    def _come_back(self, waited_for: str) -> None:
        self._stop(waited_for)
        for clock in self.clocks:
            if clock["paused"]:
                clock.update(running=True, paused=False)
        self.state = "in_progress"

    def _end(self, state: str) -> None:
        for leg in self.legs:
            leg["state"] = "ended"
        self._stop_all()
        self.state, self.ended_on = state, self.now

    @abstractmethod
    def _ask(
        self, kind: str, lead: dict[str, Any] | None = None, by: str = "", limit: str = ""
    ) -> dict[str, Any]: ...

    @abstractmethod
    def _silent(self, number: str | None) -> None: ...

    @abstractmethod
    def _may_be_admitted(self, said: dict[str, Any], named: str | None) -> None: ...

    @abstractmethod
    def _opened(self, cause: str) -> None: ...
