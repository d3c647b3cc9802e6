"""A worker dies after an append was committed and before the engine heard of it, at every kind of step.

The retried step finds its number taken: the story must go on from what stands there, and whoever asked must get the one
answer that was stored, however often they ask.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from activities.messages import LegAnswer
from domain.units import Actor, Role
from persistence.engine import reading
from persistence.timeline import load_state
from stack.embedded import EmbeddedStack
from stack.servers.processes import Program, start
from tests.e2e.conftest import CONTINUE_AFTER
from tests.e2e.dying_worker import PLAN, deaths_left, plan_death
from tests.e2e.knocking import FAST, SLOW, Knocker
from tests.e2e.soundness import assert_sound, until
from workflows.client import RequestClient

PROJECT = Path(__file__).parents[2]
REPLY = {"outcome": "solved", "text": "已清扫 swept", "evidence": ["photo-1"]}
URGES = 24
"""One after the other, enough for the story to go on in a new run."""
HAPPY = {"contacted": True, "truthful": True, "solved": True, "satisfied": True}


@dataclass
class Mortals:
    """Workers that die by the plan, one after the other."""

    stack: EmbeddedStack
    plan: Path
    deaths: list[int] = field(default_factory=list[int])

    def dies(self, number: str, kind: str, *at: int) -> str:
        """Plan a death after such an append, at the given ones (from 0); answers the number again."""
        plan_death(self.plan, number, kind, *(at or (0,)))
        return number

    async def until_all_died(self, seconds: float) -> None:
        """Start one worker after the other until the plan is fulfilled."""
        give_up_at = time.monotonic() + seconds
        while deaths_left(self.plan):
            child = await start(self._program())
            try:
                async with asyncio.timeout(give_up_at - time.monotonic()):
                    self.deaths.append(await child.process.wait())
            except TimeoutError:
                pytest.fail(f"these never happened: {deaths_left(self.plan)}")
            finally:
                await child.stop()
        assert set(self.deaths) == {-signal.SIGKILL}

    def _program(self) -> Program:
        # One step at a time, so that each death takes little else with it.
        ours = {"PYTHONPATH": str(PROJECT), PLAN: str(self.plan), "HUYING_MAX_CONCURRENT_WORKFLOW_TASKS": "2"}
        return Program(
            name="dying worker",
            command=[sys.executable, "-P", "-m", "tests.e2e.dying_worker"],
            log=self.stack.data_dir.logs / "dying_worker.log",
            environment={**self.stack._environment(), **ours},
        )


@asynccontextmanager
async def nobody_at_work(stack: EmbeddedStack) -> AsyncGenerator[None]:
    """The stack's own worker stops, and starts again after the block."""
    await stack.supervisor.stop("worker")
    try:
        yield
    finally:
        await stack.supervisor.run(stack._python("worker"))


@pytest.fixture
def mortals(stack: EmbeddedStack, tmp_path: Path) -> Mortals:
    return Mortals(stack, tmp_path)


@dataclass
class Script:
    """What is asked of the requests, each under a key of its own, and what it was answered first."""

    knocker: Knocker
    asked: list[tuple[str, Any, dict[str, Any], dict[str, Any]]] = field(default_factory=list[Any])

    async def ask(self, path: str, body: Any = None, **how: Any) -> None:
        """Ask until it is answered, and remember how it was asked and answered."""
        how["key"] = self.knocker.key()
        answer = await self.knocker.done(path, body, patience=150.0, **how)
        self.asked.append((path, body, how, answer))

    async def ask_in_a_row(self, times: int, path: str, **how: Any) -> None:
        """Ask the same anew when it has been answered."""
        for _ in range(times):
            await self.ask(path, **how)

    async def assert_first_answers_stand(self) -> None:
        """Whoever asks again under the same keys is answered the same."""
        for path, body, how, answer in self.asked:
            assert await self.knocker.done(path, body, **how) == answer


async def dispatched(knocker: Knocker, number: str) -> str:
    await knocker.command(number, "dispatch")
    return number


async def signed(knocker: Knocker, number: str) -> str:
    await knocker.by_unit(await dispatched(knocker, number), "1", "sign")
    return number


async def called_back(knocker: Knocker, number: str) -> str:
    await knocker.by_unit(await signed(knocker, number), "1", "complete", REPLY)
    await knocker.command(number, "review-pass")
    return number


async def reply_too_early(stack: EmbeddedStack, client: Client, database: AsyncEngine, number: str) -> None:
    """Complete a leg past the door, as a race would, before anybody has signed it."""
    async with reading(database) as connection:
        state = await load_state(connection, number)
    assert state is not None
    assert state.lead is not None
    by = Actor(Role.HANDLER, "unit", state.lead.unit.code, state.lead.level)
    requests = RequestClient(client, "requests", CONTINUE_AFTER)
    await requests.complete_leg(number, "1", 1, LegAnswer(f"early-{number}", "", by, "solved", "too early"))


async def test_every_kind_of_step_survives_a_death_after_its_commit(
    stack: EmbeddedStack, knocker: Knocker, database: AsyncEngine, engine_client: Client, mortals: Mortals
) -> None:
    calls = iter(await asyncio.gather(*(knocker.register(SLOW) for _ in range(8))))
    urged = await dispatched(knocker, next(calls))
    twice = await dispatched(knocker, next(calls))
    to_dispatch, to_withdraw = next(calls), next(calls)
    replied = await signed(knocker, next(calls))
    closed = await called_back(knocker, next(calls))
    early = await dispatched(knocker, next(calls))
    long = await dispatched(knocker, next(calls))
    units = {n: (await knocker.get(f"/v1/requests/{n}"))["legs"][0]["unit"] for n in (replied,)}

    async with nobody_at_work(stack):
        registered, again, overdue, late = [await knocker.register(p) for p in (SLOW, SLOW, FAST, FAST)]
        mortals.dies(registered, "registered")
        mortals.dies(again, "registered", 0, 1)
        mortals.dies(overdue, "deadline_fired")
        mortals.dies(late, "deadline_fired", 3)
        mortals.dies(to_dispatch, "leg_dispatched")
        mortals.dies(to_withdraw, "withdrawn")
        mortals.dies(urged, "urged")
        mortals.dies(twice, "urged", 0, 1)
        mortals.dies(replied, "reply_submitted")
        mortals.dies(closed, "closed")
        mortals.dies(early, "reply_refused")
        mortals.dies(long, "story_continued")
        await reply_too_early(stack, engine_client, database, early)
        script = Script(knocker)
        answers = asyncio.gather(
            script.ask(f"/v1/requests/{to_dispatch}/dispatch"),
            script.ask(f"/v1/requests/{to_withdraw}/withdraw"),
            script.ask(f"/v1/requests/{urged}/urge", role="supervisor"),
            script.ask(f"/v1/requests/{twice}/urge", role="supervisor"),
            script.ask(f"/v1/legs/{replied}.1/complete", REPLY, unit=units[replied]),
            script.ask(f"/v1/requests/{closed}/callback", HAPPY),
            *(
                script.ask_in_a_row(URGES // 3, f"/v1/requests/{long}/urge", role="supervisor")
                for _ in range(3)
            ),
        )
        await mortals.until_all_died(seconds=120)
    await answers
    await script.assert_first_answers_stand()
    await until(database, [overdue, late], "deadline_fired", clock="reminder", seconds=60)
    assert len(mortals.deaths) >= 14

    numbers = [
        registered, again, overdue, late, to_dispatch, to_withdraw, urged, twice, replied, closed, early, long,
    ]  # fmt: skip
    told = dict(zip(numbers, await assert_sound(database, engine_client, numbers), strict=True))
    assert {n: one.count("registered") for n, one in told.items()} == dict.fromkeys(numbers, 1)
    assert {n: one.count("accepted") for n, one in told.items()} == dict.fromkeys(numbers, 1)
    assert told[urged].count("urged") == told[twice].count("urged") == 1
    assert told[to_dispatch].count("leg_dispatched") == 1
    assert told[replied].count("reply_submitted") == 1
    assert told[early].count("reply_refused") == 1
    assert told[to_withdraw].state.state == "withdrawn"
    assert (told[closed].count("callback_tried"), told[closed].state.ended_how) == (1, "rated")
    assert told[long].count("urged") == URGES
    runs = [event.what.run for event in told[long].events if event.what.kind == "story_continued"]
    assert runs == list(range(2, 2 + len(runs)))
    assert runs
    # The unit can still answer the leg that was awaited through all this.
    await knocker.by_unit(early, "1", "sign")
    await knocker.by_unit(early, "1", "complete", REPLY)
    await knocker.by_unit(long, "1", "sign")
    await knocker.by_unit(long, "1", "complete", REPLY)
    open_still = [number for number, one in told.items() if not one.state.state.is_terminal]
    await asyncio.gather(*(knocker.command(number, "withdraw") for number in open_still))
    await assert_sound(database, engine_client, open_still)
