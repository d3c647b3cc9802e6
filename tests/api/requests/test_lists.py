"""The board, inboxes, notices, units, catalogue: filters, pages, and odd input."""

from tests.api.conftest import BUREAU, TOWN, City


async def test_the_board_is_filtered_and_paged(running_city: City):
    numbers = [await running_city.in_progress() for _ in range(5)]
    await running_city.begun(category=None, place=None)
    everything = (await running_city.get("operator", "/v1/requests")).json()["items"]
    assert len(everything) == 6
    for query, count in (
        ("state=in_progress", 5), ("state=registered", 1), ("state=in_progress&state=registered", 6),
        ("level=town", 5), ("level=district", 0), ("light=green", 6), ("light=red", 0), (f"unit={TOWN}", 5),
        ("district=440106", 5), ("category=0104", 5), ("category=ebike_charging_hazard", 5),
        ("due_before=2027-11-23T00:00:00Z", 5), ("due_before=2026-11-23T00:00:00%2B08:00", 0),
        (f"q={numbers[2]}", 1), ("q=20261123-", 6), ("scope=ended", 0), ("sort=due", 6), ("sort=oldest", 6),
    ):  # fmt: skip
        answer = await running_city.get("operator", f"/v1/requests?{query}")
        assert answer.status_code == 200, answer.text
        assert len(answer.json()["items"]) == count, query
    seen, cursor = [], ""
    while True:
        page = (await running_city.get("operator", f"/v1/requests?limit=2{cursor}")).json()
        seen += [item["number"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [item["number"] for item in everything]


async def test_a_request_is_found_by_its_query_code(running_city: City):
    made = await running_city.begun()
    found = (await running_city.get("operator", f"/v1/requests?q={made['query_code']}")).json()["items"]
    assert [item["number"] for item in found] == [made["number"]]


ODD_QUERIES = (
    "cursor=nonsense", "cursor=WyJuZXdlc3QiLCAiYWJjIiwgImRlZiJd", "cursor=%00", "limit=0", "limit=100000", "limit=x",
    "state=bored", "due_before=yesterday", "due_before=2026-11-23T00:00:00", "due_before=9999-12-31T23:59:59Z",
    "q=%00", "q=%ff", "category=9999", "unit=%27;--", "district=" + "9" * 99,
)  # fmt: skip


async def test_odd_queries_are_refused_and_never_fail(running_city: City):
    await running_city.begun()
    for query in ODD_QUERIES:
        answer = await running_city.get("operator", f"/v1/requests?{query}")
        assert answer.status_code == 422, f"{query}: {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"


async def test_the_timeline_is_read_in_parts(running_city: City):
    number = await running_city.replied()
    whole = (await running_city.get("operator", f"/v1/requests/{number}/timeline")).json()
    assert whole["next_after"] is None
    part = (await running_city.get("operator", f"/v1/requests/{number}/timeline?limit=2&after=1")).json()
    assert [item["seq"] for item in part["items"]] == [2, 3]
    assert part["next_after"] == 3
    hashes = [item["hash"] for item in whole["items"]]
    assert [item["prev_hash"] for item in whole["items"][1:]] == hashes[:-1]


async def test_notices_reach_the_unit_and_the_posts(running_city: City):
    number = await running_city.in_progress()
    await running_city.post("operator", f"/v1/requests/{number}/urge")
    own = (await running_city.get(f"unit:{TOWN}", "/v1/notices")).json()["items"]
    assert [(item["number"], item["subject"]) for item in own] == [(number, "urged")]
    asked = (await running_city.get("operator", f"/v1/notices?recipient={TOWN}")).json()["items"]
    assert asked == own
    assert (await running_city.get("operator", "/v1/notices?recipient=citizen")).status_code == 403


async def test_units_are_found_by_name_level_and_place(running_city: City):
    found = (await running_city.get("operator", "/v1/units?level=town&within=440106&q=天园")).json()
    assert TOWN in {item["code"] for item in found["items"]}
    assert {item["level"] for item in found["items"]} == {"town"}
    few = (await running_city.get("operator", "/v1/units?level=grid&limit=3")).json()
    assert (len(few["items"]), few["more"]) == (3, True)
    wrong = await running_city.get("operator", "/v1/units?within=999")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "unknown_place")
    bureaus = (await running_city.get("operator", "/v1/units?level=district&within=440106&limit=500")).json()
    assert BUREAU in {item["code"] for item in bureaus["items"]}


async def test_the_catalogue_holds_every_category_once(running_city: City):
    catalogue = (await running_city.get("operator", "/v1/catalogue")).json()
    codes = [category["code"] for group in catalogue["groups"] for category in group["categories"]]
    assert sorted(codes) == sorted(running_city.doors.pack.categories)
    assert catalogue["city_zh"]
