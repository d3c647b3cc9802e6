"""Cases as they were last recorded: once per version, found by request, partner, status and age."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.cases.receiving import receive
from domain.cases.state import CaseState, begin_case
from domain.cases.wishes import settle
from domain.partners import CaseStatus, Partner
from domain.refusals import Refused
from persistence.engine import reading, writing
from persistence.partner_cases import (
    cases_to_compare,
    count_open_cases,
    find_case,
    list_cases,
    load_case,
    record_case,
)
from tests.support.builders import MONDAY_MORNING
from tests.support.partners import brief, said

HOUR = timedelta(hours=1)


async def recorded(engine: AsyncEngine, *states: CaseState) -> None:
    for state in states:
        async with writing(engine) as connection:
            await record_case(connection, state)


def case(nth: int, partner: Partner = Partner.ENFORCEMENT, **changes: Any) -> CaseState:
    """The nth case of a request of its own, opened in the nth hour."""
    begun = brief(partner, request=f"20260302-{nth:07}", opened_at=MONDAY_MORNING + nth * HOUR)
    return replace(begin_case(begun), **changes)


@pytest.mark.parametrize("partner", Partner)
async def test_all_that_a_story_knows_comes_back_as_it_was(engine: AsyncEngine, partner: Partner) -> None:
    begun = begin_case(brief(partner))
    told = receive(begun, said("hearing_held", 1, text="a hearing", hours=2.5), MONDAY_MORNING).state
    held = receive(told, said("hearing_held", 5), MONDAY_MORNING).state
    await recorded(engine, held)
    async with reading(engine) as connection:
        assert await load_case(connection, begun.id) == held
        row = await find_case(connection, begun.id)
        assert await load_case(connection, "nobody") is None
        assert await find_case(connection, "nobody") is None
    assert row is not None
    assert (row.partner, row.status, row.last_sequence, row.last_kind) == (
        partner,
        "opening",
        1,
        "hearing_held",
    )
    assert (row.said, row.hours, row.heard_at) == ("a hearing", 2.5, MONDAY_MORNING)


async def test_what_is_recorded_twice_or_was_overtaken_changes_nothing(engine: AsyncEngine) -> None:
    first = case(1)
    second = replace(first, version=2, status=CaseStatus.HANDED_OVER, number="n-1")
    await recorded(engine, second, first, replace(second, number="another"))
    async with reading(engine) as connection:
        row = await find_case(connection, first.id)
    assert row is not None
    assert (row.version, row.status, row.number) == (2, CaseStatus.HANDED_OVER, "n-1")


async def test_a_partners_cases_come_newest_first_page_by_page_and_by_status(engine: AsyncEngine) -> None:
    done = case(5, status=CaseStatus.DONE, ended_at=MONDAY_MORNING)
    await recorded(engine, *map(case, range(1, 5)), done, case(6, Partner.AFFAIRS))
    async with reading(engine) as connection:
        first = await list_cases(connection, Partner.ENFORCEMENT, limit=3)
        rest = await list_cases(connection, Partner.ENFORCEMENT, limit=3, cursor=first.next_cursor)
        ended = await list_cases(connection, Partner.ENFORCEMENT, statuses=[CaseStatus.DONE])
        with pytest.raises(Refused, match="bad_cursor"):
            await list_cases(connection, Partner.ENFORCEMENT, cursor="x")
    assert [row.case[14:16] for row in (*first.items, *rest.items)] == ["05", "04", "03", "02", "01"]
    assert rest.next_cursor is None
    assert [row.case for row in ended.items] == [done.id]


async def test_what_is_open_or_ended_lately_is_compared_and_what_is_open_counted(engine: AsyncEngine) -> None:
    old = case(1, status=CaseStatus.DONE, ended_at=MONDAY_MORNING)
    new = case(2, status=CaseStatus.REFUSED, ended_at=MONDAY_MORNING + 5 * HOUR)
    await recorded(engine, old, new, case(3), case(4, status=CaseStatus.UNDER_WAY), case(5, Partner.AFFAIRS))
    async with reading(engine) as connection:
        compared = await cases_to_compare(connection, Partner.ENFORCEMENT, MONDAY_MORNING + HOUR)
        counts = await count_open_cases(connection)
    assert [row.case for row in compared] == [new.id, case(3).id, case(4).id]
    assert counts == {
        (Partner.ENFORCEMENT, CaseStatus.OPENING): 1,
        (Partner.ENFORCEMENT, CaseStatus.UNDER_WAY): 1,
        (Partner.AFFAIRS, CaseStatus.OPENING): 1,
    }


async def test_no_code_of_the_partner_stands_beside_a_result_that_was_typed_in(engine: AsyncEngine) -> None:
    filed = receive(case(1), said("case_filed", 1, code="ordinary", text="filed"), MONDAY_MORNING).state
    await recorded(
        engine, filed, settle(filed, CaseStatus.DONE, "closed, by letter", "", MONDAY_MORNING).state
    )
    async with reading(engine) as connection:
        row = await find_case(connection, filed.id)
    assert row is not None
    assert (row.status, row.code, row.said, row.note) == (
        CaseStatus.DONE,
        "",
        "closed, by letter",
        "closed, by letter",
    )
