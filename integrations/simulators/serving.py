"""A simulated partner, running: its doors on a port, its office at work, its call-backs on their way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI

from domain.partners import Partner
from integrations.simulators.affairs import AffairsLife
from integrations.simulators.conduct import Conduct
from integrations.simulators.control import control
from integrations.simulators.doors import Wrong, doors, say_wrong
from integrations.simulators.enforcement import EnforcementLife
from integrations.simulators.life import Life
from integrations.simulators.office import Office
from integrations.simulators.postbox import Postbox
from integrations.simulators.settings import DEMO_SECRET, DEMO_TOKEN
from integrations.simulators.storage import Storage
from integrations.simulators.volunteers import VolunteersLife

_PATIENCE_SECONDS = 5.0
_LONGEST_PAUSE_SECONDS = 0.5
_SHORTEST_PAUSE_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Simulator:
    """A simulator that runs: where it answers and its secrets; ``office`` is for looking inside."""

    partner: Partner
    url: str
    token: str
    secret: str
    office: Office
    parts: tuple[asyncio.Task[None], ...]

    async def until_ended(self) -> None:
        """Wait until one of its parts ends; raises what it died of."""
        done, _ = await asyncio.wait(self.parts, return_when=asyncio.FIRST_COMPLETED)
        for part in done:
            part.result()


def life_of(partner: Partner) -> Life:
    """The life that a partner leads."""
    match partner:
        case Partner.ENFORCEMENT:
            return EnforcementLife()
        case Partner.AFFAIRS:
            return AffairsLife()
        case Partner.VOLUNTEERS:
            return VolunteersLife()


def make_simulator_app(office: Office, token: str) -> FastAPI:
    """The partner's own interface, treated as the profile says, beside the simulator's controls."""
    app = FastAPI(title=f"Simulator: {office.life.partner}", redoc_url=None)
    app.include_router(control(office))
    app.include_router(doors(office, token))
    app.exception_handler(Wrong)(say_wrong)
    app.add_middleware(Conduct, office=office)
    return app


@asynccontextmanager
async def serve(
    partner: Partner,
    profile: str = "swift",
    *,
    data_dir: Path,
    callback_url: str = "",
    secret: str = DEMO_SECRET,
    token: str = DEMO_TOKEN,
    host: str = "127.0.0.1",
    port: int = 0,
    seed: int = 1,
    changes: dict[str, Any] | None = None,
) -> AsyncGenerator[Simulator]:
    """Run one simulator within this process; port 0 takes a free one.

    Without a ``callback_url`` it calls nobody back, and what it has to say can only be read. ``changes`` replace single
    fields of the profile. What it knows is kept in ``data_dir``, under its partner's name.
    """
    to_move, to_send = asyncio.Event(), asyncio.Event()

    def stir() -> None:
        to_move.set()
        to_send.set()

    async with AsyncExitStack() as tidy:
        storage = Storage(data_dir / f"{partner}.db")
        tidy.callback(storage.close)
        office = Office(life_of(partner), storage, seed=seed, profile=profile, changes=changes, stir=stir)
        server = _server(make_simulator_app(office, token), host, port)
        work = [_keep_moving(office, to_move)]
        if callback_url:
            client = httpx2.AsyncClient(timeout=_PATIENCE_SECONDS, trust_env=False)
            postbox = Postbox(office, callback_url, secret, await tidy.enter_async_context(client))
            work.append(_keep_sending(postbox, to_send))
        parts = await tidy.enter_async_context(_under_way(server, work))
        url = f"http://{host}:{await _port_of(server, parts[0])}"
        yield Simulator(partner, url, token, secret, office, parts)


@asynccontextmanager
async def _under_way(
    server: uvicorn.Server, work: Sequence[Coroutine[Any, Any, None]]
) -> AsyncGenerator[tuple[asyncio.Task[None], ...]]:
    """The server and the work beside it, as tasks that are ended and heard in the end; the server is the first."""
    serving, *others = (asyncio.create_task(each) for each in (server.serve(), *work))
    try:
        yield (serving, *others)
    finally:
        server.should_exit = True
        for task in others:
            task.cancel()
        await asyncio.wait((serving, *others))
        for task in (serving, *others):
            if not task.cancelled():
                task.result()


async def _keep_moving(office: Office, stirred: asyncio.Event) -> None:
    async def move_on() -> None:
        office.move_on()

    await _keep_on(office, move_on, office.storage.next_step_at, stirred)


async def _keep_sending(postbox: Postbox, stirred: asyncio.Event) -> None:
    office = postbox.office
    await _keep_on(office, postbox.empty, office.storage.next_posting_at, stirred)


async def _keep_on(
    office: Office,
    work: Callable[[], Awaitable[None]],
    next_at: Callable[[], datetime | None],
    stirred: asyncio.Event,
) -> None:
    """Work whenever something is due, or something new came in; rest while the partner is out or stalled."""
    while True:
        stirred.clear()
        pause = _LONGEST_PAUSE_SECONDS
        if office.is_at_work:
            await work()
            due = next_at()
            if due is not None:
                wait = (due - datetime.now(UTC)).total_seconds()
                pause = min(pause, max(_SHORTEST_PAUSE_SECONDS, wait))
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):  # wait_for may swallow a cancellation that meets the event
                await stirred.wait()


class _QuietServer(uvicorn.Server):
    """A server that leaves signals to the process it is a part of."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def _server(app: FastAPI, host: str, port: int) -> uvicorn.Server:
    return _QuietServer(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
    )


async def _port_of(server: uvicorn.Server, task: asyncio.Task[None]) -> int:
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(0.01)
    return int(server.servers[0].sockets[0].getsockname()[1])
