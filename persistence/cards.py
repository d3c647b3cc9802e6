"""Yellow cards of all requests, and the pairs they make: what the rule of two yellow cards in a month works on.

A pair is written down before its red card is ordered, so that each yellow card counts once, however often a worker
stops between the two. Its key (``cards/<unit>/<month>/<pair>``) is the order's key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from domain.card_pairs import PairResult, YellowCard, pairs_of
from persistence.engine import ReadConnection, WriteConnection


@dataclass(frozen=True, slots=True)
class PendingPair:
    """A pair whose red card has not been given yet: the ``place``-th of its unit and month. The legs are those of
    the yellow cards.
    """

    key: str
    unit: str
    month: str
    place: int
    earlier_number: str
    earlier_leg: str
    later_number: str
    later_leg: str


async def find_pairs(connection: WriteConnection, since: datetime, now: datetime) -> int:
    """Write down the pairs made by cards that were issued from ``since`` on and belong to none yet; returns how many.

    Pairs of which a card was cancelled before the red one came are broken first. While another process is finding
    pairs, nothing is done.
    """
    if not await connection.scalar(_ALONE):
        return 0
    await connection.execute(_BREAK, {"now": now})
    rows = await connection.execute(STANDING_CARDS, {"since": since})
    cards = [YellowCard(row.unit, row.number, row.leg, row.at, row.zone) for row in rows]
    found = pairs_of(cards)
    for pair in found:
        written = {
            "unit": pair.later.unit,
            "month": pair.later.month,
            "earlier_number": pair.earlier.number,
            "earlier_leg": pair.earlier.leg,
            "later_number": pair.later.number,
            "later_leg": pair.later.leg,
            "now": now,
        }
        await connection.execute(_WRITE, written)
    return len(found)


async def pending_pairs(connection: ReadConnection) -> Sequence[PendingPair]:
    """The pairs that wait for their red card, the oldest first."""
    return [PendingPair(*row) for row in await connection.execute(_PENDING)]


async def settle_pair(
    connection: WriteConnection,
    pair: PendingPair,
    result: PairResult,
    at: datetime,
    *,
    given_to: str | None = None,
    code: str = "",
) -> None:
    """Note what came of a pair; it is not tried again. ``given_to`` is the number of the request that got the red card,
    ``code`` the refusal's code where none did."""
    which = {"unit": pair.unit, "month": pair.month, "place": pair.place}
    noted = {"result": result, "at": at, "given_to": given_to, "code": code}
    await connection.execute(_SETTLE, which | noted)


_ALONE = text("SELECT pg_try_advisory_xact_lock(hashtext('huying_card_pairs'))")

_KEY = "'cards/' || p.unit || '/' || p.month || '/' || p.pair"

_WRITE = text(
    "INSERT INTO card_pairs (unit, month, pair, earlier_number, earlier_leg, later_number, later_leg, found_at) "
    "SELECT :unit, :month, coalesce(max(p.pair), 0) + 1, :earlier_number, :earlier_leg, :later_number, :later_leg, "
    "CAST(:now AS timestamptz) FROM card_pairs AS p WHERE p.unit = :unit AND p.month = :month"
)

STANDING_CARDS = text("""
SELECT l.unit, y.number, l.leg, y.at, i.body -> 'calendar' ->> 'zone' AS zone
FROM timeline AS y
JOIN legs AS l ON l.number = y.number AND l.leg = y.fact ->> 'leg'
JOIN intake AS i ON i.number = y.number
WHERE y.kind = 'supervised' AND y.fact ->> 'card' = 'yellow_card' AND y.at >= :since
AND NOT EXISTS (
    SELECT 1 FROM timeline AS c WHERE c.number = y.number AND c.kind = 'card_cancelled'
    AND c.fact ->> 'leg' = l.leg AND c.fact ->> 'card' = 'yellow_card'
)
AND NOT EXISTS (
    SELECT 1 FROM card_pairs AS p WHERE p.unit = l.unit AND p.result <> 'broken'
    AND (y.number, l.leg) IN ((p.earlier_number, p.earlier_leg), (p.later_number, p.later_leg))
)
""")
"""Yellow cards issued from ``since`` on that were neither taken back nor paired."""

# A red card that has been given is not taken back by the rule, whatever is cancelled afterwards.
_BREAK = text(f"""
UPDATE card_pairs AS p SET result = 'broken', settled_at = :now
WHERE p.result = 'pending'
AND EXISTS (
    SELECT 1 FROM timeline AS c WHERE c.kind = 'card_cancelled' AND c.fact ->> 'card' = 'yellow_card'
    AND c.number IN (p.earlier_number, p.later_number)
    AND (c.number, c.fact ->> 'leg') IN ((p.earlier_number, p.earlier_leg), (p.later_number, p.later_leg))
)
AND NOT EXISTS (SELECT 1 FROM answers AS a WHERE a.key = {_KEY})
""")  # noqa: S608  # all that is put in are our own columns' names

_PENDING = text(
    f"SELECT {_KEY}, p.unit, p.month, p.pair, p.earlier_number, p.earlier_leg, p.later_number, p.later_leg "  # noqa: S608  # our own columns' names
    "FROM card_pairs AS p WHERE p.result = 'pending' ORDER BY p.found_at, p.unit, p.month, p.pair"
)

# Two workers may order the same red card and get one answer; whichever notes it last says the same.
_SETTLE = text(
    "UPDATE card_pairs SET result = :result, given_to = :given_to, code = :code, settled_at = :at "
    "WHERE unit = :unit AND month = :month AND pair = :place AND result <> 'given'"
)
