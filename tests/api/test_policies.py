"""Policies: shown as they are published, validated without trace, published once per key."""

import asyncio

from tests.api.conftest import City


async def _policy(running_city: City, code: str = "P-GARBAGE") -> dict:
    return (await running_city.get("operator", f"/v1/policies/{code}")).json()["items"][0]["policy"]


async def test_every_policy_of_the_pack_is_valid_as_it_is_shown(running_city: City):
    shown = (await running_city.get("operator", "/v1/policies")).json()["items"]
    assert len(shown) == len(running_city.doors.pack.policies)
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


async def test_only_the_command_centre_publishes(running_city: City):
    body = {"policy": await _policy(running_city)}
    for who in ("auditor", "sre", "unit"):
        assert (await running_city.post(who, "/v1/policies", body)).status_code == 403
        assert (await running_city.post(who, "/v1/policies/validate", body["policy"])).status_code == 403
