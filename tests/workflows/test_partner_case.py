"""Cases with partners on a real Temporal server: handed over, heard of, asked for, taken back, over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import AsyncMock

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError

from activities.partners import PartnerCalls
from config.metrics import Metrics
from domain.cases.state import CaseState, begin_case
from domain.cases.wishes import WithdrawFromPartner
from domain.commands import Dispatch, HandUp, Merge, OpenCase, SettleCase, Sign, Withdraw, WithdrawCase
from domain.levels import Level
from domain.partners import CaseMessage, CaseStatus, FoundMatter, Partner
from domain.request import State
from domain.time.durations import Duration
from domain.units import Role
from integrations.port import PartnerRejected
from tests.support.builders import CLUE, actor, case_terms, handler
from tests.support.partners import GatewayInMemory, brief, said
from tests.workflows.desk import Desk
from worker.registry import make_partner_worker
from workflows.case_client import CaseClient, CaseNotRunning
from workflows.client import RequestClient
from workflows.ids import case_workflow_id
from workflows.messages import CaseEnding, CaseStory
from workflows.partner_case import PartnerCase

DISPATCHER, CITIZEN, GRID = actor(Role.DISPATCHER), actor(Role.CITIZEN), handler(Level.GRID)
SECOND = timedelta(seconds=1)


@dataclass
class Counter:
    """Where a test plays the partner of one case, or of the cases of one request."""

    desk: Desk
    gateway: GatewayInMemory
    cases: CaseClient
    noted: list[CaseMessage]

    async def begin(self, *, continue_after: int = 4000, **changes: Any) -> str:
        """Begin a case by itself, of a request that does not know of it."""
        request = (await self.desk.open()).number
        given = brief(self.gateway.partner, request=request, opened_at=datetime.now(UTC), **changes)
        story = CaseStory(begin_case(given), continue_after)
        await self.desk.client.start_workflow(
            PartnerCase.run, story, id=case_workflow_id(given.case), task_queue=self.desk.queue
        )
        return given.case

    async def says(self, case: str, kind: str, **more: Any) -> None:
        """The partner comes to a next message and sends it."""
        await self.cases.deliver(self.gateway.says(case, kind, **more))

    def state(self, case: str) -> CaseState:
        """A case as it was last written down."""
        return self.desk.records.cases[case]

    async def until(self, case: str, seen: Callable[[CaseState], Any], seconds: float = 10) -> CaseState:
        """Wait until a case is written down like that."""
        for _ in range(int(seconds / 0.02)):
            if case in self.desk.records.cases and seen(self.state(case)):
                return self.state(case)
            await asyncio.sleep(0.02)
        raise AssertionError(f"not in time: {self.desk.records.cases.get(case)}")

    async def until_status(self, case: str, status: CaseStatus, seconds: float = 10) -> CaseState:
        """Wait until a case stands there."""
        return await self.until(case, lambda state: state.status is status, seconds)

    async def until_asked(self, operation: str, case: str, times: int = 1) -> None:
        """Wait until the partner was asked so many times."""
        async with asyncio.timeout(10):
            while self.gateway.calls[operation, case] < times:
                await asyncio.sleep(0.02)

    def handle(self, case: str) -> WorkflowHandle[PartnerCase, CaseEnding]:
        """The story of a case."""
        return self.desk.client.get_workflow_handle_for(PartnerCase.run, case_workflow_id(case))

    async def ending(self, case: str) -> str:
        """Where the case stands when its story is over."""
        async with asyncio.timeout(10):
            while True:
                with suppress(
                    RPCError
                ):  # its request has written that it begins, and begins it a moment later
                    return (await self.handle(case).result()).status
                await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
async def calls(desk: Desk, temporal_client: Client) -> AsyncIterator[PartnerCalls]:
    """The calls to the enforcement team."""
    partner = Partner.ENFORCEMENT
    made = PartnerCalls(GatewayInMemory(partner), Metrics(), AsyncMock())
    async with make_partner_worker(
        temporal_client, desk.queue, partner, made.activities, calls_per_second=500
    ):
        yield made


@pytest.fixture
def counter(desk: Desk, calls: PartnerCalls) -> Counter:
    """The counter of the enforcement team, new for every test."""
    noted: list[CaseMessage] = []

    async def note(_partner: Partner, messages: Sequence[CaseMessage]) -> None:
        noted.extend(messages)

    gateway = GatewayInMemory(Partner.ENFORCEMENT)
    calls._gateway, calls._note = gateway, note
    return Counter(desk, gateway, CaseClient(desk.client, desk.queue, 4000), noted)


async def worked_on(desk: Desk) -> str:
    """A request that its grid worker has signed for."""
    number = (await desk.open()).number
    await desk.do(number, DISPATCHER, Dispatch())
    await desk.do(number, GRID, Sign("1"))
    return number


async def handed_over(counter: Counter, *, waits: bool = True, **terms: Any) -> tuple[str, str]:
    """A request whose matter its grid worker has handed over, and the case."""
    number = await worked_on(counter.desk)
    await counter.desk.do(number, GRID, OpenCase(CLUE, case_terms(Partner.ENFORCEMENT, **terms), waits=waits))
    case = counter.desk.state(number).cases[-1].id
    await counter.until_status(case, CaseStatus.HANDED_OVER)
    return number, case


def reported(desk: Desk, number: str) -> list[str]:
    """What the request heard of its cases."""
    return [
        event.what.message for event in desk.records.timelines[number] if event.what.kind == "case_reported"
    ]


async def until_reported(desk: Desk, number: str, kind: str) -> None:
    """Wait until the request has heard a word of a partner."""
    await desk.until(number, lambda _: kind in reported(desk, number))


async def test_a_case_is_handed_over_and_its_result_comes_back_to_the_request(counter: Counter) -> None:
    number, case = await handed_over(counter)
    assert counter.desk.state(number).state is State.AWAITING_PARTNER
    assert counter.gateway.briefs[case].request == number
    for kind in ("clue_received", "case_filed", "case_decided", "case_closed"):
        await counter.says(case, kind, number=f"{kind}-1", text="as decided")
    assert await counter.ending(case) == "done"
    assert counter.desk.state(number).state is State.IN_PROGRESS
    assert reported(counter.desk, number) == [
        *("handed_over", "clue_received", "case_filed", "case_decided", "case_closed")
    ]
    assert counter.desk.state(number).cases[0].number == "case_closed-1"
    assert counter.gateway.effects == {("open", case): 1, ("confirm", case): 1}


async def test_messages_in_any_order_and_twice_end_where_the_right_order_does(counter: Counter) -> None:
    number, case = await handed_over(counter)
    life = [
        counter.gateway.says(case, kind)
        for kind in ("clue_received", "case_filed", "case_decided", "case_closed")
    ]
    for message in (life[3], life[0], life[0], life[2], life[3], life[1], life[1]):
        await counter.cases.deliver(message)
    await counter.ending(case)
    assert reported(counter.desk, number)[1:] == [
        "clue_received",
        "case_filed",
        "case_decided",
        "case_closed",
    ]


async def test_a_gap_that_stays_is_stepped_over_in_its_time(counter: Counter) -> None:
    case = await counter.begin(hold_gaps=SECOND / 2)
    await counter.until_status(case, CaseStatus.HANDED_OVER)
    await counter.cases.deliver(said("case_closed", 2, case))
    assert counter.state(case).status is CaseStatus.HANDED_OVER
    await counter.until_status(case, CaseStatus.DONE)


async def test_a_message_that_was_lost_is_asked_for_soon_after_the_one_that_follows_it(
    counter: Counter,
) -> None:
    case = await counter.begin(hold_gaps=2 * SECOND)
    await counter.until_status(case, CaseStatus.HANDED_OVER)
    counter.gateway.says(case, "case_filed")
    await counter.says(case, "case_closed")
    assert (await counter.until_status(case, CaseStatus.DONE)).kinds == ("case_filed", "case_closed")
    assert counter.gateway.calls["read", case] == 1


async def test_what_the_partner_does_not_send_is_asked_for(counter: Counter) -> None:
    _, case = await handed_over(counter, poll_every=SECOND / 5)
    counter.gateway.says(case, "clue_received")
    counter.gateway.says(case, "on_site_result", code="corrected_on_the_spot")
    await counter.ending(case)
    assert [message.kind for message in counter.noted] == ["clue_received", "on_site_result"]


async def test_whoever_wants_to_know_at_once_lets_the_partner_be_asked(counter: Counter) -> None:
    case = await counter.begin()
    await counter.until_status(case, CaseStatus.HANDED_OVER)
    counter.gateway.says(case, "case_filed", number="案-1")
    await counter.cases.look(case)
    assert (await counter.until_status(case, CaseStatus.UNDER_WAY)).number == "案-1"


async def test_a_case_that_the_partner_lost_is_handed_over_once_more_under_its_key(counter: Counter) -> None:
    case = await counter.begin()
    await counter.until_status(case, CaseStatus.HANDED_OVER)
    counter.gateway.forgets(case)
    await counter.cases.look(case)
    await counter.until(case, lambda state: counter.gateway.effects["open", case] == 2 and not state.lost)
    assert case in counter.gateway.briefs


async def test_a_partner_that_cannot_be_reached_is_called_until_it_can(counter: Counter) -> None:
    counter.gateway.unavailable["open"] = 2
    counter.gateway.retry_after = SECOND / 10
    case = await counter.begin()
    await counter.until_status(case, CaseStatus.HANDED_OVER)
    assert counter.gateway.calls["open", case] == 3
    assert counter.gateway.effects["open", case] == 1


async def test_an_answer_that_was_lost_is_asked_for_under_the_same_key(counter: Counter) -> None:
    counter.gateway.half_answers["open"] = 1
    case = await counter.begin()
    await counter.until_status(case, CaseStatus.HANDED_OVER)
    assert counter.gateway.effects["open", case] == 1


async def test_a_partner_that_says_no_gives_the_matter_back_with_its_reason(counter: Counter) -> None:
    counter.gateway.rejects["open"] = PartnerRejected("not_competent", "a matter of the town", "town_office")
    number = await worked_on(counter.desk)
    await counter.desk.do(number, GRID, OpenCase(CLUE, case_terms(Partner.ENFORCEMENT)))
    case = counter.desk.state(number).cases[0].id
    assert await counter.ending(case) == "refused"
    state = counter.desk.state(number)
    assert state.state is State.IN_PROGRESS
    assert (state.cases[0].code, state.cases[0].unit) == ("not_competent", "town_office")


async def test_a_case_is_taken_back_when_its_request_ends_without_an_answer(counter: Counter) -> None:
    number, case = await handed_over(counter)
    await counter.desk.do(number, CITIZEN, Withdraw("it is gone"))
    assert await counter.ending(case) == "withdrawn"
    assert counter.gateway.withdrawn == {case}
    await counter.desk.handle(number).result()
    assert counter.desk.state(number).cases[0].status is CaseStatus.WITHDRAWN


async def test_what_is_taken_back_while_the_partner_is_away_never_reaches_it(counter: Counter) -> None:
    counter.gateway.unavailable["open"] = 1000
    number = await worked_on(counter.desk)
    await counter.desk.do(number, GRID, OpenCase(CLUE, case_terms(Partner.ENFORCEMENT), waits=False))
    case = counter.desk.state(number).cases[0].id
    await counter.until_asked("open", case, 2)
    await counter.desk.do(number, DISPATCHER, WithdrawCase(case, "a mistake"))
    assert await counter.ending(case) == "withdrawn"
    assert not counter.gateway.effects["open", case]
    assert case not in counter.gateway.briefs


async def test_a_case_that_has_gone_too_far_stays_and_its_request_hears_so(counter: Counter) -> None:
    number, case = await handed_over(counter, waits=False)
    counter.gateway.irrevocable = True
    await counter.desk.do(number, DISPATCHER, WithdrawCase(case, "a mistake"))
    await counter.until(case, lambda state: state.withdrawal_over)
    await until_reported(counter.desk, number, "irrevocable")
    stands = counter.desk.state(number).cases[0]
    assert (stands.status.is_open, stands.note) == (True, "it has begun")
    await counter.says(case, "on_site_result")
    assert await counter.ending(case) == "done"


async def test_a_result_that_overtakes_the_answer_to_a_withdrawal_counts(counter: Counter) -> None:
    case = await counter.begin()
    await counter.until_status(case, CaseStatus.HANDED_OVER)
    counter.gateway.unavailable["withdraw"] = 1000
    await counter.handle(case).signal(PartnerCase.withdraw, WithdrawFromPartner(case, "a mistake"))
    await counter.until_asked("withdraw", case)
    await counter.says(case, "on_site_result")
    await counter.until_status(case, CaseStatus.DONE)
    await counter.until(case, lambda state: state.confirmed)
    assert not counter.gateway.withdrawn


async def test_a_case_goes_on_in_new_runs_with_everything_it_knows(counter: Counter) -> None:
    case = await counter.begin(continue_after=20, poll_every=SECOND / 10)
    await counter.until_status(case, CaseStatus.HANDED_OVER)
    handle = counter.handle(case)
    first = (await handle.describe()).run_id
    await counter.cases.deliver(said("case_closed", 4, case))
    async with asyncio.timeout(10):
        while (await handle.describe()).run_id == first:
            await asyncio.sleep(0.05)
    for nth, kind in enumerate(("clue_received", "case_filed", "case_decided"), start=1):
        await counter.cases.deliver(said(kind, nth, case))
    await counter.until(case, lambda state: state.confirmed)
    assert counter.state(case).kinds == ("clue_received", "case_filed", "case_decided", "case_closed")
    assert counter.gateway.effects == {("open", case): 1, ("confirm", case): 1}


async def test_a_case_outlives_the_hands_and_the_runs_of_its_request(counter: Counter) -> None:
    counter.desk = replace(
        counter.desk, requests=RequestClient(counter.desk.client, counter.desk.queue, continue_after=40)
    )
    number, case = await handed_over(counter, waits=False)
    await counter.desk.do(number, GRID, HandUp("needs the committee"))
    await counter.desk.do(number, handler(Level.COMMUNITY), Sign("2"))
    await counter.desk.until_kind(number, "story_continued")
    await counter.says(case, "clue_received")
    await counter.says(case, "on_site_result")
    await counter.ending(case)
    assert counter.desk.state(number).cases[0].status is CaseStatus.DONE
    assert not counter.gateway.withdrawn
    await counter.desk.do(number, CITIZEN, Withdraw())


async def test_a_case_goes_with_its_request_into_another_one(counter: Counter) -> None:
    parent = (await counter.desk.open()).number
    number, case = await handed_over(counter, waits=False)
    await counter.says(case, "case_filed", number="案-1")
    await until_reported(counter.desk, number, "case_filed")
    await counter.desk.do(number, DISPATCHER, Merge(parent, State.PENDING_DISPATCH))
    await counter.until(case, lambda state: state.request == parent)
    await counter.says(case, "case_closed")
    assert await counter.ending(case) == "done"
    assert reported(counter.desk, parent)[-1] == "case_closed"
    [held] = counter.desk.state(parent).cases
    assert (held.id, held.status, held.number) == (case, CaseStatus.DONE, "案-1")


async def test_what_is_typed_in_by_hand_ends_the_story_of_a_partner_that_is_never_there(
    counter: Counter,
) -> None:
    counter.gateway.unavailable["open"] = 1000
    number = await worked_on(counter.desk)
    await counter.desk.do(number, GRID, OpenCase(CLUE, case_terms(Partner.ENFORCEMENT)))
    case = counter.desk.state(number).cases[0].id
    await counter.until_asked("open", case)
    by_telephone = SettleCase(case, CaseStatus.DONE, "corrected on the spot", "scan-7")
    assert (await counter.desk.do(number, DISPATCHER, by_telephone)).state == State.IN_PROGRESS
    assert await counter.ending(case) == "done"
    assert reported(counter.desk, number) == []


async def test_an_overdue_case_is_told_once_and_goes_on(counter: Counter) -> None:
    number, case = await handed_over(counter, answer_within=Duration.parse("1s"), waits=False)
    await counter.until(case, lambda state: state.overdue)
    await counter.says(case, "on_site_result")
    await counter.ending(case)
    assert reported(counter.desk, number).count("overdue") == 1


async def test_what_comes_when_the_request_has_ended_is_kept_there(counter: Counter) -> None:
    number, case = await handed_over(counter, waits=False)
    counter.gateway.irrevocable = True
    await counter.desk.do(number, CITIZEN, Withdraw("it is gone"))
    await until_reported(counter.desk, number, "irrevocable")
    await counter.says(case, "case_filed", number="案-1")
    await counter.says(case, "case_decided")
    await counter.says(case, "case_closed")
    await counter.ending(case)
    assert reported(counter.desk, number)[-3:] == ["case_filed", "case_decided", "case_closed"]
    assert counter.desk.state(number).state is State.WITHDRAWN


async def test_a_report_that_the_request_refuses_is_noted_at_the_case(counter: Counter) -> None:
    case = await counter.begin()
    await counter.until(case, lambda state: state.note.endswith("refused: case_unknown"))
    assert counter.state(case).status is CaseStatus.HANDED_OVER


async def test_a_corrected_result_begins_the_story_once_more(counter: Counter) -> None:
    number, case = await handed_over(counter)
    await counter.says(case, "on_site_result", text="corrected on the spot")
    assert await counter.ending(case) == "done"
    filed, closed = (counter.gateway.says(case, kind) for kind in ("case_filed", "case_closed"))
    with pytest.raises(CaseNotRunning):
        await counter.cases.deliver(closed)
    await counter.cases.deliver_late(counter.state(case), closed)
    await counter.cases.deliver(filed)
    assert await counter.ending(case) == "done"
    assert reported(counter.desk, number)[-2:] == ["case_filed", "case_closed"]
    assert counter.gateway.effects["confirm", case] == 1


def found_in(desk: Desk, number: str) -> tuple[str, ...]:
    """The requests that came of what was found in the request's first case."""
    return desk.state(number).cases[0].found


async def test_what_a_partner_finds_is_registered_once_and_told_to_the_request(counter: Counter) -> None:
    number, case = await handed_over(counter, poll_every=SECOND / 5, waits=False)
    lamp, stairs = FoundMatter("the lamp is dark"), FoundMatter("rubbish on the stairs")
    both = counter.gateway.says(case, "case_filed", found=(lamp, stairs))
    await counter.cases.deliver(both)
    await counter.cases.deliver(both)
    await counter.desk.until_kind(number, "matters_found")
    first = found_in(counter.desk, number)
    assert len(first) == 2
    await counter.says(case, "case_closed", found=(stairs, FoundMatter("a loose cover")))
    assert await counter.ending(case) == "done"
    assert found_in(counter.desk, number)[:2] == first
    assert len(set(found_in(counter.desk, number))) == 3
    assert [each.number for each in counter.state(case).found] == [*found_in(counter.desk, number)]


async def test_a_registration_whose_report_was_lost_gives_the_number_that_stands(counter: Counter) -> None:
    counter.desk.records.unheard_registrations = 2
    number, case = await handed_over(counter, waits=False)
    await counter.says(case, "on_site_result", found=(FoundMatter("the lamp is dark"),))
    assert await counter.ending(case) == "done"
    assert counter.desk.records.unheard_registrations == 0
    given = [value for key, value in counter.desk.records.found.items() if key.startswith(case)]
    assert [*found_in(counter.desk, number)] == given


async def test_a_finding_that_comes_after_the_end_of_all_is_registered_and_told(counter: Counter) -> None:
    number, case = await handed_over(counter)
    await counter.says(case, "on_site_result", text="corrected on the spot")
    assert await counter.ending(case) == "done"
    await counter.desk.do(number, CITIZEN, Withdraw())
    await counter.desk.handle(number).result()
    late = counter.gateway.says(
        case, "on_site_result", text="and more", found=(FoundMatter("the lamp is dark"),)
    )
    await counter.cases.deliver_late(counter.state(case), late)
    await counter.desk.until_kind(number, "matters_found")
    assert len(found_in(counter.desk, number)) == 1
    assert counter.desk.state(number).state is State.WITHDRAWN


async def test_what_is_found_while_the_case_is_with_another_request_is_told_there(counter: Counter) -> None:
    parent = (await counter.desk.open()).number
    number, case = await handed_over(counter, waits=False)
    await counter.desk.do(number, DISPATCHER, Merge(parent, State.PENDING_DISPATCH))
    await counter.until(case, lambda state: state.request == parent)
    await counter.says(case, "on_site_result", found=(FoundMatter("the lamp is dark"),))
    assert await counter.ending(case) == "done"
    assert len(found_in(counter.desk, parent)) == 1
    assert found_in(counter.desk, number) == ()
