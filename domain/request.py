"""What a request is made of: the intake it began with, its legs, and its state.

Every record here is frozen: :func:`domain.evolution.evolve` makes the next state from the present one and an
event. All instants are aware and in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.attachments import Attachment
from domain.exceptions.applications import Application, ApplicationStatus
from domain.field_tasks import FieldTask
from domain.joining import FIRST_RULE, JoinRule
from domain.levels import Level
from domain.limits.clock import Clock, ClockKind
from domain.limits.policy import CommonLimits, Policy
from domain.partners import AwaitedCase, Case
from domain.responsibility.routing import Ladder, Place
from domain.time.calendar import WorkingCalendar
from domain.units import Role, Unit
from domain.whistles import Whistle


class State(StrEnum):
    """Where a request stands. Source: the table of states (诉求状态)."""

    REGISTERED = "registered"
    AWAITING_INFO = "awaiting_info"
    PENDING_DISPATCH = "pending_dispatch"
    ADMISSION_REVIEW = "admission_review"
    PENDING_SIGN = "pending_sign"
    IN_DISPUTE = "in_dispute"
    IN_PROGRESS = "in_progress"
    SUSPENDED = "suspended"
    IN_DELIBERATION = "in_deliberation"
    AWAITING_PARTNER = "awaiting_partner"
    PENDING_REVIEW = "pending_review"
    PENDING_CALLBACK = "pending_callback"
    CLOSED = "closed"
    ANSWERED_DIRECTLY = "answered_directly"
    NOT_ACCEPTED = "not_accepted"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    TRANSFERRED_OUT = "transferred_out"
    VOIDED = "voided"

    @property
    def is_terminal(self) -> bool:
        """Whether the request has ended here; no clock runs after it."""
        return self in _TERMINAL


_TERMINAL = frozenset(
    {
        State.CLOSED,
        State.ANSWERED_DIRECTLY,
        State.NOT_ACCEPTED,
        State.MERGED,
        State.WITHDRAWN,
        State.TRANSFERRED_OUT,
        State.VOIDED,
    }
)


class Light(StrEnum):
    """How much of the total limit is used: green below 0.7, yellow below 1.0, red below 2.0, then black."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    BLACK = "black"


class Card(StrEnum):
    """A supervision card; a red light brings a yellow card, the two scales differ."""

    YELLOW = "yellow_card"
    RED = "red_card"


class Body(StrEnum):
    """Who supervises, in rising order: the city stands last."""

    COMMUNITY = "community"
    TOWN = "town"
    DISTRICT = "district"
    DISTRICT_LEADER = "district_leader"
    CITY = "city"

    @property
    def rank(self) -> int:
        """Position in rising order, for comparing only."""
        return list(Body).index(self)


class LegRole(StrEnum):
    """Lead legs answer for the request; joint legs contribute."""

    LEAD = "lead"
    JOINT = "joint"


class LegState(StrEnum):
    """Where one unit stands with its share."""

    PENDING_SIGN = "pending_sign"
    IN_PROGRESS = "in_progress"
    REPLIED = "replied"
    ENDED = "ended"


class LegEnd(StrEnum):
    """How a leg ended."""

    ACCEPTED_RESULT = "accepted_result"
    REDO = "redo"
    CONTRIBUTED = "contributed"
    HANDED_UP = "handed_up"
    RETURNED = "returned"
    REASSIGNED = "reassigned"
    RULED_AWAY = "ruled_away"
    NOT_ADMITTED = "not_admitted"
    DECLINED = "declined"
    REMOVED = "removed"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"


class Visibility(StrEnum):
    """Who may see a request: everybody, the units with a leg, the lead unit only, or two named officers."""

    PUBLIC = "public"
    PARTY = "party"
    LEAD_ONLY = "lead_only"
    SEALED = "sealed"

    def is_stricter(self, than: Visibility) -> bool:
        """Whether fewer may see a request of this class."""
        return list(Visibility).index(self) > list(Visibility).index(than)

    @property
    def is_confidential(self) -> bool:
        """Whether nobody beside the lead unit may hear of a request of this class."""
        return self.is_stricter(Visibility.PARTY)


class Exclusion(StrEnum):
    """Why a request counts in no satisfaction or solved rate; it is answered all the same."""

    UNREASONABLE = "unreasonable"
    MALICIOUS = "malicious"


class ReopenCause(StrEnum):
    """Why an ended request is opened again: its caller is dissatisfied with the answer, it should not have ended, the
    request it followed is gone, or the date of a commitment has come.
    """

    DISSATISFIED = "dissatisfied"
    WRONGLY_ENDED = "wrongly_ended"
    PARENT_GONE = "parent_gone"
    COMMITMENT = "commitment"


@dataclass(frozen=True, slots=True)
class Leg:
    """One assignment of a request to one unit (承办件).

    ``awaits`` counts how often an answer has been awaited; the activity id is ``<id>.<awaits>``.
    ``signed_at`` stays empty where the system signed on the unit's behalf at ``auto_signed_at``.
    """

    id: str
    role: LegRole
    state: LegState
    unit: Unit
    duty_entry: str
    attempt: int
    dispatched_at: datetime
    awaits: int = 1
    signed_at: datetime | None = None
    auto_signed_at: datetime | None = None
    first_contact_at: datetime | None = None
    replied_at: datetime | None = None
    replied_by: str | None = None
    ended_at: datetime | None = None
    end: LegEnd | None = None
    late: tuple[ClockKind, ...] = ()
    cards: tuple[Card, ...] = ()
    cards_from: tuple[Body, ...] = ()
    """Who issued each of the cards."""
    cancelled: tuple[Card, ...] = ()
    """Cards that were taken back; a colour comes once per leg all the same."""
    delegated_by: str | None = None
    """The leg whose unit delegated this share and keeps deadline and score."""
    task: str = ""
    """What a joint unit was asked to do; empty where the unit leads, or led and stayed."""
    mandatory: bool = False
    """Whether the request's join rule counts the contribution of this joint leg."""
    outcome: str = ""
    """The outcome of a joint unit's contribution, once it has contributed at ``replied_at``."""
    contribution: str = ""
    """What the joint unit contributed, in its own words."""
    evidence: tuple[str, ...] = ()
    """References to the evidence of the contribution."""

    @property
    def level(self) -> Level:
        """The level whose unit holds the leg."""
        return self.unit.level

    @property
    def is_open(self) -> bool:
        """Whether an answer of the unit is still awaited."""
        return self.state in (LegState.PENDING_SIGN, LegState.IN_PROGRESS)

    def issuer_of(self, card: Card) -> Body:
        """Who issued a card that the leg has had."""
        return self.cards_from[self.cards.index(card)]


@dataclass(frozen=True, slots=True)
class PolicySnapshot:
    """The policy version and the ladder a request was accepted under; they never change afterwards."""

    policy: Policy
    ladder: Ladder


@dataclass(frozen=True, slots=True)
class Matter:
    """What the request is about: a leaf of the catalogue, its group, and the place."""

    category: str
    group: str
    place: Place


@dataclass(frozen=True, slots=True)
class Intake:
    """What was written down when the citizen called; the start of the story, never changed again.

    It holds no identity: ``caller_ref`` points into the sealed table, ``has_contact`` says whether a callback
    is possible. ``digest`` is the SHA-256 of the stored intake, so that the timeline's chain covers it.
    ``repeat_of`` is the caller's earlier request on the same matter, ``people`` how many persons the call speaks for.
    ``found_in`` is the case with a partner in which the matter came up; nobody called then.
    """

    number: str
    received_at: datetime
    channel: str
    request_type: str
    matter: Matter | None
    snapshot: PolicySnapshot | None
    calendar: WorkingCalendar
    common: CommonLimits
    caller_ref: str | None
    has_contact: bool
    digest: str
    repeat_of: str | None = None
    people: int = 1
    found_in: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A unit's answer: a closed outcome code, the text for the citizen, and references to evidence."""

    leg: str
    outcome: str
    text: str
    evidence: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class CallbackTry:
    """One attempt to reach the caller."""

    at: datetime
    contacted: bool


@dataclass(frozen=True, slots=True)
class Rating:
    """What the citizen said at the callback. ``None`` means that the question was not answered."""

    truthful: bool | None
    solved: bool | None
    satisfied: bool | None


@dataclass(frozen=True, slots=True)
class Child:
    """A request that was merged into this one: whether its caller left a contact, how many persons it speaks for."""

    number: str
    has_contact: bool
    people: int = 1
    awaits_answer: bool = False
    """Whether it is told of this one's answer; those that an earlier release merged are not."""


@dataclass(frozen=True, slots=True)
class RequestState:
    """Everything the rules know about a request after event number ``seq``, which happened at ``as_of``."""

    intake: Intake
    calendar: WorkingCalendar
    state: State
    entered_at: datetime
    as_of: datetime
    seq: int = 0
    matter: Matter | None = None
    snapshot: PolicySnapshot | None = None
    legs: tuple[Leg, ...] = ()
    clocks: tuple[Clock, ...] = ()
    cycle: int = 1
    accepted_at: datetime | None = None
    submitted_at: datetime | None = None
    ended_at: datetime | None = None
    light: Light = Light.GREEN
    supervised_by: Body | None = None
    card: Card | None = None
    black_listed_at: Body | None = None
    urge_count: int = 0
    citizen_urged_at: datetime | None = None
    sent_down_from: tuple[Level, ...] = ()
    rejection_proposed_by: str | None = None
    reply: Reply | None = None
    callback_tries: tuple[CallbackTry, ...] = ()
    rating: Rating | None = None
    ended_how: str | None = None
    applications: tuple[Application, ...] = ()
    reassignments: int = 0
    visibility: Visibility = Visibility.PARTY
    exclusion: Exclusion | None = None
    parent: str | None = None
    awaits_answer: bool = False
    """Whether the answer of the request that this one follows is still to come."""
    answered_at: datetime | None = None
    """When the request that this one follows was answered."""
    children: tuple[Child, ...] = ()
    group_matter: bool = False
    commitment_due: datetime | None = None
    own_initiative: bool = False
    """Whether the caller withdrew from a matter of public safety, which goes on without them."""
    instructed: int = 0
    """How many instructions there have been; they are numbered ``i1``, ``i2`` ..."""
    instructions: tuple[str, ...] = ()
    """Those that the handler has not acknowledged."""
    attachments: tuple[Attachment, ...] = ()
    partner: AwaitedCase | None = None
    """Where the matter lies while a partner is awaited."""
    join_rule: JoinRule = FIRST_RULE
    """Which contributions the reply waits for."""
    join_rule_from: Role | None = None
    """In which post the rule was set; nobody has set it while this is ``None``."""
    cases: tuple[Case, ...] = ()
    """Every case with a partner, over all cycles, and those of the requests that follow this one."""
    field_tasks: tuple[FieldTask, ...] = ()
    whistles: tuple[Whistle, ...] = ()

    @property
    def number(self) -> str:
        """The request's number."""
        return self.intake.number

    @property
    def lead(self) -> Leg | None:
        """The leg that answers for the request now: the lead leg dispatched last, if it has not ended."""
        last = self.last_lead
        return last if last is not None and last.state is not LegState.ENDED else None

    @property
    def last_lead(self) -> Leg | None:
        """The lead leg dispatched last, ended or not."""
        return next((leg for leg in reversed(self.legs) if leg.role is LegRole.LEAD), None)

    @property
    def undecided(self) -> tuple[Application, ...]:
        """The applications that nobody has decided yet."""
        return tuple(asked for asked in self.applications if asked.status is ApplicationStatus.OPEN)

    def leg(self, leg_id: str) -> Leg | None:
        """The leg with that id."""
        return next((leg for leg in self.legs if leg.id == leg_id), None)

    @property
    def open_cases(self) -> tuple[Case, ...]:
        """The cases of which something is still awaited."""
        return tuple(case for case in self.cases if case.is_open)

    def case(self, case_id: str) -> Case | None:
        """The case of that id."""
        return next((case for case in self.cases if case.id == case_id), None)

    def application(self, application_id: str) -> Application | None:
        """The application with that id."""
        return next((asked for asked in self.applications if asked.id == application_id), None)

    def whistle(self, whistle_id: str) -> Whistle | None:
        """The whistle with that id."""
        return next((each for each in self.whistles if each.id == whistle_id), None)

    def clock(self, kind: ClockKind, leg: str | None = None) -> Clock | None:
        """The newest clock of that kind (of that leg)."""
        return next(
            (clock for clock in reversed(self.clocks) if clock.kind is kind and clock.leg == leg), None
        )


def begin(intake: Intake) -> RequestState:
    """The state before the first event: nothing has been decided, nothing runs."""
    return RequestState(
        intake=intake,
        calendar=intake.calendar,
        state=State.REGISTERED,
        entered_at=intake.received_at,
        as_of=intake.received_at,
        matter=intake.matter,
        snapshot=intake.snapshot,
        visibility=first_visibility(intake.request_type, intake.matter),
    )


DISCIPLINE = "supervision"
"""The group of complaints about officials and units: its matters never go openly to who is complained of."""


def first_visibility(request_type: str, matter: Matter | None) -> Visibility:
    """Who may see a request before anybody has restricted it: reports and matters of discipline begin sealed."""
    is_discipline = matter is not None and matter.group == DISCIPLINE
    return Visibility.SEALED if request_type == "report" or is_discipline else Visibility.PARTY
