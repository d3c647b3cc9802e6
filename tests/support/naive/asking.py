"""What bends the straight way: applications, their decisions, and hands that change."""

from __future__ import annotations

from typing import Any

from tests.support.naive.ending import Ending
from tests.support.naive.office import DAY
from tests.support.naive.table import (
    BEFORE_DISPATCH,
    DECIDED_BY,
    DECIDED_IN,
    ENDED,
    LEADS,
    OF_THE_LEAD,
    UNIT,
)

PROMISED_FOR = 10 * 60 + 200 * DAY
"""The minute for which things are put off."""


class Naive(Ending):
    """The whole of a request, told naively."""

    def _ask_return(self, _role: str, said: dict[str, Any]) -> None:
        lead = self._asking("return", said)
        before = [each for each in self.asked if (each["kind"], each["leg"]) == ("return", lead["id"])]
        self._must(all(each["status"] == "lapsed" for each in before))
        if self.hurried:
            sign = self._clock("sign", lead["id"])
            self._must(sign is not None and self.now < self._promised(sign, 50))
        else:
            self._must(self.now < self.office.later(lead["since"], 4 * 60))
        self._must(self.changed_hands < 2 and not self.ruled)
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

    def _ask_dispute(self, role: str, said: dict[str, Any]) -> None:
        lead = self.lead or {}
        if role in UNIT:
            self._must(lead["level"] == said["unit"])
        self._must(not self.ruled)
        refused = [each for each in self.asked if (each["kind"], each["status"]) == ("return", "refused")]
        mine = any(each["leg"] == lead["id"] for each in refused)
        self._must(role == "dispatcher" or self.changed_hands >= 2 or mine)
        self._ask("dispute", lead)
        self.state = "in_dispute"

    def _ask_backlog(self, _role: str, said: dict[str, Any]) -> None:
        lead = self._asking("backlog", said)
        self._must(not self.hurried and self.now < PROMISED_FOR)
        self._ask("backlog", lead)

    def _ask_removal(self, _role: str, said: dict[str, Any]) -> None:
        lead, helper = self._asking("removal", said), self._helper(said["level"] or "grid")
        share = self._clock("joint", helper["id"]) if helper else None
        self._must(share is not None and 100 in share["fired"])
        self._ask("removal", lead)["helper"] = helper

    def _ask_unreasonable(self, _role: str, said: dict[str, Any]) -> None:
        self._find("unreasonable", said)

    def _ask_malicious(self, _role: str, said: dict[str, Any]) -> None:
        self._find("malicious", said)

    def _find(self, finding: str, said: dict[str, Any]) -> None:
        lead = self._asking(finding, said)
        for either in ("unreasonable", "malicious"):
            self._must_not_wait(either)
        self._must(not self.excluded and not self.upheld)
        self._ask(finding, lead)

    def _ask_appeal(self, _role: str, _said: dict[str, Any]) -> None:
        self._must(bool(self.excluded))
        self._must(all(each["kind"] != "appeal" or each["status"] == "lapsed" for each in self.asked))
        self._must(self.state != "closed" or self.now <= self.ended_on + 30 * DAY)
        self._ask("appeal")

    def _ask_transfer_out(self, _role: str, said: dict[str, Any]) -> None:
        self._must_not_wait("transfer_out")
        self._ask("transfer_out", by=said["person"])
        if said["at_once"]:
            self._settle_application(self.asked[-1]["id"], granted=True)

    def _ask_void(self, _role: str, said: dict[str, Any]) -> None:
        self._must_not_wait("void")
        self._ask("void", by=said["person"])

    def _rule(self, role: str, said: dict[str, Any]) -> None:
        self._must(self._can_be_decided(said["application"]))
        asked, granted, level = self._application(said["application"]), said["granted"], said["level"]
        self._must(role in DECIDED_BY[asked["kind"]] and said["person"] != asked["by"])
        match asked["kind"]:
            case "dispute":
                self._must(not granted or level is not None)
            case _:
                self._must(level is None)
        if asked["kind"] == "admission" and not self._admission_is_decided(asked, role, said):
            return
        if granted and asked["kind"] == "backlog":
            self._must(self.now < PROMISED_FOR)
        if granted and asked["kind"] == "appeal":
            self._must(said["person"] != self.excluded_by)
        self._settle_application(asked["id"], granted=granted, level=level, person=said["person"])

    def _admission_is_decided(self, asked: dict[str, Any], role: str, said: dict[str, Any]) -> bool:
        if role not in UNIT:
            self._must(said["granted"] or asked["proposed"])
            return True
        self._must((self.lead or {})["level"] == said["unit"])
        asked["proposed"] = asked["proposed"] or not said["granted"]
        return said["granted"]

    def _resume(self, role: str, said: dict[str, Any]) -> None:
        if role in LEADS:
            self._own({**said, "leg": (self.lead or {})["id"]})
        self._come_back("resume")

    def _reassign(self, _role: str, said: dict[str, Any]) -> None:
        lead, level = self.lead or {}, said["level"] or "grid"
        self._must(self.changed_hands < 2 and not self.ruled and level != lead["level"])
        self._taken_away(lead)
        self._dispatched(level)
        self._may_be_admitted(said, named=level)

    # Applications.

    def _asking(self, kind: str, said: dict[str, Any]) -> dict[str, Any]:
        lead = self.lead or {}
        self._must(lead["level"] == said["unit"])
        self._must_not_wait(kind)
        return lead

    def _must_not_wait(self, kind: str) -> None:
        self._must(not any((each["kind"], each["status"]) == (kind, "open") for each in self.asked))

    def _ask(
        self, kind: str, lead: dict[str, Any] | None = None, by: str = "", limit: str = ""
    ) -> dict[str, Any]:
        number, leg = f"a{len(self.asked) + 1}", lead and lead["id"]
        made: dict[str, Any] = {"id": number, "kind": kind, "leg": leg, "status": "open", "by": by}
        made.update(proposed=False, helper=None)
        self.asked.append(made)
        usual = "30min" if self.hurried and self.accepted else "2wh"
        self._start("decision", limit or usual, leg=number)
        return made

    def _may_be_admitted(self, said: dict[str, Any], named: str | None) -> None:
        if said["unlisted"] and named == "community":
            lead = self.lead or {}
            self._ask("admission", lead)
            for clock in self.clocks:
                if clock["running"] and clock["leg"] == lead["id"]:
                    clock.update(running=False, paused=True)
            self.state = "admission_review"

    def _silent(self, number: str | None) -> None:
        granted = self._application(number)["kind"] in ("admission", "hand_up")
        self._settle_application(number, granted=granted)

    def _settle_application(
        self, number: str | None, *, granted: bool = False, level: str | None = None, person: str = ""
    ) -> None:
        asked = self._application(number)
        asked["status"] = "granted" if granted else "refused"
        self._stop("decision", asked["id"])
        match asked["kind"], granted:
            case "dispute", _:
                self._ruled(level if granted else None)
            case "hand_up", _:
                self._confirmed(up=granted)
            case "admission", False:
                self._not_admitted()
            case kind, True:
                getattr(self, f"_grant_{kind}")(asked, person)
            case _:
                pass

    def _ruled(self, level: str | None) -> None:
        lead, self.ruled = self.lead or {}, True
        self.state = "in_progress" if lead["state"] == "in_progress" else "pending_sign"
        if level is not None and level != lead["level"]:
            self._end_leg(lead)
            lead["taken_away"] = True
            self._dispatched(level)

    def _confirmed(self, *, up: bool) -> None:
        lead = self.lead or {}
        above = self._rung_above(lead["level"])
        if up and above is not None:
            self._joint(lead)
            self._dispatched(above)
        else:
            lead["cards"].add("yellow_card")

    def _not_admitted(self) -> None:
        lead = self.lead or {}
        self._end_leg(lead)
        lead.update(taken_away=True, not_admitted=True)
        self._start("dispatch")
        self.state = "pending_dispatch"

    def _grant_admission(self, asked: dict[str, Any], _person: str) -> None:
        for clock in self.clocks:
            if clock["paused"] and clock["leg"] == asked["leg"]:
                clock.update(running=True, paused=False)
        self.state = "pending_sign"

    def _grant_return(self, _asked: dict[str, Any], _person: str) -> None:
        lead = self.lead or {}
        self._taken_away(lead)
        lead["returned"] = True
        self._start("dispatch")
        self.state = "pending_dispatch"

    def _grant_extension(self, asked: dict[str, Any], _person: str) -> None:
        for clock in (self._clock("total"), self._clock("dwell", asked["leg"])):
            if clock is not None:
                more, _ = self._minutes(self.longer, self.now)
                clock.update(more=clock["more"] + more, need=clock["need"] + more)
                self._measure(clock)

    def _grant_suspension(self, _asked: dict[str, Any], _person: str) -> None:
        self._stand_still("suspended", "resume", "6wh")

    def _grant_backlog(self, _asked: dict[str, Any], _person: str) -> None:
        self._end("closed")
        self.promised_for = PROMISED_FOR

    def _grant_removal(self, asked: dict[str, Any], _person: str) -> None:
        self._end_leg(asked["helper"])

    def _grant_unreasonable(self, asked: dict[str, Any], person: str) -> None:
        self.excluded, self.excluded_by = asked["kind"], person

    _grant_malicious = _grant_unreasonable

    def _grant_appeal(self, _asked: dict[str, Any], _person: str) -> None:
        self.excluded, self.upheld = "", True

    def _grant_transfer_out(self, _asked: dict[str, Any], _person: str) -> None:
        self._end("transferred_out")

    def _grant_void(self, _asked: dict[str, Any], _person: str) -> None:
        self._end("voided")

    def _let_lapse(self) -> None:
        for each in self.asked:
            if each["status"] == "open" and self._is_pointless(each):
                each["status"] = "lapsed"
                self._stop("decision", each["id"])

    def _is_pointless(self, asked: dict[str, Any]) -> bool:
        if self.state in ENDED:
            return (asked["kind"], self.state) != ("appeal", "closed")
        match asked["kind"]:
            case "transfer_out":
                return self.submitted is not None
            case "void":
                return self.state not in BEFORE_DISPATCH
            case "return" if self.ruled:
                return True
            case "removal" if asked["helper"]["state"] == "ended":
                return True
            case kind if kind in OF_THE_LEAD:
                lead = self.lead
                answering = lead is not None and lead["state"] in ("pending_sign", "in_progress")
                return not (answering and lead is not None and lead["id"] == asked["leg"])
            case _:
                return False

    def _application(self, number: str | None) -> dict[str, Any]:
        return next(each for each in self.asked if each["id"] == number)

    def _can_be_decided(self, number: str | None) -> bool:
        return any(
            each["id"] == number and each["status"] == "open" and self.state in DECIDED_IN[each["kind"]]
            for each in self.asked
        )

    def _enjoyed(self, kind: str) -> int:
        return sum(each["kind"] == kind and each["status"] in ("open", "granted") for each in self.asked)

    def _helper(self, level: str) -> dict[str, Any] | None:
        waiting = ("pending_sign", "in_progress")
        helpers = [leg for leg in self.legs if leg["role"] == "joint" and leg["state"] in waiting]
        return next((leg for leg in helpers if leg["level"] == level), None)

    def _taken_away(self, lead: dict[str, Any]) -> None:
        self._end_leg(lead)
        lead["taken_away"] = True
        self.changed_hands += 1

    def _promised(self, clock: dict[str, Any], percent: int) -> int:
        """When a share of a limit was used, or would be if the clock had run on from where it stands or stood."""
        need = clock["need"] * percent / 100
        if len(clock["ticks"]) >= need:
            return self.now
        return self._after(clock, self.now if clock["stopped_at"] is None else clock["stopped_at"], need)
