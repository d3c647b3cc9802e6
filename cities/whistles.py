"""Reading a city's whistles (吹哨): the terms of each kind, and the whistle list of matters and powers.

city.json says in ``whistles`` where they stand, or null where nobody may whistle; nothing is assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from cities.catalogue import Category
from cities.faults import FaultLog
from cities.schemas import CityFile, Code, Identifier, Limit, Record, Text
from cities.tables import read_json, reason_of
from cities.units import UnitType
from domain.levels import Level
from domain.limits.policy import comparable
from domain.time.durations import Duration
from domain.whistles import Post, WhistleKind, WhistleTerms


class KindRecord(Record):
    """One kind of whistle. ``attend_rural`` holds for the towns of ``rural_kinds`` instead of ``attend``."""

    kind: WhistleKind
    zh: Text
    en: Text
    started_by: Level
    summons: Level
    acknowledge: Limit
    attend: Limit
    attend_rural: Limit | None = None
    plan: Limit | None = None
    result: Limit
    may_name_time: bool = False
    authority_from: Post
    radius: Annotated[int, Field(ge=10, le=5000)]
    rating_within: Limit


class PowerRecord(Record):
    """A power that may be called for, and the type of unit that holds it."""

    code: Identifier
    zh: Text
    en: Text
    unit_type: Identifier


class EntryRecord(Record):
    """One entry of the whistle list: matters for which powers may be called without a signature."""

    code: Text
    zh: Text
    en: Text
    categories: Annotated[tuple[Code, ...], Field(min_length=1)]
    powers: Annotated[tuple[PowerRecord, ...], Field(min_length=1)]


class WhistlesFile(Record):
    """The file of whistles; ``rural_kinds`` are the kinds of town divisions that lie in the country."""

    rural_kinds: tuple[Identifier, ...] = ()
    kinds: tuple[KindRecord, ...]
    entries: tuple[EntryRecord, ...]


@dataclass(frozen=True, slots=True)
class Power:
    """A power of the whistle list."""

    code: str
    zh: str
    en: str
    unit_type: str


@dataclass(frozen=True, slots=True)
class WhistleEntry:
    """One entry of the whistle list."""

    code: str
    zh: str
    en: str
    categories: tuple[str, ...]
    powers: tuple[Power, ...]


@dataclass(frozen=True, slots=True)
class WhistleBook:
    """What a city says about whistles; empty where nobody may whistle."""

    kinds: Mapping[WhistleKind, WhistleTerms] = field(default_factory=dict[WhistleKind, WhistleTerms])
    rural: Mapping[WhistleKind, WhistleTerms] = field(default_factory=dict[WhistleKind, WhistleTerms])
    rural_kinds: frozenset[str] = frozenset()
    entries: tuple[WhistleEntry, ...] = ()

    def terms(self, kind: WhistleKind, town_kind: str) -> WhistleTerms | None:
        """The terms of a kind for a town of that kind of division; ``None`` where nobody may whistle so."""
        return (self.rural if town_kind in self.rural_kinds else self.kinds).get(kind)

    def power(self, code: str) -> Power | None:
        """The power of that code."""
        return next((power for entry in self.entries for power in entry.powers if power.code == code), None)

    def is_listed(self, category: str, power: str, unit_type: str) -> bool:
        """Whether the list names the power of that type of unit for the category."""
        return any(
            (each.code, each.unit_type) == (power, unit_type)
            for entry in self.entries
            if category in entry.categories
            for each in entry.powers
        )


def read_whistles(folder: Path, city: CityFile, log: FaultLog) -> WhistlesFile | None:
    """The file that city.json names under ``whistles``; ``None`` if that is null, or with faults in the log."""
    if "whistles" not in city.model_fields_set:
        expected = "a file, or null where nobody may whistle"
        log.add("city.json", "", "whistles", "the pack does not say where its whistles stand", expected)
    if city.whistles is None:
        return None
    content = read_json(folder, city.whistles, log)
    if content is None:
        return None
    try:
        return WhistlesFile.model_validate(content)
    except ValidationError as refused:
        for error in refused.errors():
            where = ".".join(str(part) for part in error["loc"])
            log.add(city.whistles, "", where, f"{error['input']!r}: {reason_of(error)}")
        return None


def build_whistles(
    city: CityFile,
    file: WhistlesFile | None,
    categories: Mapping[str, Category],
    types: Mapping[str, UnitType],
    office_day: timedelta,
    log: FaultLog,
) -> WhistleBook:
    """The book, after a check that every kind stands once with limits that follow each other, and that the list names
    matters and units that exist.
    """
    if file is None:
        return WhistleBook()
    name = city.whistles or ""
    for row, where, reason, expected in (
        *_faults_of_kinds(file, office_day),
        *_faults_of_list(file, categories, types),
    ):
        log.add(name, row, where, reason, expected)
    return WhistleBook(
        kinds={record.kind: _terms(record) for record in file.kinds},
        rural={
            record.kind: replace(_terms(record), attend=record.attend_rural or record.attend)
            for record in file.kinds
        },
        rural_kinds=frozenset(file.rural_kinds),
        entries=tuple(_entry(record) for record in file.entries),
    )


Fault = tuple[str, str, str, str]
"""Row, field, reason, and what would be right."""


def _faults_of_kinds(file: WhistlesFile, office_day: timedelta) -> Iterator[Fault]:
    named = [record.kind for record in file.kinds]
    for kind in WhistleKind:
        if kind not in named:
            yield kind, "kind", "nothing is said about this kind", "one row for each kind"
        elif named.count(kind) > 1:
            yield kind, "kind", "the kind stands twice", "one row for each kind"
    for record in file.kinds:
        if not record.summons.is_above(record.started_by):
            yield record.kind, "summons", f"the {record.started_by} calls nobody below it", "a higher level"
        if record.kind is WhistleKind.EMERGENCY and record.may_name_time:
            yield record.kind, "may_name_time", "an emergency waits for no appointed time", "false"
        yield from _wrong_order(record, office_day)
        yield from _waits_for_office_hours(record)


def _wrong_order(record: KindRecord, office_day: timedelta) -> Iterator[Fault]:
    """Each limit is as long as the one before it, or longer."""
    longest_attend = record.attend_rural or record.attend
    steps = [("acknowledge", record.acknowledge), ("attend", record.attend), ("attend_rural", longest_attend)]
    steps += [("plan", record.plan)] if record.plan is not None else []
    steps.append(("result", record.result))
    for (before, shorter), (after, longer) in pairwise(steps):
        if comparable(longer, office_day) < comparable(shorter, office_day):
            yield record.kind, after, f"{longer} is over before {before}, {shorter}", f"{shorter} or longer"


def _waits_for_office_hours(record: KindRecord) -> Iterator[Fault]:
    if record.kind is not WhistleKind.EMERGENCY:
        return
    limits: tuple[tuple[str, Duration | None], ...] = (
        ("acknowledge", record.acknowledge),
        ("attend", record.attend),
        ("attend_rural", record.attend_rural),
        ("plan", record.plan),
        ("result", record.result),
    )
    for where, limit in limits:
        if limit is not None and limit.is_working:
            yield record.kind, where, f"{limit} waits for office hours", "a limit in s, min, h or d"


def _faults_of_list(
    file: WhistlesFile, categories: Mapping[str, Category], types: Mapping[str, UnitType]
) -> Iterator[Fault]:
    codes = [entry.code for entry in file.entries]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield code, "code", "the entry stands twice", "each once"
    called = frozenset(record.summons for record in file.kinds)
    owners: dict[str, str] = {}
    for entry in file.entries:
        for category in entry.categories:
            if category not in categories:
                yield entry.code, "categories", f"unknown category {category}", "a code of categories.csv"
        yield from _faults_of_powers(entry, types, called, owners)


def _faults_of_powers(
    entry: EntryRecord, types: Mapping[str, UnitType], called: Iterable[Level], owners: dict[str, str]
) -> Iterator[Fault]:
    for power in entry.powers:
        kind = types.get(power.unit_type)
        if kind is None:
            yield entry.code, "powers", f"unknown unit type {power.unit_type}", "a type of unit_types.csv"
        elif not kind.levels.intersection(called):
            yield entry.code, "powers", f"no whistle calls a {power.unit_type}", "a type that can be called"
        if owners.setdefault(power.code, power.unit_type) != power.unit_type:
            yield entry.code, "powers", f"{power.code} is held by {owners[power.code]} too", "one holder"


def _terms(record: KindRecord) -> WhistleTerms:
    return WhistleTerms(
        kind=record.kind,
        zh=record.zh,
        en=record.en,
        started_by=record.started_by,
        summons=record.summons,
        acknowledge=record.acknowledge,
        attend=record.attend,
        plan=record.plan,
        result=record.result,
        may_name_time=record.may_name_time,
        authority_from=record.authority_from,
        radius=record.radius,
        rating_within=record.rating_within,
    )


def _entry(record: EntryRecord) -> WhistleEntry:
    powers = tuple(Power(power.code, power.zh, power.en, power.unit_type) for power in record.powers)
    return WhistleEntry(record.code, record.zh, record.en, record.categories, powers)
