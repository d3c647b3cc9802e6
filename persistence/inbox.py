"""A unit's inbox on the platform: the notices it is sent."""

from __future__ import annotations

from sqlalchemy import text

from persistence.engine import WriteConnection

LEG_ARRIVED = "leg_arrived"


async def announce_leg(connection: WriteConnection, *, key: str, number: str, leg: str, unit: str) -> None:
    """Tell a unit that a leg has arrived; the same key tells it once.

    The notice is dated by the database and stands beside the event that the request shows at present.
    """
    await connection.execute(_ANNOUNCE, {"key": key, "number": number, "leg": leg, "unit": unit})


# One text, built once: each leg is announced in its story's first seconds, when most waits for it.
_ANNOUNCE = text(f"""
INSERT INTO notices (key, number, seq, at, recipient, subject, text_zh, text_en)
SELECT :key, number, seq, clock_timestamp(), :unit, '{LEG_ARRIVED}',
    '承办件 ' || number || '.' || CAST(:leg AS text) || ' 已派至贵单位，请签收',
    'leg ' || number || '.' || CAST(:leg AS text) || ' has come to your unit: please sign'
FROM requests WHERE number = :number
ON CONFLICT (key) DO NOTHING
""")  # noqa: S608  # only a word of ours is put in
