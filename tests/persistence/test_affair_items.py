"""The catalogue of affairs: kept as it was last read, found by words, and the judge of what can be handed over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.cases.affair_items import AffairItem
from domain.refusals import Refused
from persistence.affair_items import find_items, keep_items, read_so_far, require_item
from persistence.engine import reading, writing

CHANGED = datetime(2025, 11, 1, tzinfo=UTC)
LIFT = AffairItem(
    code="11440106007508101B4440117001000",
    name="既有住宅加装电梯补贴",
    owner="天河区住房和建设局",
    audience="persons",
    kind="行政给付",
    legal_days=20,
    promised_days=7,
    channels=("window", "online"),
    version=2,
    withdrawn=False,
    changed_at=CHANGED,
)
SHOP = replace(
    LIFT, code="11440106007508101B4440125002000", name="户外广告设置许可", owner="天河区城市管理局"
)
OLD = replace(LIFT, code="11440106007508101B4440125003000", name="户外招牌备案", withdrawn=True)


async def kept(engine: AsyncEngine, *items: AffairItem) -> int:
    async with writing(engine) as connection:
        return await keep_items(connection, items)


async def found(engine: AsyncEngine, wanted: str = "", *, with_withdrawn: bool = False) -> list[AffairItem]:
    async with reading(engine) as connection:
        page = await find_items(connection, wanted=wanted, with_withdrawn=with_withdrawn)
    return list(page.items)


async def required(engine: AsyncEngine, code: str) -> None:
    async with reading(engine) as connection:
        await require_item(connection, code)


async def test_an_item_is_kept_as_it_was_read(engine: AsyncEngine):
    assert await kept(engine, LIFT, SHOP) == 2
    assert await found(engine) == [LIFT, SHOP]


async def test_keeping_again_is_no_news_and_an_older_version_changes_nothing(engine: AsyncEngine):
    await kept(engine, LIFT)
    assert await kept(engine, LIFT) == 0
    assert (
        await kept(engine, replace(LIFT, name="旧名", version=1, changed_at=CHANGED + timedelta(days=9))) == 0
    )
    assert await kept(engine) == 0
    assert await found(engine) == [LIFT]


async def test_a_newer_version_and_a_later_change_of_the_same_replace_what_was_kept(engine: AsyncEngine):
    await kept(engine, LIFT)
    newer = replace(LIFT, promised_days=5, version=3)
    assert await kept(engine, newer) == 1
    later = replace(newer, withdrawn=True, changed_at=CHANGED + timedelta(days=1))
    assert await kept(engine, newer, later) == 1
    assert await found(engine, with_withdrawn=True) == [later]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("电梯", [LIFT]),
        ("天河区", [LIFT, SHOP]),
        ("天河 广告", [SHOP]),
        ("11440106007508101b4440125", [SHOP]),
        ("招牌", []),
        ("100%", []),
        ("_", []),
        ("  ", [LIFT, SHOP]),
    ],
)
async def test_items_are_found_by_words_of_name_and_owner_and_by_the_beginning_of_a_code(
    engine: AsyncEngine, wanted: str, expected: list[AffairItem]
):
    await kept(engine, LIFT, SHOP, OLD)
    assert await found(engine, wanted) == expected


async def test_withdrawn_items_are_shown_on_demand_only(engine: AsyncEngine):
    await kept(engine, OLD)
    assert await found(engine) == []
    assert await found(engine, "招牌", with_withdrawn=True) == [OLD]


async def test_pages_follow_each_other_without_loss(engine: AsyncEngine):
    items = [replace(LIFT, code=f"{number:031}") for number in range(5)]
    await kept(engine, *items)
    seen: list[AffairItem] = []
    cursor = None
    for _ in range(3):
        async with reading(engine) as connection:
            page = await find_items(connection, cursor=cursor, limit=2)
        seen += page.items
        cursor = page.next_cursor
    assert (seen, cursor) == (items, None)


async def test_changes_are_asked_for_from_a_little_before_the_newest_on(engine: AsyncEngine):
    async with reading(engine) as connection:
        assert await read_so_far(connection) is None
    await kept(engine, LIFT, replace(SHOP, changed_at=CHANGED + timedelta(days=3)))
    async with reading(engine) as connection:
        since = await read_so_far(connection)
    assert since is not None
    assert CHANGED + timedelta(days=2) < since < CHANGED + timedelta(days=3)


async def test_an_item_dated_ahead_by_a_wrong_clock_hides_no_later_change(engine: AsyncEngine):
    ahead = replace(SHOP, changed_at=datetime.now(UTC) + timedelta(days=365))
    assert await kept(engine, LIFT, ahead) == 2
    async with reading(engine) as connection:
        assert await read_so_far(connection) == CHANGED - timedelta(hours=1)


async def test_every_code_passes_while_nothing_of_the_catalogue_was_read(engine: AsyncEngine):
    await required(engine, "anything")


async def test_unknown_and_withdrawn_items_take_no_matter(engine: AsyncEngine):
    await kept(engine, LIFT, OLD)
    await required(engine, LIFT.code)
    with pytest.raises(Refused, match="has no item") as unknown:
        await required(engine, "anything")
    with pytest.raises(Refused, match="withdrawn") as withdrawn:
        await required(engine, OLD.code)
    assert unknown.value.code == withdrawn.value.code == "unknown_item"
