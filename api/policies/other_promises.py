"""Another promise for a request that has one: the version of a policy looked up, and its ladder as it is today."""

from __future__ import annotations

from collections.abc import Callable

from api.frame.doors import Doors
from api.policies.publishing import unknown_policy
from domain.commands import MovePolicy
from domain.limits.policy import Policy
from domain.refusals import Refused
from domain.request import Matter, PolicySnapshot
from persistence.policies import find_version


async def target_policy(doors: Doors, code: str, version: int) -> Policy:
    """That version of the policy.

    Raises:
        Refused: ``unknown_policy`` or ``unknown_version``.
    """
    of_pack = doors.pack.every_policy.get(code)
    if of_pack is None:
        raise unknown_policy("to_policy", code)
    async with doors.looking() as connection:
        published = await find_version(connection, code, version)
    if published is not None:
        return published.policy
    if of_pack.version == version:
        return of_pack
    raise Refused(
        "unknown_version",
        "to_version",
        f"{code} has no version {version}",
        f"a version of /v1/policies/{code}/versions",
    )


async def moving_to(doors: Doors, policy: Policy, reason: str) -> Callable[[Matter], MovePolicy]:
    """Makes the order that puts a matter under the policy, with its ladder by the duty list of today.

    What it returns raises Refused as :meth:`cities.pack.CityPack.ladder` does.
    """
    duties, today = await doors.duties.index(), doors.today()

    def act_for(matter: Matter) -> MovePolicy:
        ladder = doors.pack.ladder(matter.category, matter.place, policy, today, duties)
        return MovePolicy(PolicySnapshot(policy, ladder), reason)

    return act_for
