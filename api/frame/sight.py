"""Who sees which request: the command centre and the auditors all, a unit those that a unit of its subtree holds.

Confidential requests are seen by fewer: their lead unit and the centre; sealed ones by the lead unit's head, the
centre's duty leader and reviewer, the auditors, and their caller.
"""

from __future__ import annotations

from api.frame.access import Principal, Right, require
from api.frame.problems import not_found
from domain.units import Unit
from persistence.engine import ReadConnection
from persistence.reading import is_seen
from persistence.sight import Sight


def sees_all(principal: Principal) -> bool:
    """Whether nothing is hidden from the principal. A gateway that names no unit sees what all units see."""
    gateway = principal.speaks_for_any_unit and principal.unit is None
    return gateway or Right.SEE_ALL in principal.rights


def viewpoint(principal: Principal) -> Unit | None:
    """The unit whose sight limits the principal's; ``None`` where nothing is hidden.

    Raises:
        Refused: ``role_not_allowed``, the key sees no request at all.
    """
    require(principal, Right.SEE_ALL, Right.SEE_OWN)
    if sees_all(principal):
        return None
    if principal.unit is None:
        raise not_found("unit")
    return principal.unit


def sight_of(principal: Principal) -> Sight:
    """How far the principal sees. What is sealed only they see who hold that right, and a unit where it leads.

    Raises:
        Refused: ``role_not_allowed``, the key sees no request at all.
    """
    return Sight(viewpoint(principal), Right.SEE_SEALED in principal.rights)


async def sees(connection: ReadConnection, principal: Principal, number: str) -> bool:
    """Whether the principal may know that the request exists.

    Raises:
        Refused: ``role_not_allowed``, the key sees no request at all.
    """
    sight = sight_of(principal)
    return sight.is_unlimited or await is_seen(connection, number, sight)
