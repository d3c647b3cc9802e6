"""A desk finds the item of the affairs platform under which it hands a matter over."""

from __future__ import annotations

from persistence.affair_items import keep_items
from persistence.engine import writing
from tests.api.conftest import TOWN, City
from tests.persistence.test_affair_items import LIFT, OLD, SHOP

ITEMS = "/v1/partners/affairs/items"


async def with_catalogue(city: City) -> City:
    async with writing(city.doors.database) as connection:
        await keep_items(connection, [LIFT, SHOP, OLD])
    return city


async def test_items_are_found_by_their_words_and_shown_whole(running_city: City):
    city = await with_catalogue(running_city)
    answer = await city.get("operator", f"{ITEMS}?q=天河 电梯")
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "items": [
            {
                "code": LIFT.code,
                "name": LIFT.name,
                "owner": LIFT.owner,
                "audience": "persons",
                "kind": "行政给付",
                "legal_days": 20,
                "promised_days": 7,
                "channels": ["window", "online"],
                "version": 2,
                "withdrawn": False,
                "changed_at": "2025-11-01T00:00:00Z",
            }
        ],
        "next_cursor": None,
    }


async def test_the_units_hands_look_items_up_too_and_strangers_do_not(running_city: City):
    city = await with_catalogue(running_city)
    assert len((await city.get(f"unit:{TOWN}", ITEMS)).json()["items"]) == 2
    assert (await city.get(None, ITEMS)).status_code == 401


async def test_withdrawn_items_are_shown_on_demand(running_city: City):
    city = await with_catalogue(running_city)
    shown = (await city.get("operator", f"{ITEMS}?q=招牌&withdrawn=true")).json()["items"]
    assert [(item["code"], item["withdrawn"]) for item in shown] == [(OLD.code, True)]


async def test_pages_follow_each_other_and_a_foreign_cursor_is_refused(running_city: City):
    city = await with_catalogue(running_city)
    first = (await city.get("operator", f"{ITEMS}?limit=1")).json()
    second = (await city.get("operator", f"{ITEMS}?limit=1&cursor={first['next_cursor']}")).json()
    assert [first["items"][0]["code"], second["items"][0]["code"]] == [LIFT.code, SHOP.code]
    assert second["next_cursor"] is None
    wrong = await city.get("operator", f"{ITEMS}?cursor=x")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_cursor")
