"""One contract for all partners: each adapter against its simulator over real HTTP, on good days and on bad ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from config.settings import PartnerConnection
from domain.cases.kinds import KINDS
from domain.partners import Affair, CaseBrief, CaseMessage, Clue, Partner, VolunteerTask
from integrations.affairs import AffairsGateway
from integrations.gateways import OpenGateway, gateway_for
from integrations.port import CaseLine, PartnerRejected, PartnerUnavailable, Withdrawal
from integrations.simulators.catalogue import catalogue
from integrations.simulators.serving import Simulator, serve
from integrations.transport import Transport
from tests.integrations.misbehaving import connection_to
from tests.integrations.test_translation import CASE, brief_of

KEY = f"{CASE}:open"
ITEM = next(item.item_code for item in catalogue().values() if not item.withdrawn and item.promised_days)
NO_OLDER_THAN = datetime(2026, 1, 1, tzinfo=UTC)
BEYOND_RETURN: dict[Partner, tuple[str, ...]] = {
    Partner.ENFORCEMENT: ("clue_received", "case_filed"),
    Partner.AFFAIRS: ("affair_accepted", "affair_decided"),
    Partner.VOLUNTEERS: ("sign_up", "enrolment_closed", "check_in"),
}
"""Steps after which a case has gone too far to be taken back."""
WHOLE_LIFE: dict[Partner, tuple[str, ...]] = {
    Partner.ENFORCEMENT: ("clue_received", "case_filed", "case_decided", "case_closed"),
    Partner.AFFAIRS: (
        "affair_accepted",
        "supplement_required",
        "affair_progress",
        "affair_decided",
        "ready_for_collection",
        "collected",
    ),
    Partner.VOLUNTEERS: ("sign_up", "sign_up", "enrolment_closed", "check_in", "check_out", "report"),
}
"""Steps up to the result."""


def matter_of(partner: Partner, **changes: Any) -> CaseBrief:
    """A case that the partner's simulator takes: an item that it has, a task that is yet to come."""
    brief = brief_of(partner, **changes)
    match brief.handover:
        case Affair():
            return replace(brief, handover=replace(brief.handover, item_code=ITEM))
        case VolunteerTask():
            begin = datetime.now(UTC) + timedelta(hours=3)
            task = replace(brief.handover, starts_at=begin, ends_at=begin + timedelta(hours=2))
            return replace(brief, handover=task)
        case Clue():
            return brief


@dataclass
class Side:
    """A partner that runs, and our way to it."""

    simulator: Simulator
    gateway: OpenGateway
    brief: CaseBrief

    @property
    def partner(self) -> Partner:
        return self.gateway.partner

    async def opened(self, case: str = CASE) -> None:
        """Hand a case over."""
        await self.gateway.open(key=f"{case}:open", brief=replace(self.brief, case=case))

    def drive(self, steps: tuple[str, ...], case: str = CASE) -> None:
        """Let the partner take steps."""
        for step in steps:
            self.simulator.office.drive(case, step)

    def effects(self) -> dict[tuple[str, str], int]:
        """What really happened at the partner, to what, and how often."""
        found = self.simulator.office.storage.effects()
        return {(row["effect"], row["subject"]): row["times"] for row in found}

    async def lines(self, since: datetime = NO_OLDER_THAN) -> list[CaseLine]:
        return list(await self.gateway.list_cases(since=since))


@asynccontextmanager
async def side_of(
    partner: Partner, folder: Path, profile: str = "by_hand", *, patience: float = 5.0, **changes: Any
) -> AsyncGenerator[Side]:
    """A partner that behaves as the profile says, with changes to it."""
    async with serve(partner, profile, data_dir=folder, changes=changes) as simulator:
        gateway = gateway_for(partner, connected(simulator, patience))
        yield Side(simulator, gateway, matter_of(partner))
        await gateway.aclose()


def connected(simulator: Simulator, patience: float = 5.0) -> PartnerConnection:
    there = connection_to(simulator.url, patience=patience)
    return there.model_copy(update={"token": SecretStr(simulator.token)})


@pytest.fixture(params=list(Partner))
async def side(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Side]:
    """Each partner in turn; nothing happens there unless the test drives it."""
    async with side_of(request.param, tmp_path) as made:
        yield made


@pytest.fixture(params=list(Partner))
def partner(request: pytest.FixtureRequest) -> Partner:
    """Each partner in turn."""
    return request.param


class TestOnGoodDays:
    """What the port promises of every partner."""

    async def test_a_case_is_opened_once_per_key_and_once_per_case(self, side: Side):
        first = await side.gateway.open(key=KEY, brief=side.brief)
        assert await side.gateway.open(key=KEY, brief=side.brief) == first
        assert await side.gateway.open(key=f"{KEY}:again", brief=side.brief) == first
        assert side.effects() == {("handed_over", CASE): 1}
        assert await side.lines() == [CaseLine(CASE, 0, "", ended=False)]

    async def test_another_matter_under_the_same_case_is_a_no(self, side: Side):
        await side.opened()
        later = replace(side.brief, handover=replace(side.brief.handover, facts="完全不同的另一件事情"))
        with pytest.raises(PartnerRejected) as caught:
            await side.gateway.open(key=f"{KEY}:other", brief=later)
        assert caught.value.code == "duplicate"
        assert caught.value.reason

    async def test_all_that_was_said_can_be_read_in_order_without_gaps(self, side: Side):
        await side.opened()
        assert await side.gateway.read(case=CASE) == ()
        side.drive(WHOLE_LIFE[side.partner])
        said = await side.gateway.read(case=CASE)
        assert tuple(message.kind for message in said) == WHOLE_LIFE[side.partner]
        assert [message.sequence for message in said] == list(range(1, len(said) + 1))
        assert {message.case for message in said} == {CASE}
        assert len({message.id for message in said}) == len(said)
        assert all(a.sent_at <= b.sent_at for a, b in pairwise(said))
        assert await side.gateway.read(case=CASE) == said

    async def test_every_step_that_the_partner_knows_is_a_message_that_we_know(self, side: Side):
        assert set(side.simulator.office.life.steps) <= set(KINDS[side.partner])

    async def test_a_case_is_taken_back_once_and_then_stays_so(self, side: Side):
        await side.opened()
        for _ in range(2):
            result = await side.gateway.withdraw(key=f"{CASE}:withdraw", case=CASE, reason="诉求人撤回")
            assert result == Withdrawal()
        assert side.effects() == {("handed_over", CASE): 1, ("withdrawn", CASE): 1}
        [line] = await side.lines()
        assert line.ended

    async def test_a_case_that_has_gone_too_far_is_not_given_back(self, side: Side):
        await side.opened()
        side.drive(BEYOND_RETURN[side.partner])
        result = await side.gateway.withdraw(key=f"{CASE}:withdraw", case=CASE, reason="诉求人撤回")
        assert result.irrevocable
        assert result.reason
        assert ("withdrawn", CASE) not in side.effects()

    async def test_a_result_is_confirmed_once(self, side: Side):
        await side.opened()
        side.drive(WHOLE_LIFE[side.partner])
        for _ in range(2):
            await side.gateway.confirm(key=f"{CASE}:confirm", case=CASE, note="已答复诉求人")
        assert side.effects()["confirmed", CASE] == 1

    @pytest.mark.parametrize("asked", ["read", "withdraw", "confirm"])
    async def test_a_case_that_the_partner_does_not_have_is_a_no_with_its_code(self, side: Side, asked: str):
        calls = {
            "read": lambda: side.gateway.read(case=CASE),
            "withdraw": lambda: side.gateway.withdraw(key="k", case=CASE, reason="撤回"),
            "confirm": lambda: side.gateway.confirm(key="k", case=CASE, note=""),
        }
        with pytest.raises(PartnerRejected) as caught:
            await calls[asked]()
        assert caught.value.code == "unknown_case"

    async def test_the_list_has_the_open_cases_and_those_that_ended_since(self, side: Side):
        ended, still = f"{CASE}1", f"{CASE}2"
        await side.opened(ended)
        await side.opened(still)
        await side.gateway.withdraw(key="k", case=ended, reason="撤回")
        assert [line.case for line in await side.lines()] == [ended, still]
        assert [line.case for line in await side.lines(datetime.now(UTC) + timedelta(seconds=5))] == [still]

    async def test_a_long_list_comes_page_by_page_and_whole(self, side: Side):
        cases = [f"{CASE}-{number}" for number in range(101)]
        await asyncio.gather(*(side.opened(case) for case in cases))
        assert sorted(line.case for line in await side.lines()) == sorted(cases)

    async def test_the_list_says_how_far_a_case_is(self, side: Side):
        await side.opened()
        steps = BEYOND_RETURN[side.partner]
        side.drive(steps)
        assert await side.lines() == [CaseLine(CASE, len(steps), steps[-1], ended=False)]

    async def test_a_call_backs_body_is_what_can_be_read(self, side: Side):
        await side.opened()
        side.drive(WHOLE_LIFE[side.partner])
        bodies = side.simulator.office.storage.messages(CASE)
        heard = tuple(side.gateway.message_in(body.encode()) for body in bodies)
        assert heard == await side.gateway.read(case=CASE)


class TestOnBadDays:
    """What every failure of a partner becomes, and that nothing happens twice or by halves."""

    async def test_an_answer_that_was_lost_is_had_again_under_the_same_key(
        self, partner: Partner, tmp_path: Path
    ):
        async with side_of(partner, tmp_path, half_answered=1) as side:
            with pytest.raises(PartnerUnavailable):
                await side.gateway.open(key=KEY, brief=side.brief)
            assert side.effects() == {("handed_over", CASE): 1}
            side.simulator.office.put_on("by_hand")
            await side.gateway.open(key=KEY, brief=side.brief)
            assert side.effects() == {("handed_over", CASE): 1}

    async def test_a_failing_partner_is_unavailable_and_has_done_nothing(
        self, partner: Partner, tmp_path: Path
    ):
        async with side_of(partner, tmp_path, failing=1) as side:
            with pytest.raises(PartnerUnavailable):
                await side.gateway.open(key=KEY, brief=side.brief)
            assert side.effects() == {}

    async def test_a_partner_that_is_down_is_unavailable(self, partner: Partner, tmp_path: Path):
        async with side_of(partner, tmp_path, "down") as side:
            with pytest.raises(PartnerUnavailable):
                await side.lines()

    async def test_a_stalled_partner_costs_no_more_than_its_time(self, partner: Partner, tmp_path: Path):
        async with side_of(partner, tmp_path, "stalled", patience=0.1) as side:
            with pytest.raises(PartnerUnavailable, match="in time"):
                await side.gateway.read(case=CASE)

    async def test_a_partner_that_is_too_busy_says_for_how_long(self, partner: Partner, tmp_path: Path):
        async with side_of(partner, tmp_path, calls_per_second=0.5) as side:
            await side.opened()
            with pytest.raises(PartnerUnavailable) as caught:
                await side.gateway.read(case=CASE)
            assert caught.value.retry_after is not None
            assert timedelta() < caught.value.retry_after <= timedelta(seconds=3)

    async def test_a_token_that_is_not_accepted_ends_no_case(self, side: Side):
        stranger = connected(side.simulator).model_copy(update={"token": SecretStr("stolen")})
        gateway = gateway_for(side.partner, stranger)
        with pytest.raises(PartnerUnavailable, match="token"):
            await gateway.open(key=KEY, brief=side.brief)
        await gateway.aclose()

    async def test_whatever_happens_on_the_way_a_case_is_opened_and_taken_back_once(
        self, partner: Partner, tmp_path: Path
    ):
        async with side_of(partner, tmp_path, failing=0.3, half_answered=0.4) as side:
            for number in range(8):
                case = f"{CASE}-{number}"
                await insisting(lambda case=case: side.opened(case))
                await insisting(
                    lambda case=case: side.gateway.withdraw(key=f"{case}:withdraw", case=case, reason="撤回")
                )
            expected = {("handed_over", f"{CASE}-{number}"): 1 for number in range(8)}
            expected |= {("withdrawn", f"{CASE}-{number}"): 1 for number in range(8)}
            assert side.effects() == expected


async def insisting(call: Any) -> None:
    """Say the same until there is an answer."""
    for _ in range(100):
        try:
            await call()
        except PartnerUnavailable:
            continue
        return
    raise AssertionError("the partner never answered")


class TestVolunteers:
    """What only this partner does."""

    async def test_hours_are_credited_once_the_result_is_confirmed_and_only_then(self, tmp_path: Path):
        async with side_of(Partner.VOLUNTEERS, tmp_path) as side:
            await side.opened()
            side.drive(WHOLE_LIFE[Partner.VOLUNTEERS])
            assert side.simulator.office.life.possible(_dossier(side)) == ()
            await side.gateway.confirm(key="k", case=CASE, note="")
            side.drive(("hours_credited",))
            credited: CaseMessage = (await side.gateway.read(case=CASE))[-1]
            assert (credited.kind, credited.people > 0, credited.hours > 0) == ("hours_credited", True, True)

    async def test_no_volunteer_is_named_to_us(self, tmp_path: Path):
        async with side_of(Partner.VOLUNTEERS, tmp_path) as side:
            await side.opened()
            side.drive(WHOLE_LIFE[Partner.VOLUNTEERS])
            assert "v-" not in str(await side.gateway.read(case=CASE))


def _dossier(side: Side) -> Any:
    return side.simulator.office.storage.dossier(CASE)


class TestAffairs:
    """What only this partner has: a catalogue, consent, and affairs that run already."""

    async def test_the_catalogue_is_read_whole_and_then_only_what_changed(self, tmp_path: Path):
        async with side_of(Partner.AFFAIRS, tmp_path) as side:
            gateway = AffairsGateway(Transport(connected(side.simulator)))
            items = [item async for page in gateway.items(None) for item in page]
            assert len(items) >= 1_000
            assert len({item.code for item in items}) == len(items)
            assert all(a.changed_at <= b.changed_at for a, b in pairwise(items))
            latest = items[-1].changed_at
            changed = [item async for page in gateway.items(latest) for item in page]
            assert changed == [item for item in items if item.changed_at >= latest]
            await gateway.aclose()

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"item_code": "0" * 31}, "unknown_item"),
            ({"consent": "expired-1"}, "consent_invalid"),
            ({"consent": "level-1-1"}, "identity_level_too_low"),
        ],
    )
    async def test_a_no_in_the_body_keeps_its_code(self, tmp_path: Path, changes: dict[str, str], code: str):
        async with side_of(Partner.AFFAIRS, tmp_path) as side:
            affair = side.brief.handover
            assert isinstance(affair, Affair)
            with pytest.raises(PartnerRejected) as caught:
                await side.gateway.open(
                    key=KEY, brief=replace(side.brief, handover=replace(affair, **changes))
                )
            assert caught.value.code == code

    async def test_an_affair_that_runs_already_is_followed_under_its_number(self, tmp_path: Path):
        async with side_of(Partner.AFFAIRS, tmp_path) as side:
            affair = side.brief.handover
            assert isinstance(affair, Affair)
            followed = replace(side.brief, handover=replace(affair, follows="2026110144010600001"))
            assert (await side.gateway.open(key=KEY, brief=followed)).number == "2026110144010600001"
