"""Who may do what: every route against every kind of key."""

import pytest
from fastapi import FastAPI

from api.frame.access import Right, principal_of
from api.frame.keyring import Keyring, admit_configured_keys
from api.policies.bodies import body_of
from cities.pack import load_pack
from persistence.access import Principal as KeyHolder
from persistence.access import add as add_key
from persistence.engine import writing
from tests.api.conftest import BEGIN, BUREAU, CALL, OTHER_TOWN, REPLY, SECRETS, TOWN, City

WHO = (None, "operator", "auditor", "sre", f"unit:{TOWN}", f"unit:{OTHER_TOWN}")
CALLBACKS = "/v1/partners/{partner}/callbacks"
OPEN_ROUTES = ("/v1/track/", "/v1/field-tasks/", "/healthz", "/readyz", CALLBACKS)

ASKING = {"reason": "unheard_of", "explanation": "试问"}
RULING = {"granted": True, "note": "同意"}
REASON = {"reason": "经核实"}
PLACE = {"category": "0104", "place": {"area": "440106012"}}
ANSWER = {"knowledge_entry": "KB-1", "answer": "请稍候"}
PHOTO = {
    "name": "照片.jpg", "media_type": "image/jpeg", "size": 9, "sha256": "ab" * 32, "uri": "https://files.example.test/1"
}  # fmt: skip
HANDOVER = {"handover": {"to": "enforcement", "facts": "占道经营"}}
BACK = {**REASON, "case": "20200101-0000001-p1"}
SETTLED = {"case": "20200101-0000001-p1", "status": "done", "note": "已办", "document": "扫描件-1"}
FIELD_TASK = {"party": "contractor", "name": "养护公司", "text": "请到场", "within": "4h"}
FIELD_REPORT = {"task": "f1", "done": True, "text": "已办"}
JOINT = {"unit": BUREAU, "task": "协助勘查"}
WHISTLE = {
    "kind": "daily", "town": TOWN, "reason": "联合清理", "session": "线上会商",
    "summoned": [{"unit": BUREAU, "power": "fire_lane_penalty"}],
}  # fmt: skip
ATTENDANCE = {"mode": "online", "attendee": "李", "post": "head"}
OBJECTION = {"legal_basis": "权责清单", "text": "不属本单位"}
PLAN = {"minutes": "会商", "decisions": [{"unit": BUREAU, "action": "清理", "within": "1wd"}]}
MARKS = {"unit": BUREAU, "in_time": 5, "cooperated": 5, "solved": 5}
QUESTION = {"forum": "议事厅", "question": "设在哪里?"}
CARD = {**REASON, "leg": "1", "card": "red_card"}
AGREED = {"result": "同意", "agreed": True}
SECRECY = {**REASON, "visibility": "lead_only"}
REJECTION = {"reason": "outside_area", "advice": "请拨打邻市热线"}
CASE = {"case": "20200101-0000001-p1"}
RUBBISH = body_of(load_pack("guangzhou").every_policy["P-GARBAGE"]).model_dump(mode="json")

# What each kind of key is answered, in the order of WHO. The request is in progress at the town office. Where the
# act is not possible now, who may give it reads 409, which tells that the role was let through.
MATRIX = [
    ("POST", "/v1/requests", {**CALL, "separate_matter": True}, (401, 201, 403, 403, 201, 201)),
    ("GET", "/v1/requests", None, (401, 200, 200, 403, 200, 200)),
    ("GET", "/v1/requests/{n}", None, (401, 200, 200, 403, 200, 404)),
    ("GET", "/v1/requests/{n}/timeline", None, (401, 200, 200, 403, 200, 404)),
    ("GET", "/v1/requests/{n}/explain", None, (401, 200, 200, 403, 200, 404)),
    ("GET", "/v1/requests/{n}/similar", None, (401, 200, 200, 403, 200, 404)),
    ("GET", "/v1/requests/{n}/caller", None, (401, 200, 200, 403, 200, 404)),
    ("GET", "/v1/requests/{n}/caller?purpose=call", None, (401, 200, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/request-info", {"question": "哪里?"}, (401, 409, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/supply-info", {"note": "那里"}, (401, 409, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/accept", PLACE, (401, 409, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/reject", REJECTION, (401, 409, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/answer-directly", ANSWER, (401, 409, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/dispatch", {}, (401, 409, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/review-pass", {}, (401, 409, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/review-back", REASON, (401, 409, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/callback", {"contacted": False}, (401, 409, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/redo", REASON, (401, 409, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/urge", {}, (401, 200, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/supervise", REASON, (401, 200, 403, 403, 403, 403)),
    ("GET", "/v1/legs", None, (401, 200, 200, 403, 200, 200)),
    ("GET", "/v1/legs?unit=" + BUREAU, None, (401, 200, 200, 403, 403, 403)),
    ("GET", "/v1/legs/{n}.1", None, (401, 200, 200, 403, 200, 404)),
    ("POST", "/v1/legs/{n}.1/first-contact", {"proof": "通话"}, (401, 403, 403, 403, 200, 404)),
    ("POST", "/v1/legs/{n}.1/sign", {}, (401, 403, 403, 403, 409, 404)),
    ("POST", "/v1/legs/{n}.1/complete", REPLY, (401, 403, 403, 403, 200, 404)),
    ("POST", "/v1/legs/{n}.1/hand-up", REASON, (401, 403, 403, 403, 409, 404)),
    ("POST", "/v1/legs/{n}.1/send-down", REASON, (401, 409, 403, 403, 409, 404)),
    ("POST", "/v1/requests/{n}/hand-up", REASON, (401, 403, 403, 403, 409, 404)),
    ("POST", "/v1/requests/{n}/recalculate", REASON, (401, 409, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/send-down", REASON, (401, 409, 403, 403, 409, 404)),
    ("POST", "/v1/requests/{n}/comment", {"text": "又来电"}, (401, 200, 403, 403, 200, 404)),
    ("POST", "/v1/requests/{n}/attach", PHOTO, (401, 200, 403, 403, 409, 404)),
    ("POST", "/v1/requests/{n}/instruct", {"text": "今日办结"}, (401, 200, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/acknowledge", {"instruction": "i1"}, (401, 403, 403, 403, 200, 404)),
    ("POST", "/v1/requests/{n}/give-field-task", FIELD_TASK, (401, 403, 403, 403, 409, 404)),
    ("POST", "/v1/requests/{n}/report-field-task", FIELD_REPORT, (401, 403, 403, 403, 404, 404)),
    ("POST", "/v1/requests/{n}/recall-field-task", {**REASON, "task": "f1"}, (401, 403, 403, 403, 409, 404)),
    ("GET", "/v1/requests/{n}/field-tasks", None, (401, 200, 200, 403, 200, 404)),
    ("POST", "/v1/requests/{n}/interim-report", {"text": "已订购"}, (401, 403, 403, 403, 409, 404)),
    ("POST", "/v1/requests/{n}/cancel-card", CARD, (401, 409, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/start-joint", JOINT, (401, 409, 403, 403, 409, 404)),
    ("POST", "/v1/requests/{n}/remove-joint", {**REASON, "leg": "1"}, (401, 409, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/set-join-rule", {**REASON, "join": "all"}, (401, 409, 403, 403, 409, 404)),
    ("GET", "/v1/partners/affairs/items", None, (401, 200, 200, 200, 200, 200)),
    ("GET", "/v1/whistles", None, (401, 200, 200, 403, 200, 200)),
    ("GET", "/v1/whistle-list", None, (401, 200, 200, 403, 200, 200)),
    ("POST", "/v1/requests/{n}/whistle", WHISTLE, (401, 409, 403, 403, 409, 404)),
    ("POST", "/v1/requests/{n}/whistles/w1/acknowledge", {}, (401, 403, 403, 403, 404, 404)),
    ("POST", "/v1/requests/{n}/whistles/w1/attend", ATTENDANCE, (401, 403, 403, 403, 404, 404)),
    ("POST", "/v1/requests/{n}/whistles/w1/object", OBJECTION, (401, 403, 403, 403, 404, 404)),
    ("POST", "/v1/requests/{n}/whistles/w1/plan", PLAN, (401, 409, 403, 403, 409, 404)),
    ("POST", "/v1/requests/{n}/whistles/w1/end", {"resolved": False, "text": "无果"}, (401, 409, 403, 403, 409, 404)),
    ("POST", "/v1/requests/{n}/whistles/w1/rate", MARKS, (401, 404, 403, 403, 404, 404)),
    ("POST", "/v1/requests/{n}/whistles/w1/rate-call", {"justified": 1}, (401, 403, 403, 403, 404, 404)),
    ("POST", "/v1/requests/{n}/whistles/w1/confirm-unjustified", REASON, (401, 404, 403, 403, 403, 403)),
    ("POST", "/v1/legs/{n}.1/delegate", JOINT, (401, 403, 403, 403, 409, 404)),
    ("POST", "/v1/legs/{n}.1/decline-joint", REASON, (401, 403, 403, 403, 409, 404)),
    ("POST", "/v1/legs/{n}.1/interim-report", {"text": "已订购"}, (401, 403, 403, 403, 409, 404)),
    ("POST", "/v1/legs/{n}.1/refer-deliberation", QUESTION, (401, 403, 403, 403, 409, 404)),
    ("POST", "/v1/legs/{n}.1/deliberation-result", AGREED, (401, 403, 403, 403, 409, 404)),
    ("POST", "/v1/legs/{n}.1/hand-to-partner", {"partner": "affairs", "case": "7"}, (401, 403, 403, 403, 409, 404)),
    ("POST", "/v1/legs/{n}.1/partner-result", {"word": "done", "note": "已办"}, (401, 409, 403, 403, 409, 404)),
    ("POST", "/v1/legs/{n}.1/acknowledge", {"instruction": "i1"}, (401, 403, 403, 403, 409, 404)),
    ("POST", "/v1/legs/{n}.1/open-case", HANDOVER, (401, 403, 403, 403, 409, 404)),
    ("POST", "/v1/legs/{n}.1/withdraw-case", BACK, (401, 404, 403, 403, 404, 404)),
    ("POST", "/v1/legs/{n}.1/settle-case", SETTLED, (401, 404, 403, 403, 404, 404)),
    ("POST", "/v1/requests/{n}/open-case", HANDOVER, (401, 403, 403, 403, 409, 404)),
    ("POST", "/v1/requests/{n}/withdraw-case", BACK, (401, 404, 403, 403, 404, 404)),
    ("POST", "/v1/requests/{n}/settle-case", SETTLED, (401, 404, 403, 403, 404, 404)),
    ("POST", "/v1/requests/{n}/refer-deliberation", QUESTION, (401, 403, 403, 403, 409, 404)),
    ("POST", "/v1/requests/{n}/deliberation-result", AGREED, (401, 403, 403, 403, 409, 404)),
    ("POST", "/v1/requests/{n}/hand-to-partner", {"partner": "affairs", "case": "7"}, (401, 403, 403, 403, 409, 404)),
    ("POST", "/v1/requests/{n}/partner-result", {"word": "done", "note": "已办"}, (401, 409, 403, 403, 409, 404)),
    ("POST", "/v1/requests/{n}/merge", {"parent": "20200101-0000001"}, (401, 422, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/reopen", REASON, (401, 409, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/mark-confidential", SECRECY, (401, 200, 403, 403, 403, 403)),
    ("GET", "/v1/exceptions", None, (401, 200, 200, 200, 200, 200)),
    ("GET", "/v1/applications", None, (401, 200, 200, 403, 200, 200)),
    ("GET", "/v1/requests/{n}/applications", None, (401, 200, 200, 403, 200, 404)),
    ("POST", "/v1/requests/{n}/applications/a1/rule", RULING, (401, 404, 403, 403, 404, 404)),
    ("POST", "/v1/legs/{n}.1/return", ASKING, (401, 403, 403, 403, 409, 404)),
    ("POST", "/v1/legs/{n}.1/extend", ASKING, (401, 403, 403, 403, 409, 404)),
    ("POST", "/v1/legs/{n}.1/suspend", ASKING, (401, 403, 403, 403, 409, 404)),
    ("POST", "/v1/legs/{n}.1/dispute", ASKING, (401, 409, 403, 403, 409, 404)),
    ("POST", "/v1/legs/{n}.1/defer", ASKING, (401, 403, 403, 403, 409, 404)),
    ("POST", "/v1/legs/{n}.1/mark-unreasonable", ASKING, (401, 403, 403, 403, 422, 404)),
    ("POST", "/v1/legs/{n}.1/mark-malicious", ASKING, (401, 403, 403, 403, 422, 404)),
    ("POST", "/v1/legs/{n}.1/release-joint", ASKING, (401, 403, 403, 403, 409, 404)),
    ("POST", "/v1/requests/{n}/transfer-out", ASKING, (401, 409, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/void", ASKING, (401, 409, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/appeal", ASKING, (401, 422, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/dispute", ASKING, (401, 409, 403, 403, 409, 404)),
    ("POST", "/v1/requests/{n}/resume", {"note": "恢复"}, (401, 409, 403, 403, 409, 404)),
    ("POST", "/v1/requests/{n}/reassign", {**REASON, "unit": TOWN}, (401, 409, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/withdraw", {}, (401, 200, 403, 403, 403, 403)),
    ("GET", "/v1/notices", None, (401, 200, 200, 403, 200, 200)),
    ("GET", "/v1/notices?recipient=" + BUREAU, None, (401, 200, 200, 403, 403, 403)),
    ("GET", "/v1/units", None, (401, 200, 200, 200, 200, 200)),
    ("GET", "/v1/catalogue", None, (401, 200, 200, 200, 200, 200)),
    ("POST", "/v1/bulk", {"command": "dispatch", "numbers": ["20200101-00001"]}, (401, 202, 403, 403, 403, 403)),
    ("GET", "/v1/bulk/{job}", None, (401, 404, 404, 404, 404, 404)),
    ("GET", "/v1/bulk/{job}/items", None, (401, 404, 404, 404, 404, 404)),
    ("POST", "/v1/bulk/{job}/cancel", {}, (401, 404, 404, 404, 404, 404)),
    ("POST", "/v1/bulk/{job}/pause", {}, (401, 404, 404, 404, 404, 404)),
    ("POST", "/v1/bulk/{job}/resume", {}, (401, 404, 404, 404, 404, 404)),
    ("GET", "/v1/policies", None, (401, 200, 200, 200, 200, 200)),
    ("GET", "/v1/policies/P-GARBAGE", None, (401, 200, 200, 200, 200, 200)),
    ("GET", "/v1/policies/P-GARBAGE/versions", None, (401, 200, 200, 200, 200, 200)),
    ("GET", "/v1/policies/P-GARBAGE/diff?from=1&to=1", None, (401, 200, 200, 200, 200, 200)),
    ("POST", "/v1/policies/P-GARBAGE/migrations/preview", {"to_version": 1}, (401, 200, 403, 403, 403, 403)),
    ("POST", "/v1/policies/P-GARBAGE/migrations", {**REASON, "to_version": 1}, (401, 409, 403, 403, 403, 403)),
    ("POST", "/v1/requests/{n}/move-policy", {**REASON, "version": 1}, (401, 409, 403, 403, 403, 403)),
    ("POST", "/v1/calendar/corrections/preview", {}, (401, 200, 403, 403, 403, 403)),
    ("POST", "/v1/calendar/corrections", REASON, (401, 409, 403, 403, 403, 403)),
    ("GET", "/v1/surges", None, (401, 200, 200, 200, 200, 200)),
    ("POST", "/v1/surges", {**REASON, "name": "防汛", "area": "9", "set": "flood"}, (401, 422, 403, 403, 403, 403)),
    ("GET", "/v1/surges/7", None, (401, 404, 404, 404, 404, 404)),
    ("POST", "/v1/surges/7/end", REASON, (401, 404, 403, 403, 403, 403)),
    ("GET", "/v1/partners", None, (401, 200, 200, 200, 403, 403)),
    ("GET", "/v1/partners/enforcement/cases", None, (401, 200, 200, 403, 403, 403)),
    ("GET", "/v1/partners/enforcement/messages", None, (401, 200, 200, 403, 403, 403)),
    ("POST", "/v1/partners/enforcement/messages/9/set-aside", {}, (401, 404, 403, 403, 403, 403)),
    ("POST", "/v1/partners/enforcement/messages/9/assign", CASE, (401, 404, 403, 403, 403, 403)),
    ("GET", "/v1/partners/enforcement/reconciliations", None, (401, 200, 200, 200, 403, 403)),
    ("POST", "/v1/partners/enforcement/reconciliations", {}, (401, 202, 403, 403, 403, 403)),
    ("GET", "/v1/audit/operations", None, (401, 200, 200, 200, 403, 403)),
    ("GET", "/v1/audit/verify/{n}", None, (401, 403, 200, 403, 403, 403)),
    ("POST", "/v1/policies/validate", RUBBISH, (401, 200, 403, 403, 403, 403)),
    ("POST", "/v1/policies", {"policy": RUBBISH}, (401, 201, 403, 403, 403, 403)),
    ("GET", "/metrics", None, (401, 403, 403, 200, 403, 403)),
    ("GET", "/healthz", None, (200,) * 6),
    ("GET", "/readyz", None, (200,) * 6),
]  # fmt: skip


async def test_every_route_answers_every_kind_of_key_as_the_matrix_says(running_city: City):
    number = await running_city.in_progress()
    wrong: list[str] = []
    for method, template, body, expected in MATRIX:
        path = template.replace("{n}", number).replace("{job}", "0" * 16)
        for who, status in zip(WHO, expected, strict=True):
            answer = (
                await running_city.get(who, path)
                if method == "GET"
                else await running_city.post(who, path, body)
            )
            if answer.status_code != status:
                wrong.append(
                    f"{method} {template} as {who}: {answer.status_code}, not {status}: {answer.text}"
                )
    assert not wrong, "\n".join(wrong)


async def test_no_route_is_open_that_should_not_be(running_city: City):
    for path, methods in running_city.app.openapi()["paths"].items():
        if path.startswith(OPEN_ROUTES):
            continue
        filled = path.format(
            number="20261123-0000001",
            leg_id="20261123-0000001.1",
            code="P-GARBAGE",
            application="a1",
            job="1",
            surge="1",
            partner="enforcement",
            message="9",
            whistle="w1",
        )
        for method in methods:
            async with running_city.client(None) as client:
                answer = await client.request(method, filled, headers={"Idempotency-Key": "k"})
            assert answer.status_code == 401, f"{method} {path}"
            assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "authorization", ["Bearer wrong", "Bearer", "", "Basic secret-of-operator-1", "Bearer " + "x" * 500]
)
async def test_a_wrong_key_is_no_key(running_city: City, authorization: str):
    async with running_city.client(None) as client:
        answer = await client.get("/v1/requests", headers={"Authorization": authorization})
    assert (answer.status_code, answer.json()["code"]) == (401, "key_missing")


async def test_a_role_can_be_chosen_among_those_held(running_city: City):
    number = await running_city.in_progress()
    path = f"/v1/requests/{number}/urge"
    answer = await running_city.post("operator", path, X_Acting_Role="supervisor")
    assert answer.status_code == 200
    timeline = (await running_city.get("operator", f"/v1/requests/{number}/timeline")).json()
    assert timeline["items"][-1]["by"] == {
        "role": "supervisor",
        "person": "operator",
        "unit": None,
        "level": "city",
    }
    for role, code in (("handler", 403), ("reviewer", 403), ("emperor", 422)):
        assert (await running_city.post("operator", path, X_Acting_Role=role)).status_code == code


async def test_a_gateway_speaks_for_the_unit_it_names(running_city: City):
    number = await running_city.dispatched()
    path = f"/v1/legs/{number}.1/sign"
    refused = await running_city.post(f"unit:{OTHER_TOWN}", path, X_Acting_Unit=TOWN)
    assert (refused.status_code, refused.json()["code"]) == (403, "role_not_allowed")
    wrong = await running_city.post("unit", path, X_Acting_Unit=BUREAU)
    assert (wrong.status_code, wrong.json()["code"]) == (403, "not_your_leg")
    signed = await running_city.post("unit", path, X_Acting_Unit=TOWN)
    assert signed.status_code == 200
    timeline = (await running_city.get("operator", f"/v1/requests/{number}/timeline")).json()
    assert timeline["items"][-1]["by"]["unit"] == TOWN


async def test_a_unit_sees_what_units_below_it_hold_and_not_its_neighbours(running_city: City):
    number = await running_city.dispatched(place={"area": "440106012003"})
    shown = (await running_city.get("operator", f"/v1/requests/{number}")).json()
    assert shown["unit"] == "440106012003-community_committee"
    for who, seen in ((f"unit:{TOWN}", 1), (f"unit:{BUREAU}", 1), (f"unit:{OTHER_TOWN}", 0)):
        board = (await running_city.get(who, "/v1/requests")).json()
        assert len(board["items"]) == seen, who
        assert (await running_city.get(who, f"/v1/requests/{number}")).status_code == (200 if seen else 404)


async def test_a_unit_sees_neither_its_neighbour_on_the_same_level_nor_who_stands_above_it(
    running_city: City,
):
    number = (await running_city.begun())["number"]
    sent = await running_city.post(
        "operator", f"/v1/requests/{number}/dispatch", {"unit": BUREAU, "reason": "专业处置"}
    )
    assert sent.status_code == 200, sent.text
    path = f"/v1/requests/{number}"
    assert (await running_city.get("unit", path, X_Acting_Unit=BUREAU)).status_code == 200
    for neighbour in ("440106-urban_mgmt_bureau", TOWN):
        assert (await running_city.get("unit", path, X_Acting_Unit=neighbour)).status_code == 404
        assert (await running_city.get("unit", "/v1/requests", X_Acting_Unit=neighbour)).json()["items"] == []


async def test_metrics_are_open_to_the_machine_itself_but_not_through_a_proxy_on_it(running_city: City):
    async with running_city.client(None, host="127.0.0.1") as client:
        assert (await client.get("/metrics")).status_code == 200
        assert (await client.get("/metrics", headers={"X-Forwarded-For": "1.2.3.4"})).status_code == 401


def test_the_matrix_knows_every_route_that_asks_for_a_key(application: FastAPI):
    known = {
        (
            method,
            template.partition("?")[0]
            .replace("{n}.1", "{leg_id}")
            .replace("{n}", "{number}")
            .replace("/a1/", "/{application}/")
            .replace("P-GARBAGE", "{code}")
            .replace("/7", "/{surge}")
            .replace("enforcement", "{partner}")
            .replace("/9/", "/{message}/")
            .replace("/w1/", "/{whistle}/"),
        )
        for method, template, *_ in MATRIX
    }
    known.add(("GET", "/v1/events"))  # a stream never ends: its own tests ask every kind of key
    known.add(("POST", CALLBACKS))  # it asks for a signature instead
    for path, methods in application.openapi()["paths"].items():
        if not path.startswith(("/v1/track/", "/v1/field-tasks/")):
            assert {(method.upper(), path) for method in methods} <= known
    assert len(SECRETS) == len(set(SECRETS.values()))


async def test_a_key_that_left_the_settings_opens_nothing_and_other_keys_stay(running_city: City):
    doors = running_city.doors
    async with writing(doors.database) as connection:
        await add_key(connection, "of-a-program", name="map", roles=frozenset({"auditor"}), at=BEGIN)
    changed = {name: secret for name, secret in SECRETS.items() if name not in ("operator_2", f"unit:{TOWN}")}
    changed["sre"] = "another-secret-of-sre"
    await admit_configured_keys(doors.database, doors.pack, changed, BEGIN)
    fresh = Keyring(doors.database, doors.pack)
    for gone in (SECRETS["operator_2"], SECRETS[f"unit:{TOWN}"], SECRETS["sre"]):
        assert await fresh.principal(gone) is None
    for known in (*changed.values(), "of-a-program"):
        assert await fresh.principal(known) is not None


async def test_a_demos_key_opens_nothing_in_production(running_city: City):
    doors, secret = running_city.doors, "demo-operator-1"
    await admit_configured_keys(doors.database, doors.pack, {**SECRETS, "operator_3": secret}, BEGIN)
    assert await Keyring(doors.database, doors.pack).principal(secret) is not None
    assert await Keyring(doors.database, doors.pack, demo_keys=False).principal(secret) is None


DESK = {Right.SEE_ALL, Right.REGISTER, Right.SEE_POLICIES}


@pytest.mark.parametrize(
    ("roles", "rights"),
    [
        ({"operator"}, {*DESK, Right.SEE_SEALED, Right.IDENTITIES, Right.PUBLISH, Right.RECONCILE}),
        ({"callback_agent"}, DESK),
        ({"callback_agent", "citizen"}, DESK),
        ({"handler"}, {Right.SEE_OWN, Right.REGISTER, Right.SEE_POLICIES}),
        ({"citizen"}, set()),
        ({"every_unit", "emperor"}, set()),
    ],
)
def test_only_a_whole_group_has_all_the_rights_of_its_posts(roles: set[str], rights: set[Right]):
    found = KeyHolder("id", "name", frozenset(roles), None, None)
    assert principal_of(found, lambda _code: None).rights == rights
