"""Partners fail in every way, and so do we: both sides agree in the end, and nothing happened twice."""

from __future__ import annotations

from datetime import timedelta

from domain.levels import Level
from domain.partners import Partner
from tests.e2e.agreement import assert_agreed, reconciled
from tests.e2e.hasty_worker import is_unheard, plan_unheard
from tests.e2e.neighbour import AT_ONCE, BY_HAND, handover_to
from tests.e2e.neighbourhood import CALLS_AT_ONCE, CaseAt, Town
from tests.e2e.soundness import until
from tests.e2e.test_outages import kill, postgres_away, temporal_away
from workflows.ids import case_workflow_id

ENFORCEMENT, AFFAIRS, VOLUNTEERS = Partner
OUTAGE = timedelta(seconds=3)
"""How long two days of a partner last here."""
CUT_OFF = ("open", "withdraw", "confirm")
"""The calls to the three partners whose answers nobody lives to record."""


def lasting(seconds: float) -> dict[str, str]:
    """A span of that length, neither more nor less."""
    return {"least": f"PT{seconds}S", "most": f"PT{seconds}S"}


async def happened(town: Town, partner: Partner, outcome: str) -> int:
    """How many calls of a partner ended like that, ever."""
    return (await town.neighbours[partner].outcomes()).get(outcome, 0)


async def ways(town: Town, case: CaseAt) -> set[str]:
    """The ways by which a case's messages came."""
    return {message["via"] for message in await town.messages(case)}


async def deliveries(town: Town, case: CaseAt) -> list[list[str]]:
    """What the copies of each message of the case were answered last."""
    matter = await town.neighbours[case.partner].matter(case.id)
    assert matter is not None
    return list(matter["deliveries"].values())


async def test_a_partner_down_for_two_days_is_handed_each_matter_and_says_all_of_it_when_it_is_back(
    town: Town,
) -> None:
    before = await happened(town, ENFORCEMENT, "outage")
    await town.behave("down", ENFORCEMENT)
    await town.behave(BY_HAND, AFFAIRS)
    cases = await town.opened(ENFORCEMENT, AFFAIRS, each=2)
    await town.until_they_stand(cases[2:], "handed_over")

    async def is_out() -> bool:
        return await happened(town, ENFORCEMENT, "outage") > before

    await town.until(is_out, "nobody called during the outage")
    pace = timedelta(days=2) / OUTAGE
    await town.behave(AT_ONCE, ENFORCEMENT, AFFAIRS, pace=pace, outages=[{"lasts": "P2D"}])
    assert await town.statuses(cases) == ["opening", "opening", "handed_over", "handed_over"]
    await town.until_they_end(cases)
    await assert_agreed(town, cases)


async def test_a_partner_that_is_slow_is_waited_for(town: Town) -> None:
    await town.behave(AT_ONCE, answer_after={"least": "PT0.2S", "most": "PT1.4S"})
    cases = await town.opened(each=2)
    await town.until_they_end(cases)
    await town.behave(AT_ONCE)
    await assert_agreed(town, cases)


async def test_a_stalled_partner_holds_up_nobody_else(town: Town) -> None:
    numbers = await town.in_hand(CALLS_AT_ONCE + 6)
    await town.behave(AT_ONCE, ENFORCEMENT, stalled=True)
    stuck = await town.hand_over(numbers[:-4], *[ENFORCEMENT] * (CALLS_AT_ONCE + 2))
    others = await town.hand_over(numbers[-4:], AFFAIRS, VOLUNTEERS, AFFAIRS, VOLUNTEERS)
    await town.until_they_end(others)
    assert set(await town.statuses(stuck)) == {"opening"}
    await town.behave(AT_ONCE, ENFORCEMENT)
    await town.until_they_end(stuck)
    await assert_agreed(town, [*stuck, *others])


async def test_half_an_answer_is_no_answer_and_its_effect_happens_once(town: Town) -> None:
    before = await happened(town, VOLUNTEERS, "half answered")
    await town.behave(AT_ONCE, half_answered=0.4)
    cases = await town.opened(each=2)
    await town.until_they_end(cases)
    assert await happened(town, VOLUNTEERS, "half answered") > before
    await town.behave(AT_ONCE)
    await assert_agreed(town, cases)


async def test_a_partner_that_tells_us_to_wait_is_called_as_slowly_as_it_wants(town: Town) -> None:
    numbers = await town.in_hand(6)
    await town.behave(AT_ONCE, calls_per_second=1)
    cases = await town.hand_over(numbers, *Partner, *Partner)
    await town.until_they_end(cases)
    assert sum([await happened(town, partner, "limited") for partner in Partner]) > 0
    await town.behave(AT_ONCE)
    await assert_agreed(town, cases)


async def test_call_backs_that_come_twice_count_once(town: Town) -> None:
    await town.behave(AT_ONCE, duplicated=1)
    cases = await town.opened()
    await town.until_they_end(cases)
    assert {len(copies) for case in cases for copies in await deliveries(town, case)} == {2}
    await assert_agreed(town, cases)


async def test_call_backs_in_disorder_count_in_order(town: Town) -> None:
    await town.behave(AT_ONCE, held_back=0.5, held_back_for={"least": "PT0.2S", "most": "PT1.2S"})
    await town.behave(BY_HAND, ENFORCEMENT)
    cases = await town.opened()
    upset, team = cases[0], town.neighbours[ENFORCEMENT]
    await town.until_they_stand([upset], "handed_over")
    await team.take(upset.id, "clue_received")
    await team.behave(BY_HAND, held_back=1, held_back_for=lasting(1.5))
    await team.take(upset.id, "case_filed")
    await team.behave(BY_HAND)
    await team.take(upset.id, "case_closed")
    await town.until_they_end(cases)
    came = [message["kind"] for message in await town.messages(upset)]
    assert came == ["clue_received", "case_closed", "case_filed"]
    await assert_agreed(town, cases)


async def test_what_was_lost_is_asked_for_or_found_by_the_reconciliation(town: Town) -> None:
    await town.behave(AT_ONCE, lost=1)
    cases = await town.opened()
    clue, affair, task = cases
    await town.until_they_end([clue, affair])
    assert await ways(town, clue) == await ways(town, affair) == {"poll"}
    assert await town.statuses([task]) == ["handed_over"]
    found = await reconciled(town, VOLUNTEERS)
    assert [(each["case"], each["what"]) for each in found["differences"]] == [(task.id, "behind")]
    assert found["repaired"] == 1
    await town.until_they_stand([task], "under_way")
    await until_confirmed(town, task)
    # Now that its result is confirmed, the hours are credited, which is lost as well.
    assert (await reconciled(town, VOLUNTEERS))["repaired"] == 1
    await town.until_they_end([task])
    assert await ways(town, task) == {"reconciliation"}
    await assert_agreed(town, cases)


async def until_confirmed(town: Town, case: CaseAt) -> None:
    """Wait until the partner knows that its result was received, and has done what it does then."""

    async def confirmed() -> bool:
        matter = await town.neighbours[case.partner].matter(case.id)
        return matter is not None and matter["confirmed"] and matter["ended"]

    await town.until(confirmed, f"{case.id} was not confirmed")


async def test_the_secret_before_the_present_one_still_counts(town: Town) -> None:
    await town.behave(AT_ONCE, signed_with="former")
    cases = await town.opened()
    await town.until_they_end(cases)
    assert await ways(town, cases[2]) == {"callback"}
    answers = {answer for case in cases for copies in await deliveries(town, case) for answer in copies}
    assert answers == {"202"}
    await assert_agreed(town, cases)


async def test_nobodys_signature_is_kept_out_and_asking_brings_the_truth(town: Town) -> None:
    await town.behave(AT_ONCE, signed_with="foreign")
    cases = await town.opened(ENFORCEMENT, AFFAIRS)
    await town.until_they_end(cases)
    for case in cases:
        assert await ways(town, case) == {"poll"}
        assert {answer for copies in await deliveries(town, case) for answer in copies} == {"401"}
    await assert_agreed(town, cases)


async def test_a_worker_killed_between_the_partners_answer_and_its_record_does_nothing_twice(
    town: Town,
) -> None:
    await town.behave(BY_HAND, AFFAIRS)
    numbers, plan = await town.in_hand(3), town.stack.unheard
    (affair,) = await town.hand_over(numbers[1:2], AFFAIRS)
    await town.until_they_stand([affair], "handed_over")
    for number, operation in zip(numbers, CUT_OFF, strict=True):
        plan_unheard(plan, f"{number}-p1", operation)
    clue, task = await town.hand_over([numbers[0], numbers[2]], ENFORCEMENT, VOLUNTEERS)
    await town.take_back(affair)
    cases = [clue, affair, task]

    async def all_unheard() -> bool:
        return all(is_unheard(plan, case.id, what) for case, what in zip(cases, CUT_OFF, strict=True))

    await town.until(all_unheard, "not everybody was asked")
    kill(town.stack, "worker")
    await town.until_they_end(cases)
    assert await town.statuses([affair]) == ["withdrawn"]
    await assert_agreed(town, cases)


async def at_the_partners(town: Town) -> list[CaseAt]:
    """One case with each partner, which has it and does nothing yet."""
    await town.behave(BY_HAND)
    cases = await town.opened()
    await town.until_they_stand(cases, "handed_over")
    return cases


async def test_call_backs_come_again_when_the_api_was_killed(town: Town) -> None:
    cases = await at_the_partners(town)
    kill(town.stack, "api")
    await town.behave(AT_ONCE)
    answers = [answer for case in cases for copies in await deliveries(town, case) for answer in copies]
    assert "202" not in answers
    await town.until_they_end(cases)
    await assert_agreed(town, cases)


async def test_call_backs_come_again_when_the_database_was_away(town: Town) -> None:
    cases = await at_the_partners(town)

    async def turned_away() -> bool:
        return all([["503"] in await deliveries(town, case) for case in cases])

    async with postgres_away(town.stack):
        await town.behave(AT_ONCE)
        await town.until(turned_away, "nobody was told to come again")
    await town.until_they_end(cases)
    await assert_agreed(town, cases)


async def test_call_backs_are_kept_while_temporal_is_away_and_delivered_when_it_is_back(town: Town) -> None:
    cases = await at_the_partners(town)

    async def kept() -> bool:
        return all([await town.messages(case) for case in cases])

    async with temporal_away(town.stack):
        await town.behave(AT_ONCE)
        await town.until(kept, "the call-backs were not kept")
        for case in cases:
            assert {message["delivered_at"] for message in await town.messages(case)} == {None}
    await town.until_they_end(cases)
    await assert_agreed(town, cases)


async def test_a_request_that_is_withdrawn_while_its_case_is_being_opened_leaves_nothing_there(
    town: Town,
) -> None:
    await town.behave("down", ENFORCEMENT)
    await town.behave(BY_HAND, AFFAIRS, half_answered=1)
    cases = await town.opened(ENFORCEMENT, AFFAIRS)
    clue, affair = cases

    async def has_had_its_effect() -> bool:
        return await town.neighbours[AFFAIRS].matter(affair.id) is not None

    await town.until(has_had_its_effect, "nothing was handed over")
    for case in cases:
        await town.knocker.command(case.number, "withdraw")
    assert await town.statuses(cases) == ["opening", "opening"]
    await town.behave(BY_HAND)
    await town.until_they_stand(cases, "withdrawn")
    assert await town.neighbours[ENFORCEMENT].matter(clue.id) is None
    for told in await assert_agreed(town, cases, goes_on=False):
        assert told.state.state == "withdrawn"


async def test_a_case_that_has_gone_too_far_stays_and_ends_at_the_partner(town: Town) -> None:
    await town.behave(BY_HAND, ENFORCEMENT)
    (case,) = await town.opened(ENFORCEMENT)
    team = town.neighbours[ENFORCEMENT]
    await town.until_they_stand([case], "handed_over")
    await team.take(case.id, "clue_received")
    await team.take(case.id, "case_filed")
    await town.until_they_stand([case], "under_way")
    await town.take_back(case)

    async def is_irrevocable() -> bool:
        return (await town.standing(case))["withdrawal"] == "irrevocable"

    await town.until(is_irrevocable, "the partner let go of it")
    assert (await town.shown(case.number))["state"] == "awaiting_partner"
    await team.take(case.id, "case_closed")
    await town.until_they_stand([case], "done")
    await assert_agreed(town, [case])


async def test_a_request_that_climbs_and_goes_on_in_new_runs_keeps_its_case(town: Town) -> None:
    await town.behave(BY_HAND)
    cases = await town.opened(AFFAIRS, VOLUNTEERS, waits=False)
    affair, _ = cases
    await town.until_they_stand(cases, "handed_over")
    for place, step in enumerate(["affair_accepted", *["affair_progress"] * 4], start=1):
        await town.neighbours[AFFAIRS].take(affair.id, step)
        await until(town.database, [affair.number], "case_reported", place + 1)
    numbers = [case.number for case in cases]
    for number in numbers:
        await town.knocker.by_unit(number, "1", "hand-up", {"reason": "超出本级权限"})
        await town.knocker.by_unit(number, "2", "sign")
        for _ in range(4):
            await town.knocker.command(number, "urge", role="supervisor")
    await until(town.database, numbers, "story_continued")
    await town.behave(AT_ONCE)
    await town.until_they_end(cases)
    for told in await assert_agreed(town, cases):
        assert told.state.lead is None or told.state.lead.level is Level.COMMUNITY
    runs = f"WorkflowId='{case_workflow_id(affair.id)}'"

    async def has_new_run() -> bool:
        return (await town.engine.count_workflows(runs)).count > 1

    await town.until(has_new_run, "the case's story went on in one run")


async def test_a_task_that_nobody_claims_comes_back_to_the_unit(town: Town) -> None:
    await town.behave(BY_HAND, VOLUNTEERS)
    (number,) = await town.in_hand(1)
    task = handover_to(VOLUNTEERS, starts_in=timedelta(seconds=3))
    case = await town.open(number, VOLUNTEERS, handover=task)
    await town.until_they_stand([case], "withdrawn")
    assert (await town.standing(case))["code"] == "unclaimed"
    matter = await town.neighbours[VOLUNTEERS].matter(case.id)
    assert matter is not None
    assert matter["withdrawn"]
    await assert_agreed(town, [case])


async def test_hours_are_credited_once_for_each_volunteer_however_often_the_result_is_confirmed(
    town: Town,
) -> None:
    await town.behave(AT_ONCE, VOLUNTEERS, half_answered=0.5, duplicated=1)
    cases = await town.opened(VOLUNTEERS, each=3)
    await town.until_they_end(cases)
    for case in cases:
        effects = await town.neighbours[VOLUNTEERS].effects(case.id)
        came = [what for what in effects if what.startswith("check_in ")]
        credited = [what for what in effects if what.startswith("hours_credited ")]
        assert len(credited) == len(came) > 0
    await town.behave(AT_ONCE)
    await assert_agreed(town, cases)
