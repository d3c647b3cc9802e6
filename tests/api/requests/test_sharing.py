"""Handing a share across over HTTP: joint units, deliberations, partners, and words on a request."""

from tests.api.conftest import BUREAU, OTHER_TOWN, REPLY, TOWN, City
from tests.api.requests.test_command_line import typed
from tests.api.serving import served

COMMITTEE = "440106012003-community_committee"
PHOTO = {
    "name": "现场.jpg",
    "media_type": "image/jpeg",
    "size": 812345,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "uri": "https://files.example.test/2026/1.jpg",
}


async def test_a_delegated_share_is_done_by_the_lower_unit_and_the_lead_answers(running_city: City):
    number = await running_city.in_progress()
    body = {"unit": COMMITTEE, "task": "请到现场核实"}
    shared = await running_city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/delegate", body)
    assert (shared.status_code, shared.json()["state"]) == (200, "in_progress")
    twice = await running_city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/delegate", body)
    assert (twice.status_code, twice.json()["code"]) == (409, "on_the_request_already")
    inbox = (await running_city.get("unit", "/v1/legs", X_Acting_Unit=COMMITTEE)).json()
    assert [(item["role"], item["task"], item["delegated_by"]) for item in inbox["items"]] == [
        ("joint", "请到现场核实", "1")
    ]
    for path, given in (("sign", None), ("complete", REPLY)):
        done = await running_city.post("unit", f"/v1/legs/{number}.2/{path}", given, X_Acting_Unit=COMMITTEE)
        assert (done.status_code, done.json()["state"]) == (200, "in_progress"), done.text
    legs = (await running_city.get("operator", f"/v1/requests/{number}")).json()["legs"]
    assert [(leg["state"], leg["ended_how"]) for leg in legs] == [
        ("in_progress", None),
        ("ended", "contributed"),
    ]


async def test_a_unit_delegates_neither_to_strangers_nor_to_nobody(running_city: City):
    number = await running_city.in_progress()
    path = f"/v1/legs/{number}.1/delegate"
    for unit, status, code in (
        (BUREAU, 403, "not_in_subtree"),
        (OTHER_TOWN, 403, "not_in_subtree"),
        ("440106012-nobody", 422, "unknown_unit"),
    ):
        answer = await running_city.post(f"unit:{TOWN}", path, {"unit": unit, "task": "请核实"})
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_joint_unit_declines_and_another_is_let_go(running_city: City):
    number = await running_city.in_progress()
    joint = f"/v1/requests/{number}/start-joint"
    for unit in (BUREAU, OTHER_TOWN):
        body = {"unit": unit, "task": "请派员协助"}
        assert (await running_city.post("operator", joint, body)).status_code == 200
    declined = await running_city.post(
        f"unit:{BUREAU}", f"/v1/legs/{number}.2/decline-joint", {"reason": "不属于消防职责"}
    )
    assert declined.status_code == 200
    removed = await running_city.post(
        "operator", f"/v1/requests/{number}/remove-joint", {"leg": "3", "reason": "已无需协助"}
    )
    assert removed.status_code == 200
    legs = (await running_city.get("operator", f"/v1/requests/{number}")).json()["legs"]
    assert [leg["ended_how"] for leg in legs] == [None, "declined", "removed"]


async def test_a_town_deliberates_and_goes_on_with_what_was_agreed(running_city: City):
    number = await running_city.in_progress()
    path = f"/v1/requests/{number}"
    question = {"forum": "居民议事厅", "question": "充电棚设在哪里?", "limit": "10wd"}
    too_long = await running_city.post(
        f"unit:{TOWN}", f"{path}/refer-deliberation", {**question, "limit": "31wd"}
    )
    assert (too_long.status_code, too_long.json()["code"]) == (422, "limit_too_long")
    referred = await running_city.post(f"unit:{TOWN}", f"{path}/refer-deliberation", question)
    assert (referred.status_code, referred.json()["state"]) == (200, "in_deliberation")
    clocks = (await running_city.get("operator", path)).json()["clocks"]
    assert [clock["running"] for clock in clocks if clock["clock"] in ("total", "dwell")] == [False, False]
    result = {"result": "设在东门旁", "agreed": True}
    back = await running_city.post(f"unit:{TOWN}", f"{path}/deliberation-result", result)
    assert (back.status_code, back.json()["state"]) == (200, "in_progress")


async def test_a_partner_is_waited_for_under_its_case_number(running_city: City):
    number = await running_city.in_progress()
    path = f"/v1/requests/{number}"
    handed = {"partner": "enforcement", "case": "线索17", "note": "占用消防通道"}
    sent = await running_city.post(f"unit:{TOWN}", f"{path}/hand-to-partner", handed)
    assert (sent.status_code, sent.json()["state"]) == (200, "awaiting_partner")
    shown = (await running_city.get("operator", path)).json()
    assert (shown["partner"], shown["partner_case"]) == ("enforcement", "线索17")
    other = {"word": "done", "note": "已责令改正", "case": "线索16"}
    wrong = await running_city.post(f"unit:{TOWN}", f"{path}/partner-result", other)
    assert (wrong.status_code, wrong.json()["code"]) == (409, "other_case")
    odd = await running_city.post(f"unit:{TOWN}", f"{path}/partner-result", {**other, "word": "maybe"})
    assert odd.status_code in (409, 422)
    result = {"word": "done", "note": "已责令改正"}
    back = await running_city.post(f"unit:{TOWN}", f"{path}/partner-result", result)
    assert (back.status_code, back.json()["state"]) == (200, "in_progress")


async def test_words_are_shown_with_the_request_and_an_instruction_waits_for_its_reader(running_city: City):
    number = await running_city.in_progress()
    path = f"/v1/requests/{number}"
    assert (await running_city.post("operator", f"{path}/comment", {"text": "夜间更严重"})).status_code == 200
    assert (await running_city.post(f"unit:{TOWN}", f"{path}/attach", PHOTO)).status_code == 200
    again = await running_city.post("operator", f"{path}/attach", PHOTO)
    assert (again.status_code, again.json()["code"]) == (409, "attached_before")
    large = await running_city.post("operator", f"{path}/attach", {**PHOTO, "size": 60 * 1024 * 1024})
    assert (large.status_code, large.json()["code"]) == (422, "attachment_too_large")
    assert (await running_city.post("operator", f"{path}/instruct", {"text": "今日办结"})).status_code == 200
    shown = (await running_city.get("operator", path)).json()
    assert shown["attachments"] == [PHOTO]
    assert shown["instructions"] == ["i1"]
    reply = await running_city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/complete", REPLY)
    assert (reply.status_code, reply.json()["code"]) == (409, "not_acknowledged")
    read = await running_city.post(f"unit:{TOWN}", f"{path}/acknowledge", {"instruction": "i1"})
    assert read.status_code == 200
    reply = await running_city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/complete", REPLY)
    assert reply.status_code == 200


async def test_a_supervisor_takes_a_card_back(running_city: City):
    number = await running_city.in_progress()
    path = f"/v1/requests/{number}"
    card = {"reason": "超时", "card": "yellow_card"}
    assert (await running_city.post("operator", f"{path}/supervise", card)).status_code == 200
    taken = await running_city.post("operator", f"{path}/cancel-card", {**card, "leg": "1"})
    assert taken.status_code == 200
    assert (await running_city.get("operator", path)).json()["card"] is None
    again = await running_city.post("operator", f"{path}/cancel-card", {**card, "leg": "1"})
    assert (again.status_code, again.json()["code"]) == (409, "no_such_card")


async def test_a_share_and_a_word_can_be_typed(running_city: City):
    number = await running_city.in_progress()
    photo = [word for name, value in PHOTO.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    async with served(running_city) as base:
        for who, words in (
            ("unit", ("delegate", number, "--unit", COMMITTEE, "--task", "请核实")),
            ("operator", ("start-joint", number, "--unit", BUREAU, "--task", "请派车")),
            ("operator", ("remove-joint", number, "--leg", "3", "--reason", "已无需协助")),
            ("operator", ("attach", number, *photo)),
            ("operator", ("comment", number, "--text", "夜间更严重")),
            ("unit", ("interim-report", number, "--text", "已订购材料")),
            (
                "unit",
                (
                    "refer-deliberation",
                    number,
                    "--forum",
                    "议事厅",
                    "--question",
                    "设在哪里",
                    "--limit",
                    "5wd",
                ),
            ),
            ("unit", ("deliberation-result", number, "--result", "东门旁", "--agreed")),
            ("unit", ("hand-to-partner", number, "--partner", "volunteers", "--case", "任务7")),
            ("unit", ("partner-result", number, "--word", "done", "--note", "已清理")),
        ):
            given = await typed(base, who, *words)
            assert given.exit_code == 0, f"{words}: {given.output}"
    shown = (await running_city.get("operator", f"/v1/requests/{number}")).json()
    assert shown["state"] == "in_progress"
    assert shown["attachments"] == [PHOTO]
    assert [leg["ended_how"] for leg in shown["legs"]] == [None, None, "removed"]
