"""The published working days agree with two independent libraries, day by day."""

from datetime import date, timedelta

import chinese_calendar
import holidays
import pytest

from cities.pack import CityPack


def days_of(year: int) -> list[date]:
    """All days of a year."""
    first = date(year, 1, 1)
    return [first + timedelta(days=number) for number in range((date(year + 1, 1, 1) - first).days)]


@pytest.mark.parametrize("year", range(2019, 2027))
def test_every_day_is_as_chinesecalendar_has_it(guangzhou: CityPack, year: int) -> None:
    ours = {day: guangzhou.calendar.is_working_day(day) for day in days_of(year)}

    assert ours == {day: chinese_calendar.is_workday(day) for day in days_of(year)}


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_every_day_is_as_holidays_has_it(guangzhou: CityPack, year: int) -> None:
    china = holidays.country_holidays("CN", years=year)
    ours = {day: guangzhou.calendar.is_working_day(day) for day in days_of(year)}

    assert ours == {day: china.is_working_day(day) for day in days_of(year)}


def test_the_years_on_file_end_with_the_last_one_published(guangzhou: CityPack) -> None:
    assert guangzhou.calendar.known_until == date(2026, 12, 31)
