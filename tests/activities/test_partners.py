"""Calls to a partner: an answer comes back, a no is an answer, an absence is tried again, and all of it is counted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DefaultFailureConverter, DefaultPayloadConverter
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.testing import ActivityEnvironment

from activities.case_messages import PartnerAnswer, PartnerCall
from activities.partners import UNAVAILABLE, CaseRecords, PartnerCalls, noting_in
from config.metrics import Metrics
from config.settings import PartnerConnection
from domain.cases.calls import No
from domain.cases.state import begin_case
from domain.partners import CaseBrief, CaseMessage, Partner
from integrations.gateways import gateway_for
from integrations.port import PartnerRejected, Receipt
from persistence.engine import reading
from persistence.partner_cases import find_case
from persistence.partner_messages import list_messages
from tests.support.partners import GatewayInMemory, brief

CASE = brief().case
OPEN = PartnerCall(CASE, f"{CASE}:open", brief=brief())
READ = PartnerCall(CASE, f"{CASE}:read")

KEPT_OF_A_FAILURE = 2048
"""The engine puts a sentence of its own in the place of a larger failure, while the activity is tried again; bytes."""


async def noted_nowhere(_partner: Partner, _messages: Sequence[CaseMessage]) -> None:
    """Nobody keeps what was read."""


class Team:
    """The calls to an enforcement team, and what they noted."""

    def __init__(self) -> None:
        self.gateway = GatewayInMemory()
        self.metrics = Metrics()
        self.noted: list[CaseMessage] = []
        self.calls = PartnerCalls(self.gateway, self.metrics, self._note)

    async def open(self) -> PartnerAnswer:
        return await ActivityEnvironment().run(self.calls.open, OPEN)

    async def read(self, after: int = 0) -> PartnerAnswer:
        return await ActivityEnvironment().run(self.calls.read, replace(READ, after=after))

    async def withdraw(self) -> PartnerAnswer:
        call = PartnerCall(CASE, f"{CASE}:withdraw", said="a mistake")
        return await ActivityEnvironment().run(self.calls.withdraw, call)

    def counted(self, operation: str, result: str) -> float:
        labels = {"partner": "enforcement", "operation": operation, "result": result}
        return self.metrics.registry.get_sample_value("huying_partner_calls_total", labels) or 0

    async def _note(self, partner: Partner, messages: Sequence[CaseMessage]) -> None:
        assert partner is Partner.ENFORCEMENT
        self.noted.extend(messages)


async def test_a_case_is_handed_over_once_however_often_the_call_is_made() -> None:
    team = Team()
    assert await team.open() == await team.open() == PartnerAnswer(number="no-1")
    assert team.gateway.effects["open", CASE] == 1
    assert team.counted("open", "done") == 2


async def test_only_what_is_new_is_read_and_noted() -> None:
    team = Team()
    await team.open()
    first, second = team.gateway.says(CASE, "clue_received"), team.gateway.says(CASE, "case_filed")
    assert (await team.read()).messages == (first, second)
    assert (await team.read(after=1)).messages == (second,)
    assert (await team.read(after=2)).messages == ()
    assert team.noted == [first, second, second]


async def test_a_no_is_an_answer_with_its_code_reason_and_unit() -> None:
    team = Team()
    team.gateway.rejects["open"] = PartnerRejected("not_competent", "a matter of the town", "town_office")
    assert await team.open() == PartnerAnswer(no=No("not_competent", "a matter of the town", "town_office"))
    assert (await team.read()).no == No("unknown_case", f"there is no {CASE}")
    assert (await team.withdraw()).no == No("unknown_case", f"there is no {CASE}")
    assert (team.counted("open", "rejected"), team.counted("read", "rejected")) == (1, 1)


async def test_a_partner_that_is_away_is_to_be_called_again_when_it_said() -> None:
    team = Team()
    team.gateway.unavailable["open"] = 1
    team.gateway.retry_after = timedelta(seconds=30)
    with pytest.raises(ApplicationError) as failure:
        await team.open()
    assert (failure.value.type, failure.value.non_retryable) == (UNAVAILABLE, False)
    assert failure.value.next_retry_delay == timedelta(seconds=30)
    assert failure.value.category is ApplicationErrorCategory.BENIGN
    assert (team.counted("open", "unavailable"), team.counted("open", "done")) == (1, 0)


async def test_what_went_wrong_on_the_way_stays_readable_in_the_engine() -> None:
    nobody = PartnerConnection(
        url="http://127.0.0.1:9",
        token=SecretStr("t"),
        callback_secrets=[SecretStr("whsec_dGhlLXNlY3JldC1vZi1zb21lLXBhcnRuZXI=")],
    )
    gateway = gateway_for(Partner.ENFORCEMENT, nobody)
    calls = PartnerCalls(gateway, Metrics(), noted_nowhere)
    with pytest.raises(ApplicationError) as failed:
        await ActivityEnvironment().run(calls.open, OPEN)
    await gateway.aclose()
    told = Failure()
    DefaultFailureConverter().to_failure(failed.value, DefaultPayloadConverter(), told)
    assert told.message == "no answer: ConnectError"
    assert told.ByteSize() < KEPT_OF_A_FAILURE


class Slow(GatewayInMemory):
    """A partner that takes a call, and answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.called, self.may_answer = asyncio.Event(), asyncio.Event()

    async def open(self, *, key: str, brief: CaseBrief) -> Receipt:
        """Take a case when it is let."""
        self.called.set()
        await self.may_answer.wait()
        return await super().open(key=key, brief=brief)


@pytest.mark.parametrize("shut_down", [False, True])
async def test_a_call_that_is_no_longer_wanted_is_waited_for_unless_the_worker_ends(shut_down: bool) -> None:
    gateway, place = Slow(), ActivityEnvironment()
    calls = PartnerCalls(gateway, Metrics(), Team()._note)
    opening = asyncio.ensure_future(place.run(calls.open, OPEN))
    await gateway.called.wait()
    if shut_down:
        place.worker_shutdown()
    place.cancel()
    await asyncio.sleep(0.05)
    gateway.may_answer.set()
    if shut_down:
        with pytest.raises(asyncio.CancelledError):
            await opening
    else:
        assert await opening == PartnerAnswer(number="no-1")


async def test_taking_back_tells_whether_it_was_too_late() -> None:
    team = Team()
    await team.open()
    assert await team.withdraw() == PartnerAnswer()
    late = Team()
    late.gateway.irrevocable = True
    await late.open()
    assert await late.withdraw() == PartnerAnswer(irrevocable=True, reason="it has begun")


async def test_a_result_is_confirmed_once() -> None:
    team = Team()
    for _ in range(2):
        call = PartnerCall(CASE, f"{CASE}:confirm", said="used")
        assert await ActivityEnvironment().run(team.calls.confirm, call) == PartnerAnswer()
    assert team.gateway.effects["confirm", CASE] == 1


async def test_a_defect_of_an_adapter_is_raised_as_it_is_and_counted() -> None:
    team = Team()
    team.gateway.rejects["open"] = RuntimeError("a defect")  # pyright: ignore[reportArgumentType]
    with pytest.raises(RuntimeError, match="a defect"):
        await team.open()
    assert team.counted("open", "failed") == 1


async def test_cases_and_what_they_read_stand_in_the_database(engine: AsyncEngine) -> None:
    team = Team()
    await team.open()
    message = team.gateway.says(CASE, "clue_received")
    for _ in range(2):
        await ActivityEnvironment().run(CaseRecords(engine).record_case, begin_case(brief()))
        await noting_in(engine)(Partner.ENFORCEMENT, [message])
    async with reading(engine) as connection:
        assert (await find_case(connection, CASE)) is not None
        kept = await list_messages(connection, Partner.ENFORCEMENT)
    assert [(each.message, each.via) for each in kept.items] == [(message, "poll")]
