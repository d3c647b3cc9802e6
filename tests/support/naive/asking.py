"""What bends the straight way: applications and their decisions, changed hands, merging, opening again."""

from __future__ import annotations

from typing import Any

from tests.support.naive.besides import Besides
from tests.support.naive.office import DAY
from tests.support.naive.table import BEFORE_DISPATCH, DECIDED_BY, DECIDED_IN, ENDED, LEADS


class Naive(Besides):
    """The whole of a request, told naively."""

    def _ask_return(self, _role: str, said: dict[str, Any]) -> None:
        lead = self._asking("return", said)
        before = [each for each in self.asked if (each["kind"], each["leg"]) == ("return", lead["id"])]
        self._must(all(each["status"] == "lapsed" for each in before))
        if self.hurried:
            sign = self._clock("sign", lead["id"])
            self._must(sign is not None and self.now < self._promised(sign, 50))
        else:
            self._must(self.now < self._later(lead["since"], 4 * 60))
        self._must(self.changed_hands < 2)
        self._ask("return", lead)

    def _ask_extension(self, _role: str, said: dict[str, Any]) -> None:
        lead, total = self._asking("extension", said), self._clock("total")
        self._must(total is not None and self.now < self._promised(total, 80))
        self._must(self._enjoyed("extension") < 2)
        self._ask("extension", lead)

    def _ask_suspension(self, _role: str, said: dict[str, Any]) -> None:
        lead = self._asking("suspension", said)
        self._must(self._enjoyed("suspension") < 2)
        self._ask("suspension", lead)

    def _ask_transfer_out(self, role: str, said: dict[str, Any]) -> None:
        self._must_not_wait("transfer_out")
        self._ask("transfer_out", by=role)
        if said["at_once"]:
            self._settle_application(self.asked[-1]["id"], granted=True)

    def _ask_void(self, role: str, _said: dict[str, Any]) -> None:
        self._must_not_wait("void")
        self._ask("void", by=role)

    def _rule(self, role: str, said: dict[str, Any]) -> None:
        self._must(self._can_be_decided(said["application"]))
        asked = self._application(said["application"]) or {}
        self._must(DECIDED_BY[asked["kind"]] == role != asked["by"])
        self._settle_application(said["application"], granted=said["granted"])

    def _resume(self, role: str, said: dict[str, Any]) -> None:
        if role in LEADS:
            self._own({**said, "leg": (self.lead or {})["id"]})
        self._come_back("resume")

    def _reassign(self, _role: str, said: dict[str, Any]) -> None:
        lead = self.lead or {}
        self._must(self.changed_hands < 2 and (said["level"] or "grid") != lead["level"])
        self._taken_away(lead)
        self._dispatched(said["level"] or "grid")

    def _merge(self, _role: str, _said: dict[str, Any]) -> None:
        self._must(not self.children)
        self._end("merged")

    def _reopen(self, role: str, _said: dict[str, Any]) -> None:
        self._must(role == "system" or self.now <= self.ended_on + 30 * DAY)
        if self.state in ("withdrawn", "transferred_out"):
            self.children = set()
        percent = self.redo_percent if self.replied else 100
        self.cycle, self.tries, self.submitted, self.replied = self.cycle + 1, [], None, False
        if not self.accepted:
            self.state = "registered"
            self._start("registration")
            return
        self._start("total", percent=percent)
        leads = [leg for leg in self.legs if leg["role"] == "lead"]
        if leads and not leads[-1]["taken_away"]:
            self._dispatched(leads[-1]["level"], percent=percent)
        elif self.auto_dispatch:
            self._dispatched(self._first_rung(), percent=percent)
        else:
            self._start("dispatch")
            self.state = "pending_dispatch"

    # Applications.

    def _asking(self, kind: str, said: dict[str, Any]) -> dict[str, Any]:
        lead = self.lead or {}
        self._must(lead["level"] == said["unit"])
        self._must_not_wait(kind)
        return lead

    def _must_not_wait(self, kind: str) -> None:
        self._must(not any((each["kind"], each["status"]) == (kind, "open") for each in self.asked))

    def _ask(self, kind: str, lead: dict[str, Any] | None = None, by: str = "") -> None:
        number, leg = f"a{len(self.asked) + 1}", lead and lead["id"]
        self.asked.append({"id": number, "kind": kind, "leg": leg, "status": "open", "by": by})
        self._start("decision", "30min" if self.hurried and self.accepted else "2wh", leg=number)

    def _settle_application(self, number: str | None, *, granted: bool = False) -> None:
        application = self._application(number)
        assert application is not None
        application["status"] = "granted" if granted else "refused"
        self._stop("decision", application["id"])
        if not granted:
            return
        lead = self.lead or {}
        match application["kind"]:
            case "return":
                self._taken_away(lead)
                lead["returned"] = True
                self._start("dispatch")
                self.state = "pending_dispatch"
            case "extension":
                for clock in (self._clock("total"), self._clock("dwell", lead["id"])):
                    if clock is not None:
                        self._lengthen(clock)
            case "transfer_out":
                self._end("transferred_out")
            case "void":
                self._end("voided")
            case _:
                self._stand_still("suspended", "resume", "6wh")

    def _lengthen(self, clock: dict[str, Any]) -> None:
        clock["need"] += self._minutes(self.longer)[0]
        for percent in self._percents(clock["kind"]):
            if clock["counted"] * 100 < clock["need"] * percent:
                clock["reached"].pop(percent, None)
            elif percent in clock["reached"]:
                enough = enumerate(clock["ticks"], start=1)
                clock["reached"][percent] = next(
                    minute for ticks, minute in enough if ticks * 100 >= clock["need"] * percent
                )

    def _let_lapse(self) -> None:
        for each in self.asked:
            if each["status"] == "open" and self._is_pointless(each):
                each["status"] = "lapsed"
                self._stop("decision", each["id"])

    def _is_pointless(self, asked: dict[str, Any]) -> bool:
        if self.state in ENDED:
            return True
        if asked["kind"] == "transfer_out":
            return self.submitted is not None
        if asked["kind"] == "void":
            return self.state not in BEFORE_DISPATCH
        lead = self.lead
        answering = lead is not None and lead["state"] in ("pending_sign", "in_progress")
        return not (answering and lead is not None and lead["id"] == asked["leg"])

    def _application(self, number: str | None) -> dict[str, Any] | None:
        return next((each for each in self.asked if each["id"] == number), None)

    def _can_be_decided(self, number: str | None) -> bool:
        each = self._application(number)
        return each is not None and each["status"] == "open" and self.state in DECIDED_IN[each["kind"]]

    def _enjoyed(self, kind: str) -> int:
        return sum(each["kind"] == kind and each["status"] in ("open", "granted") for each in self.asked)

    def _taken_away(self, lead: dict[str, Any]) -> None:
        self._end_leg(lead)
        lead["taken_away"] = True
        self.changed_hands += 1

    def _promised(self, clock: dict[str, Any], percent: int) -> int:
        """When a share of a limit was used, or would be if the clock had run on from where it stands or stood."""
        if clock["counted"] * 100 >= clock["need"] * percent:
            return self.now
        minute, counted = (
            clock["stopped_at"] if clock["stopped_at"] is not None else self.now,
            clock["counted"],
        )
        while counted * 100 < clock["need"] * percent:
            counted += not clock["working"] or self.office.is_open(minute)
            minute += 1
        return minute

    def _later(self, minute: int, open_minutes: int) -> int:
        while open_minutes:
            open_minutes -= self.office.is_open(minute)
            minute += 1
        return minute
