"""Who involves whom: which of a play's requests go to a partner, to joint units, to departments that a town calls, or
to a field party.

Drawn by the crew's shares where the matter fits, and then chosen until every way is seen: luck alone would leave a
short play without some of them. A matter fits best where the catalogue or the whistle list names the neighbour for its
category, and well enough where ``neighbours.csv`` names one for its group.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import get_args, get_type_hints

from cities.catalogue import Category
from cities.pack import CityPack, pack_folder
from domain.field_tasks import FieldParty
from domain.levels import Level
from domain.limits.policy import Policy
from domain.partners import Partner, VolunteerTask
from domain.whistles import Spot, WhistleKind
from stack.errors import StackProblem
from stack.playing.company import ALONE, Call, Company, HandOver
from stack.playing.crew import Crew, Fate
from stack.playing.tables import rows_of

MANY = 60
"""From so many requests on, a play shows each way twice; a shorter one once."""
QUICK_TO_CLIMB = timedelta(seconds=75)
"""Only a request whose whole limit is this short is left untouched, so that the play ends in good time; for other ways
it is taken last.
"""
_BY_NAME, _BY_GROUP, _NOT_AT_ALL = 2, 1, 0
"""How well a way fits a matter: named for its category, named for its group, or not."""
_MOST_CALLED = 2
_MOST_JOINT = 2


class Way(StrEnum):
    """How somebody else comes to share the work on a request."""

    ENFORCEMENT = "enforcement"
    AFFAIRS = "affairs"
    VOLUNTEERS = "volunteers"
    JOINT = "joint"
    WHISTLE = "whistle"
    FIELD_TASK = "field_task"


PARTNERS: dict[Way, Partner] = {Way(partner.value): Partner(partner) for partner in Partner}
_LINKS = {Way.ENFORCEMENT: "E", Way.AFFAIRS: "A", Way.VOLUNTEERS: "V"}
_DETAILS: dict[Way, frozenset[str]] = {
    Way.VOLUNTEERS: frozenset(get_args(get_type_hints(VolunteerTask)["task_kind"])),
    Way.WHISTLE: frozenset(WhistleKind),
    Way.FIELD_TASK: frozenset(FieldParty),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A request of the play, before it comes in. ``quick``: it could climb the whole ladder in good time."""

    case: str
    category: Category
    area: str
    fate: Fate
    quick: bool


Neighbours = Mapping[tuple[str, Way], str]
"""The detail of a way by the group of a category."""


@dataclass(slots=True)
class Casting:
    """The choice for one play; ``partners`` are those that are connected."""

    pack: CityPack
    neighbours: Neighbours
    partners: Collection[Partner]
    day: date
    cast: dict[str, Company] = field(default_factory=dict[str, Company])
    times: Counter[Way] = field(default_factory=Counter[Way])

    def choose(self, candidates: Sequence[Candidate], crew: Crew) -> Mapping[str, Company]:
        """Whom each request involves, by its case; those that involve nobody are left out."""
        for candidate in candidates:
            if _does_its_work(candidate.fate):
                self._as_drawn(candidate)
        least = 2 if len(candidates) >= MANY else 1
        for way in Way:
            if is_done_at_all(crew, way) and self.times[way] < least:
                self._at_least(least, way, candidates)
        return self.cast

    def fit(self, candidate: Candidate, way: Way) -> int:
        """How well a way fits the matter."""
        category = candidate.category
        if way is Way.JOINT:
            return _BY_NAME if self._joint_units(candidate) else _NOT_AT_ALL
        if (category.group, way) not in self.neighbours:
            return _NOT_AT_ALL
        if way is Way.WHISTLE:
            return _BY_NAME if self._call(candidate) else _NOT_AT_ALL
        if way in PARTNERS and PARTNERS[way] not in self.partners:
            return _NOT_AT_ALL
        return _BY_NAME if _LINKS.get(way) in category.links else _BY_GROUP

    def _as_drawn(self, candidate: Candidate) -> None:
        fate = candidate.fate
        if fate.partner != "keeps_it":
            named = [way for way in PARTNERS if self.fit(candidate, way) == _BY_NAME]
            for way in sorted(named, key=lambda way: self.times[way])[:1]:
                self._add(candidate, way)
        for wanted, way in (
            (fate.joint == "together", Way.JOINT),
            (fate.whistle == "whistles", Way.WHISTLE),
            (fate.field == "sends", Way.FIELD_TASK),
        ):
            if wanted and self.fit(candidate, way) and self._is_free_for(candidate, way):
                self._add(candidate, way)

    def _at_least(self, least: int, way: Way, candidates: Sequence[Candidate]) -> None:
        """Let the best ones take the way until it is seen often enough, or nobody is left whom it fits."""
        fitting = [each for each in candidates if self.fit(each, way) and self._is_free_for(each, way)]
        fitting.sort(
            key=lambda each: (
                not _does_its_work(each.fate),
                -self.fit(each, way),
                each.quick,
                self._busy_with(each),
            )
        )
        for candidate in fitting[: least - self.times[way]]:
            self._add(candidate, way)

    def _is_free_for(self, candidate: Candidate, way: Way) -> bool:
        company = self.cast.get(candidate.case, ALONE)
        # A department is asked to join, or called: not both at once.
        shares = bool(company.joint) or company.call is not None
        taken = {
            Way.JOINT: shares,
            Way.WHISTLE: shares,
            Way.FIELD_TASK: company.field_party is not None,
        }
        return not taken.get(way, company.handover is not None)

    def _busy_with(self, candidate: Candidate) -> int:
        company = self.cast.get(candidate.case, ALONE)
        return sum(map(bool, (company.handover, company.joint, company.call, company.field_party)))

    def _add(self, candidate: Candidate, way: Way) -> None:
        company = self.cast.get(candidate.case, ALONE)
        detail = self.neighbours.get((candidate.category.group, way), "")
        match way:
            case Way.JOINT:
                company = replace(company, joint=self._joint_units(candidate))
            case Way.WHISTLE:
                company = replace(company, call=self._call(candidate))
            case Way.FIELD_TASK:
                company = replace(company, field_party=FieldParty(detail))
            case _:
                # Every other one goes on beside: both are to be seen.
                waits = candidate.fate.partner == "waits" or (
                    candidate.fate.partner == "keeps_it" and self.times[way] % 2 == 0
                )
                company = replace(company, handover=HandOver(PARTNERS[way], detail, waits))
        self.cast[candidate.case] = company
        self.times[way] += 1

    def _joint_units(self, candidate: Candidate) -> tuple[str, ...]:
        """Departments that the catalogue names as joint units, without the one that may come to lead."""
        category = candidate.category
        return tuple(
            code
            for unit_type in category.joint
            if unit_type != category.lead_unit
            for code in self._filled(unit_type, candidate.area, Level.DISTRICT)
        )[:_MOST_JOINT]

    def _call(self, candidate: Candidate) -> Call | None:
        category = candidate.category
        town = next(iter(self._filled("town_office", candidate.area, Level.TOWN)), None)
        point = self.pack.places.point(candidate.area)
        kind = WhistleKind(self.neighbours[category.group, Way.WHISTLE])
        if town is None or point is None or kind not in self.pack.whistles.kinds:
            return None
        summoned = dict[str, str]()
        for entry in self.pack.whistles.entries:
            for power in entry.powers if category.code in entry.categories else ():
                for code in self._filled(power.unit_type, candidate.area, Level.DISTRICT):
                    summoned.setdefault(code, power.code)
        called = tuple(summoned.items())[:_MOST_CALLED]
        return Call(kind, town, called, Spot(point.latitude, point.longitude)) if called else None

    def _filled(self, unit_type: str, area: str, level: Level) -> Iterator[str]:
        kind = self.pack.unit_types.get(unit_type)
        if kind is not None and level in kind.levels:
            unit = self.pack.directory.unit(unit_type, level, area, self.day)
            if unit is not None:
                yield unit.code


def could_climb(category: Category, policy: Policy) -> bool:
    """Whether a request could be left untouched and climb the whole ladder in good time."""
    return category.route_level is Level.GRID and policy.total.elapsed <= QUICK_TO_CLIMB


def climber_of(candidates: Sequence[Candidate], cast: Collection[str]) -> str | None:
    """The case of the request that shows the climb: one that is left untouched anyway, else one that ends well."""
    free = [each for each in candidates if each.quick and each.case not in cast]
    free.sort(key=lambda each: (each.fate.unit != "untouched", each.fate.callback != "satisfied"))
    return free[0].case if free else None


def suited(fate: Fate) -> Fate:
    """The fate of a request that involves somebody: its people are there, and its caller waits."""
    return fate if _does_its_work(fate) else replace(fate, unit="prompt", citizen="waits")


def is_done_at_all(crew: Crew, way: Way) -> bool:
    """Whether the crew ever takes that way; one that never does is not made to."""
    options = {Way.JOINT: crew.joint, Way.WHISTLE: crew.whistle, Way.FIELD_TASK: crew.field}
    idle = {"keeps_it", "alone", "silent", "goes_itself"}
    return any(option.share > 0 and option.word not in idle for option in options.get(way, crew.partner))


def read_neighbours(pack: CityPack, folder: Path | None = None) -> Neighbours:
    """The neighbours of each group of categories.

    Raises:
        StackProblem: the file is missing, or names a group, a way or a detail that there is not.
    """
    file = (folder or pack_folder(pack.name) / "demo") / "neighbours.csv"
    found = dict[tuple[str, Way], str]()
    for row in rows_of(file, "group", "way", "detail"):
        group, way, detail = row["group"], row["way"], row["detail"]
        if group not in pack.groups:
            raise StackProblem(f"{file} names {group}, which is no group of the catalogue.")
        if way not in set(Way):
            raise StackProblem(f"{file} gives {group} the way {way}, which is none.")
        if detail not in _DETAILS.get(Way(way), {detail}) or not detail:
            raise StackProblem(f"{file} gives {group} the {way} {detail!r}, which is none.")
        found[group, Way(way)] = detail
    return found


def _does_its_work(fate: Fate) -> bool:
    """Whether the first unit acts by itself and keeps the request."""
    return fate.unit in ("prompt", "wrong_outcome", "poor_reply") and fate.citizen != "withdraws"
