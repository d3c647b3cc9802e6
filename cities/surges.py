"""Reading what a city has prepared for a surge (战时/平急转换): policies for it, and sets that say what replaces what.

Nothing of it is in force by itself: a set is switched on for a part of the city and a time, and off again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from cities.catalogue import Category
from cities.faults import FaultLog
from cities.promises import BY_URGENCY, Promises, policy_of
from cities.schemas import CityFile, Identifier, PolicyRecord, Record, Text
from cities.tables import read_json, reason_of
from domain.limits.policy import Policy, faults_of
from domain.responsibility.routing import DutyIndex, unanswered_levels

PolicyCode = Annotated[str, Field(pattern=r"^P-[A-Z0-9-]+$")]


class SurgeSetRecord(Record):
    """A set of substitutions by its name."""

    set: Identifier
    name_zh: Text
    name_en: Text
    substitutions: Annotated[dict[PolicyCode, PolicyCode], Field(min_length=1)]


class SurgesFile(Record):
    """The file of surges: policies under which no matter stands by itself, and the sets that put matters there."""

    policies: tuple[PolicyRecord, ...]
    sets: tuple[SurgeSetRecord, ...]


@dataclass(frozen=True, slots=True)
class SurgeSet:
    """A prepared set: the policies that replace others while it is switched on."""

    code: str
    name_zh: str
    name_en: str
    substitutions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SurgeBook:
    """What a city has prepared, policies and sets by code."""

    policies: Mapping[str, Policy] = field(default_factory=dict[str, Policy])
    sets: Mapping[str, SurgeSet] = field(default_factory=dict[str, SurgeSet])


def read_surges(folder: Path, city: CityFile, log: FaultLog) -> SurgesFile | None:
    """The file that city.json names under ``surges``; ``None`` if that is null, or with faults in the log."""
    if "surges" not in city.model_fields_set:
        expected = "a file, or null where nothing is prepared for a surge"
        log.add("city.json", "", "surges", "the pack does not say where its surges stand", expected)
    if city.surges is None:
        return None
    content = read_json(folder, city.surges, log)
    if content is None:
        return None
    try:
        return SurgesFile.model_validate(content)
    except ValidationError as refused:
        for error in refused.errors():
            where = ".".join(str(part) for part in error["loc"])
            log.add(city.surges, "", where, f"{error['input']!r}: {reason_of(error)}")
        return None


def build_surges(
    city: CityFile,
    file: SurgesFile | None,
    promises: Promises,
    categories: Mapping[str, Category],
    duty_list: DutyIndex,
    office_day: timedelta,
    log: FaultLog,
) -> SurgeBook:
    """What was prepared, after a check that it could be switched on: sound policies, known codes, somebody responsible
    on every level that a matter would come to.
    """
    if file is None:
        return SurgeBook()
    policies = {record.policy: policy_of(record, promises.by_urgency) for record in file.policies}
    sets = {
        record.set: SurgeSet(record.set, record.name_zh, record.name_en, record.substitutions)
        for record in file.sets
    }
    name = city.surges or ""
    known = {**promises.policies, **policies}
    for code, reason, expected in _faults(file, promises, policies, office_day):
        log.add(name, code, "", reason, expected)
    for surge_set in sets.values():
        for field_name, reason, expected in _faults_of_set(surge_set, promises, known, categories, duty_list):
            log.add(name, surge_set.code, field_name, reason, expected)
    return SurgeBook(policies, sets)


def _faults(
    file: SurgesFile, promises: Promises, policies: Mapping[str, Policy], office_day: timedelta
) -> Iterator[tuple[str, str, str]]:
    codes = [*(record.policy for record in file.policies), *(record.set for record in file.sets)]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield code, "it stands twice", "each once"
    for code, policy in policies.items():
        if code in promises.policies:
            yield code, "a policy of the policy table has this code", "another code"
        # What hangs on the urgency alone is faulted where it stands, in the policy table.
        own = (fault for fault in faults_of(policy, office_day) if fault.field not in BY_URGENCY)
        for fault in own:
            yield code, f"{fault.field}: {fault.reason}", fault.expected


def _faults_of_set(
    surge_set: SurgeSet,
    promises: Promises,
    known: Mapping[str, Policy],
    categories: Mapping[str, Category],
    duty_list: DutyIndex,
) -> Iterator[tuple[str, str, str]]:
    for usual, instead in surge_set.substitutions.items():
        where = f"substitutions.{usual}"
        if usual not in promises.policies:
            yield where, f"unknown policy {usual}", "a code of policies.json"
            continue
        if instead not in known:
            yield where, f"unknown policy {instead}", "a code of this file or of policies.json"
            continue
        for category in (each for each in categories.values() if each.policy == usual):
            for level in unanswered_levels(category.code, category.route_level, known[instead], duty_list):
                yield (
                    where,
                    f"nobody answers for {category.code} on the level {level}",
                    "an entry without an area",
                )
