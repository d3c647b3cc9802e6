"""GET /v1/events: server-sent events for the screens, resumable by ``Last-Event-ID``."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import AfterValidator

from api.feeds.feeding import place_of
from api.frame.access import ThePrincipal
from api.frame.doors import Doors, TheDoors
from api.frame.openapi import reads
from api.frame.sight import sight_of
from api.frame.third_parties import masked
from api.frame.words import EVENTS
from persistence import forms
from persistence.reading import seen_among
from persistence.sight import Sight
from persistence.timeline import FeedItem

router = APIRouter(prefix="/v1", tags=["events"])

_PATIENCE_SECONDS = 5.0
_RETRY_MILLISECONDS = 2_000


def _place_in_feed(cursor: str | None) -> str | None:
    if cursor is not None and max(place_of(cursor)) >= 2**63:
        raise ValueError("is no event id")
    return cursor


LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        pattern=r"^[0-9]{1,19}\.[0-9]{1,19}$",
        description="the id of the last event seen: the stream goes on after it. `0.0` begins at the first event ever;"
        " without the header it begins at the present",
    ),
    AfterValidator(_place_in_feed),
]


async def _viewer(principal: ThePrincipal) -> Sight:
    """Refused before the stream begins, while the answer can still be a problem document."""
    return sight_of(principal)


@router.get(
    "/events",
    operation_id="stream_events",
    summary="Live events 实时事件",
    response_class=EventSourceResponse,
    responses=reads(),
)
async def stream(
    doors: TheDoors, viewer: Annotated[Sight, Depends(_viewer)], last_event_id: LastEventId = None
) -> AsyncIterator[ServerSentEvent]:
    """Every event of the requests that this key may see, as it happens: `event` is its kind, `data` its JSON."""
    feed = doors.feed
    with feed.watching():
        cursor = last_event_id or await feed.end()
        yield ServerSentEvent(comment="watching", id=cursor, retry=_RETRY_MILLISECONDS)
        while True:
            items = await feed.after(cursor)
            for item in await _seen(doors, viewer, items):
                yield _sent(item, as_written=viewer.unit is None)
            if items:
                cursor = items[-1].cursor
            else:
                await feed.grown(_PATIENCE_SECONDS)


async def _seen(doors: Doors, viewer: Sight, items: Sequence[FeedItem]) -> Sequence[FeedItem]:
    if viewer.is_unlimited or not items:
        return items
    async with doors.looking() as connection:
        numbers = await seen_among(connection, (item.number for item in items), viewer)
    return [item for item in items if item.number in numbers]


def _sent(item: FeedItem, *, as_written: bool) -> ServerSentEvent:
    event = item.event
    words = EVENTS[event.what.kind]
    what = forms.facts.dump_python(event.what, mode="json", exclude={"kind"})
    data = {
        "number": item.number,
        "seq": event.seq,
        "kind": event.what.kind,
        "zh": words.zh,
        "en": words.en,
        "at": event.at.isoformat(),
        "by": forms.actors.dump_python(event.by, mode="json"),
        # Several people look at a unit's screen.
        "what": what if as_written else masked(what),
    }
    return ServerSentEvent(
        raw_data=json.dumps(data, ensure_ascii=False), event=event.what.kind, id=item.cursor
    )
