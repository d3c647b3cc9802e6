"""What is looked for before a call is written down: the caller's earlier request, and what others said near by.

The caller waits for the number and not for this: what fails or takes too long is left out, and the call is registered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from api.frame.access import Principal
from api.frame.doors import Doors
from api.frame.sight import sees_all, sight_of
from api.intake.similar import matching
from api.requests.bodies import RegisterBody
from domain.request import Matter
from persistence.engine import each_by_itself
from persistence.surroundings import Surroundings, look_around

LOOK_SECONDS = 0.25

_log = structlog.stdlib.get_logger()


async def surroundings_of(
    doors: Doors, principal: Principal, body: RegisterBody, matter: Matter | None, at: datetime
) -> Surroundings:
    """The surroundings of a call that came in at ``at``; nothing where the matter is not known."""
    sees_something = sees_all(principal) or principal.unit is not None
    if matter is None or not sees_something:
        return Surroundings()
    try:
        async with asyncio.timeout(LOOK_SECONDS), each_by_itself(doors.singles) as connection:
            return await look_around(
                connection,
                matching(doors, matter, at),
                fingerprints=_fingerprints(doors, body),
                closed_within=timedelta(days=doors.pack.common.reopen_days),
                sight=sight_of(principal),
            )
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        _log.warning("surroundings_left_out", reason=type(error).__name__)
        return Surroundings()


def _fingerprints(doors: Doors, body: RegisterBody) -> Sequence[bytes]:
    """None of a caller who stays anonymous, or says that this is a matter of its own."""
    unrecognized = body.caller.anonymous or body.separate_matter
    return [] if unrecognized else doors.seal.fingerprints(body.caller.telephone)
