"""What a person, a unit or the system may ask of a request: acts in the imperative, a closed union.

An :class:`Order` is an act with its author and its key: the same key always gets the first answer again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.calendar import WorkingCalendar
from domain.request import Card, Matter, PolicySnapshot
from domain.units import Actor, Unit


@dataclass(frozen=True, slots=True)
class Register:
    """Begin the story; accept at once when the intake is complete."""

    act: Literal["register"] = "register"


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """Ask the citizen to supplement."""

    question: str
    act: Literal["request_info"] = "request_info"


@dataclass(frozen=True, slots=True)
class SupplyInfo:
    """Supplement what was asked."""

    note: str
    act: Literal["supply_info"] = "supply_info"


@dataclass(frozen=True, slots=True)
class Accept:
    """Accept the request; matter and snapshot are needed where the intake had none."""

    matter: Matter | None = None
    snapshot: PolicySnapshot | None = None
    act: Literal["accept"] = "accept"


@dataclass(frozen=True, slots=True)
class Reject:
    """Do not accept; an agent proposes, the duty leader confirms."""

    reason: str
    advice: str
    act: Literal["reject"] = "reject"


@dataclass(frozen=True, slots=True)
class AnswerDirectly:
    """Answer during the call from the knowledge base."""

    knowledge_entry: str
    answer: str
    act: Literal["answer_directly"] = "answer_directly"


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Give the lead leg to the unit of the ladder, or to another one with a reason."""

    unit: Unit | None = None
    reason: str = ""
    act: Literal["dispatch"] = "dispatch"


@dataclass(frozen=True, slots=True)
class Sign:
    """Sign for a leg."""

    leg: str
    act: Literal["sign"] = "sign"


@dataclass(frozen=True, slots=True)
class FirstContact:
    """Record that the caller was reached, with the proof (call log, message receipt)."""

    leg: str
    proof: str
    act: Literal["first_contact"] = "first_contact"


@dataclass(frozen=True, slots=True)
class SubmitReply:
    """Complete a leg: the lead leg's reply, or a joint leg's contribution."""

    leg: str
    outcome: str
    text: str
    evidence: tuple[str, ...] = ()
    act: Literal["submit_reply"] = "submit_reply"


@dataclass(frozen=True, slots=True)
class ReviewPass:
    """Pass the reply."""

    act: Literal["review_pass"] = "review_pass"


@dataclass(frozen=True, slots=True)
class ReviewBack:
    """Send the reply back to the same unit."""

    reason: str
    act: Literal["review_back"] = "review_back"


@dataclass(frozen=True, slots=True)
class Callback:
    """Record one callback attempt and what the citizen said. ``attributable``: the unit could have done
    better.
    """

    contacted: bool
    truthful: bool | None = None
    solved: bool | None = None
    satisfied: bool | None = None
    attributable: bool = False
    note: str = ""
    act: Literal["callback"] = "callback"


@dataclass(frozen=True, slots=True)
class Redo:
    """Order a new cycle by decision."""

    reason: str
    act: Literal["redo"] = "redo"


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Withdraw the request for the citizen."""

    reason: str = ""
    act: Literal["withdraw"] = "withdraw"


@dataclass(frozen=True, slots=True)
class Urge:
    """Urge the handling unit; a citizen at most once a local day."""

    note: str = ""
    act: Literal["urge"] = "urge"


@dataclass(frozen=True, slots=True)
class HandUp:
    """Move handling to the next level of the ladder."""

    reason: str
    release: bool = False
    act: Literal["hand_up"] = "hand_up"


@dataclass(frozen=True, slots=True)
class SendDown:
    """Move handling to a lower unit of the lead unit's subtree (the ladder's rung below if none is named)."""

    reason: str
    unit: Unit | None = None
    act: Literal["send_down"] = "send_down"


@dataclass(frozen=True, slots=True)
class Supervise:
    """Put the request under supervision, with a card if wanted."""

    reason: str
    card: Card | None = None
    act: Literal["supervise"] = "supervise"


@dataclass(frozen=True, slots=True)
class Recalculate:
    """Count the request's deadlines in a corrected calendar."""

    calendar: WorkingCalendar
    reason: str
    act: Literal["recalculate"] = "recalculate"


@dataclass(frozen=True, slots=True)
class RefuseReply:
    """Record that a unit's answer was refused because the request had moved on."""

    leg: str
    code: str
    reason: str
    act: Literal["refuse_reply"] = "refuse_reply"


@dataclass(frozen=True, slots=True)
class PassTime:
    """Let everything that is due happen."""

    act: Literal["pass_time"] = "pass_time"


@dataclass(frozen=True, slots=True)
class ContinueStory:
    """Go on in a new workflow run."""

    run: int
    act: Literal["continue_story"] = "continue_story"


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
    | Supervise
    | Recalculate
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
