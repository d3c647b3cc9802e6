"""What may be the same matter is suggested at registration and on asking, and tells nothing about who called."""

from typing import Any

from tests.api.conftest import CALL, SECRETS, TOWN, City

COMMUNITY = "440106012007"
OTHERS: dict[str, Any] = {**CALL, "caller": {"name": "李四", "telephone": "13900000000"}}


def at(area: str, **coordinates: float) -> dict[str, Any]:
    return {"place": {"area": area, "address": "五山路", **coordinates}}


async def suggested(city: City, who: str = "operator", **changes: Any) -> list[str]:
    answer = await city.post(who, "/v1/requests", {**OTHERS, "separate_matter": True, **changes})
    assert answer.status_code == 201, answer.text
    return [one["number"] for one in answer.json()["similar"]]


async def test_a_registration_is_answered_with_what_may_be_the_same(running_city: City):
    near = (await running_city.begun(**at(f"{COMMUNITY}001", latitude=23.15, longitude=113.35)))["number"]
    inside = (await running_city.begun(**at(COMMUNITY)))["number"]
    await running_city.begun(**at("440106012003"))
    await running_city.begun(**at(COMMUNITY), category="0301")
    answer = await running_city.post(
        "operator", "/v1/requests", {**OTHERS, **at(f"{COMMUNITY}002", latitude=23.151, longitude=113.35)}
    )
    similar = answer.json()["similar"]
    assert [one["number"] for one in similar] == [near, inside]
    assert 100 < similar[0]["distance_m"] < 120
    assert similar[1]["distance_m"] is None
    assert (similar[0]["category"], similar[0]["area"]) == ("0104", f"{COMMUNITY}001")
    assert "李四" not in answer.text
    assert "13900000000" not in answer.text


async def test_the_same_is_found_later_and_a_request_is_not_like_itself(running_city: City):
    first = await running_city.begun(**at(COMMUNITY))
    second = await running_city.begun(**at(f"{COMMUNITY}001"))
    for one, other in ((first, second), (second, first)):
        found = (await running_city.get("operator", f"/v1/requests/{one['number']}/similar")).json()["items"]
        assert [each["number"] for each in found] == [other["number"]]
    assert (await running_city.get("operator", "/v1/requests/20200101-0000001/similar")).status_code == 404


async def test_a_request_without_a_matter_is_like_nothing(running_city: City):
    made = await running_city.begun(category=None)
    assert made["similar"] == []
    found = await running_city.get("operator", f"/v1/requests/{made['number']}/similar")
    assert (found.status_code, found.json()) == (200, {"items": []})


async def test_a_key_again_is_not_answered_with_its_own_request(running_city: City):
    await running_city.post("operator", "/v1/requests", OTHERS, key="k")
    made = (await running_city.get("operator", "/v1/requests")).json()["items"]
    assert made == []
    first = await running_city.post("operator", "/v1/requests", OTHERS, key="k")
    await running_city.stories.begin(first.json()["number"])
    again = await running_city.post("operator", "/v1/requests", OTHERS, key="k")
    assert (again.status_code, again.json()) == (201, first.json())


async def test_a_unit_is_suggested_what_it_sees(running_city: City):
    seen = await running_city.dispatched()
    assert await suggested(running_city, f"unit:{TOWN}") == [seen]
    other = next(name for name in SECRETS if name.startswith("unit:440106013"))
    assert await suggested(running_city, other) == []
