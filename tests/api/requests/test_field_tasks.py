"""Field tasks over HTTP: the unit passes a code on, and whoever holds it sees the task and nothing of the caller."""

from tests.api.conftest import BUREAU, TELEPHONE, TOWN, City

TASK = {
    "party": "property_firm",
    "name": "五山花园物业",
    "text": f"请清理3栋楼下杂物，联系 {TELEPHONE}",
    "within": "4h",
}
REPORT = {"done": True, "text": "杂物已清理", "evidence": ["photo-7"]}


async def sent(city: City) -> tuple[str, str]:
    """A request with a field task, and the task's code."""
    number = await city.in_progress()
    given = await city.post(f"unit:{TOWN}", f"/v1/requests/{number}/give-field-task", TASK)
    assert given.status_code == 200, given.text
    listed = (await city.get(f"unit:{TOWN}", f"/v1/requests/{number}/field-tasks")).json()["items"]
    return number, listed[0]["code"]


async def test_the_party_sees_the_task_and_nothing_of_the_caller(running_city: City):
    _, code = await sent(running_city)
    page = await running_city.get(None, f"/v1/field-tasks/{code}")
    assert page.status_code == 200
    assert page.json()["text"] == "请清理3栋楼下杂物，联系 ***"
    assert (page.json()["address"], page.json()["state"]) == ("天河区五山路1号", "given")
    assert page.json()["due_at"] == "2026-11-23T06:00:00Z"
    assert page.headers["cache-control"] == "no-store"
    for secret in ("陈小明", TELEPHONE, "302房"):
        assert secret not in page.text


async def test_the_task_says_nothing_of_who_called(running_city: City):
    number = await running_city.in_progress()
    task = {**TASK, "text": "陈小明（陈先生）住302房，请清理楼下"}
    given = await running_city.post(f"unit:{TOWN}", f"/v1/requests/{number}/give-field-task", task)
    assert given.status_code == 200, given.text
    told = (await running_city.get("operator", f"/v1/requests/{number}/timeline")).text
    for secret in ("陈小明", "陈先生", "302房"):
        assert secret not in told
    [shown] = (await running_city.get(f"unit:{TOWN}", f"/v1/requests/{number}/field-tasks")).json()["items"]
    assert shown["text"] == "***（***）住***，请清理楼下"


async def test_what_became_confidential_is_shown_to_no_party(running_city: City):
    number, code = await sent(running_city)
    body = {"visibility": "lead_only", "reason": "诉求人担心报复"}
    path = f"/v1/requests/{number}/mark-confidential"
    assert (await running_city.post("operator", path, body)).status_code == 200
    assert (await running_city.get(None, f"/v1/field-tasks/{code}")).status_code == 404
    late = await running_city.post(None, f"/v1/field-tasks/{code}/report", REPORT)
    assert (late.status_code, late.json()["code"]) == (409, "field_task_ended")


async def test_the_party_reports_without_a_login_once(running_city: City):
    number, code = await sent(running_city)
    path = f"/v1/field-tasks/{code}/report"
    reported = await running_city.post(None, path, REPORT, key="party-1")
    assert (reported.status_code, reported.json()["state"]) == (200, "in_progress"), reported.text
    again = await running_city.post(None, path, REPORT, key="party-1")
    assert again.json() == reported.json()
    other = await running_city.post(None, path, REPORT, key="party-2")
    assert (other.status_code, other.json()["code"]) == (409, "field_task_ended")
    shown = (await running_city.get(f"unit:{TOWN}", f"/v1/requests/{number}/field-tasks")).json()["items"][0]
    assert (shown["state"], shown["report"], shown["evidence"]) == ("done", "杂物已清理", ["photo-7"])


async def test_a_code_opens_one_task_and_no_other(running_city: City):
    number, code = await sent(running_city)
    ticket = code.rpartition(".")[2]
    for wrong in (f"{number}.f2.{ticket}", f"{number}.f1.{'A' * 24}", f"20260101-0000001.f1.{ticket}"):
        assert (await running_city.get(None, f"/v1/field-tasks/{wrong}")).status_code == 404
        refused = await running_city.post(None, f"/v1/field-tasks/{wrong}/report", REPORT)
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


async def test_the_code_is_shown_to_whoever_sent_the_party_and_to_no_joint_unit(running_city: City):
    number, _ = await sent(running_city)
    joint = {"unit": BUREAU, "task": "请派员协助"}
    assert (
        await running_city.post("operator", f"/v1/requests/{number}/start-joint", joint)
    ).status_code == 200
    seen = (await running_city.get(f"unit:{BUREAU}", f"/v1/requests/{number}/field-tasks")).json()["items"][0]
    assert (seen["task"], seen["code"]) == ("f1", None)
    read = (await running_city.get("auditor", f"/v1/requests/{number}/field-tasks")).json()["items"][0]
    assert (read["text"], read["code"]) == (seen["text"], None)


async def test_the_unit_takes_a_task_back_or_writes_down_what_it_was_told(running_city: City):
    number, code = await sent(running_city)
    path = f"/v1/requests/{number}"
    recalled = {"task": "f1", "reason": "业主已自行清理"}
    assert (await running_city.post(f"unit:{TOWN}", f"{path}/recall-field-task", recalled)).status_code == 200
    assert (await running_city.get(None, f"/v1/field-tasks/{code}")).json()["state"] == "recalled"
    await running_city.post(f"unit:{TOWN}", f"{path}/give-field-task", TASK)
    told = {"task": "f2", "done": False, "text": "门锁未开"}
    answer = await running_city.post(f"unit:{TOWN}", f"{path}/report-field-task", told)
    assert answer.status_code == 200
