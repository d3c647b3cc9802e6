"""Putting the city's policies on the pace of a drill: new versions, published by the ordinary route."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cities.pack import CityPack
from domain.limits.drill import drill
from domain.limits.policy import Policy
from domain.time.durations import Duration
from stack.errors import StackProblem
from stack.playing.gateway import Gateway


async def publish_drills(gateway: Gateway, pack: CityPack, play: str) -> tuple[dict[str, Policy], int]:
    """Publish the drill of every policy that is not in force yet.

    Returns the drills by the policy's code, and how many had to be published.

    Raises:
        StackProblem: the service refused one.
    """
    answer = await gateway.read("/v1/policies")
    if not answer.well:
        raise StackProblem(f"The service does not show its policies: {answer.detail}.")
    in_force = {shown["policy"]["code"]: shown["policy"] for shown in answer.body["items"]}
    drills = {code: drill(policy, pack.calendar.office_day) for code, policy in pack.policies.items()}
    published = 0
    for code, policy in drills.items():
        spelled = spelled_out(policy)
        if in_force.get(code) == spelled:
            continue
        said = await gateway.order("/v1/policies", {"policy": spelled}, key=f"{play}-{code}")
        if not said.well:
            raise StackProblem(f"The service refused the drill of {code}: {said.detail}.")
        published += 1
    return drills, published


def spelled_out(policy: Policy) -> Mapping[str, Any]:
    """The policy as the doors take and show it; a drill has no extension."""
    marks, dwell = policy.thresholds, policy.dwell
    return {
        "code": policy.code,
        "name_zh": policy.name_zh,
        "name_en": policy.name_en,
        "urgency": policy.urgency,
        "clock": policy.clock,
        "dispatch": str(policy.dispatch),
        "sign": str(policy.sign),
        "first_contact": str(policy.first_contact),
        "dwell": {
            "grid": _text(dwell.grid),
            "community": _text(dwell.community),
            "town": _text(dwell.town),
            "district": _text(dwell.district),
        },
        "total": str(policy.total),
        "review": str(policy.review),
        "callback_within": str(policy.callback_within),
        "reminder_every": str(policy.reminder_every),
        "extension": None,
        "confirm_hand_up": _text(policy.confirm_hand_up),
        "suspend": policy.suspend,
        "start_level": policy.start_level,
        "callback": policy.callback,
        "auto_dispatch": policy.auto_dispatch,
        "thresholds": {
            "reminders": list(marks.reminders),
            "yellow_card": marks.yellow_card,
            "red_card": marks.red_card,
            "black_list": marks.black_list,
        },
    }


def _text(limit: Duration | None) -> str | None:
    return None if limit is None else str(limit)
