"""Reconciliation: what the two sides do not agree on, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cases.reconciliation import Disagreement, OurSide, TheirSide, differences
from domain.partners import CaseStatus

OPENING, HANDED_OVER, UNDER_WAY = CaseStatus.OPENING, CaseStatus.HANDED_OVER, CaseStatus.UNDER_WAY
DONE, REFUSED, WITHDRAWN = CaseStatus.DONE, CaseStatus.REFUSED, CaseStatus.WITHDRAWN


@pytest.mark.parametrize(
    ("ours", "theirs", "what"),
    [
        ((UNDER_WAY, 2), (2, False), None),
        ((DONE, 3), (3, True), None),
        ((OPENING, 0), None, None),
        ((OPENING, 0), (0, False), None),
        ((DONE, 3), None, None),
        ((DONE, 3), (3, False), None),  # they close the file later
        ((UNDER_WAY, 3), (2, False), None),  # they have just said more
        ((WITHDRAWN, 1), (1, True), None),
        ((UNDER_WAY, 2), None, Disagreement.MISSING_THERE),
        ((HANDED_OVER, 0), None, Disagreement.MISSING_THERE),
        (None, (1, False), Disagreement.MISSING_HERE),
        (None, (4, True), Disagreement.MISSING_HERE),
        ((UNDER_WAY, 1), (2, False), Disagreement.BEHIND),
        ((OPENING, 0), (1, False), Disagreement.BEHIND),
        ((UNDER_WAY, 1), (4, True), Disagreement.BEHIND),
        ((DONE, 3), (4, True), Disagreement.BEHIND),
        ((UNDER_WAY, 4), (4, True), Disagreement.ENDED_THERE),
        ((WITHDRAWN, 1), (1, False), Disagreement.NOT_WITHDRAWN),
        ((REFUSED, 0), (0, False), Disagreement.NOT_WITHDRAWN),
    ],
)
def test_what_differs_is_named(
    ours: tuple[CaseStatus, int] | None, theirs: tuple[int, bool] | None, what: Disagreement | None
):
    known = {"c": OurSide("c", *ours)} if ours else {}
    listed = [TheirSide("c", *theirs)] if theirs else []
    assert [each.what for each in differences(known, listed)] == ([] if what is None else [what])


def test_only_what_needs_people_is_left_to_them():
    left = {each for each in Disagreement if not each.is_repaired_by_us}
    assert left == {Disagreement.MISSING_HERE, Disagreement.NOT_WITHDRAWN}


CASES = st.sampled_from(["a", "b", "c", "d", "e"])
OURS = st.dictionaries(CASES, st.tuples(st.sampled_from(CaseStatus), st.integers(0, 5)))
THEIRS = st.dictionaries(CASES, st.tuples(st.integers(0, 5), st.booleans()))


@given(OURS, THEIRS)
def test_a_case_differs_in_one_way_at_most_and_two_equal_sides_in_none(
    ours: dict[str, tuple[CaseStatus, int]], theirs: dict[str, tuple[int, bool]]
):
    known = {case: OurSide(case, *said) for case, said in ours.items()}
    listed = [TheirSide(case, *said) for case, said in theirs.items()]
    found = differences(known, listed)
    assert [each.case for each in found] == sorted({each.case for each in found})
    assert {each.case for each in found if each.what is Disagreement.MISSING_HERE} == {*theirs} - {*ours}
    mirrored = [TheirSide(each.case, each.messages, not each.status.is_open) for each in known.values()]
    assert differences(known, mirrored) == ()
