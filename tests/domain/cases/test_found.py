"""What a partner finds besides becomes a request once, in whatever order and however often it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.acts.neighbours import ReportFound
from domain.cases.deadlines import pass_time
from domain.cases.found import channel_of, described, is_matter, key_of, registered, type_of
from domain.cases.receiving import receive
from domain.cases.state import CaseState, begin_case
from domain.cases.wishes import settle
from domain.partners import CaseMessage, CaseStatus, FoundMatter, Partner
from domain.responsibility.routing import Place
from tests.support.builders import MONDAY_MORNING
from tests.support.partners import brief, said

AFFAIRS, VOLUNTEERS = Partner.AFFAIRS, Partner.VOLUNTEERS
LAMP, STAIRS = FoundMatter("路灯一盏不亮"), FoundMatter("楼道堆放杂物", evidence=("p-1",))
HERE, THERE = Place("440106012", "五山路1号"), Place("440106012", "五山路9号")


def review(score: int, text: str = "等了三个小时") -> FoundMatter:
    return FoundMatter(text, score=score)


def task() -> CaseState:
    return begin_case(brief(VOLUNTEERS))


def heard(
    state: CaseState,
    messages: Sequence[CaseMessage],
    now: datetime = MONDAY_MORNING,
    *,
    numbered: bool = False,
) -> CaseState:
    """The case after the messages; ``numbered``: each thing found is registered before the next message comes."""
    for message in messages:
        state = receive(state, message, now).state
        if numbered and state.unregistered:
            numbers = [f"2026-{len(state.found)}-{nth}" for nth, _ in enumerate(state.unregistered)]
            state = registered(state, numbers).state
    return state


def texts(state: CaseState) -> set[str]:
    return {matter.found.text for matter in state.found if matter.found}


def test_a_review_of_one_or_two_points_is_a_matter_and_a_better_one_is_not() -> None:
    assert [score for score in range(1, 6) if is_matter(review(score))] == [1, 2]


@pytest.mark.parametrize("found", [LAMP, STAIRS, FoundMatter("x", "R-1", "0104", THERE)])
def test_every_issue_is_a_matter(found: FoundMatter) -> None:
    assert is_matter(found)
    assert (channel_of(found), type_of(found)) == ("volunteer_report", "help")


def test_a_bad_review_is_a_complaint_by_a_channel_of_its_own() -> None:
    assert (channel_of(review(1)), type_of(review(1))) == ("bad_review", "complaint")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (LAMP, replace(LAMP, text=" 路灯一盏不亮 "), True),
        (LAMP, replace(LAMP, evidence=("p-9",), category="0301"), True),
        (LAMP, replace(LAMP, text="路灯两盏不亮"), False),
        (replace(LAMP, place=HERE), replace(LAMP, place=THERE), False),
        (replace(LAMP, place=HERE), LAMP, False),
        (replace(LAMP, reference="R-1"), replace(LAMP, reference="R-1", text="路灯两盏不亮"), True),
        (replace(LAMP, reference="R-1"), replace(LAMP, reference="R-2"), False),
        (FoundMatter("R-1"), FoundMatter("x", reference="R-1"), False),
        (review(1), review(2, "还要再等"), True),
    ],
)
def test_what_makes_two_tellings_the_same_matter(one: FoundMatter, other: FoundMatter, same: bool) -> None:
    assert (key_of(one) == key_of(other)) is same


def test_a_corrected_report_adds_what_it_adds() -> None:
    first = said("report", 2, found=(LAMP,))
    corrected = said("report", 3, found=(LAMP, STAIRS))
    state = heard(task(), [said("check_in", 1), first, corrected], numbered=True)
    assert len({matter.number for matter in state.found}) == 2


def test_a_review_that_turns_bad_becomes_a_request_and_one_that_turns_good_stays_one() -> None:
    better = heard(begin_case(brief(AFFAIRS)), [said("review_posted", 1, found=(review(5),))])
    assert not better.found
    worse = heard(better, [said("review_posted", 2, found=(review(1),))], numbered=True)
    again = heard(worse, [said("review_posted", 3, found=(review(4),))], numbered=True)
    assert [matter.key for matter in again.found] == ["review"]
    assert again.found == worse.found


def test_a_review_leaves_what_stands_of_its_case() -> None:
    ready = said(
        "ready_for_collection", 3, code="8802", text="2 号柜", until=MONDAY_MORNING + timedelta(days=9)
    )
    life = [said("affair_accepted", 1, number="BJ1"), said("affair_decided", 2, code="granted"), ready]
    before = heard(begin_case(brief(AFFAIRS)), life)
    step = receive(
        before, said("review_posted", 4, code="score_1", text="慢", found=(review(1),)), MONDAY_MORNING
    )
    assert step.reports == ()
    changed = {"version", "applied", "kinds", "found"}
    for name in set(CaseState.__dataclass_fields__) - changed:
        assert getattr(step.state, name) == getattr(before, name), name
    assert step.state.applied == 4


def test_a_review_after_the_end_counts_and_changes_no_result() -> None:
    life = ("affair_accepted", "affair_decided", "ready_for_collection", "collected")
    over = heard(begin_case(brief(AFFAIRS)), [said(kind, nth) for nth, kind in enumerate(life, start=1)])
    assert over.status is CaseStatus.DONE
    step = receive(over, said("review_posted", 5, found=(review(2),)), MONDAY_MORNING)
    assert (step.state.status, step.state.last_kind, step.reports) == (CaseStatus.DONE, "collected", ())
    assert [matter.key for matter in step.state.unregistered] == ["review"]


def test_what_was_found_by_a_report_whose_gap_was_stepped_over_is_found_all_the_same() -> None:
    state = heard(task(), [said("check_in", 1), said("report", 3, found=(LAMP,))])
    assert not state.found, "the report before it is awaited"
    state = pass_time(state, MONDAY_MORNING + state.brief.hold_gaps).state
    late = heard(state, [said("report", 2, found=(STAIRS,))])
    assert (texts(late), late.applied, late.version) == ({LAMP.text, STAIRS.text}, 3, state.version + 1)
    assert heard(late, [said("report", 2, found=(STAIRS,))]) == late


def test_what_a_held_report_found_outlives_a_settlement_by_hand() -> None:
    held = heard(task(), [said("report", 3, found=(LAMP,))])
    step = settle(held, CaseStatus.DONE, "told by telephone", "", MONDAY_MORNING)
    assert (texts(step.state), step.state.held) == ({LAMP.text}, ())


def test_the_numbers_are_told_to_whoever_holds_the_case() -> None:
    state = heard(task(), [said("check_in", 1), said("report", 2, found=(LAMP, STAIRS))])
    step = registered(replace(state, request="20260302-0000009"), ("n-1", "n-2"))
    (told,) = step.reports
    assert (told.number, told.act) == ("20260302-0000009", ReportFound(state.id, ("n-1", "n-2")))
    assert told.key == f"{state.id}:found:{step.state.version}"
    assert step.state.version == state.version + 1
    assert not step.state.unregistered
    assert [(matter.number, matter.found) for matter in step.state.found] == [("n-1", None), ("n-2", None)]


@pytest.mark.parametrize(
    ("found", "accepted", "words"),
    [
        (LAMP, False, "路灯一盏不亮\n\n[来源 found in x-p1]\n[地点 place 440106012 五山路1号]"),
        (LAMP, True, "路灯一盏不亮\n\n[来源 found in x-p1]"),
        (
            replace(STAIRS, category="9999", place=Place("440106012")),
            False,
            "楼道堆放杂物\n\n[来源 found in x-p1]\n[照片 photos p-1]\n[地点 place 440106012]\n[事项 category 9999]",
        ),
        (review(1, ""), True, "[来源 found in x-p1]\n[评价 review 1/5]"),
    ],
)
def test_a_description_says_what_was_found_and_what_the_agent_must_know(
    found: FoundMatter, accepted: bool, words: str
) -> None:
    place = found.place or HERE
    assert described(found, "x-p1", place=place, accepted=accepted) == words


REPORTS = st.lists(
    st.lists(
        st.sampled_from([LAMP, STAIRS, replace(LAMP, place=THERE), FoundMatter("x", "R-1")]), max_size=3
    ),
    min_size=1,
    max_size=5,
)


@given(REPORTS, st.data())
def test_each_matter_is_registered_once_whatever_the_order_and_number_of_deliveries(
    reports: list[list[FoundMatter]], data: st.DataObject
) -> None:
    messages = [
        said("check_in", 1),
        *(said("report", nth, found=tuple(found)) for nth, found in enumerate(reports, start=2)),
    ]
    again = data.draw(st.lists(st.sampled_from(messages), max_size=4))
    arrived = data.draw(st.permutations([*messages, *again]))
    late = data.draw(st.booleans())
    state = task()
    if late:
        # The first to come waits in vain for those before it, and they come at last.
        state = heard(state, arrived[:1], numbered=True)
        state = pass_time(state, MONDAY_MORNING + state.brief.hold_gaps).state
    waited = MONDAY_MORNING + state.brief.hold_gaps
    mixed = heard(state, arrived, waited, numbered=True)
    mixed = pass_time(mixed, waited + state.brief.hold_gaps).state
    keys = {key_of(found) for report in reports for found in report}
    if mixed.unregistered:
        mixed = registered(mixed, [f"last-{nth}" for nth, _ in enumerate(mixed.unregistered)]).state
    assert {matter.key for matter in mixed.found} == keys
    assert len({matter.number for matter in mixed.found}) == len(keys) == len(mixed.found)
    assert not mixed.held
