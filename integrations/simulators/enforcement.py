"""The life of a clue at the joint enforcement team: received, then filed, put right on the spot or refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal, cast

from pydantic import BaseModel

from domain.partners import Partner
from integrations.simulators.chance import Chance
from integrations.simulators.life import CHINA, Interface, No
from integrations.simulators.profiles import Profile
from integrations.simulators.storage import Dossier
from integrations.wire import enforcement as wire
from integrations.wire.envelope import Message, Order

_TEAMS = (
    "天河区综合行政执法局直属一队",
    "林和街综合行政执法队",
    "沙东街综合行政执法队",
    "员村街综合行政执法队",
)
_REFUSALS: tuple[tuple[Literal["not_competent", "no_violation", "insufficient"], str, str], ...] = (
    ("not_competent", "经核查，该事项不属于综合行政执法范围，建议转有权部门处理。", "tianhe-market"),
    ("no_violation", "现场核查未发现违法行为。", ""),
    ("insufficient", "线索缺少具体地点或时间，无法核查。", ""),
)
_MEASURES: tuple[tuple[str, Literal["none", "up_to_1000", "up_to_10000", "above_10000"]], ...] = (
    ("警告，责令限期改正", "none"),
    ("罚款", "up_to_1000"),
    ("罚款并责令限期拆除", "up_to_10000"),
    ("没收工具，罚款", "up_to_1000"),
)
_SHORTEST_FACTS = 4


class EnforcementLife:
    """What the team does with a clue."""

    partner: Partner = Partner.ENFORCEMENT
    interface: Interface = Interface(
        cases=wire.CLUES,
        messages=wire.CLUE_MESSAGES,
        withdrawal=wire.CLUE_WITHDRAWAL,
        confirmation=wire.CLUE_CONFIRMATION,
        since="ended_since",
        open=wire.ClueHandover,
        withdraw=wire.ClueWithdrawn,
        confirm=wire.ResultConfirmed,
        opened=202,
        confirmed=202,
    )
    steps: Mapping[str, type[Message]] = {
        "clue_received": wire.ClueReceived,
        "clue_refused": wire.ClueRefused,
        "on_site_result": wire.OnSiteResult,
        "case_filed": wire.CaseFiled,
        "case_decided": wire.CaseDecided,
        "case_closed": wire.CaseClosed,
    }

    def objection(self, order: Order, now: datetime) -> No | None:
        del now
        clue = cast("wire.ClueHandover", order).data
        if len(clue.facts.strip()) < _SHORTEST_FACTS:
            return No(422, "insufficient", "线索事实过于简略，无法受理。")
        return None

    def number(self, order: Order, count: int, now: datetime) -> str:
        del order
        return f"XS{now.astimezone(CHINA):%Y%m%d}{count:05d}"

    def matter(self, order: Order) -> str:
        clue = cast("wire.ClueHandover", order).data
        where = clue.place.address
        return f"{clue.category} {clue.place.area} {where} {clue.suspected_subject}" if where else ""

    def shown_at_once(self, dossier: Dossier) -> str:
        return dossier.number

    def next_step(self, dossier: Dossier, chance: Chance, profile: Profile) -> str | None:
        match dossier.last:
            case "":
                return "clue_received"
            case "clue_received" if chance.happens("refused", profile.refused):
                return "clue_refused"
            case "clue_received" if chance.happens("corrected_on_site", profile.corrected_on_site):
                return "on_site_result"
            case "clue_received":
                return "case_filed"
            case "case_filed":
                return "case_decided"
            case "case_decided":
                return "case_closed"
            case _:
                return None

    def afterwards(self, dossier: Dossier, chance: Chance, profile: Profile) -> str | None:
        del dossier, chance, profile
        return None

    def possible(self, dossier: Dossier) -> tuple[str, ...]:
        following = {
            "": ("clue_received", "clue_refused"),
            "clue_received": ("case_filed", "on_site_result", "clue_refused"),
            "case_filed": ("case_decided", "case_closed"),
            "case_decided": ("case_closed",),
        }
        return following.get(dossier.last, ())

    def not_before(self, step: str, dossier: Dossier) -> datetime | None:
        del step, dossier
        return None

    def say(self, step: str, dossier: Dossier, chance: Chance, profile: Profile, now: datetime) -> BaseModel:
        del profile
        today = now.astimezone(CHINA).date()
        match step:
            case "clue_received":
                return wire.ClueReceivedData(
                    clue_number=dossier.number, officer_unit=chance.pick("team", _TEAMS)
                )
            case "clue_refused":
                code, reason, unit = chance.pick("refusal", _REFUSALS)
                return wire.ClueRefusedData(code=code, reason=reason, suggested_unit=unit)
            case "on_site_result":
                ordered = chance.happens("ordered", 0.5)
                return wire.OnSiteResultData(
                    result="ordered_to_correct" if ordered else "corrected_on_the_spot",
                    correct_by=now + timedelta(days=3) if ordered else None,
                    note="已到现场核查，当事人当场整改。" if not ordered else "已到现场核查，责令限期改正。",
                )
            case "case_filed":
                dossier.notes["case_number"] = f"穗天综执立字〔{today.year}〕{dossier.number[-5:]}号"
                return wire.CaseFiledData(
                    case_number=dossier.notes["case_number"], filed_on=today, procedure="ordinary"
                )
            case "case_decided":
                measure, amount = chance.pick("measure", _MEASURES)
                decision = f"穗天综执罚字〔{today.year}〕{dossier.number[-5:]}号"
                return wire.CaseDecidedData(decision_number=decision, measure=measure, amount_class=amount)
            case _:
                return wire.CaseClosedData(
                    case_number=dossier.notes.get("case_number", ""),
                    closed_on=today,
                    result="当事人已改正，案件办结。",
                )

    def ends_with(self, step: str, data: BaseModel) -> bool:
        del data
        return step in {"clue_refused", "on_site_result", "case_closed"}

    def effects(self, step: str, dossier: Dossier) -> tuple[tuple[str, str], ...]:
        return ((step, dossier.id),)

    def is_irrevocable(self, dossier: Dossier) -> str:
        if dossier.ended:
            return "线索已办结。"
        return "已立案，不能撤回。" if dossier.last in {"case_filed", "case_decided"} else ""
