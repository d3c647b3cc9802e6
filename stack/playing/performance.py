"""The play itself: arrivals come in at their real pace, made faster, and the people around each request act."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from cities.pack import CityPack
from domain.levels import Level
from domain.limits.policy import Policy
from domain.partners import Partner
from persistence import forms
from stack.playing.arrivals import Arrival, offsets
from stack.playing.calls import call_of, place_of
from stack.playing.casting import (
    QUICK_TO_CLIMB,
    Candidate,
    Casting,
    Neighbours,
    climber_of,
    could_climb,
    suited,
)
from stack.playing.company import ALONE, Company
from stack.playing.crew import Crew, Fate
from stack.playing.gateway import Gateway, Heard, Said, ServiceSilent
from stack.playing.habits import Situation, next_step
from stack.playing.pairing import UNMAPPED_CATEGORY, Pairing
from stack.playing.scoreboard import Scoreboard
from stack.playing.steps import Step
from stack.playing.views import View

T = TypeVar("T")

_IN_PLAY_SECONDS = 10.0
"""How long a step waits to see what it brought about."""
_CATALOGUE_SECONDS = 0.5
_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What is played: how many arrivals, how fast, by which crew, under which seed; ``play`` names it in keys."""

    arrivals: Sequence[Arrival]
    speed: float
    seed: int
    crew: Crew
    play: str


class Performance:
    """One play on a running service."""

    def __init__(
        self,
        *,
        script: Script,
        gateway: Gateway,
        pack: CityPack,
        pairing: Pairing,
        neighbours: Neighbours,
        policies: Mapping[str, Policy],
        scoreboard: Scoreboard,
        heard: Callable[[str], None] = lambda _cursor: None,
    ) -> None:
        self._script = script
        self._gateway = gateway
        self._pack = pack
        self._pairing = pairing
        self._policies = policies
        self._board = scoreboard
        self._heard = heard
        self._neighbours = neighbours
        self._companies: Mapping[str, Company] = {}
        self._listening = asyncio.Event()
        self._climber: str | None = None
        self._untouched = 0

    async def listen(self, cursor: str | None) -> None:
        """Keep the scoreboard up to date, for ever."""
        async for heard in self._gateway.listen(cursor):
            await self._take(heard)
            self._listening.set()
            self._heard(heard.cursor)

    async def play(self) -> None:
        """Take over what an earlier play left open, let every arrival come in, and go on until all have ended."""
        await self._listening.wait()
        left = await self._left_open()
        self._companies = await self._cast()
        async with asyncio.TaskGroup() as people:
            for number in left:
                people.create_task(self._guarded(number, self._accompany_left, number))
            began = asyncio.get_running_loop().time()
            for arrival, offset in zip(self._script.arrivals, self._offsets(), strict=True):
                await asyncio.sleep(began + offset - asyncio.get_running_loop().time())
                people.create_task(self._guarded(arrival.case, self._welcome, arrival))

    async def _cast(self) -> Mapping[str, Company]:
        """Whom the people of each request involve, of the partners that are connected."""
        shown = await self._gateway.read("/v1/partners")
        connected = [Partner(each["partner"]) for each in shown.body.get("items", ()) if each["connected"]]
        casting = Casting(self._pack, self._neighbours, connected, datetime.now(UTC).date())
        candidates = [self._candidate(arrival) for arrival in self._script.arrivals]
        cast = casting.choose(candidates, self._script.crew)
        self._climber = climber_of(candidates, cast)
        return cast

    def _candidate(self, arrival: Arrival) -> Candidate:
        matter = self._pairing.matter_of(arrival)
        category = self._pack.category(matter.category)
        fate = self._script.crew.fate(self._script.seed, arrival.case)
        climbs = could_climb(category, self._policies[category.policy])
        return Candidate(arrival.case, category, matter.area, fate, climbs)

    def _offsets(self) -> list[float]:
        return offsets(self._script.arrivals, self._script.speed)

    async def _left_open(self) -> list[str]:
        """The requests that an earlier play left open, told from their timelines."""
        left: list[str] = []
        cursor: str | None = None
        while True:
            further = {"cursor": cursor} if cursor else {}
            page = await self._gateway.read("/v1/requests", scope="open", limit=_PAGE, **further)
            for item in page.body.get("items", ()):
                view = self._board.view(str(item["number"]))
                view.title = self._title(item["category"])
                await self._read_up(view.number)
                if not view.ended:
                    left.append(view.number)
            cursor = page.body.get("next_cursor")
            if not cursor:
                self._board.carried.update(left)
                return left

    async def _read_up(self, number: str) -> None:
        """Learn from the timeline what has happened to the request so far."""
        view = self._board.view(number)
        after: int | None = view.seq
        while after is not None:
            page = await self._gateway.read(f"/v1/requests/{number}/timeline", limit=_PAGE, after=after)
            for entry in page.body.get("items", ()):
                fact = forms.facts.validate_python({**entry["what"], "kind": entry["kind"]})
                view.take(entry["seq"], datetime.fromisoformat(entry["at"]), fact)
            after = page.body.get("next_after")

    def _title(self, category: str | None) -> str:
        return self._pack.category(category).name_zh if category else ""

    async def _take(self, heard: Heard) -> None:
        """Learn of an event; a request met in the middle of its life is read up first."""
        if not heard.kind:
            return
        number, seq = str(heard.body["number"]), int(heard.body["seq"])
        if seq > self._board.view(number).seq + 1:
            await self._read_up(number)
        fact = forms.facts.validate_python({**heard.body["what"], "kind": heard.kind})
        self._board.hear(number, seq, datetime.fromisoformat(heard.body["at"]), fact)

    async def _guarded(self, name: str, story: Callable[[T], Awaitable[None]], of: T) -> None:
        """One person's trouble is noted and stops nobody else."""
        try:
            await story(of)
        except ServiceSilent as silent:
            self._board.fail(str(silent))
        except (KeyError, ValueError, TypeError) as strange:
            self._board.fail(f"{name}: an answer that makes no sense ({type(strange).__name__}: {strange})")

    async def _welcome(self, arrival: Arrival) -> None:
        matter = self._pairing.matter_of(arrival)
        fate = self._script.crew.fate(self._script.seed, arrival.case)
        key = f"{self._script.play}-{arrival.case}"
        said = await self._gateway.order("/v1/requests", call_of(arrival, matter, fate), key=key)
        if not said.well:
            self._board.fail(f"case {arrival.case} could not be registered: {said.detail}")
            return
        number = str(said.body["number"])
        view = self._board.view(number)
        view.title = matter.category_zh
        self._board.played.add(number)
        company = await self._looked_up(self._companies.get(arrival.case, ALONE))
        fate = suited(fate) if company else self._left_untouched(arrival.case, fate, said)
        await self._accompany(view, fate, matter.category, place_of(matter, arrival), company)

    async def _looked_up(self, company: Company) -> Company:
        """The same, with the code of the affairs platform's item in place of its name."""
        handover = company.handover
        if handover is None or handover.partner is not Partner.AFFAIRS:
            return company
        items = await self._items(handover.detail)
        if not items:
            self._board.fail(f"the affairs platform's catalogue has no item {handover.detail}")
            return replace(company, handover=None)
        return replace(company, handover=replace(handover, detail=str(items[0]["code"])))

    async def _items(self, name: str) -> Sequence[Mapping[str, Any]]:
        """The items of that name; the catalogue may still be on its way when the first request comes in."""
        give_up_at = asyncio.get_running_loop().time() + _IN_PLAY_SECONDS
        while True:
            found = await self._gateway.read("/v1/partners/affairs/items", q=name, limit=1)
            items = found.body.get("items", ())
            if items or asyncio.get_running_loop().time() > give_up_at:
                return items
            await asyncio.sleep(_CATALOGUE_SECONDS)

    async def _accompany_left(self, number: str) -> None:
        fate = replace(self._script.crew.fate(self._script.seed, number), unit="prompt", citizen="waits")
        place = {"area": self._pairing.grid_for(number, number), "address": ""}
        await self._accompany(self._board.view(number), fate, UNMAPPED_CATEGORY, place, ALONE)

    def _left_untouched(self, case: str, fate: Fate, said: Said) -> Fate:
        """Nobody leaves a request untouched that would take too long to climb; one that does not is, in every play."""
        ladder, due = said.body["ladder"], said.body["due_at"]
        whole_climb = (
            bool(ladder) and ladder[0]["level"] == Level.GRID and ladder[-1]["level"] == Level.DISTRICT
        )
        quick = due is not None and (
            datetime.fromisoformat(due) - datetime.fromisoformat(said.body["received_at"]) <= QUICK_TO_CLIMB
        )
        suits = whole_climb and quick
        is_climber = self._climber in (None, case)
        if is_climber and not suits:
            # Somebody else has to show the climb: the next one that can.
            self._climber = None
        first = is_climber and self._untouched == 0 and self._script.crew.leaves_some_untouched
        if suits and (first or fate.unit == "untouched"):
            self._untouched += 1
            return replace(fate, unit="untouched", citizen="waits")
        return replace(fate, unit="silent_once") if fate.unit == "untouched" else fate

    async def _accompany(
        self, view: View, fate: Fate, category: str, place: Mapping[str, Any], company: Company
    ) -> None:
        """Do what the people around the request do, until it has ended, and so has everything beside it."""
        done: set[str] = set()
        matter = {"category": category, "place": place}
        while True:
            view.grown.clear()
            policy = self._policies[view.policy or self._pack.category(category).policy]
            step = next_step(Situation(view, fate, policy, matter, company), done)
            if step is None and view.ended and not view.beside.open_cases:
                return
            if step is None:
                await view.grown.wait()
            elif not await self._changed_before(view, step.at):
                await self._do(view, step, done)

    async def _changed_before(self, view: View, at: datetime) -> bool:
        left = (at - datetime.now(UTC)).total_seconds()
        return left > 0 and await _heard_within(view, left)

    async def _do(self, view: View, step: Step, done: set[str]) -> None:
        key = f"{self._script.play}-{view.number}-{step.name}"
        said = await self._said(view, step, key)
        done.add(step.name)
        if said.well:
            if step.meant_to_fail:
                self._board.fail(f"{step.path} took what it should have refused")
            await self._seen(view, int(said.body.get("seq") or view.seq + 1))
        elif step.meant_to_fail:
            self._board.refused[said.code] += 1
        elif said.trouble:
            self._board.fail(f"{step.path}: {said.status} {said.detail}")
        elif said.code in RACES:
            self._board.raced[said.code] += 1
            await _heard_within(view, _IN_PLAY_SECONDS)
        else:
            self._board.fail(f"{step.path} was refused: {said.code}, {said.detail}")

    async def _said(self, view: View, step: Step, key: str) -> Said:
        if not step.field_task:
            return await self._gateway.order(step.path, step.body, key=key, unit=step.unit)
        tasks = await self._gateway.read(f"/v1/requests/{view.number}/field-tasks", unit=step.unit)
        codes = {each["task"]: each["code"] for each in tasks.body.get("items", ())}
        code = codes.get(step.field_task)
        if not code:
            return tasks if not tasks.well else Said(404, {"code": "not_found", "detail": "no code is shown"})
        return await self._gateway.report(code, step.body, key=key)

    async def _seen(self, view: View, seq: int) -> None:
        """Wait until the feed shows what the step brought about."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _IN_PLAY_SECONDS
        while view.seq < seq and loop.time() < until:
            view.grown.clear()
            await _heard_within(view, until - loop.time())


RACES = frozenset(
    {
        "already_contacted",
        "already_signed",
        "changed_meanwhile",
        "leg_ended",
        "not_found",  # a sealed request is found by the unit that leads it now, and by no earlier one
        "not_possible_now",
        "not_signed",
        "not_your_leg",
        "request_ended",
        "urged_today",
    }
)
"""Refusals of somebody who came a moment too late: time, or another person, was faster."""


async def _heard_within(view: View, seconds: float) -> bool:
    """Wait until something happens to the request, at most so long; whether it did."""
    try:
        async with asyncio.timeout(seconds):
            await view.grown.wait()
    except TimeoutError:
        return False
    return True
