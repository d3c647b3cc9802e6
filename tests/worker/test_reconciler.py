"""The reconciler: what the two sides do not agree on is found, repaired where it can be, and shown where it cannot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from config.metrics import Metrics
from domain.cases.reconciliation import Difference, Disagreement
from domain.partners import CaseMessage, CaseStatus, Partner, Via
from integrations.gateways import OpenGateway, gateway_for
from integrations.pace import Pace
from integrations.port import CaseLine, PartnerGateway, PartnerRejected
from integrations.simulators.serving import Simulator, serve
from persistence.engine import reading, writing
from persistence.partner_messages import case_unknown, keep_message, lease_waiting, note_messages
from persistence.reconciliations import Reconciliation, ask_for_reconciliation, list_reconciliations
from tests.integrations.misbehaving import connection_to
from tests.support.partners import GatewayInMemory, brief
from tests.worker.doubles import CasesInMemory, recorded
from worker.reconciler import Reconciler

ENFORCEMENT = Partner.ENFORCEMENT
CASE, OTHER = "20260302-0000001-p1", "20260302-0000002-p1"
MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@dataclass
class Office:
    """A reconciler with one partner, whose clock stands still."""

    engine: AsyncEngine
    gateway: GatewayInMemory = field(default_factory=GatewayInMemory)
    connected: OpenGateway | None = None
    """A real gateway, instead of the one in memory."""
    cases: CasesInMemory = field(default_factory=CasesInMemory)
    metrics: Metrics = field(default_factory=Metrics)
    at: datetime = MONDAY

    def reconciler(self, look_again_after: float = 0, **others: PartnerGateway) -> Reconciler:
        gateways: dict[Partner, PartnerGateway] = {ENFORCEMENT: self.connected or self.gateway}
        return Reconciler(
            self.engine,
            gateways | {Partner(name): gateway for name, gateway in others.items()},
            self.cases,
            self.metrics,
            every=timedelta(days=1),
            interval=timedelta(seconds=0.05),
            look_again_after=timedelta(seconds=look_again_after),
            now=lambda: self.at,
        )

    async def shared(self, case: str, *kinds: str, status: CaseStatus = CaseStatus.UNDER_WAY) -> None:
        """A case that both sides know, with messages that came here as well."""
        await recorded(self.engine, case, status)
        self.gateway.briefs[case] = brief(case=case)
        messages = [self.gateway.says(case, kind) for kind in kinds]
        async with writing(self.engine) as connection:
            await note_messages(connection, ENFORCEMENT, messages, Via.CALLBACK, self.at)

    async def reconciled(self) -> Reconciliation:
        """What the next reconciliation found."""
        await self.reconciler().look(ENFORCEMENT)
        return await self.last()

    async def last(self, partner: Partner = ENFORCEMENT) -> Reconciliation:
        async with reading(self.engine) as connection:
            return (await list_reconciliations(connection, partner)).items[0]

    async def asked(self) -> None:
        async with writing(self.engine) as connection:
            await ask_for_reconciliation(connection, ENFORCEMENT, by="operator", at=self.at)

    async def waiting(self) -> list[tuple[int, Via]]:
        async with writing(self.engine) as connection:
            leased = await lease_waiting(connection, 50)
        return sorted((kept.message.sequence, kept.via) for kept in leased)

    def gauge(self, name: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"huying_{name}", {"partner": ENFORCEMENT})


@pytest.fixture
def office(engine: AsyncEngine) -> Office:
    return Office(engine)


async def test_nothing_different_is_the_usual_answer(office: Office):
    await office.shared(CASE, "clue_received", "case_filed")
    await office.shared(OTHER, "clue_received", "case_filed", "case_closed", status=CaseStatus.DONE)
    found = await office.reconciled()
    assert (found.compared, found.differences, found.ended_at) == (2, (), office.at)
    assert office.cases.looked == {}
    await office.reconciler().show()
    assert office.gauge("reconciliation_differences") == 0
    assert office.gauge("reconciliation_last_success_timestamp_seconds") == MONDAY.timestamp()


async def test_messages_that_never_came_are_fetched_and_wait_for_their_case(office: Office):
    await office.shared(CASE, "clue_received")
    for kind in ("case_filed", "case_closed"):
        office.gateway.says(CASE, kind)
    found = await office.reconciled()
    assert found.differences == (Difference(CASE, Disagreement.BEHIND, ours=1, theirs=3, repaired=True),)
    assert await office.waiting() == [(2, Via.RECONCILIATION), (3, Via.RECONCILIATION)]
    office.at += timedelta(days=1)
    assert (await office.reconciled()).differences[0].what is Disagreement.ENDED_THERE


async def test_a_message_lost_between_two_others_is_found(office: Office):
    await office.shared(CASE)
    first, _, third = (office.gateway.says(CASE, "affair_progress") for _ in range(3))
    async with writing(office.engine) as connection:
        await note_messages(connection, ENFORCEMENT, [first, third], Via.CALLBACK, office.at)
    await office.reconciled()
    assert await office.waiting() == [(2, Via.RECONCILIATION)]


async def test_a_case_that_the_partner_lost_is_asked_for_so_that_it_is_handed_over_again(office: Office):
    await office.shared(CASE, "clue_received")
    office.gateway.forgets(CASE)
    found = await office.reconciled()
    assert [(each.what, each.repaired) for each in found.differences] == [(Disagreement.MISSING_THERE, True)]
    assert office.cases.looked == {CASE: 1}


async def test_a_case_that_ended_there_and_not_here_is_looked_at(office: Office):
    await office.shared(CASE, "clue_received", "case_filed", "case_closed")
    office.cases.over.add(CASE)
    assert (await office.reconciled()).differences == (
        Difference(CASE, Disagreement.ENDED_THERE, ours=3, theirs=3, repaired=False),
    )
    office.cases.over.clear()
    office.at += timedelta(days=1)
    assert (await office.reconciled()).repaired == 1


async def test_a_case_that_nobody_knows_here_is_shown_and_raises_an_alarm(office: Office):
    office.gateway.briefs[OTHER] = brief(case=OTHER)
    office.gateway.says(OTHER, "case_filed")
    found = await office.reconciled()
    assert found.differences == (Difference(OTHER, Disagreement.MISSING_HERE, theirs=1),)
    await office.reconciler().show()
    assert office.gauge("reconciliation_differences") == 1


async def test_a_case_that_was_taken_back_and_goes_on_there_is_shown(office: Office):
    await office.shared(CASE, "clue_received", status=CaseStatus.WITHDRAWN)
    assert [each.what for each in (await office.reconciled()).differences] == [Disagreement.NOT_WITHDRAWN]


async def test_another_partners_case_is_no_case_of_this_one(office: Office):
    await recorded(office.engine, CASE, partner=Partner.AFFAIRS)
    office.gateway.briefs[CASE] = brief(case=CASE)
    assert [each.what for each in (await office.reconciled()).differences] == [Disagreement.MISSING_HERE]


async def test_a_case_that_ended_here_long_ago_is_known_all_the_same(office: Office):
    await office.reconciled()
    office.at += timedelta(days=100)
    await recorded(office.engine, CASE, CaseStatus.DONE, opened_at=MONDAY - timedelta(days=90))
    office.gateway.briefs[CASE] = brief(case=CASE)
    assert (await office.reconciled()).differences == ()


class Slow(GatewayInMemory):
    """A partner during whose list something else happens."""

    def __init__(self, office: Office) -> None:
        super().__init__()
        self.office = office

    async def list_cases(self, *, since: datetime) -> Sequence[CaseLine]:
        lines = await super().list_cases(since=since)
        await recorded(self.office.engine, "20260302-0000009-p1")
        return lines


async def test_what_is_opened_while_the_list_is_made_is_not_missed_there(office: Office):
    office.gateway = Slow(office)
    assert (await office.reconciled()).differences == ()


async def test_a_call_back_on_its_way_is_no_difference(office: Office):
    await office.shared(CASE, "clue_received")
    filed = office.gateway.says(CASE, "case_filed")
    looking = asyncio.create_task(office.reconciler(look_again_after=0.4).look(ENFORCEMENT))
    await asyncio.sleep(0.15)
    async with writing(office.engine) as connection:
        await keep_message(connection, ENFORCEMENT, filed, Via.CALLBACK, office.at)
    await looking
    assert (await office.last()).differences == ()


async def test_while_the_partner_is_away_it_is_put_off_and_done_when_it_is_back(office: Office):
    office.gateway.unavailable["list"] = 2
    await office.shared(CASE, "clue_received")
    put_off = await office.reconciled()
    assert (put_off.ended_at, put_off.failure) == (None, "list: nobody answers")
    await office.reconciler().look(ENFORCEMENT)
    assert office.gateway.calls["list", ""] == 1  # it waits before it tries again
    for _ in range(2):
        await office.asked()
        await office.reconciler().look(ENFORCEMENT)
    done = await office.last()
    assert (done.id, done.ended_at, done.attempts, done.differences) == (put_off.id, office.at, 3, ())


class Mad(GatewayInMemory):
    """A partner whose answer nobody foresaw."""

    async def list_cases(self, *, since: datetime) -> Sequence[CaseLine]:
        raise KeyError(since)


async def test_an_answer_that_nobody_foresaw_ends_no_worker(office: Office):
    office.gateway = Mad()
    assert (await office.reconciled()).failure == "KeyError"


async def test_one_case_that_cannot_be_read_keeps_no_other_from_being_repaired(office: Office):
    for case in (CASE, OTHER):
        await office.shared(case, "clue_received")
        office.gateway.says(case, "case_filed")
    readable = office.gateway.read

    async def read(*, case: str) -> tuple[CaseMessage, ...]:
        if case == CASE:
            raise PartnerRejected("forbidden", "not for you")
        return await readable(case=case)

    office.gateway.read = read
    assert [each.repaired for each in (await office.reconciled()).differences] == [False, True]


async def test_a_case_that_the_partner_is_too_busy_to_tell_of_asks_again_by_itself(office: Office):
    await office.shared(CASE, "clue_received")
    office.gateway.says(CASE, "case_filed")
    office.gateway.unavailable["read"] = 1
    assert [each.repaired for each in (await office.reconciled()).differences] == [True]
    assert office.cases.looked == {CASE: 1}


async def test_a_partner_that_contradicts_itself_is_not_believed(office: Office):
    await office.shared(CASE, "clue_received")
    filed = office.gateway.says(CASE, "case_filed")
    office.gateway.messages[CASE][0] = CaseMessage(
        office.gateway.messages[CASE][0].id, CASE, 1, "clue_refused", filed.sent_at
    )
    assert [each.repaired for each in (await office.reconciled()).differences] == [True]
    assert await office.waiting() == [(2, Via.RECONCILIATION)]


class Stalled(GatewayInMemory):
    """A partner that takes a call and never answers it."""

    async def list_cases(self, *, since: datetime) -> Sequence[CaseLine]:
        await asyncio.Event().wait()
        return ()


async def test_a_partner_that_never_answers_keeps_no_other_waiting(office: Office):
    await office.shared(CASE, "clue_received")
    running = asyncio.create_task(office.reconciler(affairs=Stalled(Partner.AFFAIRS)).run())
    async with asyncio.timeout(10):
        while office.gauge("reconciliation_last_success_timestamp_seconds") is None:
            await asyncio.sleep(0.02)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert (await office.last()).ended_at is not None
    assert (await office.last(Partner.AFFAIRS)).ended_at is None


@asynccontextmanager
async def so_many_behind(
    count: int, office: Office, folder: Path, *, allowed: float, pace: float
) -> AsyncGenerator[Simulator]:
    """A partner that has said something of so many cases, of which nothing came here. It allows so many calls a second,
    and forgives as many at once.
    """
    async with serve(ENFORCEMENT, "by_hand", data_dir=folder) as simulator, AsyncExitStack() as tidy:
        there = connection_to(simulator.url).model_copy(update={"token": SecretStr(simulator.token)})
        office.connected, opening = (
            gateway_for(ENFORCEMENT, there, pace=Pace(pace)),
            gateway_for(ENFORCEMENT, there),
        )
        for each in (office.connected, opening):
            tidy.push_async_callback(each.aclose)
        for nth in range(count):
            case = f"20260302-{nth:07}-p1"
            await recorded(office.engine, case)
            await opening.open(key=f"{case}:open", brief=brief(case=case))
            simulator.office.drive(case, "clue_received")
        simulator.office.put_on("by_hand", {"calls_per_second": allowed})
        yield simulator


def told_to_wait(simulator: Simulator) -> int:
    """How many calls the partner has answered 429."""
    return simulator.office.storage.outcomes().get("limited", 0)


async def test_however_much_there_is_to_fetch_the_partner_is_called_at_its_pace(
    office: Office, tmp_path: Path
):
    async with so_many_behind(14, office, tmp_path, allowed=10, pace=10) as simulator:
        began = asyncio.get_running_loop().time()
        found = await office.reconciled()
        assert asyncio.get_running_loop().time() - began > 14 / 10
        assert (len(found.differences), found.repaired) == (14, 14)
        assert told_to_wait(simulator) == 0


async def test_a_partner_that_allows_less_than_was_agreed_is_called_again_when_it_says_so(
    office: Office, tmp_path: Path
):
    async with so_many_behind(1, office, tmp_path, allowed=1, pace=1000) as simulator:
        found = await office.reconciled()
        assert (found.repaired, office.cases.looked) == (1, {})
        assert told_to_wait(simulator) == 1


async def test_of_two_workers_one_reconciles(office: Office):
    await office.shared(CASE, "clue_received")
    await asyncio.gather(*(office.reconciler().look(ENFORCEMENT) for _ in range(4)))
    assert office.gateway.calls["list", ""] == 1


async def test_messages_that_nobody_knows_are_shown(office: Office):
    async with writing(office.engine) as connection:
        await keep_message(connection, ENFORCEMENT, office.gateway.says(CASE, "x"), Via.CALLBACK, office.at)
        (kept,) = await lease_waiting(connection, 1)
        await case_unknown(connection, kept.id, try_again=True)
    await office.reconciler().show()
    assert office.gauge("partner_messages_unknown") == 1
    async with office.engine.begin() as connection:
        await connection.execute(text("UPDATE partner_messages SET delivered_at = now()"))
    await office.reconciler().show()
    assert office.gauge("partner_messages_unknown") == 0
