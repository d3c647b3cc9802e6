"""Who comes in: API keys, the roles they hold, and what each may do.

A key holds single roles of the trade (``agent``, ``reviewer`` ...) or a whole group: ``operator`` for the command
centre's posts, ``unit`` for those of a unit that holds legs; beside them ``auditor`` and ``sre``. Reading
identities and publishing policies come with a whole group only. The right to give a command is the row of the
transition table; there is no second list.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.security import HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param

from api.frame.fields import CODE_FORM
from api.frame.problems import problem
from domain.levels import Level
from domain.lifecycle import TABLE
from domain.refusals import Refused
from domain.units import Role, Unit
from persistence import access

GROUPS: dict[str, tuple[Role, ...]] = {
    "operator": (
        Role.AGENT,
        Role.DISPATCHER,
        Role.REVIEWER,
        Role.CALLBACK_AGENT,
        Role.SUPERVISOR,
        Role.DUTY_LEADER,
        Role.ARBITER,
        Role.CITIZEN,
    ),
    "unit": (Role.HANDLER, Role.UNIT_HEAD, Role.GRID_WORKER),
}
"""The roles of a group, in the order in which one is chosen when the sender names none."""

UNIT_ROOT = "every_unit"
"""Held by a key that speaks for any unit, named in ``X-Acting-Unit``: a gateway of the units' own systems."""


class Right(StrEnum):
    """What a key may do beside giving commands."""

    SEE_ALL = "see_all"
    """Every request of the city."""
    SEE_OWN = "see_own"
    """Requests of the unit's own subtree."""
    SEE_SEALED = "see_sealed"
    """Of those that one sees, the sealed ones too; a unit those that it leads."""
    REGISTER = "register"
    IDENTITIES = "identities"
    PUBLISH = "publish"
    OPERATE = "operate"
    """Metrics."""
    SEE_POLICIES = "see_policies"
    RECONCILE = "reconcile"
    """Reconcile with a partner now, and say which case a partner's message is about."""
    AUDIT = "audit"
    """Whether the record is what was written, and who changed what the whole city goes by."""


_RIGHTS: dict[str, frozenset[Right]] = {
    "operator": frozenset(
        {
            Right.SEE_ALL,
            Right.SEE_SEALED,
            Right.REGISTER,
            Right.IDENTITIES,
            Right.PUBLISH,
            Right.SEE_POLICIES,
            Right.RECONCILE,
        }
    ),
    "auditor": frozenset({Right.SEE_ALL, Right.SEE_SEALED, Right.SEE_POLICIES, Right.AUDIT}),
    "sre": frozenset({Right.OPERATE, Right.SEE_POLICIES}),
    "unit": frozenset({Right.SEE_OWN, Right.SEE_SEALED, Right.REGISTER, Right.SEE_POLICIES}),
}
_DESK = frozenset({Right.SEE_ALL, Right.REGISTER, Right.SEE_POLICIES})
_RIGHTS_OF_ROLES: dict[str, frozenset[Right]] = {
    **dict.fromkeys(GROUPS["operator"], _DESK),
    **dict.fromkeys((Role.DUTY_LEADER, Role.REVIEWER), _DESK | {Right.SEE_SEALED}),
    **dict.fromkeys(GROUPS["unit"], _RIGHTS["unit"] - {Right.SEE_SEALED}),
    Role.UNIT_HEAD: _RIGHTS["unit"],
    Role.CITIZEN: frozenset(),
}
"""What a single role may. A citizen sees nothing by a key: the query code shows them their own request."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Whom a key stands for. ``unit`` is the unit acted for; ``roles`` are in the order of choice."""

    name: str
    roles: tuple[Role, ...]
    rights: frozenset[Right]
    unit: Unit | None = None
    level: Level | None = None
    speaks_for_any_unit: bool = False

    def own_key(self, key: str) -> str:
        """The idempotency key as stored: the sender's own, and for a gateway that of the unit it acts for."""
        if self.speaks_for_any_unit:
            return f"{self.name}/{self.unit.code if self.unit else ''}/{key}"
        return f"{self.name}/{key}"


def principal_of(found: access.Principal, unit_by_code: Callable[[str], Unit | None]) -> Principal:
    """The principal of a key as the database knows it; a key bound to a unit that no longer exists may nothing."""
    unit = unit_by_code(found.unit) if found.unit else None
    if found.unit and unit is None:
        return Principal(found.name, (), frozenset())
    held = {role for group in found.roles for role in GROUPS.get(group, ())}
    held |= {Role(role) for role in found.roles if role in set(Role)}
    roles = tuple(role for group in GROUPS.values() for role in group if role in held)
    rights = frozenset(
        right
        for name in found.roles
        for right in _RIGHTS.get(name) or _RIGHTS_OF_ROLES.get(name, frozenset())
    )
    # Without a level of its own a key would speak for the city.
    level = found.level or (unit.level if unit is not None else None)
    return Principal(found.name, roles, rights, unit, level, UNIT_ROOT in found.roles)


def acting_role(
    principal: Principal, act: str, wanted: str | None, among: Collection[Role] | None = None
) -> Role:
    """The role in which the principal gives the act: the wanted one, else the first it holds of the act's row.

    ``among`` narrows the row to those whom this very order is for.

    Raises:
        Refused: ``role_not_allowed``.
    """
    who = TABLE[act].who if among is None else TABLE[act].who.intersection(among)
    allowed = ", ".join(sorted(who - {Role.SYSTEM}))
    if wanted is not None and wanted not in principal.roles:
        raise Refused(
            "role_not_allowed",
            "X-Acting-Role",
            f"this key does not act as {wanted}",
            f"one of: {', '.join(principal.roles)}",
        )
    for role in principal.roles:
        if role in who and wanted in (None, role):
            return role
    raise Refused("role_not_allowed", "role", f"this key may not {act}", f"one of: {allowed}")


def require(principal: Principal, *rights: Right) -> None:
    """Let the principal pass if it has one of the rights.

    Raises:
        Refused: ``role_not_allowed``.
    """
    if not principal.rights.intersection(rights):
        raise Refused("role_not_allowed", "role", "this key may not do that", "a key with another role")


_bearer = HTTPBearer(
    auto_error=False, description="an API key: `Authorization: Bearer <key>`", scheme_name="ApiKey"
)


async def principal_behind(request: Request) -> Principal:
    """Whom the call's API key stands for.

    Raises:
        Problem: ``key_missing``.
    """
    scheme, secret = get_authorization_scheme_param(request.headers.get("authorization"))
    principal = (
        await request.app.state.doors.keyring.principal(secret) if scheme.lower() == "bearer" else None
    )
    if principal is None:
        raise problem("key_missing", "there is no valid API key", expected="Authorization: Bearer <key>")
    return principal


async def _principal(
    request: Request,
    _scheme: Annotated[object, Depends(_bearer)],
    acting_unit: Annotated[
        str | None,
        Header(
            alias="X-Acting-Unit",
            pattern=CODE_FORM,
            description="the unit to act for; only for keys that speak for more than one",
        ),
    ] = None,
) -> Principal:
    principal = await principal_behind(request)
    return principal if acting_unit is None else _acting_for(request, principal, acting_unit)


def _acting_for(request: Request, principal: Principal, code: str) -> Principal:
    unit: Unit | None = request.app.state.doors.pack.directory.unit_by_code(code)
    if principal.unit is not None and principal.unit.code == code:
        return principal
    if unit is None or not principal.speaks_for_any_unit:
        raise Refused(
            "role_not_allowed", "X-Acting-Unit", f"this key does not act for {code}", "the key's own unit"
        )
    return replace(principal, unit=unit, level=unit.level)


ThePrincipal = Annotated[Principal, Depends(_principal)]

ActingRole = Annotated[
    Role | None,
    Header(
        alias="X-Acting-Role",
        description="the role to act in, where the key holds several; else the first that may",
    ),
]
