"""Simulated partners: their lives, once per key, and controls that a person or a test can reach."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import Any, get_args

import pytest

from domain.partners import Partner
from integrations.simulators.catalogue import catalogue
from integrations.simulators.serving import life_of
from integrations.wire.affairs import AFFAIR_MESSAGE, AffairMessage
from integrations.wire.enforcement import ENFORCEMENT_MESSAGE, EnforcementMessage
from integrations.wire.volunteers import VOLUNTEER_MESSAGE, VolunteerMessage
from tests.integrations.calling import CASE, an_item, calling, handed
from tests.integrations.conftest import Simulate
from tests.integrations.inbox import receiving

MESSAGES = {
    Partner.ENFORCEMENT: (ENFORCEMENT_MESSAGE, EnforcementMessage),
    Partner.AFFAIRS: (AFFAIR_MESSAGE, AffairMessage),
    Partner.VOLUNTEERS: (VOLUNTEER_MESSAGE, VolunteerMessage),
}
LAST = {Partner.ENFORCEMENT: "case_closed", Partner.AFFAIRS: "collected", Partner.VOLUNTEERS: "report"}
SECRET = "whsec_" + "c2VjcmV0LW9mLWEtdGVzdC0tLS0tLS0="


@pytest.mark.parametrize("partner", list(Partner))
def test_a_life_has_every_step_that_the_contract_has_a_message_for(partner: Partner):
    union = get_args(get_args(MESSAGES[partner][1])[0])
    assert set(life_of(partner).steps.values()) == set(union)


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({}, ["clue_received", "case_filed", "case_decided", "case_closed"]),
        ({"corrected_on_site": 1}, ["clue_received", "on_site_result"]),
        ({"refused": 1}, ["clue_received", "clue_refused"]),
    ],
)
async def test_a_clue_is_filed_put_right_on_the_spot_or_refused(
    simulate: Simulate, changes: dict[str, Any], kinds: list[str]
):
    simulator = await simulate(Partner.ENFORCEMENT, changes=changes)
    async with calling(simulator) as caller:
        accepted = await caller.hand_over()
        assert accepted.status_code == 202
        assert await caller.until(kinds[-1]) == kinds
        first = (await caller.messages())[0]
        assert first["data"]["clue_number"] == accepted.json()["number"]


async def test_what_three_report_is_one_clue_under_one_number_with_three_correlation_ids(simulate: Simulate):
    async with calling(await simulate(Partner.ENFORCEMENT, "by_hand")) as caller:
        numbers = [
            (await caller.hand_over(f"r{n}-p1", facts=f"第 {n} 位来电")).json()["number"] for n in range(3)
        ]
        elsewhere = await caller.hand_over("r3-p1", place={"area": "440106012", "address": "五山路2号"})
        assert len(set(numbers)) == 1
        assert elsewhere.json()["number"] != numbers[0]
        for n in range(3):
            await caller.drive("on_site_result", f"r{n}-p1")
        afterwards = await caller.hand_over("r4-p1")
        assert afterwards.json()["number"] not in {*numbers, elsewhere.json()["number"]}


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({}, ["affair_accepted", "affair_progress", "affair_decided", "ready_for_collection", "collected"]),
        (
            {"supplemented": 1, "uncollected": 1},
            [
                "affair_accepted",
                "supplement_required",
                "affair_progress",
                "affair_decided",
                "ready_for_collection",
                "uncollected",
            ],
        ),
        ({"denied": 1}, ["affair_accepted", "affair_progress", "affair_decided"]),
        ({"refused": 1}, ["affair_withdrawn"]),
    ],
)
async def test_an_affair_is_decided_and_fetched_unless_something_is_missing_or_denied(
    simulate: Simulate, changes: dict[str, Any], kinds: list[str]
):
    simulator = await simulate(Partner.AFFAIRS, changes=changes)
    async with calling(simulator) as caller:
        assert (await caller.hand_over()).json()["acknowledgement"] == "accepted"
        assert await caller.until(kinds[-1]) == kinds
        (entry,) = (await caller.listed())["cases"]
        assert entry["ended"]
        assert entry["last_sequence"] == len(kinds)


@pytest.mark.parametrize(
    ("changes", "before", "scores"),
    [
        ({"badly_reviewed": 1}, "collected", {1, 2}),
        ({"badly_reviewed": 0}, "collected", {3, 4, 5}),
        ({"badly_reviewed": 1, "uncollected": 1}, "uncollected", {1, 2}),
        ({"badly_reviewed": 1, "denied": 1}, "affair_decided", {1, 2}),
    ],
)
async def test_an_affair_that_is_over_may_be_reviewed_once_and_stays_over(
    simulate: Simulate, changes: dict[str, Any], before: str, scores: set[int]
):
    simulator = await simulate(Partner.AFFAIRS, changes={"reviewed": 1, **changes})
    async with calling(simulator) as caller:
        await caller.hand_over()
        kinds = await caller.until("review_posted")
        assert kinds[-2:] == [before, "review_posted"]
        assert (await caller.messages())[-1]["data"]["score"] in scores
        (entry,) = (await caller.listed())["cases"]
        assert entry["ended"]
        assert entry["last_sequence"] == len(kinds) == len(await caller.messages())


async def test_nobody_reviews_what_was_never_decided(simulate: Simulate):
    simulator = await simulate(Partner.AFFAIRS, changes={"reviewed": 1, "refused": 1})
    async with calling(simulator) as caller:
        await caller.hand_over()
        assert await caller.until("affair_withdrawn") == ["affair_withdrawn"]


@pytest.mark.parametrize(("share", "count"), [(0, 0), (1, 1)])
async def test_a_report_tells_a_new_issue_as_often_as_its_profile_says(
    simulate: Simulate, share: float, count: int
):
    async with calling(await simulate(Partner.VOLUNTEERS, changes={"issues_found": share})) as caller:
        await caller.hand_over()
        await caller.until("report")
        (report,) = [each for each in await caller.messages() if each["type"] == "report"]
        assert len(report["data"]["new_issues"]) == count


async def test_an_item_settled_at_once_needs_no_procedure(simulate: Simulate):
    async with calling(await simulate(Partner.AFFAIRS)) as caller:
        await caller.hand_over(itemCode=an_item(at_once=True))
        kinds = await caller.until("collected")
        assert kinds == ["affair_accepted", "affair_decided", "ready_for_collection", "collected"]


async def test_an_affair_that_the_citizen_has_already_is_followed_under_its_number(simulate: Simulate):
    async with calling(await simulate(Partner.AFFAIRS)) as caller:
        accepted = await caller.hand_over(followsCaseNo="20261101440106000777")
        assert accepted.json()["number"] == "20261101440106000777"
        await caller.until("collected")
        assert (await caller.messages())[0]["data"]["caseNo"] == "20261101440106000777"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"itemCode": "9" * 31}, "unknown_item"),
        ({"itemCode": next(code for code, item in catalogue().items() if item.withdrawn)}, "item_withdrawn"),
        ({"consentToken": "expired-1"}, "consent_invalid"),
        ({"consentToken": "level-1-1"}, "identity_level_too_low"),
    ],
)
async def test_an_affair_that_cannot_be_opened_is_rejected_in_the_body(
    simulate: Simulate, changes: dict[str, Any], code: str
):
    async with calling(await simulate(Partner.AFFAIRS)) as caller:
        answer = await caller.hand_over(**changes)
        assert (answer.status_code, answer.json()["acknowledgement"], answer.json()["code"]) == (
            200,
            "rejected",
            code,
        )
        assert await caller.effects() == {}


async def test_the_catalogue_has_more_than_a_thousand_items_page_by_page_and_by_change(simulate: Simulate):
    async with calling(await simulate(Partner.AFFAIRS)) as caller:
        codes, cursor = list[str](), ""
        while True:
            page = (await caller.client.get("/items", params={"cursor": cursor})).json()
            codes += [item["itemCode"] for item in page["items"]]
            cursor = page["nextCursor"]
            if not cursor:
                break
        assert len(codes) == len(set(codes)) == len(catalogue()) > 1_000
        late = catalogue()[codes[-3]].changed_at.isoformat()
        changed = (await caller.client.get("/items", params={"changedSince": late})).json()["items"]
        assert [item["itemCode"] for item in changed] == codes[-3:]


async def test_those_beyond_the_number_wait_and_hours_are_credited_once_per_volunteer_upon_our_word(
    simulate: Simulate,
):
    async with calling(await simulate(Partner.VOLUNTEERS, seed=4)) as caller:
        await caller.hand_over(people_min=5, people_max=5)
        await caller.until("report")
        said = await caller.messages()
        ups = [message["data"] for message in said if message["type"] == "sign_up"]
        (closed,) = [message["data"] for message in said if message["type"] == "enrolment_closed"]
        assert len(closed["accepted"]) == 5
        assert [up["volunteer"] for up in ups if not up["waiting"]] == closed["accepted"]
        assert [up["volunteer"] for up in ups if up["waiting"]] == closed["waiting_list"] != []
        assert said[-1]["data"]["people"] == 5

        assert (await caller.confirm()).status_code == 202
        await caller.until("hours_credited")
        assert (await caller.confirm(key="another")).status_code == 202
        credited = (await caller.messages())[-1]["data"]["credits"]
        assert {credit["volunteer"] for credit in credited} == set(closed["accepted"])
        assert all(0 < credit["minutes"] <= 120 for credit in credited)
        times = [
            times for (effect, _), times in (await caller.effects()).items() if effect == "hours_credited"
        ]
        assert times == [1] * 5


async def test_whoever_waits_moves_up_when_others_sign_off(simulate: Simulate):
    simulator = await simulate(Partner.VOLUNTEERS, changes={"signed_off": 0.5}, seed=4)
    async with calling(simulator) as caller:
        await caller.hand_over(people_min=1, people_max=5)
        await caller.until("report")
        said = await caller.messages()
    gone = [message["data"]["volunteer"] for message in said if message["type"] == "sign_off"]
    late = [
        message["data"]["volunteer"]
        for message in said
        if message["type"] == "sign_up" and message["data"]["waiting"]
    ]
    (closed,) = [message["data"] for message in said if message["type"] == "enrolment_closed"]
    assert gone
    assert not set(gone) & set(closed["accepted"])
    assert set(late[: len(gone)]) - set(gone) <= set(closed["accepted"])


async def test_a_task_that_too_many_sign_off_from_goes_back(simulate: Simulate):
    simulator = await simulate(Partner.VOLUNTEERS, changes={"signed_off": 1})
    async with calling(simulator) as caller:
        await caller.hand_over(people_min=3, people_max=3)
        kinds = await caller.until("unclaimed")
        assert "sign_off" in kinds
        assert (await caller.messages())[-1]["data"]["signed_up"] < 3


async def test_a_task_that_nobody_wants_is_said_to_be_unclaimed(simulate: Simulate):
    async with calling(await simulate(Partner.VOLUNTEERS, changes={"unclaimed": 1})) as caller:
        await caller.hand_over()
        assert await caller.until("unclaimed") == ["unclaimed"]


async def test_who_stays_away_or_forgets_to_check_out_is_counted_to_the_planned_end_or_not_at_all(
    simulate: Simulate,
):
    simulator = await simulate(Partner.VOLUNTEERS, changes={"absent": 1, "no_check_out": 1})
    async with calling(simulator) as caller:
        await caller.hand_over()
        kinds = await caller.until("report")
        assert kinds.count("check_in") == 1
        assert "check_out" not in kinds
        await caller.confirm()
        await caller.until("hours_credited")
        (credit,) = (await caller.messages())[-1]["data"]["credits"]
        assert credit["minutes"] == 120


@pytest.mark.parametrize(
    ("partner", "changes", "code"),
    [
        (Partner.ENFORCEMENT, {"facts": "乱"}, "insufficient"),
        (
            Partner.VOLUNTEERS,
            {"starts_at": "2026-01-01T08:00:00+08:00", "ends_at": "2026-01-01T09:00:00+08:00"},
            "in_the_past",
        ),
        (Partner.VOLUNTEERS, {"kind": "PATROL", "adults_only": False}, "not_suitable"),
    ],
)
async def test_what_is_not_taken_is_a_problem_with_a_code(
    simulate: Simulate, partner: Partner, changes: dict[str, Any], code: str
):
    async with calling(await simulate(partner)) as caller:
        answer = await caller.hand_over(**changes)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_partner_that_keeps_dates_begins_no_task_before_its_time(simulate: Simulate):
    simulator = await simulate(Partner.VOLUNTEERS, changes={"keeps_dates": True})
    async with calling(simulator) as caller:
        await caller.hand_over()
        await caller.until("enrolment_closed")
        matter = await caller.matter()
        planned = datetime.fromisoformat(matter["handed"]["starts_at"])
        assert datetime.fromisoformat(matter["due_at"]) == planned


@pytest.mark.parametrize("partner", list(Partner))
async def test_everything_said_is_a_message_of_the_contract_numbered_without_gaps_and_called_back(
    simulate: Simulate, partner: Partner
):
    async with receiving(SECRET) as inbox:
        simulator = await simulate(partner, callback_url=inbox.url, secret=SECRET)
        async with calling(simulator) as caller:
            await caller.hand_over()
            await caller.until(LAST[partner])
            said = await caller.messages()
            await inbox.until(lambda inbox: len(inbox.arrived) == len(said))
    assert [message["sequence"] for message in said] == list(range(1, len(said) + 1))
    assert inbox.arrived == said
    assert inbox.ids == [message["message_id"] for message in said]
    reader = MESSAGES[partner][0]
    assert all(reader.validate_json(json.dumps(message)).correlation_id == CASE for message in said)


@pytest.mark.parametrize("partner", list(Partner))
async def test_each_call_acts_once_per_key_and_answers_the_same_again(simulate: Simulate, partner: Partner):
    async with calling(await simulate(partner, "by_hand")) as caller:
        first, again = await caller.hand_over(), await caller.hand_over()
        under_another_key = await caller.hand_over(key="another")
        assert first.json() == again.json()
        assert under_another_key.json()["acknowledgement"] == "accepted"
        assert [(await caller.withdraw()).json()["outcome"] for _ in range(2)] == ["withdrawn"] * 2
        assert (await caller.withdraw(key="another")).json()["outcome"] == "withdrawn"
        await caller.confirm()
        await caller.confirm()
        effects = {effect: times for (effect, _), times in (await caller.effects()).items()}
        assert effects == {"handed_over": 1, "withdrawn": 1, "confirmed": 1}


async def test_a_key_used_for_something_else_and_a_case_told_differently_are_refused(simulate: Simulate):
    async with calling(await simulate(Partner.ENFORCEMENT, "by_hand")) as caller:
        await caller.hand_over()
        reused = await caller.hand_over(facts="完全不同的事实")
        assert (reused.status_code, reused.json()["code"]) == (422, "key_reused")
        changed = await caller.hand_over(key="another", facts="完全不同的事实")
        assert (changed.status_code, changed.json()["code"]) == (409, "duplicate")


@pytest.mark.parametrize(
    ("partner", "steps"),
    [
        (Partner.ENFORCEMENT, ["clue_received", "case_filed"]),
        (Partner.AFFAIRS, ["affair_accepted", "affair_decided"]),
        (Partner.VOLUNTEERS, ["sign_up", "enrolment_closed", "check_in"]),
    ],
)
async def test_a_matter_can_be_taken_back_until_it_has_gone_too_far(
    simulate: Simulate, partner: Partner, steps: list[str]
):
    async with calling(await simulate(partner, "by_hand")) as caller:
        for case in ("a-p1", "b-p1"):
            await caller.hand_over(case)
            for step in steps[:-1]:
                assert (await caller.drive(step, case)).status_code == 200
        assert (await caller.withdraw("a-p1")).json()["outcome"] == "withdrawn"
        await caller.drive(steps[-1], "b-p1")
        answer = (await caller.withdraw("b-p1")).json()
        assert answer["outcome"] == "irrevocable"
        assert answer["reason"]
        cases = (await caller.listed())["cases"]
        assert {case["correlation_id"]: case["ended"] for case in cases} == {"a-p1": True, "b-p1": False}


@pytest.mark.parametrize("partner", list(Partner))
async def test_an_unknown_case_and_a_stranger_are_told_so(simulate: Simulate, partner: Partner):
    async with calling(await simulate(partner)) as caller:
        assert (await caller.withdraw()).json()["code"] == "unknown_case"
        read = await caller.client.get(caller.interface.messages.format(correlation_id="nobody-p1"))
        assert (read.status_code, read.json()["code"]) == (404, "unknown_case")
        keyless = await caller.client.post(caller.interface.cases, json={})
        assert keyless.status_code in {400, 422}
        keyed_otherwise = await caller.post(
            caller.interface.cases, CASE, CASE, handed(partner), sequence=1, header="another"
        )
        assert (keyed_otherwise.status_code, keyed_otherwise.json()["code"]) == (422, "other_key")
        for since in ({}, {caller.interface.since: "2026"}, {caller.interface.since: "2026-11-23T10:00:00"}):
            unlisted = await caller.client.get(caller.interface.cases, params=since)
            assert (unlisted.status_code, unlisted.json()["code"]) == (422, "invalid_query")
        for shown in ("Bearer somebody-else", caller.client.headers["Authorization"].removeprefix("Bearer ")):
            caller.client.headers["Authorization"] = shown
            assert (await caller.hand_over()).status_code == 401


async def test_the_list_goes_on_from_page_to_page_and_leaves_out_what_ended_before(simulate: Simulate):
    async with calling(await simulate(Partner.ENFORCEMENT, "by_hand")) as caller:
        await asyncio.gather(*(caller.hand_over(f"c-p{number}") for number in range(130)))
        await caller.drive("clue_refused", "c-p5")
        seen, cursor = list[str](), ""
        while True:
            page = await caller.listed(cursor=cursor)
            seen += [case["correlation_id"] for case in page["cases"]]
            cursor = page["next_cursor"]
            if not cursor:
                break
        assert sorted(seen) == sorted(f"c-p{number}" for number in range(130))
        later = await caller.listed("2099-01-01T00:00:00Z")
        assert "c-p5" not in [case["correlation_id"] for case in later["cases"]]


async def test_the_same_seed_leads_the_same_life(simulate: Simulate, tmp_path: Any):
    lives = [
        await simulate(Partner.VOLUNTEERS, seed=7),
        await simulate(Partner.VOLUNTEERS, seed=7, data_dir=tmp_path / "again"),
        await simulate(Partner.VOLUNTEERS, seed=8, data_dir=tmp_path / "other"),
    ]
    told: list[list[tuple[str, str, Any]]] = []
    for simulator in lives:
        async with calling(simulator) as caller:
            await caller.hand_over(starts_at="2099-11-24T08:00:00+08:00", ends_at="2099-11-24T10:00:00+08:00")
            await caller.until("report")
            told.append(
                [(said["message_id"], said["type"], said["data"]) for said in await caller.messages()]
            )
    assert told[0] == told[1]
    assert told[0] != told[2]


async def test_steps_are_driven_by_hand_in_any_words_that_the_contract_allows(simulate: Simulate):
    async with calling(await simulate(Partner.ENFORCEMENT, "by_hand")) as caller:
        await caller.hand_over()
        assert await caller.kinds() == []
        driven = await caller.drive("clue_refused", code="not_competent", suggested_unit="街道办")
        (message,) = await caller.messages()
        assert message["message_id"] == driven.json()["message_id"]
        assert message["data"]["suggested_unit"] == "街道办"
        wrong = await caller.drive("case_closed", closed_on="yesterday")
        assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_step")
        assert (await caller.drive("dance")).json()["code"] == "unknown_step"
        assert (await caller.drive("case_filed", "nobody-p1")).json()["code"] == "unknown_case"
        assert await caller.kinds() == ["clue_refused"]


async def test_a_wrong_result_is_corrected_by_a_later_message(simulate: Simulate):
    async with calling(await simulate(Partner.ENFORCEMENT)) as caller:
        await caller.hand_over()
        await caller.until("case_closed")
        await caller.drive("case_closed", result="更正：当事人未改正，已强制执行。")
        last = (await caller.messages())[-1]
        assert (last["sequence"], last["data"]["result"]) == (5, "更正：当事人未改正，已强制执行。")


@pytest.mark.parametrize("partner", list(Partner))
async def test_the_page_is_served_and_knows_every_step(simulate: Simulate, partner: Partner):
    async with calling(await simulate(partner)) as caller:
        page = await caller.client.get("/")
        assert page.headers["content-type"].startswith("text/html")
        assert all(f"{step}: " in page.text for step in life_of(partner).steps)
        await caller.hand_over()
        await caller.until(LAST[partner])
        matter = await caller.matter()
        assert len(matter["messages"]) == len(await caller.deliveries()) == matter["sequence"]
        state = (await caller.client.get("/_control/state")).json()
        assert state["profile"] == "at_once"
        assert {"swift", "realistic", "flaky", "down", "stalled", "strict", "rehearsal"} <= set(
            state["profiles"]
        )
        assert state["outcomes"]["answered"] > 0
