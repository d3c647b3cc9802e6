"""Drills: a policy at the pace of an exercise (演练), so that a whole climb is seen within minutes.

One divisor shortens every limit of a policy alike; the shares of its levels stay what they are. A drill is a policy
like any other and is published by the ordinary route: no rule and no story knows that it is one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import ceil

from domain.levels import Level
from domain.limits.policy import ClockMode, Dwell, Policy, comparable
from domain.time.durations import Duration, Unit

SHORTEST_TOTAL = 60
"""Seconds of the shortest total of a drill."""
LONGEST_TOTAL = 180
"""Seconds of the longest total: a policy whose shortest limit would then fall under a second has it at a second."""
MARK_ZH, MARK_EN = "（演练）", " (drill)"
"""Ends the name of a drill, so that nobody takes its limits for the city's."""


def drill(policy: Policy, office_day: timedelta) -> Policy:
    """The policy in seconds of natural time, of the same version; publishing gives it the next one.

    The total becomes 60 s, or as much more, up to 180 s, as the shortest limit needs to last a second. No limit is
    shorter than a second, and none outlasts the total: desks that take days for a matter of hours have as long as the
    matter. Dwells stay within the total, levels and thresholds are kept, the extension is dropped. ``office_day`` is
    the length of the calendar's usual working day, which makes working days and hours comparable.
    """
    whole = comparable(policy.total, office_day)
    shortest = min(comparable(limit, office_day) for limit in _handling_limits(policy))
    total = min(max(SHORTEST_TOTAL, ceil(whole / shortest)), LONGEST_TOTAL)

    def seconds(limit: Duration) -> int:
        return min(max(1, int(comparable(limit, office_day) / whole * total)), total)

    def shortened(limit: Duration) -> Duration:
        return Duration(seconds(limit), Unit.S)

    stays = {level: seconds(limit) for level in policy.dwell.levels() if (limit := policy.dwell.at(level))}
    return replace(
        policy,
        name_zh=policy.name_zh + MARK_ZH,
        name_en=policy.name_en + MARK_EN,
        clock=ClockMode.NATURAL,
        dispatch=shortened(policy.dispatch),
        sign=shortened(policy.sign),
        first_contact=shortened(policy.first_contact),
        dwell=_within(stays, total),
        total=Duration(total, Unit.S),
        review=shortened(policy.review),
        callback_within=shortened(policy.callback_within),
        reminder_every=shortened(policy.reminder_every),
        extension=None,
        confirm_hand_up=shortened(policy.confirm_hand_up) if policy.confirm_hand_up is not None else None,
    )


def _handling_limits(policy: Policy) -> list[Duration]:
    """The limits inside the total; the desks' own come before or after it."""
    dwells = [limit for level in policy.dwell.levels() if (limit := policy.dwell.at(level)) is not None]
    return [policy.dispatch, policy.sign, policy.first_contact, *dwells, policy.total]


def _within(stays: dict[Level, int], total: int) -> Dwell:
    """The dwells, the longest cut where dwells raised to a second would together outlast the total."""
    while sum(stays.values()) > total:
        longest = max(stays, key=lambda level: stays[level])
        stays = stays | {longest: stays[longest] - 1}
    limits = {level: Duration(stay, Unit.S) for level, stay in stays.items()}
    return Dwell(
        limits.get(Level.GRID),
        limits.get(Level.COMMUNITY),
        limits.get(Level.TOWN),
        limits.get(Level.DISTRICT),
    )
