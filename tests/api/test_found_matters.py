"""A matter that a partner found: registered by the worker, seen at the doors on both sides."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.case_messages import FoundInCase
from activities.found import FoundMatters
from domain.cases.found import key_of
from domain.commands import Order, ReportFound
from domain.partners import FoundMatter, OwnMatter
from domain.responsibility.routing import Place
from domain.units import SYSTEM
from tests.api.conftest import BUREAU, TOWN, City

UNIT = f"unit:{TOWN}"
TASK: dict[str, Any] = {
    "to": "volunteers",
    "task_kind": "clean",
    "facts": "清理楼道",
    "starts_at": "2026-11-27T09:00:00+08:00",
    "ends_at": "2026-11-27T11:30:00+08:00",
}
LAMP = FoundMatter("路灯一盏不亮")
CHARGING = FoundMatter("楼道里有电动自行车充电", category="0104")


async def handed_over(city: City) -> tuple[str, str]:
    """A request whose town has sent volunteers, and the case."""
    number = await city.in_progress()
    opened = await city.post(UNIT, f"/v1/requests/{number}/open-case", {"handover": TASK, "waits": False})
    assert opened.status_code == 200, opened.text
    return number, f"{number}-p1"


async def registered(city: City, case: str, *found: FoundMatter) -> tuple[str, ...]:
    """What the worker does when the volunteers have found something, up to its news for the request."""
    doors = city.doors
    desk = FoundMatters(doors.database, doors.seal, lambda: doors.pack, now=doors.now)
    own = tuple(OwnMatter(key_of(each), each) for each in found)
    given = FoundInCase(case, Place("440106012", "天河区五山路1号"), own)
    numbers = (await ActivityEnvironment().run(desk.register_found, given)).numbers
    for number in numbers:
        await city.stories.begin(number)
    news = Order(f"{case}:found:7", SYSTEM, ReportFound(case, numbers))
    await city.stories.command(case.rpartition("-p")[0], news)
    return numbers


async def shown(city: City, number: str, who: str = "operator") -> dict[str, Any]:
    answer = await city.get(who, f"/v1/requests/{number}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_unit_sees_what_came_of_its_case(running_city: City):
    number, case = await handed_over(running_city)
    numbers = await registered(running_city, case, LAMP, CHARGING)
    (seen,) = (await shown(running_city, number, UNIT))["cases"]
    assert seen["found"] == [*numbers]
    timeline = (await running_city.get(UNIT, f"/v1/requests/{number}/timeline")).json()["items"]
    assert timeline[-1]["kind"] == "matters_found"
    assert timeline[-1]["what"]["numbers"] == [*numbers]
    inbox = (await running_city.get(UNIT, f"/v1/notices?recipient={TOWN}")).json()["items"]
    (told,) = [each for each in inbox if each["subject"] == "matters_found"]
    assert f"志愿服务案件 {case} 发现新问题，已登记为诉求 {'、'.join(numbers)}" in told["text_zh"]
    assert f"case {case} of the volunteer service found something else" in told["text_en"]


async def test_a_matter_tells_where_it_came_up_and_that_nobody_called(running_city: City):
    number, case = await handed_over(running_city)
    (found,) = await registered(running_city, case, LAMP)
    told = await shown(running_city, found)
    assert (told["found_in"], told["came_from"]) == (case, number)
    assert (told["state"], told["channel"], told["has_contact"]) == ("registered", "volunteer_report", False)
    assert told["description"].startswith("路灯一盏不亮")
    assert (await shown(running_city, number))["found_in"] is None


async def test_an_agent_completes_what_the_partner_did_not_know(running_city: City):
    _, case = await handed_over(running_city)
    (found,) = await registered(running_city, case, LAMP)
    place = {"area": "440106012", "address": "天河区五山路1号"}
    given = await running_city.post(
        "operator", f"/v1/requests/{found}/accept", {"category": "0104", "place": place}
    )
    assert (given.status_code, given.json()["state"] in ("pending_dispatch", "pending_sign")) == (200, True)


async def test_a_matter_of_a_known_category_is_accepted_and_due(running_city: City):
    _, case = await handed_over(running_city)
    (found,) = await registered(running_city, case, CHARGING)
    told = await shown(running_city, found)
    assert told["accepted_at"] is not None
    assert (told["category"], told["total_due_at"] is None) == ("0104", False)


@pytest.mark.parametrize("who", [UNIT, f"unit:{BUREAU}"])
async def test_the_number_alone_lets_nobody_see_the_matter(running_city: City, who: str):
    _, case = await handed_over(running_city)
    (found,) = await registered(running_city, case, LAMP)
    assert (await running_city.get(who, f"/v1/requests/{found}")).status_code == 404


async def test_the_citizen_of_the_request_is_not_told_of_what_was_found(running_city: City):
    number, case = await handed_over(running_city)
    code = (await shown(running_city, number))["query_code"]
    (found,) = await registered(running_city, case, LAMP)
    tracked = await running_city.get(None, f"/v1/track/{code}")
    assert tracked.status_code == 200, tracked.text
    assert found not in tracked.text
