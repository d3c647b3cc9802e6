"""The interface contracts with the partners (接口契约): every call of ours, every message of theirs.

They rest on the models that the adapters speak, so that contract and program cannot say different things.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import BaseModel

from domain.partners import Partner
from integrations.wire import affairs, enforcement, volunteers
from integrations.wire.envelope import Accepted, CasePage, Message, Order, Rejected, WithdrawalResult


@dataclass(frozen=True, slots=True)
class Call:
    """One call of ours. ``takes`` is the order in its body, ``asks`` its query, ``answers`` what comes back."""

    method: Literal["get", "post"]
    path: str
    name: str
    summary: str
    status: int
    answers: tuple[type[BaseModel], ...]
    takes: type[Order] | None = None
    asks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contract:
    """What one partner and we have agreed."""

    partner: Partner
    title: str
    description: str
    calls: tuple[Call, ...]
    messages: tuple[type[Message], ...]


def _ask(path: str, name: str, summary: str, answer: type[BaseModel], *asks: str) -> Call:
    return Call("get", path, name, summary, 200, (answer,), asks=asks)


def _order(
    path: str, name: str, summary: str, takes: type[Order], status: int, *answers: type[BaseModel]
) -> Call:
    return Call("post", path, name, summary, status, answers, takes=takes)


def _kinds(union: object) -> tuple[type[Message], ...]:
    """The messages of a union that is told apart by its type."""
    return get_args(get_args(union)[0])


_e, _a, _v = enforcement, affairs, volunteers

CONTRACTS: Mapping[Partner, Contract] = {
    Partner.ENFORCEMENT: Contract(
        Partner.ENFORCEMENT,
        "Enforcement case system 综合行政执法办案系统",
        _e.__doc__ or "",
        (
            _order(_e.CLUES, "handClueOver", "Hand a clue over 线索移交", _e.ClueHandover, 202, Accepted),
            _ask(_e.CLUES, "listClues", "Our clues 线索清单（对账）", CasePage, "ended_since", "cursor"),
            _ask(_e.CLUE_MESSAGES, "readClue", "All that was said 线索消息", _e.EnforcementMessages),
            _order(
                _e.CLUE_WITHDRAWAL,
                "withdrawClue",
                "Take back 线索撤回",
                _e.ClueWithdrawn,
                200,
                WithdrawalResult,
            ),
            _order(
                _e.CLUE_CONFIRMATION,
                "confirmClue",
                "Result received 结果确认",
                _e.ResultConfirmed,
                202,
                Accepted,
            ),
        ),
        _kinds(_e.EnforcementMessage),
    ),
    Partner.AFFAIRS: Contract(
        Partner.AFFAIRS,
        "Affairs platform 一网通办政务服务平台",
        _a.__doc__ or "",
        (
            _ask(_a.ITEMS, "listItems", "The catalogue 事项目录", _a.ItemPage, "changedSince", "cursor"),
            _order(
                _a.AFFAIRS, "openAffair", "Open an affair 事项转办", _a.OpenAffair, 200, Accepted, Rejected
            ),
            _ask(_a.AFFAIRS, "listAffairs", "Our affairs 办件清单（对账）", CasePage, "endedSince", "cursor"),
            _ask(_a.AFFAIR_MESSAGES, "readAffair", "All that was said 办件消息", _a.AffairMessages),
            _order(
                _a.AFFAIR_WITHDRAWAL,
                "withdrawAffair",
                "Take back 事项撤回",
                _a.WithdrawAffair,
                200,
                WithdrawalResult,
                Rejected,
            ),
            _order(
                _a.AFFAIR_CONFIRMATION,
                "confirmAffair",
                "Result received 结果确认",
                _a.ConfirmAffair,
                200,
                Accepted,
                Rejected,
            ),
        ),
        _kinds(_a.AffairMessage),
    ),
    Partner.VOLUNTEERS: Contract(
        Partner.VOLUNTEERS,
        "Volunteers' platform 志愿服务平台",
        _v.__doc__ or "",
        (
            _order(_v.TASKS, "publishTask", "Publish a task 任务发布", _v.TaskPublish, 202, Accepted),
            _ask(_v.TASKS, "listTasks", "Our tasks 任务清单（对账）", CasePage, "ended_since", "cursor"),
            _ask(_v.TASK_MESSAGES, "readTask", "All that was said 任务消息", _v.VolunteerMessages),
            _order(
                _v.TASK_CANCELLATION, "cancelTask", "Cancel 任务取消", _v.TaskCancel, 200, WithdrawalResult
            ),
            _order(_v.TASK_RESULT, "confirmTask", "Result received 结果确认", _v.TaskResult, 202, Accepted),
        ),
        _kinds(_v.VolunteerMessage),
    ),
}
