"""Policies: the limits a request is promised under, as data.

A policy is published in versions that never change. A request carries its version from acceptance to closure
(see :mod:`domain.request`). Source of the values: the city pack; of the rules checked here: the policy
table's invariants (sum of dwells within the total, units that match the clock, start at the first level with
a dwell).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from domain.levels import RESPONSE_LEVELS, Level
from domain.time.durations import Duration, Unit


class Urgency(StrEnum):
    """How fast a matter must move. Critical and urgent matters are counted in natural time."""

    CRITICAL = "critical"
    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"
    CONSULT = "consult"


class ClockMode(StrEnum):
    """Which time counts: the wall clock's, or the office's."""

    NATURAL = "natural"
    WORKING = "working"


class CallbackRule(StrEnum):
    """Which callers are asked after the reply passed its review."""

    ALL = "all"
    SAMPLE = "sample"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Extension:
    """How often and by how much a total limit may be extended, and who approves."""

    max: int
    each: Duration
    approver: Level


@dataclass(frozen=True, slots=True)
class Dwell:
    """The longest stay of handling at each level; ``None`` skips the level."""

    grid: Duration | None
    community: Duration | None
    town: Duration | None
    district: Duration | None

    def at(self, level: Level) -> Duration | None:
        """The dwell limit of a level, ``None`` where the level is skipped or does not handle."""
        match level:
            case Level.GRID:
                return self.grid
            case Level.COMMUNITY:
                return self.community
            case Level.TOWN:
                return self.town
            case Level.DISTRICT:
                return self.district
            case Level.CITY:
                return None

    def levels(self) -> tuple[Level, ...]:
        """The levels that have a dwell, in climbing order."""
        return tuple(level for level in RESPONSE_LEVELS if self.at(level) is not None)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a clock speaks, in per cent of its limit."""

    reminders: tuple[int, ...] = (70, 90)
    yellow_card: int = 100
    red_card: int = 150
    black_list: int = 200


_WEEK, _TWO_WEEKS, _SIX_WEEKS = (Duration(days, Unit.WD) for days in (5, 10, 30))


@dataclass(frozen=True, slots=True)
class CommonLimits:
    """Limits of the waiting places that do not depend on the matter."""

    registration: Duration
    """From registration until the duty leader is alarmed that nobody judged the request."""
    registration_again: Duration
    """Pace of the further alarms while nobody judges it."""
    awaiting_info: Duration
    """How long the citizen may take to supplement; then the request is not accepted."""
    callback_attempts: int
    callback_days: int
    """Attempts must fall on at least so many different local days before a caller counts as unreachable."""
    sample_one_in: int
    """Of the requests under the callback rule ``sample``, one in so many is called."""
    redo_percent: int
    """Limit of a redo cycle in per cent of the original total."""
    automatic_redos: int
    reopen_days: int
    """Natural days after closure in which a request can be reopened; afterwards it counts as archived."""
    deliberation: Duration = _SIX_WEEKS
    """The longest time that a deliberation may take; then the unit goes on without its result."""
    partner: Duration = _TWO_WEEKS
    """How long a partner's answer is waited for; then the unit goes on without it."""
    interim_every: Duration = _WEEK
    """Pace of the reports owed to the citizen while a matter with a longer total limit is worked on."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of one policy.

    ``auto_dispatch``: the system routes by the duty list at once instead of waiting for a dispatcher;
    otherwise it does so only when the dispatch limit has passed. ``reminder_every``: pace of the reminders
    after the black list, until closure. ``confirm_hand_up``: when a dwell has passed, a dispatcher is asked so long
    whether handling moves up, and silence means yes; ``None``: it moves up unasked.
    """

    code: str
    version: int
    name_zh: str
    name_en: str
    urgency: Urgency
    clock: ClockMode
    dispatch: Duration
    sign: Duration
    first_contact: Duration
    dwell: Dwell
    total: Duration
    review: Duration
    callback_within: Duration
    reminder_every: Duration
    extension: Extension | None
    suspend: bool
    start_level: Level
    callback: CallbackRule
    auto_dispatch: bool
    thresholds: Thresholds
    confirm_hand_up: Duration | None = None

    def limits(self) -> Iterator[tuple[str, Duration]]:
        """Every limit with the name of its field, for checks and displays."""
        yield "dispatch", self.dispatch
        yield "sign", self.sign
        yield "first_contact", self.first_contact
        for level in self.dwell.levels():
            limit = self.dwell.at(level)
            if limit is not None:
                yield f"dwell.{level}", limit
        yield "total", self.total
        yield "review", self.review
        yield "callback_within", self.callback_within
        if self.extension is not None:
            yield "extension.each", self.extension.each
        if self.confirm_hand_up is not None:
            yield "confirm_hand_up", self.confirm_hand_up


@dataclass(frozen=True, slots=True)
class PolicyFault:
    """What is wrong with a policy: the field, the reason, and what would be right."""

    field: str
    reason: str
    expected: str


_DESK_LIMITS = frozenset({"review", "callback_within", "reminder_every"})
"""Limits of desks that keep office hours whatever the matter; only critical matters bind them too."""


def faults_of(policy: Policy, office_day: timedelta) -> list[PolicyFault]:
    """Everything that forbids publishing the policy; an empty list means that it may be published.

    ``office_day`` is the length of the calendar's usual working day, which makes wd and wh comparable.
    """
    return [
        *_length_faults(policy, office_day),
        *_clock_faults(policy),
        *_dwell_faults(policy, office_day),
        *_threshold_faults(policy.thresholds),
    ]


LONGEST_LIMIT_DAYS = 3650
"""No limit may be longer than ten years: twice as much must still lie within every calendar's horizon."""


def _length_faults(policy: Policy, office_day: timedelta) -> Iterator[PolicyFault]:
    for name, limit in (*policy.limits(), ("reminder_every", policy.reminder_every)):
        day = office_day if limit.is_working else timedelta(days=1)
        if comparable(limit, office_day) > day * LONGEST_LIMIT_DAYS:
            yield PolicyFault(
                name, f"{limit} is longer than any promise", f"at most {LONGEST_LIMIT_DAYS} days"
            )


def _clock_faults(policy: Policy) -> Iterator[PolicyFault]:
    hurried = policy.urgency in (Urgency.CRITICAL, Urgency.URGENT)
    working = policy.clock is ClockMode.WORKING
    if hurried and working:
        reason = f"a {policy.urgency} matter cannot wait for office hours"
        yield PolicyFault("clock", reason, ClockMode.NATURAL)
        working = False
    units = "wh or wd" if working else "s, min, h or d"
    for name, limit in (*policy.limits(), ("reminder_every", policy.reminder_every)):
        if name in _DESK_LIMITS and policy.urgency is not Urgency.CRITICAL:
            continue
        if limit.is_working is not working:
            clock = ClockMode.WORKING if working else ClockMode.NATURAL
            yield PolicyFault(name, f"{limit} does not fit the {clock} clock", f"a limit in {units}")


def _dwell_faults(policy: Policy, office_day: timedelta) -> Iterator[PolicyFault]:
    levels = policy.dwell.levels()
    if not levels:
        yield PolicyFault("dwell", "no level has a dwell", "a dwell for at least one level")
        return
    if policy.start_level is not levels[0]:
        yield PolicyFault(
            "start_level", f"{policy.start_level} is not the first level with a dwell", levels[0]
        )
    total = comparable(policy.total, office_day).total_seconds()
    dwells = [limit for level in levels if (limit := policy.dwell.at(level)) is not None]
    if sum(comparable(limit, office_day).total_seconds() for limit in dwells) > total:
        sum_of_dwells = " + ".join(str(limit) for limit in dwells)
        yield PolicyFault(
            "dwell", f"{sum_of_dwells} is more than the total of {policy.total}", "dwells within the total"
        )


def _threshold_faults(thresholds: Thresholds) -> Iterator[PolicyFault]:
    ladder = (*thresholds.reminders, thresholds.yellow_card, thresholds.red_card, thresholds.black_list)
    if list(ladder) != sorted(set(ladder)) or ladder[0] <= 0:
        yield PolicyFault("thresholds", f"{ladder} does not rise", "positive percentages in rising order")


def comparable(duration: Duration, office_day: timedelta) -> timedelta:
    """A length for comparing limits of one policy: working time for wh and wd, wall time otherwise."""
    match duration.unit:
        case Unit.WD:
            return office_day * duration.amount
        case Unit.WH:
            return timedelta(hours=duration.amount)
        case Unit.D:
            return timedelta(days=duration.amount)
        case _:
            return duration.elapsed
