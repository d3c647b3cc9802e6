"""Everything that can stand on a timeline: facts in the past tense, a closed union.

A fact says what happened; the :class:`Event` around it says when, by whom, and as which number of the
request's story. Facts hold no caller's identity. New fields must have defaults, since old timelines are read
for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.facts.callers import (
    Adopted,
    AnsweredThrough,
    CallbackEnded,
    Disowned,
    GroupFlagged,
    Merged,
    Reopened,
)
from domain.facts.closing import (
    CallbackTried,
    Closed,
    Contributed,
    OwnInitiative,
    RedoOrdered,
    ReplyRefused,
    ReplySubmitted,
    ReviewedBack,
    ReviewPassed,
    Withdrawn,
)
from domain.facts.elsewhere import DeliberationEnded, DeliberationReferred, HandedToPartner, PartnerAnswered
from domain.facts.exceptions import (
    Admitted,
    ApplicationDecided,
    ApplicationLapsed,
    ApplicationMade,
    DeadlineExtended,
    DisputeRuled,
    ExclusionLifted,
    ExclusionMarked,
    LegReturned,
    NotAdmitted,
    PutIntoBacklog,
    RefusalProposed,
    Resumed,
    Suspended,
    TransferredOut,
    Voided,
)
from domain.facts.field_tasks import FieldTaskGiven, FieldTaskLapsed, FieldTaskRecalled, FieldTaskReported
from domain.facts.handling import (
    FirstContacted,
    HandedUp,
    JoinRuleSet,
    JointDeclined,
    JointRemoved,
    LegDispatched,
    LegReassigned,
    LegSigned,
    SentDown,
)
from domain.facts.neighbours import CaseOpened, CaseReported, CaseSettled, CaseWithdrawalAsked, MattersFound
from domain.facts.opening import (
    Accepted,
    AnsweredDirectly,
    InfoRequested,
    InfoSupplied,
    Registered,
    Rejected,
    RejectionProposed,
)
from domain.facts.steering import CalendarCorrected, CardCancelled, PolicyMoved, Supervised, Urged
from domain.facts.time import AlarmRaised, DeadlineFired, StoryContinued
from domain.facts.whistles import (
    AttendanceMissed,
    CallFoundUnjustified,
    CallRated,
    DistrictJoined,
    PlanAgreed,
    WhistleAcknowledged,
    WhistleAttended,
    WhistleBlown,
    WhistleEnded,
    WhistleObjected,
    WhistleRated,
)
from domain.facts.words import (
    Acknowledged,
    Attached,
    Commented,
    Instructed,
    InterimReported,
    MarkedConfidential,
)
from domain.units import Actor

Fact = (
    Registered
    | InfoRequested
    | InfoSupplied
    | Accepted
    | RejectionProposed
    | Rejected
    | AnsweredDirectly
    | LegDispatched
    | LegSigned
    | FirstContacted
    | ReplySubmitted
    | ReplyRefused
    | Contributed
    | ReviewPassed
    | ReviewedBack
    | CallbackTried
    | RedoOrdered
    | Closed
    | Withdrawn
    | OwnInitiative
    | Merged
    | AnsweredThrough
    | CallbackEnded
    | Adopted
    | Disowned
    | GroupFlagged
    | Reopened
    | Urged
    | HandedUp
    | SentDown
    | Supervised
    | CardCancelled
    | JointDeclined
    | JointRemoved
    | JoinRuleSet
    | DeliberationReferred
    | DeliberationEnded
    | HandedToPartner
    | PartnerAnswered
    | CaseOpened
    | CaseWithdrawalAsked
    | CaseReported
    | MattersFound
    | CaseSettled
    | FieldTaskGiven
    | FieldTaskReported
    | FieldTaskRecalled
    | FieldTaskLapsed
    | WhistleBlown
    | WhistleAcknowledged
    | WhistleAttended
    | AttendanceMissed
    | DistrictJoined
    | WhistleObjected
    | PlanAgreed
    | WhistleEnded
    | WhistleRated
    | CallRated
    | CallFoundUnjustified
    | Commented
    | Instructed
    | Acknowledged
    | Attached
    | InterimReported
    | MarkedConfidential
    | ApplicationMade
    | RefusalProposed
    | ApplicationDecided
    | ApplicationLapsed
    | LegReturned
    | LegReassigned
    | DisputeRuled
    | Admitted
    | NotAdmitted
    | DeadlineExtended
    | Suspended
    | Resumed
    | PutIntoBacklog
    | ExclusionMarked
    | ExclusionLifted
    | TransferredOut
    | Voided
    | DeadlineFired
    | AlarmRaised
    | CalendarCorrected
    | PolicyMoved
    | StoryContinued
)


@dataclass(frozen=True, slots=True)
class Event:
    """A fact with its number in the request's story, its instant (UTC) and its author."""

    seq: int
    at: datetime
    by: Actor
    what: Fact
