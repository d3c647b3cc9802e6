"""City packs: a folder of data about one city, read as a whole and refused as a whole.

``load_pack`` reads every file, checks each row against its schema, then all rows against each other, and gives
a :class:`CityPack`; otherwise it raises :class:`cities.faults.PackFaults` with every fault found, by file and
row. Rows are checked against each other only once every file has its shape, since half-read tables would fault
each other.

``load_clock`` reads the identity and the calendar alone, all that a pack of scope ``clock`` holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cities.catalogue import CATEGORIES, GROUPS, Category, Group, build_categories, build_groups
from cities.divisions import Divisions
from cities.duties import ADMISSION_LIST, DUTY_LIST, DutyContext, build_admissions, build_duty_list
from cities.exceptions import Terming, check_exceptions, read_exceptions
from cities.faults import FaultLog, PackFault, PackFaults
from cities.geography import GeographyFiles, build_divisions, build_places, read_geography
from cities.partners import read_partners
from cities.places import Places
from cities.promises import Promises, check_promises, read_promises
from cities.schemas import (
    AdmissionRow,
    CategoryRow,
    CityFile,
    DutyRow,
    GroupRow,
    UnitNameRow,
    UnitTypeRow,
    VacancyRow,
)
from cities.skips import Catalogue, SkipRuleRow, build_skip_rules, read_skip_rules
from cities.surges import SurgeBook, SurgesFile, build_surges, read_surges
from cities.tables import Line, note_repeats, read_table
from cities.timetable import FILE as CITY
from cities.timetable import CityClock, read_calendar, read_city
from cities.units import Admission, CityDirectory, UnitName, UnitType, Vacancy
from cities.whistles import WhistleBook, WhistlesFile, build_whistles, read_whistles
from domain.limits.policy import CommonLimits, Policy
from domain.partners import CaseTerms, Partner
from domain.refusals import Refused
from domain.responsibility.routing import DutyEntry, DutyIndex, Ladder, Place, index_duty_list, ladder_for
from domain.responsibility.skipping import SkipRule, rule_for
from domain.time.calendar import WorkingCalendar

PACKS = Path(__file__).parent
UNIT_TYPES, UNIT_NAMES, VACANCIES = "unit_types.csv", "unit_names.csv", "vacancies.csv"


@dataclass(frozen=True, slots=True)
class CityPack:
    """Everything a deployment knows about its city; categories and policies by code, policies in version 1."""

    name: str
    city: CityFile
    calendar: WorkingCalendar
    policies: Mapping[str, Policy]
    common: CommonLimits
    exceptions: Terming
    notice_zh: str
    notice_en: str
    groups: Mapping[str, Group]
    categories: Mapping[str, Category]
    unit_types: Mapping[str, UnitType]
    duty_list: tuple[DutyEntry, ...]
    duty_index: DutyIndex
    skip_rules: tuple[SkipRule, ...]
    surges: SurgeBook
    whistles: WhistleBook
    partners: Mapping[Partner, CaseTerms]
    admissions: tuple[Admission, ...]
    vacancies: tuple[Vacancy, ...]
    divisions: Divisions
    places: Places
    directory: CityDirectory
    by_identifier: Mapping[str, Category]

    def category(self, code_or_identifier: str) -> Category:
        """The category of that code or identifier.

        Raises:
            Refused: ``unknown_category``.
        """
        found = self.categories.get(code_or_identifier) or self.by_identifier.get(code_or_identifier)
        if found is None:
            reason = f"the catalogue has no category {code_or_identifier[:40]!r}"
            raise Refused("unknown_category", "category", reason, "a code or identifier of the catalogue")
        return found

    @property
    def every_policy(self) -> Mapping[str, Policy]:
        """The pack's own version of every policy by code, those prepared for a surge included."""
        return {**self.policies, **self.surges.policies}

    def policy_of(self, category: str) -> Policy:
        """The pack's own version of the policy that a category stands under."""
        return self.policies[self.category(category).policy]

    def ladder(
        self, category: str, place: Place, policy: Policy, day: date, duty_list: DutyIndex | None = None
    ) -> Ladder:
        """Who handles a request of that category (code or identifier) at that place, from its start level up.

        ``duty_list`` is the list in force where rulings have amended the pack's own.

        Raises:
            Refused: ``unknown_category``; ``unknown_place`` if the pack has no such division;
                ``no_responsible_unit`` if the place is too coarse for every level.
        """
        matter = self.category(category)
        if place.area not in self.divisions:
            reason = f"{self.city.name_en} has no division {place.area[:40]!r}"
            raise Refused("unknown_place", "place.area", reason, "a division's code without trailing zeros")
        return ladder_for(
            matter.code,
            matter.route_level,
            place,
            policy=policy,
            duty_list=self.duty_index if duty_list is None else duty_list,
            directory=self.directory,
            day=day,
            skip_rule=rule_for(self.skip_rules, matter.code, matter.group, policy.urgency, place.area),
        )

    def locate(self, latitude: float, longitude: float) -> str | None:
        """A proposal for the finest division at a point, see :meth:`cities.places.Places.locate`."""
        return self.places.locate(latitude, longitude)


def pack_folder(name_or_path: str | Path) -> Path:
    """The folder of a pack given by the name of one that comes with the product, or by a path.

    Raises:
        PackFaults: there is no such folder.
    """
    ours = PACKS / name_or_path
    folder = ours if isinstance(name_or_path, str) and name_or_path.isidentifier() else Path(name_or_path)
    if not folder.is_dir():
        known = ", ".join(names_of_packs())
        fault = PackFault(str(name_or_path), "", "", "there is no such folder", f"a path, or one of {known}")
        raise PackFaults(str(name_or_path), (fault,))
    return folder.resolve()


def names_of_packs() -> tuple[str, ...]:
    """The packs that come with the product."""
    return tuple(sorted(file.parent.name for file in PACKS.glob(f"*/{CITY}")))


def load_clock(name_or_path: str | Path) -> CityClock:
    """Read a pack's identity and calendar.

    Raises:
        PackFaults: with every fault of city.json and the calendar file.
    """
    folder = pack_folder(name_or_path)
    log = FaultLog(folder.name)
    city = read_city(folder, log)
    calendar = read_calendar(folder, city, log) if city else None
    if log or city is None or calendar is None:
        raise log.refusal()
    return CityClock(folder.name, city, calendar)


def load_pack(name_or_path: str | Path) -> CityPack:
    """Read a whole pack.

    Raises:
        PackFaults: with every fault found.
    """
    folder = pack_folder(name_or_path)
    log = FaultLog(folder.name)
    files = _read(folder, log)
    if log or files is None:
        raise log.refusal()
    pack = _build(folder.name, files, log)
    if log or pack is None:
        raise log.refusal()
    return pack


@dataclass(frozen=True, slots=True)
class _Files:
    """All files of a pack, each of its shape."""

    city: CityFile
    calendar: WorkingCalendar
    promises: Promises
    exceptions: Terming
    geography: GeographyFiles
    unit_types: list[Line[UnitTypeRow]]
    unit_names: list[Line[UnitNameRow]]
    vacancies: list[Line[VacancyRow]]
    groups: list[Line[GroupRow]]
    categories: list[Line[CategoryRow]]
    duty_list: list[Line[DutyRow]]
    skip_rules: list[Line[SkipRuleRow]]
    surges: SurgesFile | None
    whistles: WhistlesFile | None
    partners: Mapping[Partner, CaseTerms]
    admissions: list[Line[AdmissionRow]]


def _read(folder: Path, log: FaultLog) -> _Files | None:
    city = read_city(folder, log)
    if city is None:
        return None
    if city.scope != "full":
        log.add(CITY, "", "scope", "the pack holds a clock only, no divisions, catalogue or policies", "full")
        return None
    calendar = read_calendar(folder, city, log)
    promises = read_promises(folder, log)
    exceptions = read_exceptions(folder, city, log)
    geography = read_geography(folder, city, log)
    unit_types = read_table(folder, UNIT_TYPES, UnitTypeRow, log)
    unit_names = read_table(folder, UNIT_NAMES, UnitNameRow, log)
    vacancies = read_table(folder, VACANCIES, VacancyRow, log)
    groups = read_table(folder, GROUPS, GroupRow, log)
    categories = read_table(folder, CATEGORIES, CategoryRow, log)
    duty_list = read_table(folder, DUTY_LIST, DutyRow, log)
    skip_rules = read_skip_rules(folder, city, log)
    surges = read_surges(folder, city, log)
    whistles = read_whistles(folder, city, log)
    partners = read_partners(folder, city, log)
    admissions = read_table(folder, ADMISSION_LIST, AdmissionRow, log)
    if calendar is None or promises is None or exceptions is None:
        return None
    return _Files(
        city=city,
        calendar=calendar,
        promises=promises,
        exceptions=exceptions,
        geography=geography,
        unit_types=unit_types,
        unit_names=unit_names,
        vacancies=vacancies,
        groups=groups,
        categories=categories,
        duty_list=duty_list,
        skip_rules=skip_rules,
        surges=surges,
        whistles=whistles,
        partners=partners,
        admissions=admissions,
    )


def _build(name: str, files: _Files, log: FaultLog) -> CityPack | None:
    check_promises(files.promises, files.calendar.office_day, log)
    check_exceptions(files.exceptions, files.city, files.calendar.office_day, log)
    policies = files.promises.policies
    types = _unit_types(files.unit_types, log)
    names = _unit_names(files.unit_names, types, log)
    groups = build_groups(files.groups, log)
    categories = build_categories(files.categories, groups, types, policies, log)
    divisions = build_divisions(files.geography, files.city, log)
    if divisions is None:
        return None
    context = DutyContext(categories, policies, types, divisions)
    duty_list = build_duty_list(files.duty_list, context, log)
    skip_rules = build_skip_rules(
        files.city.skip_rules or "", files.skip_rules, Catalogue(groups, categories, policies), divisions, log
    )
    duty_index = index_duty_list(duty_list)
    surges = build_surges(
        files.city, files.surges, files.promises, categories, duty_index, files.calendar.office_day, log
    )
    admissions = build_admissions(files.admissions, context, log)
    vacancies = tuple(
        Vacancy(row.unit, row.since, row.until, row.reason) for row in (line.row for line in files.vacancies)
    )
    directory = CityDirectory(divisions, types, names, vacancies, admissions)
    _check_vacancies(files.vacancies, directory, log)
    return CityPack(
        name=name,
        city=files.city,
        calendar=files.calendar,
        policies=policies,
        common=files.promises.common,
        exceptions=files.exceptions,
        notice_zh=files.promises.notice_zh,
        notice_en=files.promises.notice_en,
        groups=groups,
        categories=categories,
        unit_types=types,
        duty_list=duty_list,
        duty_index=duty_index,
        skip_rules=skip_rules,
        surges=surges,
        whistles=build_whistles(
            files.city, files.whistles, categories, types, files.calendar.office_day, log
        ),
        partners=files.partners,
        admissions=admissions,
        vacancies=vacancies,
        divisions=divisions,
        places=build_places(files.geography, divisions, files.city, log),
        directory=directory,
        by_identifier={category.identifier: category for category in categories.values()},
    )


def _unit_types(lines: list[Line[UnitTypeRow]], log: FaultLog) -> dict[str, UnitType]:
    note_repeats(UNIT_TYPES, "id", ((line.at, line.row.id) for line in lines), log)
    rows = (line.row for line in lines)
    return {row.id: UnitType(row.id, frozenset(row.levels), row.zh, row.en, row.scope) for row in rows}


def _unit_names(
    lines: list[Line[UnitNameRow]], types: Mapping[str, UnitType], log: FaultLog
) -> dict[tuple[str, str], UnitName]:
    note_repeats(
        UNIT_NAMES, "type", ((line.at, f"{line.row.type} {line.row.kind}".strip()) for line in lines), log
    )
    for line in lines:
        if line.row.type not in types:
            log.add(
                UNIT_NAMES, line.at, "type", f"unknown unit type {line.row.type}", "a type of unit_types.csv"
            )
    return {(line.row.type, line.row.kind): UnitName(line.row.zh, line.row.en) for line in lines}


def _check_vacancies(lines: list[Line[VacancyRow]], directory: CityDirectory, log: FaultLog) -> None:
    for line in lines:
        row = line.row
        if directory.unit_by_code(row.unit) is None:
            log.add(
                VACANCIES, line.at, "unit", f"unknown unit {row.unit}", "the code of a unit, <area>-<type>"
            )
        if row.until and row.until < row.since:
            log.add(VACANCIES, line.at, "until", f"{row.until} is before {row.since}", "a later day")
