"""The projection of a request: what lists, boards and inboxes show. A pure function of the state.

``huying rebuild`` folds the timeline and calls the same function, so the tables can always be made again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.limits.clock import ClockKind, promised
from domain.limits.deadlines import next_due
from domain.request import Leg, LegRole, RequestState
from domain.whistles import Summons, Whistle, rating_ends


@dataclass(frozen=True, slots=True)
class LegSummary:
    """One row of a unit's inbox. Instants in UTC."""

    leg: str
    role: str
    state: str
    unit: str
    unit_zh: str
    unit_en: str
    level: str
    area: str
    duty_entry: str
    attempt: int
    awaits: int
    dispatched_at: datetime
    signed_at: datetime | None
    auto_signed_at: datetime | None
    first_contact_at: datetime | None
    replied_at: datetime | None
    ended_at: datetime | None
    ended_how: str | None
    late: str
    """Limits this leg missed, comma-separated clock names in the order they were missed."""
    sign_due_at: datetime | None
    dwell_due_at: datetime | None
    task: str
    """What a joint unit was asked to do; empty of a unit that leads or led."""
    delegated_by: str | None
    """The leg whose unit passed this share down."""
    joint_due_at: datetime | None
    """By when a joint unit is to contribute; empty of a unit that led and stayed."""
    mandatory: bool | None
    """Whether the join rule counts this share; empty of a unit that leads."""
    outcome: str | None
    """The outcome of the contribution that a joint unit made at ``replied_at``."""


@dataclass(frozen=True, slots=True)
class SummonsSummary:
    """One row of a department's whistles: what it was called for, and how far its part is. Instants in UTC.

    ``rate_until``: until when the ended whistle may be rated; ``rated``: whether this department has rated the call.
    """

    summons: str
    whistle: str
    kind: str
    unit: str
    unit_zh: str
    unit_en: str
    level: str
    area: str
    town: str
    town_zh: str
    town_en: str
    power: str
    power_zh: str
    power_en: str
    reason: str
    address: str
    session: str
    called_at: datetime
    ack_due_at: datetime | None
    attend_due_at: datetime | None
    acknowledged_at: datetime | None
    arrived_at: datetime | None
    authority: bool
    missed_at: datetime | None
    ended_at: datetime | None
    ended_how: str | None
    rate_until: datetime | None
    rated: bool


@dataclass(frozen=True, slots=True)
class RequestSummary:
    """One row of the board. Instants in UTC; ``district`` is the six-digit code, empty where the place is
    unknown.
    """

    number: str
    seq: int
    state: str
    cycle: int
    channel: str
    request_type: str
    category: str | None
    category_group: str | None
    area: str | None
    latitude: float | None
    longitude: float | None
    district: str | None
    policy: str | None
    policy_version: int | None
    urgency: str | None
    level: str | None
    unit: str | None
    unit_zh: str | None
    unit_en: str | None
    light: str
    card: str | None
    supervised_by: str | None
    black_listed_at: str | None
    received_at: datetime
    accepted_at: datetime | None
    submitted_at: datetime | None
    ended_at: datetime | None
    ended_how: str | None
    entered_at: datetime
    next_due_at: datetime | None
    total_due_at: datetime | None
    total_due_provisional: bool
    urge_count: int
    outcome: str | None
    solved: bool | None
    satisfied: bool | None
    applications: str
    """Kinds of the undecided applications, comma-separated, in the order in which they were made."""
    reassignments: int
    visibility: str
    exclusion: str | None
    parent: str | None
    repeat_of: str | None
    group_matter: bool
    commitment_due: datetime | None
    legs: tuple[LegSummary, ...]
    summonses: tuple[SummonsSummary, ...] = ()
    """Whom its whistles called; kept apart, and empty where the row was read from the board."""


def summarize(state: RequestState) -> RequestSummary:
    """The board row and inbox rows that show this state."""
    lead = state.last_lead
    matter = state.matter
    policy = state.snapshot.policy if state.snapshot else None
    total_due = _due(state, ClockKind.TOTAL, None)
    return RequestSummary(
        number=state.number,
        seq=state.seq,
        state=state.state,
        cycle=state.cycle,
        channel=state.intake.channel,
        request_type=state.intake.request_type,
        category=matter.category if matter else None,
        category_group=matter.group if matter else None,
        area=matter.place.area if matter else None,
        latitude=matter.place.latitude if matter else None,
        longitude=matter.place.longitude if matter else None,
        district=matter.place.area[:6] if matter else None,
        policy=policy.code if policy else None,
        policy_version=policy.version if policy else None,
        urgency=policy.urgency if policy else None,
        level=lead.level if lead else None,
        unit=lead.unit.code if lead else None,
        unit_zh=lead.unit.name_zh if lead else None,
        unit_en=lead.unit.name_en if lead else None,
        light=state.light,
        card=state.card,
        supervised_by=state.supervised_by,
        black_listed_at=state.black_listed_at,
        received_at=state.intake.received_at,
        accepted_at=state.accepted_at,
        submitted_at=state.submitted_at,
        ended_at=state.ended_at,
        ended_how=state.ended_how,
        entered_at=state.entered_at,
        next_due_at=next_due(state),
        total_due_at=total_due,
        total_due_provisional=total_due is not None and state.calendar.is_provisional(total_due),
        urge_count=state.urge_count,
        outcome=state.reply.outcome if state.reply else None,
        solved=state.rating.solved if state.rating else None,
        satisfied=state.rating.satisfied if state.rating else None,
        applications=",".join(asked.kind for asked in state.undecided),
        reassignments=state.reassignments,
        visibility=state.visibility,
        exclusion=state.exclusion,
        parent=state.parent,
        repeat_of=state.intake.repeat_of,
        group_matter=state.group_matter,
        commitment_due=state.commitment_due,
        legs=tuple(_leg_row(state, leg) for leg in state.legs),
        summonses=tuple(
            _summons_row(state, whistle, summons)
            for whistle in state.whistles
            for summons in whistle.summonses
        ),
    )


def _leg_row(state: RequestState, leg: Leg) -> LegSummary:
    return LegSummary(
        leg=leg.id,
        role=leg.role,
        state=leg.state,
        unit=leg.unit.code,
        unit_zh=leg.unit.name_zh,
        unit_en=leg.unit.name_en,
        level=leg.level,
        area=leg.unit.area,
        duty_entry=leg.duty_entry,
        attempt=leg.attempt,
        awaits=leg.awaits,
        dispatched_at=leg.dispatched_at,
        signed_at=leg.signed_at,
        auto_signed_at=leg.auto_signed_at,
        first_contact_at=leg.first_contact_at,
        replied_at=leg.replied_at,
        ended_at=leg.ended_at,
        ended_how=leg.end,
        late=",".join(leg.late),
        sign_due_at=_due(state, ClockKind.SIGN, leg.id),
        dwell_due_at=_due(state, ClockKind.DWELL, leg.id),
        task=leg.task,
        delegated_by=leg.delegated_by,
        joint_due_at=_due(state, ClockKind.JOINT, leg.id),
        mandatory=leg.mandatory if leg.role is LegRole.JOINT else None,
        outcome=leg.outcome or None,
    )


def _summons_row(state: RequestState, whistle: Whistle, summons: Summons) -> SummonsSummary:
    return SummonsSummary(
        summons=summons.id,
        whistle=whistle.id,
        kind=whistle.kind,
        unit=summons.unit.code,
        unit_zh=summons.unit.name_zh,
        unit_en=summons.unit.name_en,
        level=summons.unit.level,
        area=summons.unit.area,
        town=whistle.town.code,
        town_zh=whistle.town.name_zh,
        town_en=whistle.town.name_en,
        power=summons.power,
        power_zh=summons.power_zh,
        power_en=summons.power_en,
        reason=whistle.reason,
        address=whistle.address,
        session=whistle.session,
        called_at=whistle.called_at,
        ack_due_at=_due(state, ClockKind.WHISTLE_ACK, summons.id),
        attend_due_at=_due(state, ClockKind.WHISTLE_ATTEND, summons.id),
        acknowledged_at=summons.acknowledged_at,
        arrived_at=summons.arrived_at,
        authority=summons.authority,
        missed_at=summons.missed_at,
        ended_at=whistle.ended_at,
        ended_how=whistle.end,
        rate_until=rating_ends(whistle, state.calendar),
        rated=summons.justified is not None,
    )


def _due(state: RequestState, kind: ClockKind, leg: str | None) -> datetime | None:
    clock = state.clock(kind, leg)
    return promised(clock, 100, state.calendar) if clock else None
