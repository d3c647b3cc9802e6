"""Simulated partners on their bad days: each kind of trouble is seen, and seen again with the same seed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import pytest

from domain.partners import Partner
from integrations.simulators.__main__ import settings_from
from integrations.simulators.postbox import former_secret
from integrations.simulators.profiles import profiles
from stack.servers.ports import free_port
from tests.integrations.calling import CASE, Caller, calling
from tests.integrations.conftest import Simulate
from tests.integrations.inbox import receiving

SECRET = "whsec_" + "c2VjcmV0LW9mLWEtdGVzdC0tLS0tLS0="
LIFE = ["clue_received", "case_filed", "case_decided", "case_closed"]


async def tried(caller: Caller, times: int) -> list[int | str]:
    """What the same call is answered with, time after time; the name of the error where there is no answer."""
    found: list[int | str] = []
    for _ in range(times):
        try:
            found.append((await caller.hand_over()).status_code)
        except httpx2.HTTPError as error:
            found.append(type(error).__name__)
    return found


def test_every_profile_can_be_read_and_says_what_it_is_in_both_languages():
    assert all(profile.zh and profile.en for profile in profiles().values())


async def test_a_failing_partner_has_done_nothing(simulate: Simulate):
    async with calling(await simulate(Partner.ENFORCEMENT, changes={"failing": 1})) as caller:
        assert await tried(caller, 3) == [503, 503, 503]
        assert await caller.effects() == {}


async def test_half_an_answer_is_a_502_or_a_cut_connection_and_the_thing_is_done_once(simulate: Simulate):
    simulator = await simulate(Partner.ENFORCEMENT, "by_hand", changes={"half_answered": 1})
    async with calling(simulator) as caller:
        seen = await tried(caller, 8)
        assert set(seen) == {502, "RemoteProtocolError"}
        assert await caller.effects() == {("handed_over", CASE): 1}


async def test_an_unsteady_partner_is_unsteady_in_the_same_way_again(simulate: Simulate, tmp_path: Path):
    told: list[list[int | str]] = []
    for number, seed in enumerate((3, 3, 4)):
        folder = tmp_path / str(number)
        changes = {"failing": 0.4, "half_answered": 0.3}
        simulator = await simulate(Partner.AFFAIRS, changes=changes, seed=seed, data_dir=folder)
        async with calling(simulator) as caller:
            told.append(await tried(caller, 12))
    assert told[0] == told[1] != told[2]
    assert {200, 503} <= set(told[0])


async def test_more_calls_than_allowed_are_told_when_to_come_again(simulate: Simulate):
    simulator = await simulate(Partner.VOLUNTEERS, "strict", changes={"calls_per_second": 0.25})
    async with calling(simulator) as caller:
        answers = await asyncio.gather(*(caller.hand_over(f"c-p{number}") for number in range(12)))
        counted = Counter(answer.status_code for answer in answers)
        assert 1 <= counted[202] <= 2
        assert counted[202] + counted[429] == 12
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert int(refused.headers["Retry-After"]) >= 1
        assert refused.json()["code"] == "too_many_calls"


async def test_a_slow_partner_answers_late(simulate: Simulate):
    changes = {"answer_after": {"least": 0.3, "most": 0.3}}
    async with calling(await simulate(Partner.ENFORCEMENT, changes=changes)) as caller:
        began = time.monotonic()
        await caller.hand_over()
        assert time.monotonic() - began >= 0.3


async def test_what_a_slow_partner_was_asked_is_done_though_nobody_waits_for_its_answer(simulate: Simulate):
    simulator = await simulate(
        Partner.ENFORCEMENT, "by_hand", changes={"answer_after": {"least": 0.3, "most": 0.3}}
    )
    async with calling(simulator) as caller:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(caller.hand_over(), 0.1)
        await asyncio.sleep(0.4)
        assert await caller.effects() == {("handed_over", CASE): 1}
        assert simulator.office.storage.outcomes() == {"answered": 1}


async def test_a_stalled_partner_takes_connections_and_holds_up_nobody_else(simulate: Simulate):
    stalled = await simulate(Partner.ENFORCEMENT, "stalled")
    sound = await simulate(Partner.AFFAIRS)
    async with calling(stalled, patience=1.0) as caller, calling(sound) as other:
        waiting = asyncio.gather(*(tried(caller, 1) for _ in range(20)))
        assert (await other.hand_over()).status_code == 200
        await other.until("collected")
        assert await waiting == [["ReadTimeout"]] * 20
        # Its own controls are no part of the partner, and answer.
        await caller.put_on("at_once")
        assert await tried(caller, 1) == [202]


async def test_a_partner_that_is_down_does_and_says_nothing_until_it_is_back(simulate: Simulate):
    async with receiving(SECRET) as inbox:
        simulator = await simulate(Partner.ENFORCEMENT, callback_url=inbox.url, secret=SECRET)
        async with calling(simulator) as caller:
            await caller.put_on("by_hand")
            await caller.hand_over()
            await caller.put_on("down")
            assert await tried(caller, 2) == [503, 503]
            await asyncio.sleep(0.1)
            assert inbox.arrived == []
            await caller.put_on("at_once")
            await inbox.until(lambda inbox: inbox.sequences == [1, 2, 3, 4])


async def test_an_outage_comes_and_goes_in_the_partners_own_time(simulate: Simulate):
    # Two days from the start on, a day of the partner's being half a second of ours.
    changes = {"pace": 172_800, "outages": [{"lasts": "P2D"}]}
    async with calling(await simulate(Partner.ENFORCEMENT, changes=changes)) as caller:
        assert await tried(caller, 1) == [503]
        began = time.monotonic()
        while await tried(caller, 1) == [503]:
            assert time.monotonic() - began < 5
            await asyncio.sleep(0.05)
        assert await caller.until("case_closed") == LIFE


async def called_back(
    simulate: Simulate, copies: int, **changes: Any
) -> tuple[list[int], list[str], list[str]]:
    """The sequences that arrived in their order, their ids, and what can be read."""
    async with receiving(SECRET) as inbox:
        simulator = await simulate(
            Partner.ENFORCEMENT, callback_url=inbox.url, secret=SECRET, changes=changes
        )
        async with calling(simulator) as caller:
            await caller.hand_over()
            read = await caller.until("case_closed")
            await inbox.until(lambda inbox: len(inbox.arrived) >= copies)
            await asyncio.sleep(0.05)
        return inbox.sequences, inbox.ids, read


async def test_duplicates_have_the_same_id(simulate: Simulate):
    sequences, ids, _ = await called_back(simulate, 8, duplicated=1)
    assert Counter(sequences) == {1: 2, 2: 2, 3: 2, 4: 2}
    assert set(Counter(ids).values()) == {2}


async def test_in_disorder_a_closure_comes_before_its_filing(simulate: Simulate):
    held = {"held_back": 0.5, "held_back_for": {"least": 0.1, "most": 0.3}}
    sequences, _, read = await called_back(simulate, 4, **held)
    assert sorted(sequences) == [1, 2, 3, 4]
    assert sequences != [1, 2, 3, 4]
    assert read == LIFE


async def test_what_is_lost_can_only_be_read(simulate: Simulate):
    sequences, _, read = await called_back(simulate, 0, lost=1)
    assert sequences == []
    assert read == LIFE


async def test_a_call_back_is_sent_again_until_it_is_taken(simulate: Simulate):
    async with receiving(SECRET) as inbox:
        inbox.refusals = [500, 429, 404]
        simulator = await simulate(
            Partner.ENFORCEMENT,
            "by_hand",
            callback_url=inbox.url,
            secret=SECRET,
            changes={"retry_after": "PT0.02S"},
        )
        async with calling(simulator) as caller:
            await caller.hand_over()
            await caller.drive("clue_received")
            await inbox.until(lambda inbox: inbox.sequences == [1])
            async with asyncio.timeout(5):
                while (await caller.client.get(f"/_control/cases/{CASE}")).json()["deliveries"] != {
                    "1": ["202"]
                }:
                    await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("signed_with", "key"), [("former", former_secret(SECRET)), ("foreign", None)], ids=["former", "foreign"]
)
async def test_a_wrong_key_is_refused_and_an_old_one_is_known_to_whoever_keeps_it(
    simulate: Simulate, signed_with: str, key: str | None
):
    async with receiving(SECRET) as strict, receiving(SECRET, *([key] if key else [])) as lenient:
        for number, inbox in enumerate((strict, lenient)):
            simulator = await simulate(
                Partner.ENFORCEMENT,
                "by_hand",
                seed=number,
                callback_url=inbox.url,
                secret=SECRET,
                changes={"signed_with": signed_with},
            )
            async with calling(simulator) as caller:
                await caller.hand_over(f"c{number}-p1")
                await caller.drive("clue_received", f"c{number}-p1")
                await inbox.until(lambda inbox: inbox.forged > 0 or inbox.arrived != [])
        assert strict.arrived == []
        assert strict.forged > 0
        assert bool(lenient.arrived) is (key is not None)


async def test_a_profile_can_be_changed_while_it_runs_and_wrong_ones_are_refused(simulate: Simulate):
    async with calling(await simulate(Partner.ENFORCEMENT, "by_hand")) as caller:
        await caller.hand_over()
        unknown = await caller.client.put("/_control/profile", json={"name": "sunny"})
        assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_profile")
        wrong = await caller.client.put("/_control/profile", json={"name": "swift", "changes": {"lost": 2}})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_profile")
        assert await caller.kinds() == []
        await caller.put_on("at_once")
        assert await caller.until("case_closed") == LIFE


def test_options_stand_in_the_place_of_the_environment_and_a_wrong_one_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("HUYING_SIMULATORS_PROFILE", "flaky")
    assert settings_from([]).profile == "flaky"
    told = settings_from(["--profile", "strict", "--data-dir", "somewhere", "--seed", "5"])
    assert (told.profile, told.data_dir, told.seed) == ("strict", Path("somewhere"), 5)
    assert {partner: each.port for partner, each in told.partners.items()} == {
        Partner.ENFORCEMENT: 8091,
        Partner.AFFAIRS: 8092,
        Partner.VOLUNTEERS: 8093,
    }
    with pytest.raises(SystemExit):
        settings_from(["--profile", "sunny"])
    assert "profile: Value error, must be one of swift" in capsys.readouterr().err


async def until_it_answers(address: str) -> dict[str, Any]:
    async with asyncio.timeout(20), httpx2.AsyncClient(timeout=2, trust_env=False) as client:
        while True:
            try:
                return (await client.get(f"{address}/_control/state")).json()
            except httpx2.HTTPError:
                await asyncio.sleep(0.02)


async def test_a_killed_process_has_forgotten_nothing(tmp_path: Path):
    ports = {partner: free_port() for partner in Partner}
    partners = ",".join(
        f'"{partner}": {{"port": {port}, "token": "t", "callback_secret": "{SECRET}"}}'
        for partner, port in ports.items()
    )
    environment = {
        **os.environ,
        "HUYING_SIMULATORS_PARTNERS": f"{{{partners}}}",
        "HUYING_SIMULATORS_DATA_DIR": str(tmp_path),
        "HUYING_SIMULATORS_PROFILE": "by_hand",
        "HUYING_SIMULATORS_CALLBACKS": f"http://127.0.0.1:{free_port()}",
    }
    command = [sys.executable, "-P", "-m", "integrations.simulators"]
    address = f"http://127.0.0.1:{ports[Partner.ENFORCEMENT]}"
    headers = {"Authorization": "Bearer t"}
    first = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        for port in ports.values():
            await until_it_answers(f"http://127.0.0.1:{port}")
        async with httpx2.AsyncClient(base_url=address, headers=headers, trust_env=False) as client:
            caller = Caller(Partner.ENFORCEMENT, client)
            assert (await caller.hand_over()).status_code == 202
            assert (await caller.drive("clue_received")).status_code == 200
            await caller.put_on("by_hand", failing=0)
            kept = await caller.matter()
    finally:
        first.kill()
        first.wait()
    second = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        await until_it_answers(address)
        async with httpx2.AsyncClient(base_url=address, headers=headers, trust_env=False) as client:
            caller = Caller(Partner.ENFORCEMENT, client)
            assert await caller.matter() == kept
            assert (await caller.hand_over()).json()["number"] == kept["number"]
            assert (await caller.effects())["handed_over", CASE] == 1
    finally:
        second.send_signal(signal.SIGTERM)
        assert second.wait(timeout=10) == 0
