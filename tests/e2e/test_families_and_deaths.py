"""A worker dies between what one request wrote down and what it asks of another: nobody is left behind."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from stack.embedded import EmbeddedStack
from tests.e2e.knocking import SLOW, Knocker
from tests.e2e.soundness import assert_sound, until
from tests.e2e.test_deaths_after_commit import HAPPY, Mortals, Script, called_back, nobody_at_work, signed


@pytest.fixture
def mortals(stack: EmbeddedStack, tmp_path: Path) -> Mortals:
    return Mortals(stack, tmp_path)


async def test_families_and_reopenings_survive_deaths_after_each_commit(
    stack: EmbeddedStack, knocker: Knocker, database: AsyncEngine, engine_client: Client, mortals: Mortals
) -> None:
    parent, child, gone, orphan, other, ended = await asyncio.gather(
        *(knocker.register(SLOW) for _ in range(6))
    )
    await signed(knocker, parent)
    await called_back(knocker, ended)
    await knocker.command(ended, "callback", HAPPY)
    await knocker.command(other, "merge", {"parent": gone})
    await until(database, [gone], "adopted")

    async with nobody_at_work(stack):
        mortals.dies(child, "merged")
        mortals.dies(parent, "adopted")
        mortals.dies(gone, "withdrawn")
        mortals.dies(other, "reopened")
        mortals.dies(ended, "reopened")
        script = Script(knocker)
        answers = asyncio.gather(
            script.ask(f"/v1/requests/{child}/merge", {"parent": parent}),
            script.ask(f"/v1/requests/{gone}/withdraw"),
            script.ask(f"/v1/requests/{ended}/reopen", {"reason": "又堆满了"}),
        )
        await mortals.until_all_died(seconds=120)
    await answers
    await script.assert_first_answers_stand()
    await until(database, [parent], "adopted")
    await until(database, [other, ended], "reopened")

    # Whoever follows a request that is gone meanwhile goes on alone.
    followed = await knocker.heard(f"/v1/requests/{orphan}/merge", {"parent": gone})
    assert (followed.status_code, followed.json()["code"]) == (409, "parent_ended")

    numbers = [parent, child, gone, other, ended]
    told = dict(zip(numbers, await assert_sound(database, engine_client, numbers), strict=True))
    assert [each.number for each in told[parent].state.children] == [child]
    assert (told[child].state.state, told[child].state.parent) == ("merged", parent)
    assert told[gone].state.state == "withdrawn"
    assert (told[other].state.state, told[other].count("reopened")) == ("pending_dispatch", 1)
    assert (told[ended].state.state, told[ended].count("reopened")) == ("pending_sign", 1)
    assert len(mortals.deaths) >= 3

    await knocker.by_unit(parent, "1", "complete", {"outcome": "solved", "text": "已清扫 swept"})
    await knocker.command(parent, "review-pass")
    await knocker.command(parent, "callback", HAPPY)
    await until(database, [child], "answered_through")
    asked = await knocker.command(child, "callback", HAPPY)
    assert asked["state"] == "merged"
    await asyncio.gather(*(knocker.command(number, "withdraw") for number in (orphan, other, ended)))
    await assert_sound(database, engine_client, [*numbers, orphan])
