"""Policies: shown as they are published, validated without trace, published once per key."""

import asyncio

from persistence.publishing import PACK_AUTHOR
from tests.api.conftest import City


async def _policy(running_city: City, code: str = "P-GARBAGE") -> dict:
    return (await running_city.get("operator", f"/v1/policies/{code}")).json()["items"][0]["policy"]


async def test_every_policy_of_the_pack_is_valid_as_it_is_shown(running_city: City):
    shown = (await running_city.get("operator", "/v1/policies")).json()["items"]
    assert len(shown) == len(running_city.doors.pack.every_policy)
    for item in shown:
        verdict = (await running_city.post("operator", "/v1/policies/validate", item["policy"])).json()
        assert verdict == {"valid": True, "faults": []}


async def test_a_new_version_holds_for_new_requests_and_old_ones_keep_theirs(running_city: City):
    old = await running_city.begun()
    policy = await _policy(running_city, "P-SAFETY")
    changed = {**policy, "sign": "1wh"}
    published = await running_city.post("operator", "/v1/policies", {"policy": changed})
    assert published.status_code == 201, published.text
    assert published.json()["version"] == 2
    new = await running_city.registered()
    assert (old["policy_version"], new["policy_version"]) == (1, 2)
    versions = (await running_city.get("auditor", "/v1/policies/P-SAFETY")).json()["items"]
    assert [(item["version"], item["published_by"]) for item in versions] == [
        (2, "operator"),
        (1, "city pack"),
    ]
    assert versions[1]["policy"] == policy
    shown = (await running_city.get("operator", f"/v1/requests/{old['number']}")).json()
    assert shown["policy_version"] == 1


async def test_one_key_publishes_one_version(running_city: City):
    body = {"policy": await _policy(running_city)}
    answers = await asyncio.gather(
        *(running_city.post("operator", "/v1/policies", body, key="k") for _ in range(5))
    )
    assert {(answer.status_code, answer.json()["version"]) for answer in answers} == {(201, 2)}
    other = {"policy": {**body["policy"], "sign": "1wh" if body["policy"]["clock"] == "working" else "7min"}}
    conflict = await running_city.post("operator", "/v1/policies", other, key="k")
    assert (conflict.status_code, conflict.json()["code"]) == (409, "idempotency_conflict")


async def test_a_version_may_begin_later(running_city: City):
    policy = await _policy(running_city, "P-SAFETY")
    body = {"policy": policy, "active_from": "2027-01-01T00:00:00+08:00"}
    assert (await running_city.post("operator", "/v1/policies", body)).status_code == 201
    assert (await running_city.registered())["policy_version"] == 1


async def test_a_faulty_policy_is_refused_with_its_field(running_city: City):
    policy = await _policy(running_city)
    faulty = {**policy, "total": "1min"} if policy["clock"] == "natural" else {**policy, "total": "1wh"}
    verdict = (await running_city.post("operator", "/v1/policies/validate", faulty)).json()
    assert verdict["valid"] is False
    assert verdict["faults"][0]["field"] == "dwell"
    refused = await running_city.post("operator", "/v1/policies", {"policy": faulty})
    assert (refused.status_code, refused.json()["code"]) == (422, "policy_faulty")
    unknown = await running_city.post("operator", "/v1/policies", {"policy": {**policy, "code": "P-NONE"}})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_policy")
    odd = await running_city.post("operator", "/v1/policies", {"policy": {**policy, "sign": "soon"}})
    assert (odd.status_code, odd.json()["code"]) == (422, "invalid_input")


async def test_a_version_begins_at_its_very_instant(running_city: City):
    policy = await _policy(running_city, "P-SAFETY")
    body = {"policy": {**policy, "sign": "2wh"}, "active_from": "2026-11-23T05:00:00Z"}
    assert (await running_city.post("operator", "/v1/policies", body)).status_code == 201
    running_city.clock.move(hours=2, minutes=59, seconds=59)
    assert (await running_city.registered())["policy_version"] == 1
    running_city.clock.move(seconds=1)
    assert (await running_city.registered(caller={"anonymous": True}))["policy_version"] == 2


async def test_a_level_on_which_nobody_would_answer_forbids_publishing(running_city: City):
    policy = await _policy(running_city, "P-LEAK")
    wider = {**policy, "dwell": {"grid": "1wd", "community": "1wd", "town": "1wd", "district": "1wd"}}
    verdict = (await running_city.post("operator", "/v1/policies/validate", wider)).json()
    assert verdict["valid"] is False
    assert {fault["field"] for fault in verdict["faults"]} == {"dwell.district"}
    refused = await running_city.post("operator", "/v1/policies", {"policy": wider})
    assert (refused.status_code, refused.json()["code"]) == (422, "duty_list_gap")
    assert refused.json()["field"] == "dwell.district"


async def test_a_policy_prepared_for_a_surge_is_published_as_any_other(running_city: City):
    policy = await _policy(running_city, "P-SAFETY-SURGE")
    changed = {**policy, "total": "26h"}
    published = await running_city.post("operator", "/v1/policies", {"policy": changed})
    assert (published.status_code, published.json()["version"]) == (201, 2)


async def test_the_versions_say_which_holds_and_what_each_changed(running_city: City):
    policy = await _policy(running_city, "P-SAFETY")
    for version, active_from in (({"sign": "2wh"}, None), ({"total": "8wd"}, "2027-01-01T00:00:00Z")):
        body = {"policy": {**policy, **version}, "active_from": active_from, "reason": "市政府常务会议"}
        assert (await running_city.post("operator", "/v1/policies", body)).status_code == 201
    shown = (await running_city.get("sre", "/v1/policies/P-SAFETY/versions")).json()
    assert [(each["version"], each["standing"], each["changed"]) for each in shown["items"]] == [
        (3, "coming", ["sign", "total"]),
        (2, "in_force", ["sign"]),
        (1, "superseded", []),
    ]
    entry = (await running_city.get("auditor", "/v1/audit/operations")).json()["items"][0]
    assert (entry["what"], entry["subject"], entry["reason"]) == (
        "policy_published",
        "P-SAFETY",
        "市政府常务会议",
    )
    assert entry["details"]["version"] == 3


async def test_two_versions_are_compared_in_words(running_city: City):
    policy = await _policy(running_city, "P-SAFETY")
    await running_city.post("operator", "/v1/policies", {"policy": {**policy, "sign": "2wh", "total": "8wd"}})
    found = (await running_city.get("operator", "/v1/policies/P-SAFETY/diff?from=1&to=2")).json()
    assert [(change["field"], change["sense"], change["text_zh"]) for change in found["changes"]] == [
        ("sign", "longer", "签收时限由 1wh 延长为 2wh"),
        ("total", "longer", "办结总时限由 7wd 延长为 8wd"),
    ]
    back = (await running_city.get("operator", "/v1/policies/P-SAFETY/diff?from=2&to=1")).json()
    assert {change["sense"] for change in back["changes"]} == {"shorter"}
    for path in ("/v1/policies/P-SAFETY/diff?from=1&to=9", "/v1/policies/P-NONE/diff?from=1&to=1"):
        assert (await running_city.get("operator", path)).status_code == 404


async def test_only_the_command_centre_publishes(running_city: City):
    body = {"policy": await _policy(running_city)}
    for who in ("auditor", "sre", "unit"):
        assert (await running_city.post(who, "/v1/policies", body)).status_code == 403
        assert (await running_city.post(who, "/v1/policies/validate", body["policy"])).status_code == 403


async def test_two_who_publish_first_at_once_publish_the_packs_own_version_once(running_city: City):
    policy = await _policy(running_city)
    answers = await asyncio.gather(
        *(
            running_city.post("operator", "/v1/policies", {"policy": policy, "reason": "压缩时限"})
            for _ in range(4)
        )
    )
    assert [answer.status_code for answer in answers] == [201] * 4
    shown = (await running_city.get("operator", "/v1/policies/P-GARBAGE/versions")).json()["items"]
    assert [item["version"] for item in shown] == [5, 4, 3, 2, 1]
    assert [item["published_by"] == PACK_AUTHOR for item in shown] == [False] * 4 + [True]
