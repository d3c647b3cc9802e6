"""An examination names every row that was altered, removed, moved or put in, even by somebody who can switch the
triggers off, and says nothing about a record as it was written.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.anchors import altered_anchors, seal_if_due
from persistence.findings import Finding, Wrong
from persistence.verifying import examine, examine_all
from tests.persistence.conftest import Append, rows, tamper
from tests.support.stories import climbed, closed, entries, taken_in

NUMBER = "20260302-0000001"
NOW = timedelta()
"""A seal is due at once."""


@pytest.fixture
async def told_story(engine: AsyncEngine, append: Append) -> int:
    """One closed request with a whole chain; the number of its events."""
    begun = await taken_in(engine)
    assert begun.number == NUMBER
    story = closed(begun)
    for entry in entries(begun, story):
        await append(entry)
    return len(story.timeline)


async def found(engine: AsyncEngine) -> list[Finding]:
    """What an examination of the one request finds, which is what one of all requests finds."""
    everywhere = [finding async for finding in examine_all(engine, lambda _done, _total: None)]
    examined = await examine(engine, NUMBER)
    assert examined is not None
    assert list(examined.findings) == everywhere
    return everywhere


async def sealed_otherwise(engine: AsyncEngine) -> list[Finding]:
    return [finding async for finding in altered_anchors(engine)]


async def test_a_story_as_it_was_written_is_whole(engine: AsyncEngine, told_story: int) -> None:
    assert told_story > 8
    assert await found(engine) == []
    examined = await examine(engine, NUMBER)
    assert examined is not None
    last = await rows(engine, f"SELECT hash FROM timeline WHERE seq = {told_story}")
    assert (examined.rows, examined.head) == (told_story, last[0]["hash"])


@pytest.mark.parametrize(
    "change",
    [
        "fact = jsonb_set(fact, '{note}', '\"nothing\"')",
        "at = at + interval '1 microsecond'",
        "recorded_at = recorded_at - interval '1 hour'",
        "actor = jsonb_set(actor, '{person}', '\"somebody else\"')",
        "kind = 'withdrawn'",
    ],
)
async def test_an_altered_row_is_named(engine: AsyncEngine, told_story: int, change: str) -> None:
    await tamper(engine, f"UPDATE timeline SET {change} WHERE seq = 6")
    assert await found(engine) == [Finding(NUMBER, 6, Wrong.ALTERED)]


async def test_a_forged_row_with_a_hash_of_its_own_breaks_the_next_link(
    engine: AsyncEngine, told_story: int
) -> None:
    await tamper(engine, "UPDATE timeline SET hash = repeat('a', 64) WHERE seq = 6")
    assert await found(engine) == [Finding(NUMBER, 6, Wrong.ALTERED), Finding(NUMBER, 7, Wrong.UNLINKED)]


async def test_missing_rows_are_named(engine: AsyncEngine, told_story: int) -> None:
    await tamper(engine, "DELETE FROM timeline WHERE seq IN (4, 6, 7)")
    assert await found(engine) == [
        Finding(NUMBER, 4, Wrong.MISSING),
        Finding(NUMBER, 6, Wrong.MISSING, "rows 6 to 7"),
    ]


async def test_a_missing_end_is_named(engine: AsyncEngine, told_story: int) -> None:
    await tamper(engine, f"DELETE FROM timeline WHERE seq >= {told_story - 1}")
    assert await found(engine) == [
        Finding(NUMBER, told_story - 1, Wrong.MISSING, f"the story went on to row {told_story}")
    ]


async def test_a_missing_end_is_named_by_the_answers_too(engine: AsyncEngine, told_story: int) -> None:
    await tamper(
        engine,
        f"DELETE FROM timeline WHERE seq = {told_story}",
        f"UPDATE requests SET seq = {told_story - 1}",
    )
    assert await found(engine) == [
        Finding(NUMBER, told_story, Wrong.MISSING, f"the story went on to row {told_story}")
    ]


async def test_a_missing_timeline_is_named(engine: AsyncEngine, told_story: int) -> None:
    await tamper(engine, "DELETE FROM timeline", "DELETE FROM requests", "DELETE FROM answers")
    assert await found(engine) == [Finding(NUMBER, 1, Wrong.MISSING, "the whole timeline")]


async def test_two_rows_that_changed_places_are_named(engine: AsyncEngine, told_story: int) -> None:
    await tamper(
        engine,
        "UPDATE timeline SET seq = 99 WHERE seq = 5",
        "UPDATE timeline SET seq = 5 WHERE seq = 6",
        "UPDATE timeline SET seq = 6 WHERE seq = 99",
    )
    assert await found(engine) == [
        Finding(NUMBER, 5, Wrong.MOVED, "written as row 6"),
        Finding(NUMBER, 6, Wrong.MOVED, "written as row 5"),
    ]


PUT_IN = """
INSERT INTO timeline (number, seq, kind, at, recorded_at, actor, fact, prev_hash, hash)
SELECT number, {seq}, kind, at, recorded_at, actor, fact, prev_hash, repeat('b', 64) FROM timeline WHERE seq = {like}
"""


async def test_a_row_put_between_others_is_named(engine: AsyncEngine, told_story: int) -> None:
    await tamper(
        engine,
        f"UPDATE timeline SET seq = seq + 100 WHERE seq >= {told_story}",
        PUT_IN.format(seq=told_story, like=told_story + 100),
        f"UPDATE timeline SET seq = {told_story + 1} WHERE seq = {told_story + 100}",
    )
    assert await found(engine) == [
        Finding(NUMBER, told_story, Wrong.SURPLUS),
        Finding(NUMBER, told_story + 1, Wrong.MOVED, f"written as row {told_story}"),
        Finding(NUMBER, told_story + 1, Wrong.SURPLUS, f"the board knows of rows to {told_story}"),
    ]


async def test_a_row_put_at_the_end_is_named(engine: AsyncEngine, told_story: int) -> None:
    await tamper(engine, PUT_IN.format(seq=told_story + 1, like=told_story))
    assert Finding(NUMBER, told_story + 1, Wrong.SURPLUS) in await found(engine)


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ("description = 'another complaint'", "content"),
        ("body = jsonb_set(body, '{channel}', '\"app\"')", "content"),
        ("query_code = 'X'", "content"),
        ("received_at = received_at + interval '1 day'", "received_at"),
        ("caller_ref = 'somebody-else'", "caller_ref"),
    ],
)
async def test_an_altered_intake_is_named(
    engine: AsyncEngine, told_story: int, change: str, detail: str
) -> None:
    await tamper(engine, f"UPDATE intake SET {change}")
    assert await found(engine) == [Finding(NUMBER, 0, Wrong.INTAKE_ALTERED, detail)]


async def test_an_intake_forged_together_with_its_digest_no_longer_starts_the_chain(
    engine: AsyncEngine, told_story: int
) -> None:
    await tamper(engine, "UPDATE intake SET body = jsonb_set(body, '{digest}', '\"00\"')")
    assert Finding(NUMBER, 1, Wrong.UNLINKED) in await found(engine)


async def test_a_removed_intake_is_named(engine: AsyncEngine, told_story: int) -> None:
    await tamper(engine, "DELETE FROM intake")
    assert Finding(NUMBER, 0, Wrong.INTAKE_MISSING, "timeline, board, inbox, answers") in await found(engine)


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ("UPDATE requests SET light = 'black', urge_count = 0", (Wrong.BOARD_DIFFERS, "light, urge_count")),
        ("DELETE FROM requests", (Wrong.BOARD_DIFFERS, "no row")),
        ("UPDATE legs SET unit = 'nobody'", (Wrong.INBOX_DIFFERS, "leg 1: unit")),
        ("DELETE FROM legs", (Wrong.INBOX_DIFFERS, "leg 1: no row")),
        ("UPDATE legs SET leg = '1x'", (Wrong.INBOX_DIFFERS, "leg 1x: a row too many")),
    ],
)
async def test_a_screen_that_shows_something_else_is_named(
    engine: AsyncEngine, told_story: int, change: str, finding: tuple[Wrong, str]
) -> None:
    await tamper(engine, change)
    assert Finding(NUMBER, told_story, *finding) in await found(engine)


async def test_an_answer_to_what_never_happened_is_named(engine: AsyncEngine, told_story: int) -> None:
    await tamper(
        engine,
        "UPDATE answers SET answer = jsonb_set(answer, '{state}', '\"withdrawn\"') "
        f"WHERE key = '{NUMBER}:3'",
    )
    assert [(finding.what, finding.detail) for finding in await found(engine)] == [
        (Wrong.ANSWER_DIFFERS, f"key {NUMBER}:3")
    ]


async def test_an_answer_about_something_else_than_a_request_is_left_alone(
    engine: AsyncEngine, told_story: int
) -> None:
    published = """'{"number": "P-GARBAGE", "state": "published", "seq": 2}'"""
    await tamper(engine, f"INSERT INTO answers VALUES ('k', 'P-GARBAGE', '', {published}, now())")
    assert await found(engine) == []


async def test_a_story_that_was_never_begun_is_named_after_a_while(engine: AsyncEngine) -> None:
    await taken_in(engine)
    waited = "UPDATE waiting_intake SET received_at = clock_timestamp() - interval '{} minutes'"
    await tamper(engine, waited.format(5))
    assert await found(engine) == []
    await tamper(engine, waited.format(20))
    assert await found(engine) == [Finding(NUMBER, 0, Wrong.NOT_STARTED)]


async def test_a_fact_that_no_rule_knows_is_named(
    engine: AsyncEngine, told_story: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_row: object) -> None:
        raise KeyError("a kind of fact of another release")

    monkeypatch.setattr("persistence.verifying.event_of", unknown)
    assert await found(engine) == [Finding(NUMBER, told_story, Wrong.UNREADABLE, "KeyError")]


async def test_a_request_of_which_only_the_notices_are_left_is_named(
    engine: AsyncEngine, told_story: int
) -> None:
    await tamper(
        engine, *(f"DELETE FROM {each}" for each in ("intake", "timeline", "requests", "legs", "answers"))
    )
    left = [finding async for finding in examine_all(engine, lambda _done, _total: None)]
    assert left == [Finding(NUMBER, 0, Wrong.INTAKE_MISSING, "notices were sent for it")]
    assert await examine(engine, NUMBER) is None


async def test_each_of_many_requests_is_examined_batch_by_batch(
    engine: AsyncEngine, append: Append, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("persistence.verifying.BATCH", 2)
    begun = [await taken_in(engine, f"k{turn}") for turn in range(5)]
    for one in begun:
        for entry in entries(one, climbed(one)):
            await append(entry)
    await tamper(engine, f"UPDATE timeline SET kind = 'urged' WHERE seq = 3 AND number = '{begun[3].number}'")
    told = list[tuple[int, int]]()
    findings = [finding async for finding in examine_all(engine, lambda *so_far: told.append(so_far))]
    assert findings == [Finding(begun[3].number, 3, Wrong.ALTERED)]
    assert told == [(0, 5), (2, 5), (4, 5), (5, 5)]
    assert [finding async for finding in examine_all(engine, lambda *_: None, since=begun[3].number)] == []


EVERYWHERE = ("intake", "timeline", "requests", "legs", "answers", "notices")


class TestAnchors:
    """What a chain of one request cannot show by itself."""

    async def test_a_record_as_it_was_written_is_what_was_sealed(
        self, engine: AsyncEngine, told_story: int, append: Append
    ) -> None:
        first = await seal_if_due(engine, NOW)
        assert first is not None
        assert (first.id, first.rows, first.stories) == (1, told_story, 1)
        other = await taken_in(engine, "another")
        for entry in entries(other, climbed(other)):
            await append(entry)
        second = await seal_if_due(engine, NOW)
        assert second is not None
        assert (second.id, second.stories, second.prev_digest) == (2, 1, first.digest)
        assert await sealed_otherwise(engine) == []

    async def test_it_is_sealed_once_a_period(self, engine: AsyncEngine, told_story: int) -> None:
        assert await seal_if_due(engine, timedelta(days=1)) is not None
        assert await seal_if_due(engine, timedelta(days=1)) is None

    @pytest.mark.parametrize(
        ("change", "there"),
        [
            (["DELETE FROM timeline WHERE seq = 9"], (-1, 1)),
            (
                [
                    f"DELETE FROM {each}"
                    for each in ("intake", "timeline", "requests", "legs", "answers", "notices")
                ],
                (None, 0),
            ),
            (["UPDATE timeline SET hash = repeat('c', 64) WHERE seq = 9"], (0, 1)),
            ([PUT_IN.format(seq=50, like=9), "UPDATE timeline SET feed_tx = '1' WHERE seq = 50"], (1, 1)),
        ],
    )
    async def test_what_is_cut_off_removed_written_anew_or_put_in_is_found(
        self, engine: AsyncEngine, told_story: int, change: list[str], there: tuple[int | None, int]
    ) -> None:
        more, stories = there
        await seal_if_due(engine, NOW)
        await tamper(engine, *change)
        [finding] = await sealed_otherwise(engine)
        assert (finding.seq, finding.what) == (1, Wrong.ANCHOR_DIFFERS)
        left = 0 if more is None else told_story + more
        assert f"{told_story} rows of which 1 began a request were sealed" in finding.detail
        assert finding.detail.endswith(f"{left} and {stories} are there")

    async def test_anchors_cannot_be_removed_or_altered_unnoticed(
        self, engine: AsyncEngine, told_story: int
    ) -> None:
        for _ in range(3):
            await seal_if_due(engine, NOW)
        await tamper(engine, "UPDATE anchors SET at = at - interval '1 day' WHERE id = 3")
        assert [(each.seq, each.what) for each in await sealed_otherwise(engine)] == [
            (3, Wrong.ANCHOR_DIFFERS)
        ]
        await tamper(engine, "DELETE FROM anchors WHERE id = 2")
        assert (2, Wrong.MISSING) in [(each.seq, each.what) for each in await sealed_otherwise(engine)]

    async def test_a_digest_noted_elsewhere_proves_that_the_anchors_were_not_made_anew(
        self, engine: AsyncEngine, told_story: int
    ) -> None:
        made = await seal_if_due(engine, NOW)
        assert made is not None
        await tamper(engine, "DELETE FROM anchors")
        await seal_if_due(engine, NOW)
        found = [finding async for finding in altered_anchors(engine, noted=made.digest)]
        assert [finding.what for finding in found] == [Wrong.ANCHOR_UNKNOWN]

    async def test_two_workers_do_not_seal_at_once(self, engine: AsyncEngine, told_story: int) -> None:
        async with engine.begin() as held:
            await held.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('huying_anchors'))")
            assert await seal_if_due(engine, NOW) is None
        assert await seal_if_due(engine, NOW) is not None
