"""Who still sees a confidential request: on the board, in inboxes, by its number, and in the stream."""

import pytest

from api.frame.access import principal_of
from api.frame.sight import sight_of
from domain.levels import Level
from persistence.access import Principal as KeyHolder
from persistence.access import add as add_key
from persistence.engine import writing
from persistence.reading import seen_among
from tests.api.conftest import BEGIN, BUREAU, SECRETS, TOWN, City

DESKS = {
    "agent": (frozenset({"agent"}), None),
    "dispatcher": (frozenset({"dispatcher"}), None),
    "reviewer": (frozenset({"reviewer"}), None),
    "duty_leader": (frozenset({"duty_leader"}), None),
    "handler of the town": (frozenset({"handler"}), TOWN),
    "head of the town": (frozenset({"unit_head"}), TOWN),
}
"""Keys of single posts: their roles, and the unit they belong to."""


@pytest.fixture
async def city(running_city: City, monkeypatch: pytest.MonkeyPatch) -> City:
    """The city with a key for each single post."""
    async with writing(running_city.doors.database) as connection:
        for name, (roles, unit) in DESKS.items():
            monkeypatch.setitem(SECRETS, name, f"secret-of-{name}")
            level = Level.TOWN if unit else Level.CITY
            await add_key(
                connection, f"secret-of-{name}", name=name, roles=roles, at=BEGIN, unit=unit, level=level
            )
    return running_city


async def seeing(city: City, number: str, *whom: str) -> set[str]:
    """Those who find the request by its number, on the board, in the inbox they may read and in the stream alike."""
    found: set[str] = set()
    for who in whom:
        by_number = (await city.get(who, f"/v1/requests/{number}")).status_code == 200
        board = (await city.get(who, "/v1/requests")).json()["items"]
        inbox = (await city.get(who, "/v1/legs")).json()["items"]
        assert (number in {item["number"] for item in board}) is by_number, who
        assert not inbox or by_number, who
        assert (number in await streamed(city, who, number)) is by_number, who
        if by_number:
            found.add(who)
    return found


async def streamed(city: City, who: str, number: str) -> frozenset[str]:
    """Which of the numbers the stream would show."""
    roles, unit = DESKS.get(who, (frozenset({who.partition(":")[0]}), who.partition(":")[2] or None))
    holder = KeyHolder("id", who, roles, unit, None)
    sight = sight_of(principal_of(holder, city.doors.pack.directory.unit_by_code))
    async with city.doors.looking() as connection:
        return await seen_among(connection, [number], sight)


EVERYBODY = ("operator", "auditor", *DESKS, f"unit:{TOWN}", f"unit:{BUREAU}")


async def test_an_ordinary_request_is_seen_by_the_centre_and_the_units_of_its_line(city: City):
    number = await city.in_progress()
    assert await seeing(city, number, *EVERYBODY) == set(EVERYBODY)


async def test_a_report_is_seen_by_named_officers_and_the_head_of_the_unit_that_leads(city: City):
    number = await city.in_progress(request_type="report")
    named = {"operator", "auditor", "reviewer", "duty_leader", "head of the town", f"unit:{TOWN}"}
    assert await seeing(city, number, *EVERYBODY) == named
    for who in ("agent", "handler of the town", f"unit:{BUREAU}"):
        answer = await city.post(who, f"/v1/requests/{number}/comment", {"text": "谁举报的?"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert (await city.get(who, f"/v1/requests/{number}/timeline")).status_code == 404
        assert (await city.get(who, f"/v1/requests/{number}/caller")).status_code == 404


async def test_sight_of_a_sealed_request_goes_with_the_lead(city: City):
    number = await city.in_progress(request_type="report")
    up = await city.post(f"unit:{TOWN}", f"/v1/requests/{number}/hand-up", {"reason": "超出权限"})
    assert up.status_code == 200
    assert await seeing(city, number, f"unit:{TOWN}", f"unit:{BUREAU}") == {f"unit:{BUREAU}"}


async def test_what_is_for_the_lead_only_is_hidden_from_the_units_above_it(city: City):
    number = await city.in_progress()
    body = {"visibility": "lead_only", "reason": "诉求人担心被报复"}
    assert (await city.post("agent", f"/v1/requests/{number}/mark-confidential", body)).status_code == 200
    assert await seeing(city, number, *EVERYBODY) == set(EVERYBODY) - {f"unit:{BUREAU}"}
    again = await city.post("operator", f"/v1/requests/{number}/mark-confidential", body)
    assert (again.status_code, again.json()["code"]) == (409, "not_stricter")


async def test_a_report_is_sealed_before_its_story_begins(city: City):
    number = (await city.registered(request_type="report"))["number"]
    for who, status in (("operator", 200), ("reviewer", 200), ("agent", 404), (f"unit:{TOWN}", 404)):
        assert (await city.get(who, f"/v1/requests/{number}")).status_code == status, who


async def test_a_sealed_request_is_not_found_out_through_one_that_is_open_to_more(city: City):
    sealed = (await city.begun(request_type="report"))["number"]
    child, other = await city.dispatched(), (await city.begun(request_type="report"))["number"]
    refused = await city.post("agent", f"/v1/requests/{child}/merge", {"parent": sealed})
    assert (refused.status_code, refused.json()["code"]) == (422, "parent_unknown")
    merged = await city.post("operator", f"/v1/requests/{other}/merge", {"parent": sealed})
    assert merged.status_code == 200


async def test_who_reported_still_follows_and_urges_by_the_query_code(city: City):
    code = (await city.begun(request_type="report"))["query_code"]
    assert (await city.get(None, f"/v1/track/{code}")).status_code == 200
    urged = await city.post(None, f"/v1/track/{code}/urge")
    assert urged.status_code == 200
