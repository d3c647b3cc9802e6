"""What a person, a unit or the system may ask of a request: acts in the imperative, a closed union.

An :class:`Order` is an act with its author and its key: the same key always gets the first answer again.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.acts.callers import Adopt, Disown, HearAnswer, Merge, RemindOfCommitment, Reopen
from domain.acts.closing import Callback, Redo, RefuseReply, ReviewBack, ReviewPass, SubmitReply, Withdraw
from domain.acts.elsewhere import DeliberationResult, HandToPartner, PartnerResult, ReferDeliberation
from domain.acts.exceptions import Apply, Resume, Rule
from domain.acts.field_tasks import GiveFieldTask, RecallFieldTask, ReportFieldTask
from domain.acts.handling import (
    DeclineJoint,
    Delegate,
    Dispatch,
    FirstContact,
    HandUp,
    Reassign,
    RemoveJoint,
    SendDown,
    SetJoinRule,
    Sign,
    StartJoint,
)
from domain.acts.neighbours import OpenCase, ReportCase, ReportFound, SettleCase, WithdrawCase
from domain.acts.opening import Accept, AnswerDirectly, Register, Reject, RequestInfo, SupplyInfo
from domain.acts.steering import CancelCard, MovePolicy, RaiseCard, Recalculate, Supervise, Urge
from domain.acts.time import ContinueStory, PassTime
from domain.acts.whistles import (
    AcknowledgeWhistle,
    AgreePlan,
    AttendWhistle,
    BlowWhistle,
    ConfirmUnjustified,
    EndWhistle,
    ObjectToWhistle,
    RateCall,
    RateWhistle,
)
from domain.acts.words import Acknowledge, Attach, Comment, Instruct, MarkConfidential, ReportInterim
from domain.units import Actor

Act = (
    Register
    | RequestInfo
    | SupplyInfo
    | Accept
    | Reject
    | AnswerDirectly
    | Dispatch
    | Sign
    | FirstContact
    | SubmitReply
    | ReviewPass
    | ReviewBack
    | Callback
    | Redo
    | Withdraw
    | Urge
    | HandUp
    | SendDown
    | Apply
    | Rule
    | Resume
    | Reassign
    | Supervise
    | CancelCard
    | RaiseCard
    | Delegate
    | StartJoint
    | DeclineJoint
    | RemoveJoint
    | SetJoinRule
    | ReferDeliberation
    | DeliberationResult
    | HandToPartner
    | PartnerResult
    | OpenCase
    | WithdrawCase
    | SettleCase
    | ReportCase
    | ReportFound
    | GiveFieldTask
    | ReportFieldTask
    | RecallFieldTask
    | BlowWhistle
    | AcknowledgeWhistle
    | AttendWhistle
    | ObjectToWhistle
    | AgreePlan
    | EndWhistle
    | RateWhistle
    | RateCall
    | ConfirmUnjustified
    | Comment
    | Instruct
    | Acknowledge
    | Attach
    | ReportInterim
    | MarkConfidential
    | Merge
    | Adopt
    | Disown
    | HearAnswer
    | Reopen
    | RemindOfCommitment
    | Recalculate
    | MovePolicy
    | RefuseReply
    | PassTime
    | ContinueStory
)


@dataclass(frozen=True, slots=True)
class Order:
    """An act with its author and its idempotency key.

    ``digest`` is the SHA-256 of the body the key came with, so that a second body under one key is noticed;
    ``expected_seq`` is the event number its author had seen (``None``: any)."""

    key: str
    by: Actor
    act: Act
    digest: str = ""
    expected_seq: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command is answered with: where the request stands after it. Stored under the order's key."""

    number: str
    state: str
    seq: int
    refused: str = ""
    """Set where a unit's answer arrived and the request had moved on: the refusal's code."""
