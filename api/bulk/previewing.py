"""Looking at many open requests before they are touched: what an order of its own would do to each, in figures and one
by one. Each is folded from its timeline and decided by the same rules as if the order were given.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.frame.doors import Doors
from api.frame.fields import NUMBER_FORM, AreaCode, Incoming
from domain.commands import Act
from domain.limits.previews import Outlook, Preview, preview
from domain.refusals import Refused
from domain.request import Light, RequestState
from domain.units import Actor, Role
from persistence.open_requests import Selection, count_open, load_states, open_numbers

MOST_AT_ONCE = 2000
"""Requests in one preview or one job, about ten seconds of looking: more are looked at, and moved, part by part."""

_BATCH = 50
_LOOKING = Actor(Role.DUTY_LEADER, "preview")

ActOf = Callable[[RequestState], Act | None]
"""The order that a request would get; none where it needs none, and is left out.

Raises Refused where none can be made for it."""


Outlooks = Annotated[
    tuple[Annotated[Outlook, Field(strict=False)], ...], Field(max_length=len(Outlook), strict=False)
]


class Filter(Incoming):
    """Which of the open requests: all, or those of a district, a category, or both."""

    district: AreaCode | None = None
    category: Annotated[str | None, Field(pattern=r"^[0-9A-Za-z_]{1,80}$")] = None


class Paging(Incoming):
    """Which page of the list, and whether only requests with some outlooks are listed."""

    after: Annotated[str | None, Field(pattern=NUMBER_FORM)] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    only: Outlooks = ()


class Figures(BaseModel):
    """How many open requests have which outlook."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "total": 120, "would_breach": 3, "would_shorten": 97, "would_gain": 0, "unchanged": 19,
                    "refused": 1,
                }
            ]
        }
    )  # fmt: skip

    total: int
    would_breach: int = Field(description="within the limit now, and past it then")
    would_shorten: int = Field(description="less time than now, but some left, or past the limit already")
    would_gain: int
    unchanged: int
    refused: int = Field(description="the rules would refuse the order; `refused` of the item has the code")


class PreviewShown(BaseModel):
    """One request before and after."""

    model_config = ConfigDict(from_attributes=True)

    number: str
    outlook: Outlook
    due_before: datetime | None
    due_after: datetime | None
    light_before: Light
    light_after: Light
    refused: str


class PreviewPage(BaseModel):
    """The figures of all, on the first page only, and a page of the list; nothing was changed."""

    figures: Figures | None
    items: list[PreviewShown]
    next_after: str | None = Field(description="goes into `after` for the next page")


@dataclass(frozen=True, slots=True)
class Looked:
    """A request with the order it would get; none where none can be made."""

    act: Act | None
    seen: Preview

    @property
    def number(self) -> str:
        """The request's number."""
        return self.seen.number


async def page_of(doors: Doors, selection: Selection, act_of: ActOf, paging: Paging) -> PreviewPage:
    """A page of the list and, on the first one, the figures of all.

    Raises:
        Refused: ``too_many_requests``.
    """
    first = paging.after is None
    if first:
        await few_enough(doors, selection)
    seen: list[Preview] = []
    listed: list[Preview] = []
    async for looked in look_at(doors, selection, act_of, after=paging.after or ""):
        seen.append(looked.seen)
        if len(listed) <= paging.limit and (not paging.only or looked.seen.outlook in paging.only):
            listed.append(looked.seen)
        if not first and len(listed) > paging.limit:
            break
    shown = listed[: paging.limit]
    return PreviewPage(
        figures=figures_of(seen) if first else None,
        items=[PreviewShown.model_validate(each) for each in shown],
        next_after=shown[-1].number if len(listed) > paging.limit else None,
    )


async def look_at(
    doors: Doors, selection: Selection, act_of: ActOf, *, after: str = ""
) -> AsyncIterator[Looked]:
    """Every request of the selection with what its order would do to it, in the order of their numbers."""
    while True:
        async with doors.looking() as connection:
            numbers = await open_numbers(connection, selection, after, _BATCH)
            states = await load_states(connection, numbers)
        # Folding and deciding take some milliseconds for each; other calls are not to wait for all of them.
        for looked in await asyncio.to_thread(_look, states, act_of, doors.now()):
            yield looked
        if len(numbers) < _BATCH:
            return
        after = numbers[-1]


async def few_enough(doors: Doors, selection: Selection) -> None:
    """Let the selection pass if it can be looked at in one go.

    Raises:
        Refused: ``too_many_requests``.
    """
    async with doors.looking() as connection:
        count = await count_open(connection, selection)
    if count > MOST_AT_ONCE:
        raise Refused(
            "too_many_requests",
            "filter",
            f"{count} open requests",
            f"at most {MOST_AT_ONCE}: narrow the filter",
        )


def figures_of(seen: Sequence[Preview]) -> Figures:
    """The previews, counted by outlook."""
    counts = {outlook.value: sum(each.outlook is outlook for each in seen) for outlook in Outlook}
    return Figures(total=len(seen), **counts)


def _look(states: Sequence[RequestState], act_of: ActOf, now: datetime) -> list[Looked]:
    looked = (_looked(state, act_of, now) for state in states if not state.state.is_terminal)
    return [each for each in looked if each is not None]


def _looked(state: RequestState, act_of: ActOf, now: datetime) -> Looked | None:
    try:
        act = act_of(state)
    except Refused as refusal:
        return Looked(None, Preview.refusing(state, refusal.code))
    return None if act is None else Looked(act, preview(state, act, _LOOKING, now))
