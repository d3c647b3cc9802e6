"""Reading a city's terms for the neighbouring systems (外部系统): how long each may take, and how often it is asked.

A partner that the file does not name takes nothing from this city.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from cities.faults import FaultLog
from cities.schemas import CityFile, Limit, Record, Text
from cities.tables import read_json, reason_of
from domain.partners import CaseTerms, Partner
from domain.time.durations import Duration, Unit

SHORTEST_POLL, LONGEST_POLL = timedelta(minutes=1), timedelta(days=7)
SHORTEST_GAP, LONGEST_GAP = timedelta(minutes=1), timedelta(days=3)

_SECONDS = {Unit.S: 1, Unit.MIN: 60, Unit.H: 3600}
"""The units of waits that go on day and night."""


class TermsRecord(Record):
    """One partner: within what time it answers, after what silence it is asked, how long a message waits for those
    before it, and until when volunteers claim a task.
    """

    partner: Partner
    zh: Text
    en: Text
    answer_within: Limit
    poll_every: Limit
    hold_gaps: Limit
    claim_within: Limit | None = None


class PartnersFile(Record):
    """The file of partners."""

    partners: Annotated[tuple[TermsRecord, ...], Field(min_length=1)]


def read_partners(folder: Path, city: CityFile, log: FaultLog) -> Mapping[Partner, CaseTerms]:
    """The terms of every partner in the file that city.json names under ``partners``; none if that is null, or with
    faults in the log.
    """
    if "partners" not in city.model_fields_set:
        expected = "a file, or null where no neighbouring system takes matters"
        log.add("city.json", "", "partners", "the pack does not say where its partners stand", expected)
    if city.partners is None:
        return {}
    content = read_json(folder, city.partners, log)
    if content is None:
        return {}
    try:
        file = PartnersFile.model_validate(content)
    except ValidationError as refused:
        for error in refused.errors():
            where = ".".join(str(part) for part in error["loc"])
            log.add(city.partners, "", where, f"{error['input']!r}: {reason_of(error)}")
        return {}
    faults = [(city.partners, *fault) for fault in _faults(file)]
    for fault in faults:
        log.add(*fault)
    return {} if faults else {record.partner: _terms(record) for record in file.partners}


def _faults(file: PartnersFile) -> Iterator[tuple[str, str, str, str]]:
    named = [record.partner for record in file.partners]
    for partner in sorted({partner for partner in named if named.count(partner) > 1}):
        yield partner, "partner", "it stands twice", "each once"
    for record in file.partners:
        yield from _faults_of_wait(
            record.partner, "poll_every", record.poll_every, SHORTEST_POLL, LONGEST_POLL
        )
        yield from _faults_of_wait(record.partner, "hold_gaps", record.hold_gaps, SHORTEST_GAP, LONGEST_GAP)
        claims = record.partner is Partner.VOLUNTEERS
        if claims and record.claim_within is None:
            yield record.partner, "claim_within", "a task that nobody claims would wait for ever", "a limit"
        if not claims and record.claim_within is not None:
            yield record.partner, "claim_within", f"nobody claims anything at the {record.partner}", "null"


def _faults_of_wait(
    partner: Partner, field: str, limit: Duration, shortest: timedelta, longest: timedelta
) -> Iterator[tuple[str, str, str, str]]:
    if limit.unit not in _SECONDS:
        yield partner, field, f"{limit} does not go on day and night", "s, min or h"
    elif not shortest <= _elapsed(limit) <= longest:
        yield partner, field, f"{limit} is out of bounds", f"from {shortest} to {longest}"


def _terms(record: TermsRecord) -> CaseTerms:
    return CaseTerms(
        partner=record.partner,
        zh=record.zh,
        en=record.en,
        answer_within=record.answer_within,
        poll_every=_elapsed(record.poll_every),
        hold_gaps=_elapsed(record.hold_gaps),
        claim_within=record.claim_within,
    )


def _elapsed(limit: Duration) -> timedelta:
    return timedelta(seconds=limit.amount * _SECONDS[limit.unit])
