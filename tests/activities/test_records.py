"""The append activity: once in the timeline, once in the metrics."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import ActivityEnvironment

from activities.messages import Appended, StoredAnswer
from activities.posting import LegPosting, Posting
from activities.records import Records
from config.metrics import Metrics
from persistence.engine import make_engine, reading
from persistence.queries import list_notices
from tests.support.stories import closed, entries, taken_in, worked


async def test_an_entry_written_twice_is_counted_once(engine: AsyncEngine) -> None:
    metrics = Metrics()
    records, environment = Records(engine, metrics), ActivityEnvironment()
    begun = await taken_in(engine)
    for entry in entries(begun, closed(begun)):
        assert await environment.run(records.append, entry) == Appended(entry.events, inserted=True)
        assert entry.key is not None
        assert entry.answer is not None
        assert entry.digest
        again = await environment.run(records.append, entry)
        stored = StoredAnswer(entry.key, entry.answer, entry.digest)
        assert again == Appended(entry.events, (stored,), inserted=False)
    shown = metrics.registry.get_sample_value
    labels = {"category_group": "city_appearance", "urgency": "urgent"}
    assert shown("huying_requests_opened_total", labels) == 1
    assert shown("huying_requests_closed_total", {**labels, "how": "closed"}) == 1
    closure = {**labels, "level": "grid", "outcome": "solved"}
    assert shown("huying_request_closure_seconds_count", closure) == 1
    assert shown("huying_request_closure_seconds_sum", closure) == 50 * 60


async def test_a_database_that_is_away_is_an_error_to_be_retried() -> None:
    away = make_engine("postgresql+psycopg://nobody@/nothing?host=/nowhere")
    begun_elsewhere = entries_of_nobody()
    with pytest.raises(OperationalError):
        await ActivityEnvironment().run(Records(away, Metrics()).append, begun_elsewhere)


async def test_a_posted_leg_is_announced_once(engine: AsyncEngine) -> None:
    begun = await taken_in(engine)
    records, posting = Records(engine, Metrics()), LegPosting(engine)
    for entry in entries(begun, worked(begun)):
        await records.append(entry)
    for _ in range(2):
        given = Posting(begun.number, "1", "unit-7", f"{begun.number}:1:posted:1")
        await ActivityEnvironment().run(posting.post_leg, given)
    async with reading(engine) as connection:
        assert len((await list_notices(connection, ["unit-7"])).items) == 1


async def test_a_request_is_recalled_as_its_timeline_tells_it(engine: AsyncEngine) -> None:
    records, environment = Records(engine, Metrics()), ActivityEnvironment()
    begun = await taken_in(engine)
    story = closed(begun)
    for entry in entries(begun, story):
        await records.append(entry)
    assert await environment.run(records.recall, begun.number) == story.state
    with pytest.raises(LookupError):
        await environment.run(records.recall, "20260302-99999")


def entries_of_nobody():
    """An entry of a request that no database knows."""
    from tests.support.builders import intake

    begun = intake()
    return entries(begun, worked(begun))[0]
