"""Builders with honest defaults, keyword-only: the smallest city that can hold a request."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from domain.calendar import WorkdayMode, WorkingCalendar
from domain.durations import Duration
from domain.levels import RESPONSE_LEVELS, Level
from domain.policy import CallbackRule, ClockMode, CommonLimits, Dwell, Policy, Thresholds, Urgency
from domain.request import Intake, Matter, PolicySnapshot
from domain.routing import Ladder, Place, Rung
from domain.units import Actor, Role, Unit

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


def _parsed(text: str | None) -> Duration | None:
    return Duration.parse(text) if text else None
