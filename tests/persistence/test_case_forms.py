"""Everything that a request knows of its cases survives being spelled, whichever partner has it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from domain.events import (
    Adopted,
    CaseOpened,
    CaseReported,
    CaseSettled,
    CaseWithdrawalAsked,
    MattersFound,
)
from domain.partners import Case, CaseStatus, Handover, Partner
from persistence.forms import canonical, facts
from tests.support.builders import AFFAIR, CLUE, MONDAY_MORNING, PATROL

CASE = "20260302-0000001-p1"
KNOWN = Case(CASE, Partner.AFFAIRS, "1", True, MONDAY_MORNING, MONDAY_MORNING, withdrawal="irrevocable")


def opened(handover: Handover) -> CaseOpened:
    """A case opened with whoever takes the handover."""
    return CaseOpened(
        CASE,
        Partner(handover.to),
        "1",
        handover,
        due_at=MONDAY_MORNING,
        poll_every=timedelta(hours=4),
        hold_gaps=timedelta(hours=24),
        claim_by=MONDAY_MORNING,
        evidence=("photo-1",),
    )


@pytest.mark.parametrize(
    "fact",
    [
        opened(CLUE),
        opened(AFFAIR),
        opened(PATROL),
        CaseWithdrawalAsked(CASE, "the unit lost the lead", "leg_taken_away"),
        CaseReported(CASE, Partner.AFFAIRS, CaseStatus.DONE, "collected", version=3, until=MONDAY_MORNING),
        CaseSettled(CASE, Partner.VOLUNTEERS, CaseStatus.REFUSED, "told", "scan-1", "17"),
        MattersFound(CASE, Partner.VOLUNTEERS, ("20260303-0000001", "20260303-0000002")),
        Adopted("20260302-0000002", has_contact=True, cases=(KNOWN,)),
    ],
    ids=lambda fact: fact.kind,
)
def test_facts_of_cases_survive_being_spelled(fact: Any) -> None:
    spelled = canonical(facts.dump_python(fact, mode="json"))
    assert facts.validate_python(json.loads(spelled)) == fact


def test_a_fact_from_before_there_were_cases_reads_as_one_without() -> None:
    old = {"kind": "adopted", "child": "20260302-0000002", "has_contact": True}
    assert facts.validate_python(old) == Adopted("20260302-0000002", has_contact=True)
