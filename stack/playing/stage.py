"""One play from the opened service to its summary: bookmark, drills, arrivals, people, picture."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.live import Live
from rich.text import Text
from sqlalchemy.exc import SQLAlchemyError

from cities.pack import CityPack, load_pack
from stack.commands.screen import console
from stack.embedded import EmbeddedStack
from stack.errors import StackProblem
from stack.playing.arrivals import Arrival, first_morning, offsets, read_stream, taken_from
from stack.playing.bookmark import Bookmark, read_bookmark, write_bookmark
from stack.playing.casting import Neighbours, read_neighbours
from stack.playing.crew import Crew, read_crew
from stack.playing.display import Billing, picture
from stack.playing.drills import publish_drills
from stack.playing.gateway import Gateway, ServiceSilent
from stack.playing.lines import Lines, conclusion
from stack.playing.pairing import Pairing, read_pairing
from stack.playing.performance import Performance, Script
from stack.playing.reckoning import reconcile
from stack.playing.scoreboard import Scoreboard
from stack.playing.summary import Played, stops_since, summary_of, write_summary

_PICTURE_SECONDS = 0.5
_LINE_SECONDS = 5.0
_BOOKMARK_SECONDS = 5.0
_DIFFERENCES_NAMED = 5
_LAST_EVENTS_SECONDS = 1.0
"""The feed may lag so far behind an answer."""

_NOTICE = (
    (
        "到达时间与类别真实（波士顿 311，2015 年 1–5 月）；与广州事项、地点的对应，诉求人与办理人员均为模拟。",
        "yellow",
    ),
    (
        "Arrivals and their types are real (Boston 311, January to May 2015); their pairing with Guangzhou's matters",
        "",
    ),
    (
        "and places is made, and so are the callers and the people who answer. Limits are drills of 60 to 180 s.",
        "",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for on the command line. ``patience`` is in seconds after the last arrival."""

    requests: int
    speed: float
    seed: int
    exit: bool
    json: Path | None
    patience: float


@dataclass(frozen=True, slots=True)
class Material:
    """Everything read from files before the service is started."""

    stream: Sequence[Arrival]
    pack: CityPack
    pairing: Pairing
    neighbours: Neighbours
    crew: Crew


def prepare(wish: Wish, crew: Path | None) -> Material:
    """Read the files of a play.

    Raises:
        StackProblem: one is missing or wrong, or the summary could not be written where it is wanted.
    """
    if wish.json is not None:
        _ensure_writable(wish.json.absolute())
    pack = load_pack("guangzhou")
    return Material(read_stream(), pack, read_pairing(pack), read_neighbours(pack), read_crew(crew))


class Stage:
    """A play on a service that runs. ``started`` is the instant at which its start began."""

    def __init__(self, stack: EmbeddedStack, wish: Wish, material: Material, started: datetime) -> None:
        self._stack = stack
        self._wish = wish
        self._material = material
        self._started = started
        self._folder = stack.data_dir.path
        self._bookmark = read_bookmark(self._folder)
        self._cursor = self._bookmark.cursor
        self._ended = False
        self._until: float | None = None
        self._began = 0.0

    async def perform(self) -> None:
        """Play until all is closed or, with ``exit``, patience is over; the summary is written in any case.

        Without ``exit`` the picture goes on until the task is cancelled.

        Raises:
            StackProblem: the service does not do what a play needs, a file cannot be written, or a case was lost.
        """
        loop = asyncio.get_running_loop()
        self._began = loop.time()
        board = Scoreboard(started=self._started, began=datetime.now(UTC), stops=await self._stops())
        arrivals = self._next_arrivals()
        try:
            async with Gateway(self._stack.addresses.api, self._stack.credentials.api_keys) as gateway:
                await self._play(gateway, board, arrivals)
            self._print(conclusion(board, self._minutes()))
        except ServiceSilent as silent:
            raise StackProblem(f"The service does not answer any more: {silent}.") from silent
        finally:
            self._until = self._until or loop.time()
            write_bookmark(self._folder, self._bookmark.moved_to(self._cursor))
            self._write_summary(board)
        if board.differences:
            lost = ", ".join(board.differences[:_DIFFERENCES_NAMED])
            raise StackProblem(
                f"The partners' books and ours differ on {len(board.differences)} of the cases: {lost}."
            )

    @property
    def _play_name(self) -> str:
        return f"play-{self._started:%Y%m%dT%H%M%S}"

    async def _play(self, gateway: Gateway, board: Scoreboard, arrivals: Sequence[Arrival]) -> None:
        play = self._play_name
        policies, published = await publish_drills(gateway, self._material.pack, play)
        script = Script(
            arrivals=arrivals,
            speed=self._wish.speed,
            seed=self._wish.seed,
            crew=self._material.crew,
            play=play,
        )
        performance = Performance(
            script=script,
            gateway=gateway,
            pack=self._material.pack,
            pairing=self._material.pairing,
            neighbours=self._material.neighbours,
            policies=policies,
            scoreboard=board,
            heard=self._hear,
        )
        self._announce(arrivals, published, len(policies))
        ahead = offsets(arrivals, self._wish.speed)[-1]
        await _until_first_ends(
            performance.listen(self._cursor),
            self._show(board, self._billing(arrivals)),
            self._keep_bookmark(),
            self._whole(gateway, performance, board, ahead),
        )

    async def _hold_books_against_each_other(self, gateway: Gateway, board: Scoreboard) -> None:
        """No case may have been lost: open here and over there, known there and unknown here, or the other way."""
        try:
            board.agreements = await reconcile(gateway, self._play_name)
        except TimeoutError:
            board.fail("a reconciliation with a partner did not end")

    async def _whole(
        self, gateway: Gateway, performance: Performance, board: Scoreboard, ahead: float
    ) -> None:
        """The play itself, the reckoning, and with ``exit`` its end; without, the picture stays."""
        loop = asyncio.get_running_loop()
        with suppress(TimeoutError):
            async with asyncio.timeout(ahead + self._wish.patience if self._wish.exit else None):
                await performance.play()
        await asyncio.sleep(_LAST_EVENTS_SECONDS)
        await self._hold_books_against_each_other(gateway, board)
        self._ended, self._until = board.all_ended, loop.time()
        board.stops = await self._stops()
        if not self._wish.exit:
            self._write_summary(board)
            if not console.is_terminal:
                console.print("Ctrl-C stops everything.")
            await asyncio.Event().wait()

    def _next_arrivals(self) -> list[Arrival]:
        """The arrivals after the last play's; the bookmark moves on at once, so that none is ever played twice."""
        stream, count = self._material.stream, self._wish.requests
        place = self._bookmark.place
        if place is None:
            place = first_morning(stream, self._wish.seed)
        further = (place + count) % len(stream)
        self._bookmark = Bookmark(further, self._cursor, self._bookmark.plays + 1)
        write_bookmark(self._folder, self._bookmark)
        return taken_from(stream, place, count)

    def _hear(self, cursor: str) -> None:
        self._cursor = cursor

    async def _keep_bookmark(self) -> None:
        while True:
            await asyncio.sleep(_BOOKMARK_SECONDS)
            write_bookmark(self._folder, self._bookmark.moved_to(self._cursor))

    async def _stops(self) -> Any:
        try:
            return await stops_since(self._stack.addresses.database, self._started)
        except (SQLAlchemyError, OSError) as error:
            raise StackProblem(
                f"The database does not say when the service ran ({type(error).__name__})."
            ) from error

    def _announce(self, arrivals: Sequence[Arrival], published: int, policies: int) -> None:
        console.print()
        for words, style in _NOTICE:
            console.print(Text(words, style=style), soft_wrap=True)
        seconds = offsets(arrivals, self._wish.speed)[-1]
        drills = f"{published} drills published" if published else f"the {policies} drills are in force"
        which = f"Play {self._bookmark.plays}: {len(arrivals)} requests in {seconds:.0f} s; {drills}."
        console.print(which, highlight=False)

    def _billing(self, arrivals: Sequence[Arrival]) -> Billing:
        addresses = self._stack.addresses
        return Billing(
            asked_for=len(arrivals),
            speed=self._wish.speed,
            seed=self._wish.seed,
            first_at=f"{arrivals[0].at:%Y-%m-%d %H:%M}",
            api=addresses.api,
            temporal_ui=addresses.temporal_ui,
            minutes=self._minutes,
        )

    def _minutes(self) -> str:
        seconds = int((self._until or asyncio.get_running_loop().time()) - self._began)
        return f"{seconds // 60:02d}:{seconds % 60:02d}"

    async def _show(self, board: Scoreboard, bill: Billing) -> None:
        if not console.is_terminal:
            await self._show_lines(board, bill)
            return
        with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
            try:
                while True:
                    live.update(self._picture(board, bill), refresh=True)
                    await asyncio.sleep(_PICTURE_SECONDS)
            finally:
                live.update(self._picture(board, bill), refresh=True)

    def _picture(self, board: Scoreboard, bill: Billing) -> RenderableType:
        return picture(board, bill, self._ended, width=console.width, height=console.height)

    async def _show_lines(self, board: Scoreboard, bill: Billing) -> None:
        lines = Lines(board, bill)
        try:
            while True:
                self._print(lines.fresh())
                await asyncio.sleep(_LINE_SECONDS)
        finally:
            self._print(lines.fresh())

    def _print(self, lines: Iterable[str]) -> None:
        for line in lines:
            console.print(line, highlight=False, markup=False, soft_wrap=True)

    def _write_summary(self, board: Scoreboard) -> None:
        now = asyncio.get_running_loop().time()
        played = Played(
            seed=self._wish.seed,
            speed=self._wish.speed,
            asked_for=self._wish.requests,
            duration_seconds=(self._until or now) - self._began,
            ended=self._ended,
        )
        if self._wish.json is not None:
            write_summary(summary_of(board, played), self._wish.json)


async def _until_first_ends(*work: Coroutine[Any, Any, None]) -> None:
    """Run all, end with the first that ends, and raise what it raised; the others are cancelled and waited for."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


def _ensure_writable(file: Path) -> None:
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise StackProblem(f"The summary cannot be written to {file}: no such folder, or not writable.")
