"""Open requests under another policy or another calendar: looked at, then moved by a job of explicit orders."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from domain.time.calendar import WorkingCalendar
from tests.api.bulk.test_bulk import worked_off
from tests.api.conftest import City

PATH = "/v1/policies/P-SAFETY/migrations"
TWO_DAYS = {"grid": None, "community": None, "town": "1wd", "district": "1wd"}
WHY = {"reason": "新版时限适用于在办件"}


async def published(
    city: City, code: str = "P-SAFETY", *, active_from: str | None = None, **changes: Any
) -> int:
    policy = (await city.get("operator", f"/v1/policies/{code}")).json()["items"][0]["policy"]
    body = {"policy": {**policy, **changes}, "active_from": active_from}
    answer = await city.post("operator", "/v1/policies", body)
    assert answer.status_code == 201, answer.text
    return answer.json()["version"]


async def taken(city: City, count: int, **changes: Any) -> list[str]:
    """Requests of as many callers, dispatched."""
    anonymous = {"caller": {"anonymous": True}, **changes}
    return [await city.dispatched(**anonymous) for _ in range(count)]


async def shown(city: City, number: str) -> dict[str, Any]:
    return (await city.get("operator", f"/v1/requests/{number}")).json()


async def previewed(city: City, path: str = PATH, **body: Any) -> dict[str, Any]:
    answer = await city.post("operator", f"{path}/preview", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_migration_is_foreseen_given_by_a_job_and_recorded(running_city: City):
    numbers = await taken(running_city, 3)
    before = await shown(running_city, numbers[0])
    await published(running_city, total="2wd", dwell=TWO_DAYS, start_level="town")
    running_city.clock.move(days=3)
    late = await taken(running_city, 1)
    foreseen = await previewed(running_city, to_version=2)
    assert foreseen["figures"] == {
        "total": 3, "would_breach": 3, "would_shorten": 0, "would_gain": 0, "unchanged": 0, "refused": 0,
    }  # fmt: skip
    first = foreseen["items"][0]
    assert (first["number"], first["due_before"]) == (numbers[0], before["total_due_at"])
    assert (first["due_after"], first["light_before"], first["light_after"]) == (
        "2026-11-25T10:00:00Z", "green", "red",
    )  # fmt: skip
    assert (await shown(running_city, numbers[0]))["policy_version"] == 1
    answer = await running_city.post("operator", PATH, {"to_version": 2, **WHY})
    assert answer.status_code == 202, answer.text
    job = answer.json()["job"]
    assert answer.headers["location"] == f"/v1/bulk/{job['id']}"
    assert (job["command"], job["total"], answer.json()["figures"]) == ("move_policy", 3, foreseen["figures"])
    await worked_off(running_city, job)
    done = (await running_city.get("operator", answer.headers["location"])).json()
    assert (done["state"], done["succeeded"]) == ("done", 3)
    for number in numbers:
        await running_city.stories.let_time_pass(number)
        after = await shown(running_city, number)
        assert (after["policy_version"], after["light"]) == (2, "red")
    assert (await shown(running_city, late[0]))["policy_version"] == 2
    told = await running_city.get("auditor", f"/v1/requests/{numbers[0]}/timeline")
    assert told.status_code == 200, told.text
    timeline = told.json()["items"]
    fact = next(item for item in timeline if item["kind"] == "policy_moved")
    assert (fact["by"]["role"], fact["what"]["reason"]) == ("duty_leader", WHY["reason"])
    entry = (await running_city.get("auditor", "/v1/audit/operations?what=policy_migration")).json()["items"][
        0
    ]
    assert (entry["subject"], entry["who"], entry["reason"]) == (
        f"bulk/{job['id']}",
        "operator",
        WHY["reason"],
    )
    assert entry["details"]["figures"] == foreseen["figures"]
    assert (entry["details"]["policy"], entry["details"]["to_version"]) == ("P-SAFETY", 2)


async def test_whom_it_would_make_late_may_be_left_alone(running_city: City):
    early = await taken(running_city, 1)
    running_city.clock.move(days=4)
    later = await taken(running_city, 2)
    await published(running_city, total="3wd", dwell=TWO_DAYS, start_level="town")
    foreseen = await previewed(running_city, to_version=2, paging={"only": ["would_breach"]})
    assert [item["number"] for item in foreseen["items"]] == early
    assert (foreseen["figures"]["would_breach"], foreseen["figures"]["would_shorten"]) == (1, 2)
    answer = await running_city.post(
        "operator", PATH, {"to_version": 2, "leave_out": ["would_breach"], **WHY}
    )
    await worked_off(running_city, answer.json()["job"])
    versions = [(await shown(running_city, number))["policy_version"] for number in [*early, *later]]
    assert versions == [1, 2, 2]
    nobody = {"to_version": 2, "leave_out": ["would_breach"], **WHY}
    again = await running_city.post("operator", PATH, nobody)
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_move")


async def test_open_requests_follow_a_surge_only_by_order_and_only_where_it_holds(running_city: City):
    here = await taken(running_city, 2)
    there = await taken(running_city, 1, place={"area": "440104"})
    body: dict[str, Any] = {"to_policy": "P-SAFETY-SURGE", "to_version": 1, "filter": {"district": "440106"}}
    foreseen = await previewed(running_city, **body)
    assert (foreseen["figures"]["total"], foreseen["figures"]["would_shorten"]) == (2, 2)
    answer = await running_city.post("operator", PATH, {**body, **WHY})
    await worked_off(running_city, answer.json()["job"])
    policies = [(await shown(running_city, number))["policy"] for number in [*here, *there]]
    assert policies == ["P-SAFETY-SURGE", "P-SAFETY-SURGE", "P-SAFETY"]
    back = {"to_policy": "P-SAFETY", "to_version": 1, **WHY}
    returned = await running_city.post("operator", "/v1/policies/P-SAFETY-SURGE/migrations", back)
    await worked_off(running_city, returned.json()["job"])
    assert (await shown(running_city, here[0]))["policy"] == "P-SAFETY"


async def test_the_list_comes_in_pages_and_the_figures_once(running_city: City):
    numbers = await taken(running_city, 5)
    await published(running_city, total="8wd")
    first = await previewed(running_city, to_version=2, paging={"limit": 3})
    rest = await previewed(running_city, to_version=2, paging={"limit": 3, "after": first["next_after"]})
    assert [item["number"] for item in [*first["items"], *rest["items"]]] == numbers
    assert (first["figures"]["would_gain"], rest["figures"], rest["next_after"]) == (5, None, None)


async def test_the_same_key_is_one_job(running_city: City):
    await taken(running_city, 1)
    await published(running_city, total="8wd")
    body = {"to_version": 2, **WHY}
    first = await running_city.post("operator", PATH, body, key="k")
    await worked_off(running_city, first.json()["job"])
    again = await running_city.post("operator", PATH, body, key="k")
    assert (again.status_code, again.json()["job"]["id"]) == (202, first.json()["job"]["id"])
    assert again.json()["figures"] == first.json()["figures"]
    other = await running_city.post("operator", PATH, {**body, "reason": "another"}, key="k")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert (
        len((await running_city.get("auditor", "/v1/audit/operations?what=policy_migration")).json()["items"])
        == 1
    )


async def test_a_slow_migration_moves_nobody_back_whom_a_later_one_has_moved_on(running_city: City):
    number = (await taken(running_city, 1))[0]
    await published(running_city, total="8wd")
    slow = (await running_city.post("operator", PATH, {"to_version": 2, **WHY})).json()["job"]
    await published(running_city, total="9wd")
    later = (await running_city.post("operator", PATH, {"to_version": 3, **WHY})).json()["job"]
    await worked_off(running_city, later)
    await worked_off(running_city, slow)
    assert (await shown(running_city, number))["policy_version"] == 3
    items = (await running_city.get("operator", f"/v1/bulk/{slow['id']}/items")).json()["items"]
    assert [(item["result"], item["code"]) for item in items] == [("refused", "changed_meanwhile")]


async def test_a_migration_rests_and_goes_on_or_is_cancelled(running_city: City):
    numbers = await taken(running_city, 2)
    await published(running_city, total="8wd")
    job = (await running_city.post("operator", PATH, {"to_version": 2, **WHY})).json()["job"]
    path = f"/v1/bulk/{job['id']}"
    assert (await running_city.post("operator", f"{path}/pause")).json()["state"] == "paused"
    assert (await worked_off(running_city, job)).paused
    assert (await shown(running_city, numbers[0]))["policy_version"] == 1
    resumed = (await running_city.post("operator", f"{path}/resume")).json()
    assert (resumed["state"], resumed["started_at"]) == ("running", None)
    await worked_off(running_city, job)
    assert (await shown(running_city, numbers[1]))["policy_version"] == 2
    await published(running_city, total="9wd")
    second = (await running_city.post("operator", PATH, {"to_version": 3, **WHY})).json()["job"]
    await running_city.post("operator", f"/v1/bulk/{second['id']}/pause")
    cancelled = (await running_city.post("operator", f"/v1/bulk/{second['id']}/cancel")).json()
    assert cancelled["paused_at"] is None
    await worked_off(running_city, second)
    assert (await running_city.get("operator", f"/v1/bulk/{second['id']}")).json()["state"] == "cancelled"


async def test_what_cannot_be_moved_is_refused(running_city: City, monkeypatch: pytest.MonkeyPatch):
    await taken(running_city, 2)
    await published(running_city, total="8wd", active_from="2027-01-01T00:00:00Z")
    wrong: list[tuple[str, dict[str, Any], int, str]] = [
        (PATH, {"to_version": 9, **WHY}, 422, "unknown_version"),
        (PATH, {"to_version": 1, "to_policy": "P-NONE", **WHY}, 422, "unknown_policy"),
        ("/v1/policies/P-NONE/migrations", {"to_version": 1, "to_policy": "P-SAFETY", **WHY}, 422, "unknown_policy"),
        (PATH, {"to_version": 2, **WHY}, 409, "policy_not_begun"),
        (PATH, {"to_version": 2, "reason": " "}, 422, "text_missing"),
        (PATH, {"to_version": 1, "filter": {"category": "9999"}, **WHY}, 422, "unknown_category"),
        ("/v1/policies/P-GARBAGE/migrations", {"to_version": 1, **WHY}, 409, "nothing_to_move"),
    ]  # fmt: skip
    for path, body, status, code in wrong:
        refused = await running_city.post("operator", path, body)
        assert (refused.status_code, refused.json()["code"]) == (status, code), body
    monkeypatch.setattr("api.bulk.previewing.MOST_AT_ONCE", 1)
    for path in (PATH, f"{PATH}/preview"):
        body = {"to_version": 1, "to_policy": "P-SAFETY-SURGE", **({} if "preview" in path else WHY)}
        refused = await running_city.post("operator", path, body)
        assert (refused.status_code, refused.json()["code"]) == (422, "too_many_requests")
    for who in ("auditor", "sre", "unit"):
        assert (await running_city.post(who, PATH, {"to_version": 1, **WHY})).status_code == 403
        assert (await running_city.post(who, f"{PATH}/preview", {"to_version": 1})).status_code == 403


async def test_a_level_without_anybody_is_foreseen_as_a_refusal(running_city: City):
    number = (await taken(running_city, 1, category="0702", place={"area": "440106012003"}))[0]
    path = "/v1/policies/P-LEAK/migrations"
    body: dict[str, Any] = {"to_policy": "P-SAFETY-SURGE", "to_version": 1}
    foreseen = await previewed(running_city, path, **body)
    assert [(item["number"], item["outlook"], item["refused"]) for item in foreseen["items"]] == [
        (number, "refused", "duty_list_gap")
    ]
    refused = await running_city.post("operator", path, {**body, **WHY})
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_move")


async def test_one_request_is_moved_by_its_own_command(running_city: City):
    number = (await taken(running_city, 1))[0]
    await published(running_city, total="8wd")
    path = f"/v1/requests/{number}/move-policy"
    moved = await running_city.post("operator", path, {"version": 2, **WHY})
    assert moved.status_code == 200, moved.text
    assert (await shown(running_city, number))["policy_version"] == 2
    again = await running_city.post("operator", path, {"version": 2, **WHY})
    assert (again.status_code, again.json()["code"]) == (409, "policy_unchanged")
    waiting = (await running_city.begun(category=None, caller={"anonymous": True}))["number"]
    early = await running_city.post("operator", f"/v1/requests/{waiting}/move-policy", {"version": 2, **WHY})
    assert (early.status_code, early.json()["code"]) == (409, "not_possible_now")


def with_a_day_off(calendar: WorkingCalendar, day: date) -> WorkingCalendar:
    others = tuple(each for each in calendar.exceptions if each[0] != day)
    return replace(calendar, exceptions=tuple(sorted([*others, (day, "")])))


async def test_a_corrected_calendar_is_foreseen_and_reaches_the_requests_it_touches(running_city: City):
    numbers = await taken(running_city, 2)
    natural = await taken(running_city, 1, category="0107")
    before = await shown(running_city, numbers[0])
    assert (await previewed(running_city, "/v1/calendar/corrections"))["figures"]["total"] == 0
    pack = running_city.doors.pack
    corrected = replace(pack, calendar=with_a_day_off(pack.calendar, date(2026, 11, 25)))
    running_city.app.state.doors = replace(running_city.app.state.doors, pack=corrected)
    foreseen = await previewed(running_city, "/v1/calendar/corrections")
    assert (foreseen["figures"]["would_gain"], foreseen["figures"]["unchanged"]) == (2, 1)
    assert (foreseen["items"][0]["due_before"], foreseen["items"][0]["due_after"]) == (
        before["total_due_at"], "2026-12-03T10:00:00Z",
    )  # fmt: skip
    answer = await running_city.post("operator", "/v1/calendar/corrections", {"reason": "台风停工一天"})
    assert answer.status_code == 202, answer.text
    await worked_off(running_city, answer.json()["job"])
    assert (await shown(running_city, numbers[1]))["total_due_at"] == "2026-12-03T10:00:00Z"
    assert (await previewed(running_city, "/v1/calendar/corrections"))["figures"]["total"] == 0
    entry = (await running_city.get("auditor", "/v1/audit/operations?what=calendar_correction")).json()[
        "items"
    ][0]
    assert (entry["reason"], entry["details"]["orders"]) == ("台风停工一天", 3)
    assert entry["details"]["days"] == [{"day": "2026-11-25", "before": None, "after": ""}]
    assert natural
    nothing = await running_city.post("operator", "/v1/calendar/corrections", {"reason": "once more"})
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_to_move")
