"""Whose key it is: API keys looked up in the database and remembered for a few seconds."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncEngine

from api.frame.access import UNIT_ROOT, Principal, principal_of
from cities.pack import CityPack
from config.settings import DEMO_KEY_PREFIX
from domain.levels import Level
from persistence import access
from persistence.engine import reading, writing

REMEMBERED_SECONDS = 5.0
"""A revoked key opens doors for so long at most."""
_MOST_REMEMBERED = 2_000
_LONGEST_SECRET = 200
_CONFIGURED_NAMES = r"(operator|unit|auditor|sre)[_0-9]*|unit:.*"
"""Principals that the settings speak for: whoever bears such a name and is no longer among them, has left."""


class Keyring:
    """Finds the principal of a secret. Secrets themselves are never kept, only their hashes."""

    def __init__(self, database: AsyncEngine, pack: CityPack, *, demo_keys: bool = True) -> None:
        """Without ``demo_keys``, a key made for a demo opens nothing, whatever the database says."""
        self._database = database
        self._pack = pack
        self._demo_keys = demo_keys
        self._remembered: OrderedDict[bytes, tuple[float, Principal | None]] = OrderedDict()

    async def principal(self, secret: str) -> Principal | None:
        """Whom the secret stands for; ``None`` if nobody."""
        if not secret or len(secret) > _LONGEST_SECRET:
            return None
        if secret.startswith(DEMO_KEY_PREFIX) and not self._demo_keys:
            return None
        place = sha256(secret.encode()).digest()
        known = self._remembered.get(place)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        async with reading(self._database) as connection:
            found = await access.find_by_secret(connection, secret)
        principal = None if found is None else principal_of(found, self._pack.directory.unit_by_code)
        self._remember(place, principal)
        return principal

    def _remember(self, place: bytes, principal: Principal | None) -> None:
        self._remembered[place] = (time.monotonic() + REMEMBERED_SECONDS, principal)
        self._remembered.move_to_end(place)
        if len(self._remembered) > _MOST_REMEMBERED:
            self._remembered.popitem(last=False)


async def admit_configured_keys(
    database: AsyncEngine, pack: CityPack, secrets: Mapping[str, str], at: datetime
) -> None:
    """Let the keys of the settings stand for their names: ``operator``, ``operator_2``, ``auditor``, ``sre``,
    ``unit`` (every unit of the city, each named by ``X-Acting-Unit``) or ``unit:<code>`` (that unit alone).

    A key that stood for such a name and is not in the settings any more is revoked. Keys of other names stay.

    Raises:
        ValueError: a name means nothing.
    """
    async with writing(database) as connection:
        for name, secret in secrets.items():
            roles, unit, level = _meaning(name, pack)
            await access.add(connection, secret, name=name, roles=roles, at=at, unit=unit, level=level)
        await access.revoke_all_but(connection, secrets.values(), names=_CONFIGURED_NAMES, at=at)


def _meaning(name: str, pack: CityPack) -> tuple[frozenset[str], str | None, Level | None]:
    kind, _, code = name.partition(":")
    if code and kind == "unit":
        unit = pack.directory.unit_by_code(code)
        if unit is None:
            raise ValueError(f"the API key {name!r} names no unit of {pack.city.name_en}")
        return frozenset({"unit"}), unit.code, unit.level
    match name.rstrip("_0123456789"):
        case "operator":
            return frozenset({"operator"}), None, Level.CITY
        case "unit":
            return frozenset({"unit", UNIT_ROOT}), None, None
        case "auditor" | "sre" as role:
            return frozenset({role}), None, None
        case _:
            raise ValueError(f"the API key {name!r} is none of operator, unit, unit:<code>, auditor, sre")
