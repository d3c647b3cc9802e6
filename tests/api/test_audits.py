"""GET /v1/audit/verify/{number}: auditors see whether a record is whole, nobody else does."""

from __future__ import annotations

from tests.api.conftest import City
from tests.persistence.conftest import tamper


async def test_an_auditor_sees_that_a_record_is_whole(running_city: City) -> None:
    number = await running_city.replied()
    answer = await running_city.get("auditor", f"/v1/audit/verify/{number}")
    assert answer.status_code == 200
    shown = answer.json()
    timeline = (await running_city.get("auditor", f"/v1/requests/{number}/timeline")).json()["items"]
    assert (shown["whole"], shown["rows"], shown["head"]) == (True, len(timeline), timeline[-1]["hash"])
    assert shown["findings"] == []


async def test_an_auditor_sees_what_was_altered_in_both_languages(running_city: City) -> None:
    number = await running_city.replied()
    await tamper(running_city.doors.database, "UPDATE timeline SET at = at - interval '1 hour' WHERE seq = 4")
    shown = (await running_city.get("auditor", f"/v1/audit/verify/{number}")).json()
    assert shown["whole"] is False
    assert shown["findings"] == [
        {"seq": 4, "what": "altered", "zh": "记录被改动", "en": "the row was altered", "detail": ""}
    ]


async def test_a_request_that_is_not_there_is_not_found(running_city: City) -> None:
    answer = await running_city.get("auditor", "/v1/audit/verify/20260101-0000001")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_only_auditors_verify(running_city: City) -> None:
    number = await running_city.replied()
    for who in ("operator", "unit", "sre"):
        answer = await running_city.get(who, f"/v1/audit/verify/{number}")
        assert (answer.status_code, answer.json()["code"]) == (403, "role_not_allowed"), who
