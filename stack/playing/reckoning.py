"""What became of everything that went on beside the requests of a play, and whether the partners' books agree."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.field_tasks import FieldTaskState
from domain.partners import CaseStatus, Partner
from domain.whistles import WhistleEnd
from stack.playing.beside import Beside
from stack.playing.gateway import Gateway

OPEN = "open"
"""The word for whatever has not ended."""
_LOOK_SECONDS = 0.5
_SETTLING_SECONDS = 3.0
"""What a partner has just said may still be on its way: differences are looked at again after so long."""
_PATIENCE_SECONDS = 45.0
"""For one reconciliation: its part of the worker looks every five seconds."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts over some requests. ``ends`` are the cases of each partner by where they stand; ``called`` the
    departments that were called, ``came`` those that attended, ``marks`` the ratings given by either side.
    """

    ends: dict[Partner, Counter[CaseStatus]] = field(
        default_factory=lambda: {partner: Counter[CaseStatus]() for partner in Partner}
    )
    joint: Counter[str] = field(default_factory=Counter[str])
    whistles: Counter[str] = field(default_factory=Counter[str])
    called: int = 0
    came: int = 0
    missed: int = 0
    marks: int = 0
    tasks: Counter[str] = field(default_factory=Counter[str])

    def __bool__(self) -> bool:
        return bool(self.cases.total() or self.joint or self.whistles or self.tasks)

    @property
    def cases(self) -> Counter[str]:
        """The cases of all partners together, by where they stand."""
        together = Counter[str]()
        for counts in self.ends.values():
            together.update(_ends(counts))
        return together


def progress(counts: Counter[str]) -> str:
    """How many are over, of how many."""
    return f"{counts.total() - counts[OPEN]}/{counts.total()}"


def tally_of(besides: Iterable[Beside]) -> Tally:
    """What went on beside these requests."""
    tally = Tally()
    for beside in besides:
        for case in beside.cases.values():
            tally.ends[case.partner][case.status] += 1
        tally.joint.update(OPEN if each.is_open else each.state for each in beside.joint.values())
        tally.tasks.update(
            OPEN if each.state is FieldTaskState.GIVEN else each.state for each in beside.tasks.values()
        )
        for whistle in beside.whistles.values():
            tally.whistles[whistle.end or OPEN] += 1
            tally.called += len(whistle.summonses)
            tally.came += sum(each.attended for each in whistle.summonses)
            tally.missed += sum(each.missed for each in whistle.summonses)
            tally.marks += sum(each.rated + each.has_rated for each in whistle.summonses)
    return tally


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a reconciliation with a partner came to; ``differences`` are ``case: what``."""

    partner: Partner
    compared: int
    differences: tuple[str, ...]


async def reconcile(gateway: Gateway, play: str) -> tuple[Agreement, ...]:
    """Have every connected partner's books held against ours, and once more where something was different.

    Raises:
        ServiceSilent: the service gives no answer.
        TimeoutError: a reconciliation does not end.
    """
    shown = await gateway.read("/v1/partners")
    connected = [Partner(each["partner"]) for each in shown.body.get("items", ()) if each["connected"]]
    found = await _reconciled(gateway, connected, f"{play}-reconcile")
    doubtful = [each.partner for each in found if each.differences]
    if not doubtful:
        return found
    await asyncio.sleep(_SETTLING_SECONDS)
    again = {each.partner: each for each in await _reconciled(gateway, doubtful, f"{play}-reconcile-again")}
    return tuple(again.get(each.partner, each) for each in found)


async def _reconciled(gateway: Gateway, partners: Collection[Partner], key: str) -> tuple[Agreement, ...]:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        return tuple(
            await asyncio.gather(*(_one(gateway, partner, f"{key}-{partner}") for partner in partners))
        )


async def _one(gateway: Gateway, partner: Partner, key: str) -> Agreement:
    path = f"/v1/partners/{partner}/reconciliations"
    asked = await gateway.order(path, {}, key=key)
    while True:
        page = await gateway.read(path)
        done = next((each for each in page.body.get("items", ()) if each["id"] == asked.body.get("id")), None)
        if done is not None and done["ended_at"] is not None:
            return Agreement(partner, int(done["compared"]), _differences(done))
        await asyncio.sleep(_LOOK_SECONDS)


def _differences(done: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{each['case']}: {each['what']}" for each in done["differences"])


def spelled(tally: Tally) -> dict[str, Any]:
    """The tally as the summary says it."""
    joint, whistles, tasks = tally.joint, tally.whistles, tally.tasks
    return {
        "cases": {
            partner.value: {
                "opened": counts.total(),
                **{end: _ends(counts)[end] for end in ("done", "refused", "withdrawn", OPEN)},
            }
            for partner, counts in tally.ends.items()
        },
        "joint_legs": {
            "asked": joint.total(),
            **{state: joint[state] for state in ("contributed", "declined", "removed", OPEN)},
        },
        "whistles": {
            "blown": whistles.total(),
            **{end: whistles[end] for end in (*(each.value for each in WhistleEnd), OPEN)},
            "departments_called": tally.called,
            "departments_attended": tally.came,
            "attendances_missed": tally.missed,
            "ratings": tally.marks,
        },
        "field_tasks": {
            "given": tasks.total(),
            **{state: tasks[state] for state in ("done", "not_done", "recalled", "lapsed", OPEN)},
        },
    }


def _ends(counts: Counter[CaseStatus]) -> Counter[str]:
    """The same, with all that have not ended under one word."""
    ends = Counter[str]()
    for status, count in counts.items():
        ends[OPEN if status.is_open else status.value] += count
    return ends
