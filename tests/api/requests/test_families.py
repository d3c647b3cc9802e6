"""Merging and reopening over HTTP: who may, what is checked at the door, and what is shown afterwards."""

from __future__ import annotations

from tests.api.conftest import TOWN, City


async def closed(city: City) -> str:
    """The number of a request that was closed."""
    number = await city.replied()
    path = f"/v1/requests/{number}"
    await city.post("operator", f"{path}/review-pass")
    answer = await city.post("operator", f"{path}/callback", {"contacted": True, "satisfied": True})
    assert answer.json()["state"] == "closed"
    return number


async def test_a_request_is_merged_into_another_and_shows_its_parent(running_city: City):
    parent, child = await running_city.in_progress(), await running_city.dispatched()
    path = f"/v1/requests/{child}"
    merged = await running_city.post("operator", f"{path}/merge", {"parent": parent, "reason": "同一路灯"})
    assert (merged.status_code, merged.json()["state"]) == (200, "merged")
    shown = (await running_city.get("operator", path)).json()
    assert (shown["state"], shown["parent"], shown["standing"]) == ("merged", parent, "merged")
    assert shown["state_zh"] == "已并案"
    assert (shown["reopen_until"], shown["answered_at"]) == (None, None), (
        "its parent's answer is still to come"
    )


async def test_what_cannot_be_followed_is_refused_at_the_door(running_city: City):
    number, ended = await running_city.dispatched(), await closed(running_city)
    path = f"/v1/requests/{number}/merge"
    for parent, status, code in (
        (number, 422, "own_parent"),
        ("20261123-9999999", 422, "parent_unknown"),
        (ended, 409, "parent_ended"),
    ):
        refused = await running_city.post("operator", path, {"parent": parent})
        assert (refused.status_code, refused.json()["code"]) == (status, code)
    odd = await running_city.post("operator", path, {"parent": "the other one"})
    assert (odd.status_code, odd.json()["code"]) == (422, "invalid_input")
    stranger = await running_city.post(f"unit:{TOWN}", path, {"parent": ended})
    assert (stranger.status_code, stranger.json()["code"]) == (403, "role_not_allowed")


async def test_a_closed_request_is_reopened_once_per_key_and_counts_on(running_city: City):
    number = await closed(running_city)
    path = f"/v1/requests/{number}"
    running_city.clock.move(days=2)
    first = await running_city.post("operator", f"{path}/reopen", {"reason": "又堆满了"}, key="again")
    assert (first.status_code, first.json()["state"]) == (200, "pending_sign")
    again = await running_city.post("operator", f"{path}/reopen", {"reason": "又堆满了"}, key="again")
    assert again.json() == first.json()
    fresh = await running_city.post("operator", f"{path}/reopen", {"reason": "又堆满了"})
    assert (fresh.status_code, fresh.json()["code"]) == (409, "not_possible_now")
    shown = (await running_city.get("operator", path)).json()
    assert (shown["cycle"], shown["standing"], shown["reopen_until"]) == (2, "pending_sign", None)
    explained = (await running_city.get("auditor", f"{path}/explain")).json()
    totals = [clock["used_seconds"] for clock in explained["clocks"] if clock["clock"] == "total"]
    assert explained["cycles"] == len(totals) == 2
    assert explained["cumulative_seconds"] == shown["cumulative_seconds"] == sum(totals)


async def test_after_its_days_an_ended_request_is_archived_and_says_how_to_go_on(running_city: City):
    number = await closed(running_city)
    path = f"/v1/requests/{number}"
    told = await running_city.post("operator", f"{path}/review-pass")
    assert (told.status_code, told.json()["code"]) == (409, "request_ended")
    assert told.json()["expected"].startswith("a reopening (reopen) until 20")
    assert (await running_city.get("operator", path)).json()["possible"] == ["reopen"]
    running_city.clock.move(days=31)
    shown = (await running_city.get("operator", path)).json()
    assert (shown["state"], shown["standing"], shown["possible"]) == ("closed", "archived", [])
    running_city.stories.orders.clear()
    late = await running_city.post("operator", f"{path}/reopen", {"reason": "又堆满了"})
    assert (late.status_code, late.json()["code"]) == (409, "appeal_window_over")
    assert late.json()["expected"] == f"a new registration with repeat_of {number}"
    assert [order.act.act for order in running_city.stories.orders] == ["reopen"]


async def test_while_the_engine_is_away_nothing_is_reopened(running_city: City):
    number = await closed(running_city)
    running_city.stories.away = True
    away = await running_city.post("operator", f"/v1/requests/{number}/reopen", {"reason": "又堆满了"})
    assert (away.status_code, away.json()["code"]) == (503, "engine_unavailable")
