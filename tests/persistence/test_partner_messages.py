"""Messages of partners: each is kept once, leased to one deliverer, and never lost where its case is not known."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.partners import CaseMessage, Delivery, FoundMatter, Partner, Via
from domain.refusals import Refused
from domain.responsibility.routing import Place
from persistence.caseless_messages import assign_message, set_message_aside
from persistence.engine import each_by_itself, reading, writing
from persistence.partner_messages import (
    Heard,
    KeptMessage,
    case_unknown,
    find_message,
    free_messages,
    heard_of,
    keep_message,
    lease_waiting,
    list_messages,
    message_delivered,
    note_messages,
    sequences_of,
)
from tests.persistence.conftest import rows
from tests.support.partners import said

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
ENFORCEMENT = Partner.ENFORCEMENT


async def keep(
    engine: AsyncEngine, message: CaseMessage, partner: Partner = ENFORCEMENT, via: Via = Via.CALLBACK
) -> bool:
    async with writing(engine) as connection:
        return await keep_message(connection, partner, message, via, NOW)


async def lease(engine: AsyncEngine, limit: int = 10) -> list[KeptMessage]:
    async with writing(engine) as connection:
        return [*await lease_waiting(connection, limit)]


async def all_kept(engine: AsyncEngine, **wanted: bool | str) -> list[KeptMessage]:
    async with reading(engine) as connection:
        return [*(await list_messages(connection, ENFORCEMENT, **wanted)).items]  # pyright: ignore[reportArgumentType]


async def free_now(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE partner_messages SET free_at = now() WHERE free_at IS NOT NULL"
        )


async def test_a_message_comes_back_as_it_was(engine: AsyncEngine):
    message = said("case_filed", 2, number="0815", text="已立案", until=NOW, evidence=("a", "b"), hours=1.5)
    await keep(engine, message)
    (leased,) = await lease(engine)
    assert leased.message == message
    assert (leased.partner, leased.via, leased.delivery) == (ENFORCEMENT, Via.CALLBACK, Delivery.WAITING)
    assert (leased.received_at, leased.attempts, leased.tried) == (NOW, 1, True)


async def test_many_deliveries_of_one_message_at_once_keep_it_once(engine: AsyncEngine):
    new = await asyncio.gather(*(keep(engine, said("case_filed", 1)) for _ in range(8)))
    assert sorted(new) == [False] * 7 + [True]
    assert len(await all_kept(engine)) == 1


async def test_two_messages_of_a_case_do_not_share_a_number(engine: AsyncEngine):
    await keep(engine, said("clue_received", 1))
    with pytest.raises(Refused, match="sequence_taken"):
        await keep(engine, said("case_filed", 1))
    assert await keep(engine, said("clue_received", 1)) is False
    assert await keep(engine, said("case_filed", 1, "20260302-0000009-p1"))
    assert await keep(engine, said("case_filed", 1), Partner.VOLUNTEERS)
    assert len(await all_kept(engine)) == 2


async def test_messages_about_no_case_are_all_kept_whatever_their_numbers(engine: AsyncEngine):
    await keep(engine, said("clue_received", 1))
    (leased,) = await lease(engine)
    async with each_by_itself(engine) as connection:
        await case_unknown(connection, leased.id, try_again=True)
    assert await keep(engine, said("case_filed", 1))


async def test_a_message_that_a_person_assigned_takes_no_number_from_the_cases_own(engine: AsyncEngine):
    await keep(engine, said("clue_received", 1, "20260302-0000009-p9"))
    (leased,) = await lease(engine)
    async with writing(engine) as connection:
        await case_unknown(connection, leased.id, try_again=False)
        await assign_message(connection, ENFORCEMENT, leased.id, "20260302-0000001-p1", by="desk", at=NOW)
    assert await keep(engine, said("case_filed", 1))


async def test_another_message_under_a_known_id_is_refused(engine: AsyncEngine):
    await keep(engine, said("case_filed", 1))
    with pytest.raises(Refused, match="idempotency_conflict"):
        await keep(engine, said("case_filed", 1, text="something else"))


async def test_a_message_that_was_kept_before_findings_were_told_apart_is_no_other_one(engine: AsyncEngine):
    await keep(engine, said("report", 1, text="清理完毕\n- 路灯不亮"))
    again = said("report", 1, text="清理完毕\n- 路灯不亮", found=(FoundMatter("路灯不亮"),))
    assert await keep(engine, again) is False


async def test_what_was_found_is_kept_with_its_message(engine: AsyncEngine):
    place = Place("440106012", "五山路9号", 23.1, 113.3)
    told = said("report", 1, found=(FoundMatter("路灯不亮", "R-1", "0301", place, ("p-1",)),))
    await keep(engine, told)
    (leased,) = await lease(engine)
    assert leased.message == told


async def test_a_message_is_leased_once_and_again_when_its_lease_is_over(engine: AsyncEngine):
    for sequence in range(1, 6):
        await keep(engine, said("case_filed", sequence))
    several = await asyncio.gather(*(lease(engine, 2) for _ in range(4)))
    ids = [leased.id for batch in several for leased in batch]
    assert len(ids) == len(set(ids)) == 5
    assert await lease(engine) == []
    await free_now(engine)
    assert {leased.attempts for leased in await lease(engine)} == {2}


async def test_each_lease_is_longer_than_the_one_before(engine: AsyncEngine):
    await keep(engine, said("case_filed", 1))
    waits: list[int] = []
    for _ in range(7):
        await lease(engine)
        (row,) = await rows(
            engine, "SELECT extract(epoch FROM free_at - now()) AS wait FROM partner_messages"
        )
        waits.append(round(float(row["wait"])))
        await free_now(engine)
    assert waits == sorted(waits)
    assert waits[0] == pytest.approx(15, abs=2)
    assert waits[-1] == pytest.approx(300, abs=2)


async def test_a_message_given_back_is_free_and_the_attempt_does_not_count(engine: AsyncEngine):
    await keep(engine, said("case_filed", 1))
    (leased,) = await lease(engine)
    async with writing(engine) as connection:
        await free_messages(connection, [str(leased.id)])
    assert [again.attempts for again in await lease(engine)] == [1]


async def test_what_was_delivered_waits_no_longer(engine: AsyncEngine):
    for sequence in (1, 2):
        await keep(engine, said("case_filed", sequence))
    first, second = await lease(engine)
    async with each_by_itself(engine) as connection:
        await message_delivered(connection, first.id, NOW)
        await message_delivered(connection, second.id, NOW, late=True)
    await free_now(engine)
    assert await lease(engine) == []
    assert [kept.delivery for kept in await all_kept(engine)] == [Delivery.LATE, Delivery.DELIVERED]


async def test_an_unknown_case_is_tried_again_until_it_is_left_and_then_kept(engine: AsyncEngine):
    await keep(engine, said("case_filed", 1, "20260302-0000099-p1"))
    (leased,) = await lease(engine)
    async with each_by_itself(engine) as connection:
        await case_unknown(connection, leased.id, try_again=True)
    await free_now(engine)
    assert [again.delivery for again in await lease(engine)] == [Delivery.UNKNOWN]
    async with each_by_itself(engine) as connection:
        await case_unknown(connection, leased.id, try_again=False)
    await free_now(engine)
    assert await lease(engine) == []
    (left,) = await all_kept(engine, unknown=True)
    assert (left.tried, left.delivered_at) == (False, None)


async def test_an_assigned_message_waits_for_its_new_case(engine: AsyncEngine):
    await keep(engine, said("case_filed", 1, "typing-mistake-p1"))
    (leased,) = await lease(engine)
    async with each_by_itself(engine) as connection:
        await case_unknown(connection, leased.id, try_again=False)
    later, case = NOW + timedelta(days=3), "20260302-0000001-p1"
    async with writing(engine) as connection:
        await assign_message(connection, ENFORCEMENT, leased.id, case, by="operator", at=later)
    (again,) = await lease(engine)
    assert again.message == replace(leased.message, case=case)
    assert (again.via, again.assigned_by, again.assigned_at) == (Via.MANUAL, "operator", later)
    assert (again.delivery, again.attempts) == (Delivery.WAITING, 1)
    assert await keep(engine, leased.message) is False  # the partner sends the mistake again


async def test_a_message_about_no_case_of_ours_is_set_aside_until_somebody_knows_better(engine: AsyncEngine):
    await keep(engine, said("case_filed", 1, "another-city-p1"))
    (leased,) = await lease(engine)
    async with writing(engine) as connection:
        with pytest.raises(Refused, match="message_on_its_way"):
            await set_message_aside(connection, ENFORCEMENT, leased.id, by="operator", at=NOW)
    async with each_by_itself(engine) as connection:
        await case_unknown(connection, leased.id, try_again=True)
    async with writing(engine) as connection:
        aside = await set_message_aside(connection, ENFORCEMENT, leased.id, by="operator", at=NOW)
        assert await set_message_aside(connection, Partner.AFFAIRS, leased.id, by="x", at=NOW) is None
    async with each_by_itself(engine) as connection:
        await case_unknown(connection, leased.id, try_again=True)  # a deliverer had it in hand
        await free_messages(connection, [str(leased.id)])
    assert aside is not None
    assert await all_kept(engine) == [aside]
    assert (aside.delivery, aside.tried, aside.assigned_by) == (Delivery.SET_ASIDE, False, "operator")
    assert await lease(engine) == []
    async with reading(engine) as connection:
        assert await heard_of(connection) == {}
    assert await all_kept(engine, unknown=True) == []
    async with writing(engine) as connection:
        await assign_message(connection, ENFORCEMENT, leased.id, "20260302-0000001-p1", by="operator", at=NOW)
    assert [again.delivery for again in await lease(engine)] == [Delivery.WAITING]


async def test_what_its_case_has_cannot_be_assigned_to_another(engine: AsyncEngine):
    await keep(engine, said("case_filed", 1))
    (leased,) = await lease(engine)
    async with writing(engine) as connection:
        await message_delivered(connection, leased.id, NOW)
    async with writing(engine) as connection:
        with pytest.raises(Refused, match="message_delivered"):
            await assign_message(connection, ENFORCEMENT, leased.id, "x-p1", by="operator", at=NOW)
        assert await assign_message(connection, Partner.AFFAIRS, leased.id, "x", by="x", at=NOW) is None


async def test_what_was_read_is_noted_and_takes_nothing_from_what_waits(engine: AsyncEngine):
    waiting, read = said("clue_received", 1), said("case_filed", 2)
    await keep(engine, waiting)
    async with writing(engine) as connection:
        await note_messages(connection, ENFORCEMENT, [waiting, read], Via.POLL, NOW)
        await note_messages(connection, ENFORCEMENT, [waiting, read], Via.POLL, NOW)
    assert [(kept.message.sequence, kept.via, kept.delivery) for kept in await all_kept(engine)] == [
        (2, Via.POLL, Delivery.DELIVERED),
        (1, Via.CALLBACK, Delivery.WAITING),
    ]
    assert [leased.message for leased in await lease(engine)] == [waiting]


async def test_it_is_counted_what_was_heard(engine: AsyncEngine):
    case = "20260302-0000001-p1"
    for sequence in (1, 3):
        await keep(engine, said("case_filed", sequence))
    async with writing(engine) as connection:  # a second one under the same number
        await note_messages(connection, ENFORCEMENT, [said("case_closed", 3)], Via.POLL, NOW)
    await keep(engine, said("collected", 1), Partner.AFFAIRS)
    unknown, *_ = await lease(engine, 1)
    async with each_by_itself(engine) as connection:
        await case_unknown(connection, unknown.id, try_again=True)
    async with reading(engine) as connection:
        assert await heard_of(connection) == {ENFORCEMENT: Heard(1, 1), Partner.AFFAIRS: Heard(1, 0)}
        assert await sequences_of(connection, ENFORCEMENT, [case, "other"]) == {case: 2}


async def test_the_list_goes_on_where_its_page_ended(engine: AsyncEngine):
    for sequence in range(1, 6):
        await keep(engine, said("case_filed", sequence))
    async with reading(engine) as connection:
        first = await list_messages(connection, ENFORCEMENT, limit=3)
        second = await list_messages(connection, ENFORCEMENT, cursor=first.next_cursor, limit=3)
        found = await find_message(connection, ENFORCEMENT, first.items[0].id)
        with pytest.raises(Refused, match="bad_cursor"):
            await list_messages(connection, ENFORCEMENT, cursor="nonsense")
    assert [kept.message.sequence for kept in (*first.items, *second.items)] == [5, 4, 3, 2, 1]
    assert second.next_cursor is None
    assert found == first.items[0]
