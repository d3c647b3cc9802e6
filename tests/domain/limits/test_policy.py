"""What forbids publishing a policy: the rules of the policy table, for any values."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.levels import Level
from domain.limits.policy import ClockMode, Dwell, Extension, Thresholds, Urgency, faults_of
from domain.time.durations import Duration
from tests.support.builders import policy

OFFICE_DAY = timedelta(hours=7)


def fields(**changes: Any) -> list[str]:
    """The faulted fields of a sound policy with changes."""
    return [fault.field for fault in faults_of(policy(**changes), OFFICE_DAY)]


def in_office_hours(**changes: Any) -> Any:
    """A sound policy of a normal matter, counted in working time."""
    limits = {"dispatch": "1wh", "sign": "1wh", "first_contact": "2wh", "total": "3wd", "review": "1wd"}
    dwell = {"grid": "2wh", "community": "2wh", "town": "1wd", "district": "1wd"}
    made = policy(
        **limits, callback_within="2wd", dwell=dwell, urgency=Urgency.NORMAL, clock=ClockMode.WORKING
    )
    return replace(made, **changes)


def test_sound_policies_of_both_clocks_have_no_fault() -> None:
    assert fields() == []
    assert faults_of(in_office_hours(), OFFICE_DAY) == []


@pytest.mark.parametrize("urgency", [Urgency.CRITICAL, Urgency.URGENT])
def test_a_hurried_matter_cannot_wait_for_office_hours(urgency: Urgency) -> None:
    faulted = [fault.field for fault in faults_of(in_office_hours(urgency=urgency), OFFICE_DAY)]

    assert faulted[0] == "clock"
    assert {"dispatch", "sign", "first_contact", "total", "dwell.grid"} <= set(faulted)


def test_desks_may_keep_office_hours_unless_the_matter_is_critical() -> None:
    assert fields(review="1wd", callback_within="2wd", reminder_every="1wd") == []
    critical = fields(review="1wd", callback_within="2wd", reminder_every="1wd", urgency=Urgency.CRITICAL)
    assert critical == ["review", "callback_within", "reminder_every"]


def test_an_extension_is_counted_by_the_policys_clock() -> None:
    extended = Extension(1, Duration.parse("2wd"), Level.DISTRICT)

    assert fields(extension=extended) == ["extension.each"]
    assert faults_of(in_office_hours(extension=extended), OFFICE_DAY) == []


def test_the_confirmation_of_a_hand_up_is_counted_by_the_policys_clock() -> None:
    natural, working = Duration.parse("30min"), Duration.parse("2wh")

    assert fields(confirm_hand_up=natural) == []
    assert fields(confirm_hand_up=working) == ["confirm_hand_up"]
    assert faults_of(in_office_hours(confirm_hand_up=working), OFFICE_DAY) == []
    assert [fault.field for fault in faults_of(in_office_hours(confirm_hand_up=natural), OFFICE_DAY)] == [
        "confirm_hand_up"
    ]


def test_dwells_may_fill_the_total_but_not_exceed_it() -> None:
    assert fields(total="8h") == []
    assert fields(total="479min") == ["dwell"]


def test_working_days_and_hours_are_compared_by_the_office_day() -> None:
    assert faults_of(in_office_hours(total=Duration.parse("18wh")), OFFICE_DAY) == []
    assert [
        fault.field for fault in faults_of(in_office_hours(total=Duration.parse("17wh")), OFFICE_DAY)
    ] == ["dwell"]


def test_a_policy_starts_at_its_first_level_with_a_dwell() -> None:
    assert fields(start_level=Level.TOWN) == ["start_level"]
    assert fields(dwell={"town": "2h"}, start_level=Level.TOWN) == []


def test_a_policy_needs_a_level() -> None:
    nowhere = replace(policy(), dwell=Dwell(None, None, None, None))

    assert [fault.field for fault in faults_of(nowhere, OFFICE_DAY)] == ["dwell"]


@pytest.mark.parametrize(
    "thresholds", [Thresholds(reminders=(90, 70)), Thresholds(reminders=(0,)), Thresholds(red_card=100)]
)
def test_thresholds_rise(thresholds: Thresholds) -> None:
    assert fields(thresholds=thresholds) == ["thresholds"]


def test_limits_beyond_all_measure_are_compared_like_others() -> None:
    longest = "999999999d"

    faults = fields(dwell={"grid": longest, "town": longest}, total=longest)
    assert faults == ["dwell.grid", "dwell.town", "total", "dwell"]


@pytest.mark.parametrize("field", ["review", "callback_within", "reminder_every", "total"])
def test_no_limit_is_longer_than_ten_years(field: str) -> None:
    assert fields(**{field: "3650d"}) == []
    assert fields(**{field: "3651d"}) == [field]
