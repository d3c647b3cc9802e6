"""The live feed: what happens is seen, in order, by whoever may see it, and a broken stream goes on where it was."""

import asyncio
import json

import httpx2

from tests.api.conftest import OTHER_TOWN, SECRETS, TOWN, City
from tests.api.serving import served


async def watch(base: str, who: str, until: int, last: str | None, ready: asyncio.Event) -> list[dict]:
    """The first events that a viewer is sent, each with its id."""
    headers = {"Authorization": f"Bearer {SECRETS[who]}"}
    if last is not None:
        headers["Last-Event-ID"] = last
    seen: list[dict] = []
    fields: dict[str, str] = {}
    async with (
        httpx2.AsyncClient(base_url=base, timeout=10, trust_env=False) as client,
        client.stream("GET", "/v1/events", headers=headers) as stream,
    ):
        assert stream.status_code == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        async for line in stream.aiter_lines():
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
                continue
            ready.set()
            if "data" in fields:
                seen.append({**json.loads(fields["data"]), "id": fields["id"], "event": fields["event"]})
            if len(seen) == until:
                break
            fields = {}
    return seen


async def test_viewers_see_events_as_they_happen_and_resume_where_they_were(running_city: City):
    async with served(running_city) as base, asyncio.timeout(20):
        ready = asyncio.Event()
        watching = asyncio.create_task(watch(base, "operator", 6, None, ready))
        await ready.wait()
        number = await running_city.in_progress()
        seen = await watching
        timeline = (await running_city.get("operator", f"/v1/requests/{number}/timeline")).json()["items"]
        assert [event["kind"] for event in seen] == [item["kind"] for item in timeline]
        assert {event["number"] for event in seen} == {number}
        assert [event["seq"] for event in seen] == [1, 2, 3, 4, 5, 6]
        again = await watch(base, "auditor", 4, seen[1]["id"], asyncio.Event())
        assert [event["seq"] for event in again] == [3, 4, 5, 6]
        whole = await watch(base, "operator", 6, "0.0", asyncio.Event())
        assert whole == seen


async def test_many_viewers_share_one_feed(running_city: City):
    async with served(running_city) as base, asyncio.timeout(20):
        readies = [asyncio.Event() for _ in range(5)]
        tasks = [asyncio.create_task(watch(base, "operator", 2, None, ready)) for ready in readies]
        for ready in readies:
            await ready.wait()
        await running_city.begun()
        results = await asyncio.gather(*tasks)
        assert all(result == results[0] for result in results)


async def test_a_unit_sees_its_own_requests_only(running_city: City):
    async with served(running_city) as base, asyncio.timeout(20):
        other = await running_city.in_progress()
        own = await running_city.dispatched(place={"area": "440106013"})
        seen = await watch(base, f"unit:{OTHER_TOWN}", 3, "0.0", asyncio.Event())
        assert {event["number"] for event in seen} == {own}
        seen = await watch(base, f"unit:{TOWN}", 4, "0.0", asyncio.Event())
        assert {event["number"] for event in seen} == {other}


async def test_who_may_not_watch_is_refused_before_the_stream_begins(running_city: City):
    for who, status in ((None, 401), ("sre", 403)):
        assert (await running_city.get(who, "/v1/events")).status_code == status
    for odd in ("x", "1", "99999999999999999999.1", "9999999999999999999.9999999999999999999"):
        assert (await running_city.get("operator", "/v1/events", Last_Event_ID=odd)).status_code == 422
