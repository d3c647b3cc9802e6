"""A newly published year: what would move, and that it is the pack's file that says so."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

from cities.pack import load_pack
from domain.policy import ClockMode, Urgency
from domain.simulator import Simulation
from stack.recalculation import move_of
from tests.support.builders import intake, policy

LAST_DAYS = datetime(2026, 12, 30, 3, 0, tzinfo=UTC)


def open_request() -> Simulation:
    """A matter of three working days, accepted on 30 December 2026 under the calendar on file then."""
    chosen = policy(
        clock=ClockMode.WORKING,
        urgency=Urgency.NORMAL,
        dispatch="1wh",
        sign="2wh",
        first_contact="4wh",
        total="3wd",
        dwell={"grid": "1wd", "district": "2wd"},
    )
    calendar = load_pack("guangzhou").calendar.extract(date(2026, 12, 30))
    return Simulation.of(intake(policy=chosen, received_at=LAST_DAYS, calendar=calendar))


def test_without_a_new_file_nothing_would_move() -> None:
    assert move_of(open_request().state, load_pack("guangzhou"), "look") is None


def test_a_published_holiday_moves_the_deadline_of_an_open_request(tmp_path: Path) -> None:
    folder = shutil.copytree("cities/guangzhou", tmp_path / "guangzhou")
    with (folder / "workdays.csv").open("a") as file:
        file.write("2027-01-01,holiday,New Year's Day\n")
    move = move_of(open_request().state, load_pack(folder), "2027 is published")
    assert move is not None
    assert move.before == datetime(2027, 1, 4, 10, 0, tzinfo=UTC)
    assert move.after == datetime(2027, 1, 5, 10, 0, tzinfo=UTC)
    assert move.calendar_until == "2027-12-31"
