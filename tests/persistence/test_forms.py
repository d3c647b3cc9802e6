"""What the domain shows and what the tables hold are the same fields, and everything survives being spelled."""

from __future__ import annotations

import json
from dataclasses import fields

from domain.notices.telling import Notice
from domain.request import Intake
from domain.summary import LegSummary, RequestSummary, SummonsSummary, summarize
from persistence.forms import canonical, facts, intakes
from persistence.projections import rows_of
from persistence.tables import legs, notices, requests, summonses
from tests.support.builders import intake, unclassified
from tests.support.stories import climbed, closed, entries, told


def test_every_field_of_a_summary_has_its_column() -> None:
    own = {f.name for f in fields(RequestSummary)} - {"legs", "summonses"}
    assert {column.name for column in requests.columns} == own
    summoned = {f.name for f in fields(SummonsSummary)}
    assert {column.name for column in summonses.columns} == summoned | {"number", "seq"}
    assert {column.name for column in legs.columns} == {f.name for f in fields(LegSummary)} | {
        "number",
        "seq",
    }
    assert {column.name for column in notices.columns} == {f.name for f in fields(Notice)} | {"read_at"}


def test_rows_hold_what_the_summary_says() -> None:
    begun = intake()
    summary = summarize(climbed(begun).state)
    board, inbox = rows_of(summary)
    assert RequestSummary(**board, legs=summary.legs) == summary
    for row, leg in zip(inbox, summary.legs, strict=True):
        assert (row.pop("number"), row.pop("seq")) == (summary.number, summary.seq)
        assert LegSummary(**row) == leg


def test_intakes_and_facts_survive_being_spelled() -> None:
    for begun in (intake(), unclassified()):
        spelled = canonical(intakes.dump_python(begun, mode="json"))
        read: Intake = intakes.validate_python(json.loads(spelled))
        assert read == begun
    for event in told(entries(intake(), closed(intake()))):
        spelled = canonical(facts.dump_python(event.what, mode="json"))
        assert facts.validate_python(json.loads(spelled)) == event.what


def test_equal_values_are_spelled_alike_whatever_their_order() -> None:
    assert canonical({"b": [1.5, None], "a": "中"}) == canonical({"a": "中", "b": [1.5, None]})
    assert canonical({"b": [1.5, None], "a": "中"}) == '{"a":"中","b":[1.5,null]}'
