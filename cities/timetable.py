"""Reading city.json and the calendar file: who the city is and when its offices are open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from cities.faults import FaultLog
from cities.schemas import CityFile, WorkdayRow
from cities.tables import Line, note_repeats, read_json, read_table, reason_of
from domain.time.calendar import CalendarRefused, WorkingCalendar

FILE = "city.json"
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class CityClock:
    """A city's identity and working calendar: all that a pack of scope ``clock`` holds."""

    name: str
    city: CityFile
    calendar: WorkingCalendar


def read_city(folder: Path, log: FaultLog) -> CityFile | None:
    """The pack's city.json; ``None`` with faults in the log if it is not of its shape."""
    content = read_json(folder, FILE, log)
    if content is None:
        return None
    try:
        return CityFile.model_validate(content)
    except ValidationError as refused:
        for error in refused.errors():
            field = ".".join(str(part) for part in error["loc"])
            log.add(FILE, "", field, f"{error['input']!r}: {reason_of(error)}")
        return None


def read_calendar(folder: Path, city: CityFile, log: FaultLog) -> WorkingCalendar | None:
    """The working calendar of a pack; ``None`` with faults in the log if it has any.

    The years on file are those of its days, each whole; later ones are not published yet, and what falls into
    them is provisional. ``known_until`` in city.json may say otherwise.
    """
    lines = read_table(folder, city.workdays, WorkdayRow, log)
    note_repeats(city.workdays, "date", ((line.at, str(line.row.date)) for line in lines), log)
    if not lines and not log:
        log.add(city.workdays, "", "", "there is no day in it, so no year is on file", "the days of a year")
    _note_missing_years(lines, city, log)
    if log:
        return None
    days = {line.row.date: _shifts(line, city, log) for line in lines}
    try:
        return WorkingCalendar(
            name=folder.name,
            zone=city.zone,
            week=city.week,
            exceptions=tuple(sorted(days.items())),
            mode=city.mode,
            known_until=city.known_until or date(max(days).year, 12, 31),
        )
    except CalendarRefused as refused:
        dated = next((line.at for line in lines if f"[{line.row.date}]" in refused.field), "")
        log.add(city.workdays if dated else FILE, dated, "shifts" if dated else refused.field, refused.reason)
        return None


def _note_missing_years(lines: Sequence[Line[WorkdayRow]], city: CityFile, log: FaultLog) -> None:
    years = {line.row.date.year for line in lines}
    for year in range(min(years, default=0), max(years, default=0)):
        if year not in years:
            log.add(
                city.workdays, "", "date", f"the year {year} has no days", "no gap between the years on file"
            )


def _shifts(line: Line[WorkdayRow], city: CityFile, log: FaultLog) -> str:
    """The hours of a dated exception: none on a holiday, an ordinary day's on a working weekend day."""
    row = line.row
    if row.kind == "holiday":
        if row.shifts:
            log.add(city.workdays, line.at, "shifts", "a holiday has no shifts", "an empty cell")
        return ""
    shifts = row.shifts or next((hours for hours in city.week[:_SATURDAY] if hours), "")
    if not shifts and any(city.week):
        log.add(
            city.workdays, line.at, "shifts", "a working day without hours", "hours, as no weekday has any"
        )
    return shifts
