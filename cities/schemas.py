"""The schema of every file of a city pack: what a row must look like, one model per file.

What rows mean to each other (a parent that exists, a duty list without gaps) is checked where they are put
together.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, InstanceOf

from domain.levels import Level
from domain.limits.policy import CallbackRule, ClockMode, Urgency
from domain.time.calendar import WorkdayMode
from domain.time.durations import Duration


def _day(text: object) -> object:
    if not isinstance(text, str):
        return text
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError("not a date in the form 2026-01-31")
    return date.fromisoformat(text)


def _blank_to_none(text: object) -> object:
    return None if text == "" else text


def _words(text: object) -> object:
    return tuple(text.split()) if isinstance(text, str) else text


def _duration(text: object) -> object:
    return Duration.parse(text) if isinstance(text, str) else text


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as unknown:
        raise ValueError("no such time zone") from unknown
    return name


Text = Annotated[str, Field(min_length=1, pattern=r"^\S(.*\S)?$")]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Code = Annotated[str, Field(pattern=r"^[0-9A-Za-z]+$")]
Day = Annotated[date, BeforeValidator(_day)]
OptionalDay = Annotated[date | None, BeforeValidator(lambda text: _day(_blank_to_none(text)))]
OptionalCode = Annotated[str, Field(pattern=r"^[0-9A-Za-z]*$")]
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Limit = Annotated[InstanceOf[Duration], BeforeValidator(_duration)]
Levels = Annotated[tuple[Level, ...], BeforeValidator(_words)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Percent = Annotated[int, Field(gt=0)]


class Record(BaseModel):
    """A row or an object of a pack: frozen, and no field unknown to it is let through."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WorkdayRow(Record):
    """The calendar file: a day that departs from the week pattern; ``shifts`` gives a working day its own hours."""

    date: Day
    kind: Literal["holiday", "workday"]
    name: str
    shifts: str = ""


class GridScheme(Record):
    """city.json ``grids``: how many synthetic grids the communities share, and how they are called."""

    total: Annotated[int, Field(gt=0)]
    denser_kinds: tuple[str, ...]
    name_zh: Annotated[str, Field(pattern=r"^.*\{community\}.*\{serial\}.*$")]
    dropped_suffixes: tuple[str, ...]


class CityFile(Record):
    """city.json: who the city is, its clock, and which of the optional files the pack holds."""

    name_zh: Text
    name_en: Text
    scope: Literal["full", "clock"]
    zone: Zone
    week: Annotated[tuple[str, ...], Field(min_length=7, max_length=7)]
    mode: WorkdayMode
    workdays: Text
    known_until: OptionalDay = None
    notice_zh: str = ""
    notice_en: str = ""
    languages: tuple[str, ...] = ()
    serial_digits: Annotated[int, Field(ge=5, le=12)] = 7
    code_widths: dict[Level, int] | None = None
    grids: GridScheme | None = None
    outlines: str | None = None
    points: str | None = None
    exceptions: Text | None = None
    skip_rules: Text | None = None
    surges: Text | None = None
    whistles: Text | None = None
    partners: Text | None = None


class DivisionRow(Record):
    """divisions.csv: one administrative division with its published code, zeros filled up to one width."""

    code: Code
    name: Text
    level: Literal["city", "district", "town", "village", "community"]
    parent_code: OptionalCode
    kind: Identifier


class DivisionNameRow(Record):
    """division_names.csv: the English name of a division that has a settled one."""

    code: Code
    en: Text


class TownPointRow(Record):
    """town_points.csv: a real point of a town, WGS-84."""

    code: Code
    name: str
    lat: Annotated[float, Field(ge=-90, le=90)]
    long: Annotated[float, Field(ge=-180, le=180)]
    geonameid: str = ""
    geonames_name: str = ""
    matched_by: str = ""


class UnitTypeRow(Record):
    """unit_types.csv: a kind of body; each division of its ``levels`` has one, without levels it holds no legs."""

    id: Identifier
    levels: Levels
    zh: Text
    en: Text
    scope: str


class UnitNameRow(Record):
    """unit_names.csv: how units of a type are called where "{place}" and the type's name do not do."""

    type: Identifier
    kind: Annotated[str, Field(pattern=r"^[a-z_]*$")]
    zh: Annotated[str, Field(pattern=r"\{place\}")]
    en: Text


class VacancyRow(Record):
    """vacancies.csv: a post that is not filled from ``since`` to ``until`` (both included)."""

    unit: Text
    since: Day
    until: OptionalDay
    reason: Text


class GroupRow(Record):
    """groups.csv: a group of categories."""

    code: Code
    identifier: Identifier
    zh: Text
    en: Text


class CategoryRow(Record):
    """categories.csv: a leaf of the catalogue of matters."""

    code: Code
    group: Identifier
    zh: Text
    en: Text
    identifier: Identifier
    type: Literal["consult", "help", "complaint", "report", "suggestion", "praise"]
    lead_unit: Identifier
    joint: Words
    urgency: Urgency
    policy: Text
    route_level: Level
    links: Annotated[tuple[Literal["E", "A", "V", "I"], ...], BeforeValidator(_words)]
    external_codes: Words


class DutyRow(Record):
    """duty_list.csv: which kind of unit answers for a category on a level, on what basis, and who else."""

    code: Text
    category: Code
    level: Level
    unit_type: Identifier
    fallback_type: Annotated[str, Field(pattern=r"^[a-z0-9_]*$")]
    basis: Text
    area: OptionalCode = ""
    valid_from: OptionalDay = None
    valid_to: OptionalDay = None


class AdmissionRow(Record):
    """admission_list.csv: a category that communities (of one part of the city, or all) accept, and why."""

    category: Code
    area: OptionalCode
    basis: Text


class ThresholdsRecord(Record):
    """policies.json ``common.thresholds``: when a clock speaks, in per cent of its limit."""

    reminders: tuple[Percent, ...]
    yellow_card: Percent
    red_card: Percent
    black_list: Percent


class CommonRecord(Record):
    """policies.json ``common``: limits that do not depend on the matter, or on its urgency alone."""

    registration: Limit
    registration_again: Limit
    awaiting_info: Limit
    callback_attempts: Annotated[int, Field(ge=1)]
    callback_days: Annotated[int, Field(ge=1)]
    sample_one_in: Annotated[int, Field(ge=1)]
    redo_percent: Percent
    automatic_redos: Annotated[int, Field(ge=0)]
    reopen_days: Annotated[int, Field(ge=1)]
    deliberation: Limit
    partner: Limit
    interim_every: Limit
    review: dict[Urgency, Limit]
    callback_within: dict[Urgency, Limit]
    reminder_every: dict[Urgency, Limit]
    thresholds: ThresholdsRecord


class ExtensionRecord(Record):
    """A policy's ``extension``."""

    max: Annotated[int, Field(ge=1)]
    each: Limit
    approver: Level


class DwellRecord(Record):
    """A policy's ``dwell``: null skips the level."""

    grid: Limit | None
    community: Limit | None
    town: Limit | None
    district: Limit | None


class PolicyRecord(Record):
    """policies.json ``policies``: one row of the policy table."""

    policy: Annotated[str, Field(pattern=r"^P-[A-Z0-9-]+$")]
    name_zh: Text
    name_en: Text
    urgency: Urgency
    clock: ClockMode
    dispatch: Limit
    sign: Limit
    first_contact: Limit
    dwell: DwellRecord
    total: Limit
    extension: ExtensionRecord | None
    suspend: bool
    start_level: Level
    callback: CallbackRule
    auto_dispatch: bool
    confirm_hand_up: Limit | None = None


class PoliciesFile(Record):
    """policies.json: the notice, the common limits and the policy table."""

    notice_zh: Text
    notice_en: Text
    common: CommonRecord
    policies: tuple[PolicyRecord, ...]
