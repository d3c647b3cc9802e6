"""Many cases with partners at once: all partners swift, then the same with one that never answers, by turns.

What is looked at are the other two: from the instant at which a unit hands a matter over until its request has
recorded that the partner has it, and until it has recorded the end. Then the stalled partner answers again, and its
cases are awaited too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from bench.figures import Spread, neighbouring_ratios, percentile
from bench.ground import Ground
from bench.meters import Usage
from bench.plan import Service
from bench.sides import TEXT, CallFailed, Product
from bench.timelines import CaseTimes
from bench.wire import Line
from domain.partners import Partner

Way = Literal["swift", "stalled"]
WAYS: tuple[Way, Way] = ("swift", "stalled")
STALLED = Partner.ENFORCEMENT
OTHERS = tuple(partner for partner in Partner if partner is not STALLED)

Stretch = Literal["handed_over", "ended"]
STRETCHES: tuple[Stretch, Stretch] = ("handed_over", "ended")
SHARES = (0.5, 0.95, 0.99)

CALLERS = 24
_ATTEMPTS = 3
_PATIENCE_SECONDS = 120.0
_PATIENCE_A_CASE = 1.0
_REST_SECONDS = 3.0
"""From the last request laid out to the first that is handed over."""


@dataclass
class Run:
    """One run: what each case took, in seconds from the instant at which it was given."""

    seconds: dict[Partner, dict[Stretch, list[float]]]
    given: int
    errors: int
    complaints: list[str]
    answered: list[float]
    """Seconds until the service had answered a unit that handed over."""
    usage: Usage
    until_last_end: float
    """Seconds from the release of the stalled partner, or else from the first case, until the last has ended."""

    @property
    def ended(self) -> int:
        """How many cases have ended."""
        return sum(len(stretches["ended"]) for stretches in self.seconds.values())


@dataclass
class PartnerCases:
    """What was found."""

    profile: str
    runs: dict[Way, list[Run]]

    def spread(self, way: Way, partner: Partner, stretch: Stretch, share: float) -> Spread:
        """A percentile in seconds, run by run."""
        return Spread.of(self._percentiles(way, partner, stretch, share))

    def ratio(self, partner: Partner, stretch: Stretch, share: float) -> Spread:
        """With one partner stalled against all swift, pair by pair."""
        swift, stalled = (self._percentiles(way, partner, stretch, share) for way in WAYS)
        return Spread.of(neighbouring_ratios(stalled, swift))

    def as_json(self) -> dict[str, Any]:
        """For the file."""
        return {
            "profile": self.profile,
            "stalled": STALLED.value,
            "others": {
                partner.value: {
                    f"{stretch}_p{share * 100:.0f}": {
                        **{way: vars(self.spread(way, partner, stretch, share)) for way in WAYS},
                        "ratio": vars(self.ratio(partner, stretch, share)),
                    }
                    for stretch in STRETCHES
                    for share in SHARES
                }
                for partner in OTHERS
            },
            "runs": {way: [_told(run) for run in runs] for way, runs in self.runs.items()},
        }

    def _percentiles(self, way: Way, partner: Partner, stretch: Stretch, share: float) -> list[float]:
        return [percentile(run.seconds[partner][stretch], share) for run in self.runs[way]]


async def measure(
    ground: Ground, *, count: int, pairs: int, profile: str, step: Callable[[str], None]
) -> PartnerCases:
    """All swift, one stalled, all swift ..., each time so many cases of requests that were laid out before.

    Raises:
        CallFailed: the stack has no simulated partners, or they do not obey.
    """
    partners = Simulated(ground.service)
    found = PartnerCases(profile, {"swift": [], "stalled": []})
    item = await _item(ground.service)
    for place in range(2 * pairs):
        way = WAYS[place % 2]
        for partner in Partner:
            await partners.put_on(partner, "stalled" if (partner, way) == (STALLED, "stalled") else profile)
        name = f"run {place + 1} of {2 * pairs}"
        step(f"{name}: laying out {count} requests")
        await _lay_out(ground, count)
        await asyncio.sleep(_REST_SECONDS)
        step(f"{name}: {count} cases, {'one partner stalled' if way == 'stalled' else 'all partners swift'}")
        found.runs[way].append(await _run(ground, partners, way, profile, item))
    return found


class Simulated:
    """The simulated partners of the stack, told how to behave."""

    def __init__(self, service: Service) -> None:
        if missing := {partner.value for partner in Partner} - service.partners.keys():
            raise CallFailed(f"the stack has no simulated {', '.join(sorted(missing))}")
        self._lines = {partner: _line_to(service.partners[partner]) for partner in Partner}

    async def put_on(self, partner: Partner, profile: str) -> None:
        """Let a partner behave like that from now on."""
        status, said = await self._lines[partner].ask("PUT", "/_control/profile", {}, {"name": profile})
        if status != 200:
            raise CallFailed(f"{partner} does not put on {profile}: {status} {said}")


async def _lay_out(ground: Ground, count: int) -> None:
    """Bring so many requests to their desks; a busy machine may need more than one attempt at some."""
    complaints: list[str] = []
    for _ in range(_ATTEMPTS):
        told = await ground.do("ours", "lay_out", CALLERS, count=count)
        count, complaints = count - told["finished"], told["complaints"]
        if not count:
            return
    raise CallFailed(f"{count} requests did not reach their desks: {complaints}")


def _line_to(address: str) -> Line:
    host, _, port = address.removeprefix("http://").partition(":")
    return Line(host, int(port))


async def _item(service: Service) -> str:
    product, give_up_at = Product(service), time.monotonic() + _PATIENCE_SECONDS
    while not (item := await product.affair_item()):
        if time.monotonic() > give_up_at:
            raise CallFailed("the affairs platform's items have not come")
        await asyncio.sleep(1)
    return item


async def _run(ground: Ground, partners: Simulated, way: Way, profile: str, item: str) -> Run:
    before = ground.meters.read()
    told = await ground.do("ours", "hand_over", CALLERS, handovers=handovers(item, datetime.now(UTC)))
    given = {number: float(at) for number, at in (result.split() for result in told["results"])}
    first_at, patience = min(given.values(), default=0.0), _PATIENCE_SECONDS + _PATIENCE_A_CASE * len(given)
    if way == "stalled":
        known = await ground.timelines.cases(list(given))
        at_others = [case.number for case in known if case.partner != STALLED]
        await ground.timelines.until_ended(at_others, patience)
        first_at = time.time()
        await partners.put_on(STALLED, profile)
    cases = await ground.timelines.until_ended(list(given), patience)
    return Run(
        seconds={partner: _seconds(partner, cases, given) for partner in Partner},
        given=len(given),
        errors=told["errors"],
        complaints=told["complaints"],
        answered=told["seconds"],
        usage=ground.meters.read().since(before),
        until_last_end=max((case.ended_at or 0.0 for case in cases), default=0.0) - first_at,
    )


def handovers(item: str, now: datetime) -> list[dict[str, Any]]:
    """A matter for each partner, in the order of :class:`Partner`."""
    begins = now + timedelta(hours=4)
    matters = {
        Partner.ENFORCEMENT: {"facts": TEXT, "legal_basis": "《广东省消防条例》"},
        Partner.AFFAIRS: {"facts": TEXT, "item_code": item},
        Partner.VOLUNTEERS: {
            "facts": TEXT,
            "task_kind": "patrol",
            "starts_at": begins.isoformat(),
            "ends_at": (begins + timedelta(hours=2)).isoformat(),
        },
    }
    return [{"to": partner.value, **matters[partner]} for partner in Partner]


def _seconds(partner: Partner, cases: list[CaseTimes], given: dict[str, float]) -> dict[Stretch, list[float]]:
    mine = [case for case in cases if case.partner == partner]
    return {
        "handed_over": [
            case.handed_over_at - given[case.number] for case in mine if case.handed_over_at is not None
        ],
        "ended": [case.ended_at - given[case.number] for case in mine if case.ended_at is not None],
    }


def _told(run: Run) -> dict[str, Any]:
    return {
        "given": run.given,
        "ended": run.ended,
        "errors": run.errors,
        "complaints": run.complaints,
        "answered_p50_seconds": percentile(run.answered, 0.5),
        "answered_p99_seconds": percentile(run.answered, 0.99),
        "until_last_end_seconds": run.until_last_end,
        "cpu_seconds": run.usage.parts,
        "other_cpu": run.usage.other,
    }
