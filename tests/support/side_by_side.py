"""The same orders in words for the rules and for the naive clerk: calendars, promises, and every act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from domain.commands import (
    Accept,
    Acknowledge,
    Act,
    Adopt,
    AnswerDirectly,
    Apply,
    Attach,
    Callback,
    CancelCard,
    Comment,
    ContinueStory,
    DeclineJoint,
    Delegate,
    DeliberationResult,
    Disown,
    Dispatch,
    FirstContact,
    HandToPartner,
    HandUp,
    HearAnswer,
    Instruct,
    MarkConfidential,
    Merge,
    MovePolicy,
    PartnerResult,
    PassTime,
    RaiseCard,
    Reassign,
    Recalculate,
    Redo,
    ReferDeliberation,
    RefuseReply,
    Register,
    Reject,
    RemindOfCommitment,
    RemoveJoint,
    Reopen,
    ReportInterim,
    RequestInfo,
    Resume,
    ReviewBack,
    ReviewPass,
    Rule,
    SendDown,
    SetJoinRule,
    Sign,
    StartJoint,
    SubmitReply,
    Supervise,
    SupplyInfo,
    Urge,
    Withdraw,
)
from domain.exceptions.applications import ExceptionKind
from domain.exceptions.terms import Reason, Terms
from domain.joining import JoinRule
from domain.levels import Level
from domain.limits.policy import ClockMode, Extension, Policy, Thresholds, Urgency
from domain.partners import Partner
from domain.request import Card, ReopenCause, State, Visibility
from domain.time.durations import Duration
from tests.support.builders import MONDAY_MORNING, OFFICE, PHOTO, UNITS, application, calendar, policy, terms
from tests.support.naive.office import Office
from tests.support.naive.table import LEADING_REQUEST

MIDNIGHT = MONDAY_MORNING - timedelta(hours=10)
"""Minute 0 of the model: Monday 00:00 in Guangzhou."""
TEN = 10 * 60
MORNING, AFTERNOON = set(range(9 * 60, 12 * 60)), set(range(14 * 60, 18 * 60))

CALENDARS = tuple(
    calendar(exceptions=exceptions)
    for exceptions in (
        ((date(2026, 3, 5), "09:00-12:00"), (date(2026, 3, 9), ""), (date(2026, 3, 14), OFFICE)),
        ((date(2026, 3, 4), "14:00-18:00"), (date(2026, 3, 9), ""), (date(2026, 3, 13), "")),
    )
)
OFFICES = (
    Office({3: MORNING, 7: set[int](), 12: MORNING | AFTERNOON}),
    Office({2: AFTERNOON, 7: set[int](), 11: set[int]()}),
)
"""The usual calendar and the corrected one, as the rules and as the naive clerk know them."""

CONFIRMED_IN = Duration.parse("30min")
"""So long a dispatcher may look at a request before it moves up."""

NOT_MOVED = "20260302-0000151"
"""A number whose reminders are moved by nothing, so that they fall on whole minutes."""

WAITING_PLACES = {
    "registration": "30min",
    "registration_again": "1wd",
    "awaiting_info": "3wd",
    "deliberation": "3wd",
    "partner": "2d",
}
NATURAL = {
    "dispatch": "5min",
    "sign": "10min",
    "first_contact": "20min",
    "total": "8h",
    "review": "2h",
    "callback_within": "1d",
    "reminder_every": "1d",
}
WORKING = {
    "dispatch": "1wh",
    "sign": "2wh",
    "first_contact": "4wh",
    "total": "20wh",
    "review": "1wd",
    "callback_within": "2wd",
    "reminder_every": "1wd",
}


@dataclass(frozen=True)
class Promise:
    """A policy in words that both understand, and what may differ in it."""

    limits: dict[str, str]
    dwell: dict[str, str]
    more: dict[str, Any]

    def policy(self, version: int = 1) -> Policy:
        """As the rules know it."""
        return policy(**self.limits, dwell=self.dwell, suspend=True, version=version, **self.more)

    def other(self) -> Promise:
        """The next version of it: everything twice as long."""
        return replace(self, limits=_twice(self.limits), dwell=_twice(self.dwell))

    def for_the_clerk(self) -> tuple[dict[str, str], dict[str, str]]:
        """As the naive clerk knows it."""
        limits = {"callback": self.limits["callback_within"], "reminder": self.limits["reminder_every"]}
        return {**WAITING_PLACES, **self.limits, **limits}, self.dwell


def _twice(limits: dict[str, str]) -> dict[str, str]:
    amounts = {
        name: (int(limit.rstrip("dhimnw")), limit.lstrip("0123456789")) for name, limit in limits.items()
    }
    return {name: f"{2 * amount}{unit}" for name, (amount, unit) in amounts.items()}


HURRIED: dict[str, Any] = {"extension": Extension(2, Duration.parse("1h"), Level.TOWN)}
ORDINARY: dict[str, Any] = {
    "clock": ClockMode.WORKING,
    "urgency": Urgency.NORMAL,
    "extension": Extension(2, Duration.parse("10wh"), Level.TOWN),
}

PROMISES = [
    Promise(NATURAL, {"grid": "1h", "community": "1h", "town": "2h", "district": "4h"}, HURRIED),
    Promise(NATURAL, {"community": "2h", "town": "3h"}, HURRIED),
    Promise(
        NATURAL, {"grid": "1h", "community": "1h", "town": "2h"}, {**HURRIED, "confirm_hand_up": CONFIRMED_IN}
    ),
    Promise(
        WORKING,
        {"grid": "4wh", "community": "5wh", "town": "6wh", "district": "5wh"},
        {**ORDINARY, "auto_dispatch": True},
    ),
    Promise(
        {**WORKING, "dispatch": "1wd", "sign": "1wd", "first_contact": "2wd"},
        {"grid": "10wh", "town": "10wh"},
        {**ORDINARY, "thresholds": Thresholds((50,), 100, 120, 140)},
    ),
]

SOON = ("5min", "30min", "2wh")
"""Within which an application is decided, whatever its kind."""

EXTENSION = terms(ExceptionKind.EXTENSION, within=SOON)
SUSPENSION = terms(
    ExceptionKind.SUSPENSION,
    reasons=(Reason("site_inaccessible", "现场无法进入", "no way in", Duration.parse("6wh")),),
)
"""Six working hours at a time, so that it ends on a whole minute."""

Said = dict[str, Any]
"""What an order says, in words that both understand."""


def _unit(level: str | None) -> Any:
    return UNITS[Level(level)] if level else None


def _share(said: Said) -> int | None:
    return 50 if said["timed"] else None


def _unlisted(said: Said) -> Terms | None:
    return terms(ExceptionKind.ADMISSION, within=SOON) if said["unlisted"] else None


def _soon(kind: ExceptionKind, **changes: Any) -> Apply:
    return application(kind, terms=terms(kind, within=SOON), **changes)


ACTS: dict[str, Callable[[Said], Act]] = {
    "register": lambda said: Register(),
    "request_info": lambda said: RequestInfo("where?"),
    "supply_info": lambda said: SupplyInfo("there"),
    "accept": lambda said: Accept(said["matter"], said["snapshot"]),
    "reject": lambda said: Reject("outside_area", "elsewhere"),
    "answer_directly": lambda said: AnswerDirectly("K-1", "at nine"),
    "dispatch": lambda said: Dispatch(_unit(said["level"]), "knows the place", _unlisted(said)),
    "sign": lambda said: Sign(said["leg"]),
    "first_contact": lambda said: FirstContact(said["leg"], "call log"),
    "hand_up": lambda said: HandUp("too hard", said["release"]),
    "send_down": lambda said: SendDown("too easy", _unit(said["level"]), _unlisted(said)),
    "submit_reply": lambda said: SubmitReply(said["leg"], "solved", "done"),
    "review_pass": lambda said: ReviewPass(),
    "review_back": lambda said: ReviewBack("poor"),
    "callback": lambda said: Callback(
        said["contacted"], satisfied=said["satisfied"], attributable=said["attributable"]
    ),
    "redo": lambda said: Redo("once more"),
    "withdraw": lambda said: Withdraw(),
    "urge": lambda said: Urge(),
    "supervise": lambda said: Supervise("watched", said["card"]),
    "ask_return": lambda said: application(ExceptionKind.RETURN),
    "ask_extension": lambda said: application(ExceptionKind.EXTENSION, terms=EXTENSION),
    "ask_suspension": lambda said: application(ExceptionKind.SUSPENSION, terms=SUSPENSION),
    "ask_dispute": lambda said: _soon(ExceptionKind.DISPUTE),
    "ask_backlog": lambda said: _soon(ExceptionKind.BACKLOG),
    "ask_removal": lambda said: _soon(ExceptionKind.REMOVAL, unit=_unit(said["level"] or "grid")),
    "ask_unreasonable": lambda said: _soon(ExceptionKind.UNREASONABLE),
    "ask_malicious": lambda said: _soon(ExceptionKind.MALICIOUS),
    "ask_appeal": lambda said: _soon(ExceptionKind.APPEAL),
    "rule": lambda said: Rule(
        said["application"], said["granted"], "as the file shows", unit=_unit(said["level"])
    ),
    "resume": lambda said: Resume("the way is free"),
    "reassign": lambda said: Reassign(
        UNITS[Level(said["level"] or "grid")], "a matter of theirs", _unlisted(said)
    ),
    "merge": lambda said: Merge(LEADING_REQUEST, State.IN_PROGRESS),
    "hear_answer": lambda said: HearAnswer(
        said["parent"], said["now"] if said["answered"] else None, "solved" if said["by_a_unit"] else ""
    ),
    "reopen": lambda said: Reopen("dark again", ReopenCause(said["cause"]), said["parent"]),
    "remind_of_commitment": lambda said: RemindOfCommitment(),
    "recalculate": lambda said: Recalculate(CALENDARS[said["calendar"]], "a stop of work"),
    "move_policy": lambda said: MovePolicy(said["snapshots"][said["promise"]], "the next version"),
    "ask_transfer_out": lambda said: application(
        ExceptionKind.TRANSFER_OUT, reason="police_110" if said["at_once"] else "petition"
    ),
    "ask_void": lambda said: application(ExceptionKind.VOID),
    "comment": lambda said: Comment("is anybody there?"),
    "attach": lambda said: Attach(replace(PHOTO, sha256=said["file"] * 64)),
    "instruct": lambda said: Instruct("settle it this week"),
    "acknowledge": lambda said: Acknowledge(said["instruction"]),
    "interim_report": lambda said: ReportInterim("a lorry is ordered"),
    "mark_confidential": lambda said: MarkConfidential(Visibility(said["secrecy"]), "the caller is afraid"),
    "cancel_card": lambda said: CancelCard(said["leg"], Card(said["card"] or Card.YELLOW), "by mistake"),
    "raise_card": lambda said: RaiseCard(said["leg"], "two yellow cards"),
    "adopt": lambda said: Adopt(said["child"], has_contact=True),
    "disown": lambda said: Disown(said["child"]),
    "refuse_reply": lambda said: RefuseReply(said["leg"], "not_possible_now", "moved on"),
    "continue_story": lambda said: ContinueStory(2),
    "pass_time": lambda said: PassTime(),
    "refer_deliberation": lambda said: ReferDeliberation("residents' hall", "where to?"),
    "deliberation_result": lambda said: DeliberationResult("beside the gate", agreed=said["granted"]),
    "hand_to_partner": lambda said: HandToPartner(Partner.ENFORCEMENT, "clue-7"),
    "partner_result": lambda said: PartnerResult("done", "corrected", said["case"]),
    "delegate": lambda said: Delegate(
        said["leg"],
        UNITS[Level(said["level"] or "grid")],
        "have a look",
        None,
        said["mandatory"],
        _share(said),
    ),
    "start_joint": lambda said: StartJoint(
        UNITS[Level(said["level"] or "grid")], "lend a lorry", None, said["mandatory"], _share(said)
    ),
    "set_join_rule": lambda said: SetJoinRule(JoinRule(said["join"]), "as agreed"),
    "decline_joint": lambda said: DeclineJoint(said["leg"], "no lorry"),
    "remove_joint": lambda said: RemoveJoint(said["leg"], "not needed"),
}

NEIGHBOURS_ACTS = frozenset(
    {
        "open_case", "withdraw_case", "settle_case", "report_case", "report_found", "give_field_task",
        "report_field_task", "recall_field_task", "whistle", "acknowledge_whistle", "attend_whistle",
        "object_to_whistle", "agree_plan", "end_whistle", "rate_whistle", "rate_call", "confirm_unjustified",
    }
)  # fmt: skip
"""Acts of partners' cases, field tasks and whistles: they have models of their own."""
