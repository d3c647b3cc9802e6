"""Builders with honest defaults, keyword-only: the smallest city that can hold a request."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain.attachments import Attachment
from domain.commands import Apply, BlowWhistle
from domain.exceptions.applications import ExceptionKind
from domain.exceptions.terms import ByUrgency, Reason, Seat, Silence, Terms, Window
from domain.levels import RESPONSE_LEVELS, Level
from domain.limits.clock import ClockKind
from domain.limits.policy import CallbackRule, ClockMode, CommonLimits, Dwell, Policy, Thresholds, Urgency
from domain.partners import Affair, CaseTerms, Clue, Partner, VolunteerTask
from domain.request import Intake, Matter, PolicySnapshot, State
from domain.responsibility.routing import Ladder, Place, Rung
from domain.time.calendar import WorkdayMode, WorkingCalendar
from domain.time.durations import Duration
from domain.units import Actor, Role, Unit
from domain.whistles import Post, Spot, Summoned, WhistleKind, WhistleTerms

MONDAY_MORNING = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
"""Monday 2 March 2026, 10:00 in Guangzhou: inside office hours."""

OFFICE = "09:00-12:00,14:00-18:00"

UNITS = {
    Level.GRID: Unit("440106012003017-grid_worker", Level.GRID, "440106012003017", "网格员", "grid worker"),
    Level.COMMUNITY: Unit(
        "440106012003-community_committee", Level.COMMUNITY, "440106012003", "居委会", "committee"
    ),
    Level.TOWN: Unit("440106012-town_office", Level.TOWN, "440106012", "街道办", "town office"),
    Level.DISTRICT: Unit("440106-urban_mgmt_bureau", Level.DISTRICT, "440106", "城管局", "urban management"),
}

PHOTO = Attachment("现场照片.jpg", "image/jpeg", 120_000, "ab" * 32, "https://files.example.test/p/1")

OPERATOR = "operator-1"
OTHER_OPERATOR = "operator-2"


def calendar(**changes: Any) -> WorkingCalendar:
    """Guangzhou's office hours without a holiday."""
    return replace(
        WorkingCalendar(
            name="test",
            zone="Asia/Shanghai",
            week=(OFFICE, OFFICE, OFFICE, OFFICE, OFFICE, "", ""),
            exceptions=(),
            mode=WorkdayMode.CLOSE,
            known_until=date(2026, 12, 31),
        ),
        **changes,
    )


def common(**changes: Any) -> CommonLimits:
    """The limits of the waiting places."""
    return replace(
        CommonLimits(
            registration=Duration.parse("30min"),
            registration_again=Duration.parse("1wd"),
            awaiting_info=Duration.parse("3wd"),
            callback_attempts=3,
            callback_days=2,
            sample_one_in=5,
            redo_percent=50,
            automatic_redos=1,
            reopen_days=30,
        ),
        **changes,
    )


def policy(**changes: Any) -> Policy:
    """An urgent matter in natural time that climbs all four levels; limits as texts are parsed."""
    limits = {
        "dispatch": "5min",
        "sign": "10min",
        "first_contact": "15min",
        "total": "8h",
        "review": "2h",
        "callback_within": "1d",
        "reminder_every": "1d",
    }
    for name in limits:
        if name in changes:
            limits[name] = changes.pop(name)
    dwells = changes.pop("dwell", {"grid": "1h", "community": "1h", "town": "2h", "district": "4h"})
    made = Policy(
        code="P-TEST",
        version=1,
        name_zh="测试",
        name_en="test",
        urgency=Urgency.URGENT,
        clock=ClockMode.NATURAL,
        dwell=Dwell(**{level.value: _parsed(dwells.get(level.value)) for level in RESPONSE_LEVELS}),
        extension=None,
        suspend=False,
        start_level=next(level for level in RESPONSE_LEVELS if dwells.get(level.value)),
        callback=CallbackRule.ALL,
        auto_dispatch=False,
        thresholds=Thresholds(),
        **{name: Duration.parse(text) for name, text in limits.items()},
    )
    return replace(made, **changes)


def ladder(*, of: Policy | None = None, missing: tuple[Level, ...] = ()) -> Ladder:
    """A rung for every level that has a dwell; the missing ones are vacant."""
    levels = (of or policy()).dwell.levels()
    return Ladder(
        tuple(
            Rung(
                level,
                None if level in missing else UNITS[level],
                f"D-{level}",
                gap="post_vacant" if level in missing else "",
            )
            for level in levels
        )
    )


def intake(**changes: Any) -> Intake:
    """A complete intake: a category, a place, a policy and a caller who can be called back."""
    chosen = changes.pop("policy", None) or policy()
    missing = changes.pop("missing", ())
    made = Intake(
        number="20260302-0000001",
        received_at=MONDAY_MORNING,
        channel="phone_12345",
        request_type="complaint",
        matter=Matter("0201", "city_appearance", Place("440106012003017")),
        snapshot=PolicySnapshot(chosen, ladder(of=chosen, missing=missing)),
        calendar=calendar(),
        common=common(),
        caller_ref="c-1",
        has_contact=True,
        digest="0" * 64,
    )
    return replace(made, **changes)


def unclassified(**changes: Any) -> Intake:
    """A call that says neither what nor where."""
    return intake(matter=None, snapshot=None, **changes)


def actor(
    role: Role, *, unit: Unit | None = None, person: str | None = None, level: Level | None = None
) -> Actor:
    """Somebody in a role; a unit's person is named after the unit."""
    if unit is not None:
        return Actor(role, person or f"of {unit.code}", unit.code, unit.level)
    return Actor(role, person or OPERATOR, None, level or Level.CITY)


def handler(level: Level) -> Actor:
    """The handler of the test unit on a level."""
    return actor(Role.HANDLER, unit=UNITS[level])


POLICE = Reason("police_110", "转 110", "to the police", at_once=True)

_TERMS: dict[ExceptionKind, dict[str, Any]] = {
    ExceptionKind.RETURN: {
        "states": (State.PENDING_SIGN, State.IN_PROGRESS),
        "reasons": (Reason("wrong_function", "不属于本单位职能", "not a function of the unit"),),
        "needs": ("unit",),
        "decided_by": (Role.DISPATCHER,),
        "per_leg": 1,
        "hurried_window": Window(ClockKind.SIGN, 50),
        "window": Window(since_dispatch=Duration.parse("4wh")),
    },
    ExceptionKind.DISPUTE: {
        "states": (State.PENDING_SIGN, State.IN_PROGRESS),
        "asked_by": (Role.UNIT_HEAD, Role.DISPATCHER),
        "reasons": (Reason("functions_overlap", "职能交叉", "functions overlap"),),
        "decided_by": (Role.ARBITER,),
        "decided_at": Seat.DISTRICT,
        "within": ("2h", "2h", "1wd"),
    },
    ExceptionKind.ADMISSION: {
        "states": (State.PENDING_DISPATCH, State.IN_PROGRESS, State.ADMISSION_REVIEW),
        "asked_by": (Role.SYSTEM,),
        "reasons": (Reason("not_on_admission_list", "不在准入清单内", "not on the admission list"),),
        "decided_by": (Role.HANDLER, Role.UNIT_HEAD, Role.DISPATCHER),
        "silence": Silence.GRANTED,
    },
    ExceptionKind.EXTENSION: {
        "states": (State.IN_PROGRESS,),
        "reasons": (Reason("complex_facts", "案情复杂", "the facts are complex"),),
        "needs": ("evidence",),
        "decided_by": (Role.DISPATCHER,),
        "decided_at": Seat.POLICY,
        "within": ("30min", "2h", "1wd"),
        "hurried_window": Window(ClockKind.TOTAL, 80),
        "window": Window(ClockKind.TOTAL, 80),
        "in_sum": Duration.parse("15wd"),
    },
    ExceptionKind.SUSPENSION: {
        "states": (State.IN_PROGRESS,),
        "asked_by": (Role.HANDLER,),
        "reasons": (
            Reason(
                "waiting_for_citizen", "等待诉求人", "waiting for the citizen", Duration.parse("5wd"), False
            ),
            Reason("statutory_procedure", "法定程序", "a procedure", Duration.parse("30wd"), False),
            Reason("site_inaccessible", "现场无法进入", "no way in", Duration.parse("3wd"), False),
            Reason("force_majeure", "不可抗力", "force majeure"),
        ),
        "decided_by": (Role.DISPATCHER,),
        "per_request": 2,
        "in_sum": Duration.parse("60wd"),
    },
    ExceptionKind.BACKLOG: {
        "states": (State.IN_PROGRESS,),
        "asked_by": (Role.UNIT_HEAD,),
        "reasons": (Reason("no_funds", "现阶段无资金保障", "no funds exist now", for_hurried=False),),
        "needs": ("plan", "until"),
        "decided_by": (Role.DUTY_LEADER,),
        "decided_at": Seat.DISTRICT,
        "within": ("2h", "1d", "3wd"),
    },
    ExceptionKind.UNREASONABLE: {
        "states": (State.IN_PROGRESS, State.PENDING_REVIEW),
        "reasons": (Reason("beyond_policy", "超出政策规定", "beyond what policy allows"),),
        "needs": ("legal_basis",),
        "decided_by": (Role.DUTY_LEADER,),
        "within": ("2h", "1d", "2wd"),
    },
    ExceptionKind.MALICIOUS: {
        "states": (State.IN_PROGRESS, State.PENDING_REVIEW),
        "reasons": (Reason("invented", "虚构事实", "the facts are invented"),),
        "needs": ("legal_basis",),
        "decided_by": (Role.DUTY_LEADER,),
        "within": ("2h", "1d", "2wd"),
    },
    ExceptionKind.APPEAL: {
        "states": (State.IN_PROGRESS, State.PENDING_REVIEW, State.PENDING_CALLBACK, State.CLOSED),
        "asked_by": (Role.CITIZEN,),
        "reasons": (Reason("facts_disputed", "对事实有异议", "the facts are disputed"),),
        "decided_by": (Role.DUTY_LEADER,),
        "within": ("1d", "1d", "3wd"),
        "per_request": 1,
    },
    ExceptionKind.TRANSFER_OUT: {
        "states": (State.REGISTERED, State.PENDING_DISPATCH, State.PENDING_SIGN, State.IN_PROGRESS),
        "asked_by": (Role.AGENT, Role.DUTY_LEADER),
        "reasons": (POLICE, Reason("petition", "转信访渠道", "to the petition channel")),
        "needs": ("channel",),
        "decided_by": (Role.DUTY_LEADER,),
    },
    ExceptionKind.VOID: {
        "states": (State.REGISTERED, State.PENDING_DISPATCH),
        "asked_by": (Role.AGENT, Role.DISPATCHER),
        "reasons": (Reason("test_record", "测试记录", "a test record"),),
        "decided_by": (Role.DUTY_LEADER,),
    },
    ExceptionKind.REMOVAL: {
        "states": (State.IN_PROGRESS, State.AWAITING_PARTNER),
        "reasons": (Reason("no_contribution", "逾期未反馈", "no contribution within the limit"),),
        "needs": ("unit",),
        "decided_by": (Role.DISPATCHER,),
    },
}


def terms(kind: ExceptionKind, **changes: Any) -> Terms:
    """The terms of one kind, as a small city would set them; the three limits of ``within`` are texts."""
    row: dict[str, Any] = {
        "asked_by": (Role.HANDLER, Role.UNIT_HEAD),
        "needs": (),
        "decided_at": Seat.ANY,
        "within": ("5min", "30min", "2wh"),
        "silence": Silence.REFUSED,
        **_TERMS[kind],
        **changes,
    }
    within = ByUrgency(*map(Duration.parse, row.pop("within")))
    return Terms(kind=kind, zh=kind.value, en=kind.value, within=within, **row)


def application(kind: ExceptionKind, **changes: Any) -> Apply:
    """An application for the first reason of its terms, with every particular that they demand."""
    governing: Terms = changes.pop("terms", None) or terms(kind)
    particulars: dict[str, Any] = {
        "unit": UNITS[Level.TOWN],
        "evidence": ("photo-1",),
        "legal_basis": "Regulation 12",
        "plan": "rebuilt with next year's budget",
        "until": MONDAY_MORNING + timedelta(days=200),
        "channel": "110",
    }
    needed = {field: particulars[field] for field in governing.needs}
    made = Apply(governing, governing.reasons[0].code, "as the survey shows", **needed)
    return replace(made, **changes)


CLUE = Clue(
    "A stall blocks the pavement every evening.", "City Appearance Regulation 14", "the stall's owner"
)
AFFAIR = Affair("440100-0012-03", "A ramp licence is needed.", consent="consent-7")
PATROL = VolunteerTask(
    "patrol",
    "Walk round the lake with the grid worker.",
    starts_at=MONDAY_MORNING + timedelta(days=2),
    ends_at=MONDAY_MORNING + timedelta(days=2, hours=3),
    at_least=2,
    at_most=4,
)


def case_terms(partner: Partner, **changes: Any) -> CaseTerms:
    """A small city's terms for a partner."""
    made = CaseTerms(
        partner=partner,
        zh=partner.value,
        en=partner.value,
        answer_within=Duration.parse("5wd"),
        poll_every=timedelta(hours=4),
        hold_gaps=timedelta(hours=24),
        claim_within=Duration.parse("1d") if partner is Partner.VOLUNTEERS else None,
    )
    return replace(made, **changes)


_WHISTLES: dict[WhistleKind, dict[str, Any]] = {
    WhistleKind.EMERGENCY: {
        "limits": ("5min", "30min", None, "24h"),
        "may_name_time": False,
        "authority_from": Post.STAFF,
    },
    WhistleKind.ENFORCEMENT: {"limits": ("30min", "2h", "1wd", "5wd"), "authority_from": Post.STAFF},
    WhistleKind.DAILY: {"limits": ("2wh", "1wd", "3wd", "10wd")},
    WhistleKind.COMMUNITY: {
        "limits": ("2wh", "1wd", "3wd", "7wd"),
        "started_by": Level.COMMUNITY,
        "summons": Level.TOWN,
    },
}

SQUARE = Spot(23.1300, 113.2700)
"""The place that departments are called to."""


def whistle_terms(kind: WhistleKind, **changes: Any) -> WhistleTerms:
    """The terms of a kind of whistle, as the field knows them; the four limits of ``limits`` are texts."""
    row: dict[str, Any] = {
        "started_by": Level.TOWN,
        "summons": Level.DISTRICT,
        "may_name_time": True,
        "authority_from": Post.DEPUTY_HEAD,
        "radius": 300,
        "rating_within": Duration.parse("5wd"),
        **_WHISTLES[kind],
        **changes,
    }
    acknowledge, attend, plan, result = map(_parsed, row.pop("limits"))
    assert acknowledge is not None
    assert attend is not None
    assert result is not None
    return WhistleTerms(
        kind=kind,
        zh=kind.value,
        en=kind.value,
        acknowledge=acknowledge,
        attend=attend,
        plan=plan,
        result=result,
        **row,
    )


def whistle(
    *,
    summoned: tuple[Unit, ...] = (UNITS[Level.DISTRICT],),
    town: Unit = UNITS[Level.TOWN],
    kind: WhistleKind = WhistleKind.DAILY,
    listed: bool = True,
    **changes: Any,
) -> BlowWhistle:
    """The town calls departments to the square, for a power of the whistle list."""
    made = BlowWhistle(
        terms=whistle_terms(kind),
        town=town,
        summoned=tuple(Summoned(unit, "seal_off", "查封", "sealing off", listed) for unit in summoned),
        reason="the residents have rung for a month",
        spot=SQUARE,
    )
    return replace(made, **changes)


def _parsed(text: str | None) -> Duration | None:
    return Duration.parse(text) if text else None
