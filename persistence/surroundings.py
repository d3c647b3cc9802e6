"""What is known around a call before it is written down.

One statement finds all of it, since every further one would make the caller wait. The next number is drawn in it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic import TypeAdapter
from sqlalchemy import text

from persistence import calling_again, similar
from persistence.calling_again import Earlier
from persistence.engine import ReadConnection, WriteConnection
from persistence.sight import Sight
from persistence.similar import Matching, Similar


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The digits of the number that the call may take, the caller's earlier request on the matter, and similar ones.

    ``digits`` is ``None`` where nothing was looked for; they are then drawn later.
    """

    digits: int | None = None
    earlier: Earlier | None = None
    similar: Sequence[Similar] = ()


async def look_around(
    connection: WriteConnection,
    call: Matching,
    *,
    fingerprints: Sequence[bytes],
    closed_within: timedelta,
    sight: Sight,
) -> Surroundings:
    """The surroundings of a call. Without fingerprints its caller is not recognized; only what the sight
    reaches is shown."""
    who = calling_again.parameters(
        fingerprints,
        category=call.category,
        area=call.place.area,
        now=call.at,
        closed_within=closed_within,
    )
    row = (await connection.execute(_AROUND, {**who, **similar.parameters(call, sight)})).one()
    found = _SIMILAR.validate_python(row.similar)
    return Surroundings(
        digits=row.digits,
        earlier=None if row.earlier is None else Earlier(**row.earlier),
        similar=await similar.as_seen(ReadConnection(connection), found, sight),
    )


_SIMILAR = TypeAdapter(list[Similar])
_AROUND = text(f"""
SELECT nextval('request_numbers') AS digits,
    (SELECT to_jsonb(found) FROM ({calling_again.EARLIER}) AS found) AS earlier,
    (SELECT coalesce(jsonb_agg(found), '[]') FROM ({similar.SIMILAR}) AS found) AS similar
""")  # noqa: S608  # only statements of ours are put in
