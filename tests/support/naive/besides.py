"""What happens beside the straight way: words, helpers, and waiting for somebody elsewhere."""

from __future__ import annotations

from typing import Any

from tests.support.naive.clerk import Clerk
from tests.support.naive.table import LADDER, SECRECY, UNIT

Said = dict[str, Any]


class Besides(Clerk):
    """Keeps what is said, sends for helpers, and waits for others."""

    # Words.

    def _comment(self, _role: str, _said: Said) -> None:
        return

    def _interim_report(self, _role: str, said: Said) -> None:
        self._leading(said)

    def _attach(self, _role: str, said: Said) -> None:
        self._must(said["file"] not in self.files)
        self.files.add(said["file"])

    def _instruct(self, _role: str, _said: Said) -> None:
        self.instructed += 1
        self.unread.add(f"i{self.instructed}")

    def _acknowledge(self, _role: str, said: Said) -> None:
        self._must(self.lead is not None and self.lead["level"] == said["unit"])
        self._must(said["instruction"] in self.unread)
        self.unread.remove(said["instruction"])

    def _mark_confidential(self, _role: str, said: Said) -> None:
        self._must(SECRECY.index(said["secrecy"]) > SECRECY.index(self.secrecy))
        self.secrecy = said["secrecy"]
        if self._is_no_secret():
            return
        for leg in self.legs:
            if leg["asked"] and leg["state"] in ("pending_sign", "in_progress"):
                self._end_leg(leg)

    def _refuse_reply(self, _role: str, _said: Said) -> None:
        return

    def _continue_story(self, _role: str, _said: Said) -> None:
        callback = self._clock("callback")
        self._must(self.state != "merged" or (callback is not None and callback["running"]))

    def _pass_time(self, _role: str, _said: Said) -> None:
        return

    def _adopt(self, _role: str, said: Said) -> None:
        self.children.add(said["child"])

    def _disown(self, _role: str, said: Said) -> None:
        self.children.discard(said["child"])

    def _cancel_card(self, _role: str, said: Said) -> None:
        leg = self._carded(said["leg"], said["card"] or "yellow_card")
        leg["cancelled"].add(said["card"] or "yellow_card")

    def _raise_card(self, _role: str, said: Said) -> None:
        leg = self._carded(said["leg"], "yellow_card")
        self._must("red_card" not in leg["cards"])
        leg["cards"].add("red_card")

    def _carded(self, number: str, card: str) -> dict[str, Any]:
        leg = self._known(number)
        self._must(card in leg["cards"] - leg["cancelled"])
        return leg

    # Waiting for others.

    def _refer_deliberation(self, _role: str, said: Said) -> None:
        lead = self._leading(said)
        self._must(lead["level"] in ("community", "town") and self._is_no_secret())
        self._must(not self.hurried and self.deliberations < 2)
        self.deliberations += 1
        self._stand_still("in_deliberation", "deliberation")

    def _deliberation_result(self, _role: str, said: Said) -> None:
        self._leading(said)
        self._come_back("deliberation")

    def _hand_to_partner(self, _role: str, said: Said) -> None:
        self._leading(said)
        self._start("partner")
        self.state = "awaiting_partner"

    def _partner_result(self, role: str, said: Said) -> None:
        if role in UNIT:
            self._leading(said)
        self._must(said["case"] == "clue-7" or (role in UNIT and not said["case"]))
        self._come_back("partner")

    # Helpers.

    def _delegate(self, _role: str, said: Said) -> None:
        leg, level = self._own(said), said["level"] or "grid"
        self._must(leg["role"] == "lead" and LADDER.index(level) < LADDER.index(leg["level"]))
        self._help(level, said)

    def _start_joint(self, role: str, said: Said) -> None:
        if role != "dispatcher":
            self._must(self._leading(said)["state"] == "in_progress")
        self._help(said["level"] or "grid", said)

    def _decline_joint(self, _role: str, said: Said) -> None:
        leg = self._own(said)
        self._must(leg["role"] == "joint" and not leg["mandatory"] and leg["state"] == "pending_sign")
        self._end_leg(leg)

    def _remove_joint(self, _role: str, said: Said) -> None:
        leg = self._known(said["leg"])
        self._must(leg["role"] == "joint" and leg["state"] in ("pending_sign", "in_progress"))
        self._end_leg(leg)

    def _set_join_rule(self, role: str, said: Said) -> None:
        if role != "dispatcher":
            self._leading(said)
            self._must(self.join_set_by != "dispatcher")
        self.join, self.join_set_by = said["join"], role

    def _help(self, level: str, said: Said) -> None:
        self._must(self._is_no_secret())
        self._must(not any(leg["level"] == level and leg["state"] != "ended" for leg in self.legs))
        leg = self._new_leg(level, "joint")
        leg["asked"], leg["mandatory"] = True, said["mandatory"]
        if said["timed"]:
            stay = self.dwell.get((self.lead or {})["level"]) or self.limits["total"]
            self._start("sign", leg=leg["id"])
            self._start("joint", stay, leg=leg["id"], percent=50)

    # Small things.

    def _leading(self, said: Said) -> dict[str, Any]:
        return self._own({**said, "leg": (self.lead or {})["id"]})

    def _known(self, number: str) -> dict[str, Any]:
        leg = next((leg for leg in self.legs if leg["id"] == number), None)
        self._must(leg is not None)
        return leg or {}

    def _is_no_secret(self) -> bool:
        return SECRECY.index(self.secrecy) <= SECRECY.index("party")
