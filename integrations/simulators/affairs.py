"""The life of an affair at the affairs platform: accepted, perhaps supplemented, decided, fetched or left lying."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

from pydantic import BaseModel

from domain.partners import Partner
from integrations.simulators.catalogue import catalogue
from integrations.simulators.chance import Chance
from integrations.simulators.life import CHINA, Interface, No
from integrations.simulators.profiles import Profile
from integrations.simulators.storage import Dossier
from integrations.wire import affairs as wire
from integrations.wire.envelope import Message, Order

INVALID_CONSENT = "expired-"
"""Consent tokens that begin so have run out."""
LOW_LEVEL_CONSENT = "level-1-"
"""Consent tokens that begin so were given by a citizen whose identity was never checked in person."""

_MISSING = ("身份证明复印件", "住所使用证明", "申请表（签名页）", "近期免冠照片", "法定代表人授权书")
_STEPS = ("窗口审查", "现场核验", "部门会审", "领导审批")
_DENIALS = ("申请条件不符合规定。", "提交材料与登记信息不一致。", "不在受理范围内。")
_REVIEWED = frozenset({"collected", "uncollected", "affair_decided"})
"""After what a citizen reviews an affair that is over."""
_PRAISE = ("办理很快，态度很好。", "一次办成，满意。", "流程清楚。")
_COMPLAINTS = ("材料来回补了三次，没人一次说清。", "现场排队近三小时，叫号混乱。", "承诺时限过了才通知。")
_PLACES = (("window", "天河区政务服务中心 3 楼综合窗口 12 号"), ("locker", "林和街党群服务中心自助取件柜"))


class AffairsLife:
    """What the platform does with an affair."""

    partner: Partner = Partner.AFFAIRS
    interface: Interface = Interface(
        cases=wire.AFFAIRS,
        messages=wire.AFFAIR_MESSAGES,
        withdrawal=wire.AFFAIR_WITHDRAWAL,
        confirmation=wire.AFFAIR_CONFIRMATION,
        since="endedSince",
        open=wire.OpenAffair,
        withdraw=wire.WithdrawAffair,
        confirm=wire.ConfirmAffair,
        opened=200,
        confirmed=200,
        rejects_in_the_body=True,
    )
    steps: Mapping[str, type[Message]] = {
        "affair_accepted": wire.AffairAccepted,
        "supplement_required": wire.SupplementRequired,
        "affair_progress": wire.AffairProgress,
        "affair_decided": wire.AffairDecided,
        "ready_for_collection": wire.ReadyForCollection,
        "collected": wire.AffairCollected,
        "uncollected": wire.AffairUncollected,
        "affair_withdrawn": wire.AffairWithdrawn,
        "review_posted": wire.ReviewPosted,
    }

    def objection(self, order: Order, now: datetime) -> No | None:
        del now
        affair = cast("wire.OpenAffair", order).data
        item = catalogue().get(affair.item_code)
        if item is None:
            return No(404, "unknown_item", "事项目录中没有该事项编码。")
        if item.withdrawn:
            return No(409, "item_withdrawn", f"事项已取消：{item.name}。")
        if affair.consent_token.startswith(INVALID_CONSENT):
            return No(403, "consent_invalid", "申请人授权已失效，请重新授权。")
        if affair.consent_token.startswith(LOW_LEVEL_CONSENT):
            return No(403, "identity_level_too_low", "申请人实名等级不足，请到窗口核验身份。")
        return None

    def number(self, order: Order, count: int, now: datetime) -> str:
        affair = cast("wire.OpenAffair", order).data
        return affair.follows_case_no or f"{now.astimezone(CHINA):%Y%m%d}440106{count:06d}"

    def matter(self, order: Order) -> str:
        del order
        return ""

    def shown_at_once(self, dossier: Dossier) -> str:
        return str(dossier.handed["follows_case_no"])

    def next_step(self, dossier: Dossier, chance: Chance, profile: Profile) -> str | None:
        at_once = _item_of(dossier).promised_days == 0
        match dossier.last:
            case "" if chance.happens("refused", profile.refused):
                return "affair_withdrawn"
            case "":
                return "affair_accepted"
            case "affair_accepted" if chance.happens("supplemented", profile.supplemented):
                return "supplement_required"
            case "affair_accepted" if at_once:
                return "affair_decided"
            case "affair_accepted" | "supplement_required":
                return "affair_progress"
            case "affair_progress":
                return "affair_decided"
            case "affair_decided":
                return "ready_for_collection"
            case "ready_for_collection":
                return "uncollected" if chance.happens("uncollected", profile.uncollected) else "collected"
            case _:
                return None

    def afterwards(self, dossier: Dossier, chance: Chance, profile: Profile) -> str | None:
        fetched = dossier.last in _REVIEWED and not dossier.withdrawn
        return "review_posted" if fetched and chance.happens("reviewed", profile.reviewed) else None

    def possible(self, dossier: Dossier) -> tuple[str, ...]:
        if dossier.ended:
            return ("review_posted",) if dossier.last in _REVIEWED and not dossier.withdrawn else ()
        following = {
            "": ("affair_accepted", "affair_withdrawn"),
            "affair_accepted": (
                "supplement_required",
                "affair_progress",
                "affair_decided",
                "affair_withdrawn",
            ),
            "supplement_required": ("affair_progress", "affair_decided", "affair_withdrawn"),
            "affair_progress": ("affair_progress", "affair_decided", "affair_withdrawn"),
            "affair_decided": ("ready_for_collection",),
            "ready_for_collection": ("collected", "uncollected"),
        }
        return following.get(dossier.last, ())

    def not_before(self, step: str, dossier: Dossier) -> datetime | None:
        del step, dossier
        return None

    def say(self, step: str, dossier: Dossier, chance: Chance, profile: Profile, now: datetime) -> BaseModel:
        match step:
            case "affair_accepted":
                promised = now.astimezone(CHINA) + timedelta(days=_item_of(dossier).promised_days)
                return wire.AffairAcceptedData(case_no=dossier.number, promised_by=promised)
            case "supplement_required":
                missing = (chance.pick("missing", _MISSING),)
                return wire.SupplementRequiredData(materials=missing, until=now + timedelta(days=10))
            case "affair_progress":
                return wire.AffairProgressData(step=chance.pick("step", _STEPS))
            case "affair_decided":
                return _decision(dossier, chance, profile)
            case "ready_for_collection":
                return _waiting_document(chance, now)
            case "collected":
                return wire.AffairCollectedData(collected_at=now)
            case "uncollected":
                return wire.AffairUncollectedData(returned_to=_item_of(dossier).owner)
            case "review_posted":
                return _review(chance, profile)
            case _:
                return wire.AffairWithdrawnData(
                    code="not_accepted", reason="不属于本平台受理范围，不予受理。"
                )

    def ends_with(self, step: str, data: BaseModel) -> bool:
        if isinstance(data, wire.AffairDecidedData):
            return data.decision == "refused"
        return step in {"collected", "uncollected", "affair_withdrawn", "review_posted"}

    def effects(self, step: str, dossier: Dossier) -> tuple[tuple[str, str], ...]:
        many = step == "affair_progress"
        return ((step, f"{dossier.id}#{dossier.sequence + 1}" if many else dossier.id),)

    def is_irrevocable(self, dossier: Dossier) -> str:
        if dossier.ended or dossier.last in {"affair_decided", "ready_for_collection"}:
            return "事项已办结，不能撤回。"
        return ""


def _decision(dossier: Dossier, chance: Chance, profile: Profile) -> wire.AffairDecidedData:
    if chance.happens("denied", profile.denied):
        return wire.AffairDecidedData(decision="refused", reason=chance.pick("denial", _DENIALS))
    return wire.AffairDecidedData(decision="granted", document_no=f"粤穗天{dossier.number[-10:]}")


def _waiting_document(chance: Chance, now: datetime) -> wire.ReadyForCollectionData:
    at, where = chance.pick("place", _PLACES)
    return wire.ReadyForCollectionData(
        at="window" if at == "window" else "locker",
        where=where,
        collection_code=f"{chance.whole('code', 100_000, 999_999)}",
        until=now + timedelta(days=15),
    )


def _review(chance: Chance, profile: Profile) -> wire.ReviewPostedData:
    if chance.happens("badly reviewed", profile.badly_reviewed):
        return wire.ReviewPostedData(
            score=chance.whole("bad score", 1, 2), text=chance.pick("complaint", _COMPLAINTS)
        )
    return wire.ReviewPostedData(score=chance.whole("score", 3, 5), text=chance.pick("praise", _PRAISE))


def _item_of(dossier: Dossier) -> wire.Item:
    return catalogue()[dossier.handed["item_code"]]
