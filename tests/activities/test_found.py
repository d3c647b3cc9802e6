"""What partners found, taken in: once, without a caller, promised where the matter is known, else left for an agent."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import ActivityEnvironment

from activities.case_messages import FoundInCase
from activities.found import FoundMatters
from cities.pack import CityPack, load_pack
from domain.cases.found import key_of
from domain.partners import FoundMatter, OwnMatter
from domain.request import Intake, State
from domain.responsibility.routing import Place
from domain.simulator import Simulation
from persistence.engine import writing
from persistence.identity import Caller, Seal
from persistence.intake import lease_unstarted
from tests.persistence.conftest import rows
from tests.support.stories import taken_in

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SEAL = Seal(b"0123456789abcdef0123456789abcdef")
WUSHAN = Place("440106012", "天河区五山路1号")
LAMP = FoundMatter("路灯一盏不亮")
KNOWN = FoundMatter("楼道里有电动自行车充电", category="0104")


@pytest.fixture(scope="module")
def pack() -> CityPack:
    return load_pack("guangzhou")


@pytest.fixture
def desk(engine: AsyncEngine, pack: CityPack) -> FoundMatters:
    """A worker's first registration is still to come."""
    return FoundMatters(engine, SEAL, lambda: pack, now=lambda: NOW)


def found(*matters: FoundMatter, case: str = "20261123-0000042-p1", **changes: Any) -> FoundInCase:
    own = tuple(OwnMatter(key_of(matter), matter) for matter in matters)
    return replace(FoundInCase(case, WUSHAN, own), **changes)


async def registered(desk: FoundMatters, given: FoundInCase) -> tuple[str, ...]:
    return (await ActivityEnvironment().run(desk.register_found, given)).numbers


async def waiting(engine: AsyncEngine) -> list[Intake]:
    """What the starter would begin now."""
    async with writing(engine) as connection:
        return [*(await lease_unstarted(connection, 50))]


async def described(engine: AsyncEngine) -> list[str]:
    return [
        row["description"] for row in await rows(engine, "SELECT description FROM intake ORDER BY number")
    ]


async def test_an_issue_waits_to_be_begun_as_a_request_of_its_own(engine: AsyncEngine, desk: FoundMatters):
    (number,) = await registered(desk, found(LAMP))
    (begun,) = await waiting(engine)
    assert (begun.number, begun.found_in, begun.channel, begun.request_type) == (
        *(number, "20261123-0000042-p1", "volunteer_report", "help"),
    )
    assert (begun.caller_ref, begun.has_contact, begun.matter, begun.received_at) == (None, False, None, NOW)
    assert await described(engine) == [
        "路灯一盏不亮\n\n[来源 found in 20261123-0000042-p1]\n[地点 place 440106012 天河区五山路1号]"
    ]
    assert Simulation.of(begun).state.state is State.REGISTERED


async def test_a_bad_review_is_a_complaint(engine: AsyncEngine, desk: FoundMatters):
    await registered(desk, found(FoundMatter("等了三个小时", score=1)))
    (begun,) = await waiting(engine)
    assert (begun.channel, begun.request_type) == ("bad_review", "complaint")
    assert "[评价 review 1/5]" in (await described(engine))[0]


async def test_a_matter_of_a_known_category_is_promised_what_a_call_would_be(
    engine: AsyncEngine, desk: FoundMatters, pack: CityPack
):
    await registered(desk, found(KNOWN))
    (begun,) = await waiting(engine)
    assert begun.matter is not None
    assert begun.snapshot is not None
    assert (begun.matter.category, begun.matter.place) == ("0104", WUSHAN)
    assert begun.snapshot.policy == pack.policy_of("0104")
    assert begun.snapshot.ladder.rungs
    assert Simulation.of(begun).state.state is not State.REGISTERED
    assert await described(engine) == ["楼道里有电动自行车充电\n\n[来源 found in 20261123-0000042-p1]"]


@pytest.mark.parametrize(
    ("matter", "told"),
    [
        (replace(KNOWN, category="9999"), "[地点 place 440106012 天河区五山路1号]\n[事项 category 9999]"),
        (replace(KNOWN, place=Place("999999")), "[地点 place 999999]\n[事项 category 0104]"),
        (replace(KNOWN, place=Place("4401")), "[地点 place 4401]\n[事项 category 0104]"),
        (replace(LAMP, place=Place("440106013", "五山路9号")), "[地点 place 440106013 五山路9号]"),
    ],
    ids=["no such category", "no such place", "too coarse a place", "no category"],
)
async def test_what_cannot_be_promised_is_left_for_an_agent_with_all_that_is_known(
    engine: AsyncEngine, desk: FoundMatters, matter: FoundMatter, told: str
):
    await registered(desk, found(matter))
    (begun,) = await waiting(engine)
    assert (begun.matter, begun.snapshot) == (None, None)
    assert (await described(engine))[0].endswith(told)


async def test_what_was_taken_in_and_not_heard_of_is_found_again(engine: AsyncEngine, desk: FoundMatters):
    first = await registered(desk, found(LAMP, KNOWN))
    later = FoundMatters(engine, SEAL, lambda: load_pack("guangzhou"))
    assert await registered(later, found(KNOWN, LAMP)) == first[::-1]
    assert len(await described(engine)) == 2


async def test_two_workers_at_the_same_moment_take_it_in_once(engine: AsyncEngine, desk: FoundMatters):
    given = await asyncio.gather(*(registered(desk, found(LAMP, KNOWN)) for _ in range(4)))
    assert len(set(given)) == 1
    assert len(await described(engine)) == 2


async def test_other_words_under_a_reference_are_the_same_matter(engine: AsyncEngine, desk: FoundMatters):
    one = await registered(desk, found(replace(LAMP, reference="WT-7")))
    assert await registered(desk, found(replace(LAMP, reference="WT-7", text="路灯两盏不亮"))) == one
    assert len(await described(engine)) == 1


async def test_the_same_issue_of_two_cases_is_two_matters(engine: AsyncEngine, desk: FoundMatters):
    one, other = [await registered(desk, found(LAMP, case=f"20261123-0000042-p{nth}")) for nth in (1, 2)]
    assert one != other
    assert len(await described(engine)) == 2


async def test_what_has_its_number_keeps_it(engine: AsyncEngine, desk: FoundMatters):
    given = found(LAMP, matters=(OwnMatter("k", None, "20261123-0000007"),))
    assert await registered(desk, given) == ("20261123-0000007",)
    assert await described(engine) == []


async def test_nobody_can_be_told_from_what_was_found(engine: AsyncEngine, desk: FoundMatters):
    caller = SEAL.seal(Caller("陈小明", "13812345678", "五山路3号502房"))
    begun = await taken_in(engine, caller=caller, caller_ref=caller.ref)
    told = FoundMatter(
        "陈先生（13812345678）家 502房 漏水，邻居电话 020-81234567",
        place=Place("440106012", "五山路3号502房"),
    )
    await registered(desk, found(told, case=f"{begun.number}-p1"))
    (description,) = [each for each in await described(engine) if "漏水" in each]
    for said in ("陈先生", "13812345678", "502房", "020-81234567"):
        assert said not in description
    assert "***" in description
    (row,) = await rows(engine, f"SELECT caller_ref FROM intake WHERE number <> '{begun.number}'")
    assert row["caller_ref"] is None


async def test_the_pack_is_read_when_there_is_a_first_matter_and_once(engine: AsyncEngine, pack: CityPack):
    read = list[int]()

    def opening() -> CityPack:
        read.append(1)
        return pack

    desk = FoundMatters(engine, SEAL, opening)
    assert read == []
    await asyncio.gather(*(registered(desk, found(LAMP)) for _ in range(3)))
    assert read == [1]
