"""Everything that can stand on a timeline: facts in the past tense, a closed union.

A fact says what happened; the :class:`Event` around it says when, by whom, and as which number of the
request's story. Facts hold no caller's identity. New fields must have defaults, since old timelines are read
for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.calendar import WorkingCalendar
from domain.clock import ClockKind
from domain.levels import Level
from domain.request import Body, Card, LegRole, Matter, PolicySnapshot
from domain.units import Actor, Unit


@dataclass(frozen=True, slots=True)
class Registered:
    """The request was written down (登记). ``digest`` ties the intake row into the chain."""

    digest: str
    channel: str
    request_type: str
    kind: Literal["registered"] = "registered"


@dataclass(frozen=True, slots=True)
class InfoRequested:
    """The citizen was asked to supplement (要求补充)."""

    question: str
    kind: Literal["info_requested"] = "info_requested"


@dataclass(frozen=True, slots=True)
class InfoSupplied:
    """The citizen supplemented (补充信息)."""

    note: str
    kind: Literal["info_supplied"] = "info_supplied"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The request was accepted (受理); the total clock starts at ``since``: of a complete intake, the instant
    of the call.

    Matter and snapshot are set where the intake had none.
    """

    policy: str
    version: int
    since: datetime
    matter: Matter | None = None
    snapshot: PolicySnapshot | None = None
    kind: Literal["accepted"] = "accepted"


@dataclass(frozen=True, slots=True)
class RejectionProposed:
    """An agent proposed not to accept; the duty leader must confirm."""

    reason: str
    advice: str
    kind: Literal["rejection_proposed"] = "rejection_proposed"


@dataclass(frozen=True, slots=True)
class Rejected:
    """The request was not accepted (不予受理); ``advice`` tells the citizen the right channel."""

    reason: str
    advice: str
    kind: Literal["rejected"] = "rejected"


@dataclass(frozen=True, slots=True)
class AnsweredDirectly:
    """The agent answered during the call (直接答复), citing a knowledge entry."""

    knowledge_entry: str
    answer: str
    kind: Literal["answered_directly"] = "answered_directly"


@dataclass(frozen=True, slots=True)
class LegDispatched:
    """A leg was given to a unit (派单). ``duty_entry`` is the basis, ``reason`` why a person chose
    otherwise.
    """

    leg: str
    role: LegRole
    unit: Unit
    duty_entry: str
    attempt: int
    cause: Literal["dispatched", "handed_up", "sent_down", "redo"]
    reason: str = ""
    percent: int = 100
    kind: Literal["leg_dispatched"] = "leg_dispatched"


@dataclass(frozen=True, slots=True)
class LegSigned:
    """The unit signed (签收), or the system did on its behalf at the limit."""

    leg: str
    automatic: bool
    kind: Literal["leg_signed"] = "leg_signed"


@dataclass(frozen=True, slots=True)
class FirstContacted:
    """The unit reached the caller for the first time (首次联系)."""

    leg: str
    proof: str
    kind: Literal["first_contacted"] = "first_contacted"


@dataclass(frozen=True, slots=True)
class ReplySubmitted:
    """The lead unit replied (反馈); the total clock is held from here."""

    leg: str
    outcome: str
    text: str
    evidence: tuple[str, ...] = ()
    kind: Literal["reply_submitted"] = "reply_submitted"


@dataclass(frozen=True, slots=True)
class ReplyRefused:
    """A unit's answer met a request that had moved on; the unit is awaited again if its leg is still open."""

    leg: str
    code: str
    reason: str
    kind: Literal["reply_refused"] = "reply_refused"


@dataclass(frozen=True, slots=True)
class Contributed:
    """A joint unit finished its share; this is never the reply."""

    leg: str
    outcome: str
    text: str
    evidence: tuple[str, ...] = ()
    kind: Literal["contributed"] = "contributed"


@dataclass(frozen=True, slots=True)
class ReviewPassed:
    """The reply passed its review (审核通过); automatic after a silence of two review limits."""

    automatic: bool = False
    kind: Literal["review_passed"] = "review_passed"


@dataclass(frozen=True, slots=True)
class ReviewedBack:
    """The reviewer sent the reply back to the same unit (回退重办); the clocks go on as if never stopped."""

    reason: str
    kind: Literal["reviewed_back"] = "reviewed_back"


@dataclass(frozen=True, slots=True)
class CallbackTried:
    """One attempt to call the citizen back (回访), with what was said."""

    contacted: bool
    truthful: bool | None = None
    solved: bool | None = None
    satisfied: bool | None = None
    attributable: bool = False
    note: str = ""
    kind: Literal["callback_tried"] = "callback_tried"


@dataclass(frozen=True, slots=True)
class RedoOrdered:
    """A new cycle begins (重办): a shorter total of its own, the cumulative clock carried on."""

    reason: str
    percent: int
    automatic: bool
    kind: Literal["redo_ordered"] = "redo_ordered"


@dataclass(frozen=True, slots=True)
class Closed:
    """The request ended with an answer (办结). Closed and solved are two things; ``how`` says what closed
    it.
    """

    how: Literal["rated", "unreachable", "callback_silent", "not_called"]
    outcome: str
    kind: Literal["closed"] = "closed"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The citizen withdrew the request (撤诉)."""

    reason: str
    kind: Literal["withdrawn"] = "withdrawn"


@dataclass(frozen=True, slots=True)
class Urged:
    """The handling unit was urged (催办)."""

    note: str
    kind: Literal["urged"] = "urged"


@dataclass(frozen=True, slots=True)
class HandedUp:
    """Handling moves up (上报); the lower leg stays joint unless it is released."""

    leg: str
    cause: Literal["asked", "dwell"]
    reason: str
    release: bool
    kind: Literal["handed_up"] = "handed_up"


@dataclass(frozen=True, slots=True)
class SentDown:
    """Handling was sent down (下沉); the sender stays joint."""

    leg: str
    level: Level
    reason: str
    kind: Literal["sent_down"] = "sent_down"


@dataclass(frozen=True, slots=True)
class Supervised:
    """Supervision was set or raised (督办), with a card where the leg had none of that colour."""

    leg: str | None
    body: Body
    card: Card | None
    cause: Literal["dwell", "total", "reminder", "redo", "ordered"]
    reason: str = ""
    black_list: bool = False
    kind: Literal["supervised"] = "supervised"


@dataclass(frozen=True, slots=True)
class DeadlineFired:
    """A threshold of a clock passed. ``lateness_seconds`` counts from the due instant, or from the instant at
    which a held clock could speak again, to the event.
    """

    clock: ClockKind
    leg: str | None
    level: Level | None
    percent: int
    due_at: datetime
    lateness_seconds: float
    notify: str
    kind: Literal["deadline_fired"] = "deadline_fired"


@dataclass(frozen=True, slots=True)
class AlarmRaised:
    """Something needs a person's eye: a vacant post, a request nobody judged, a dispatcher's silence."""

    what: Literal["not_judged", "not_dispatched", "post_vacant", "not_reviewed"]
    to: str
    detail: str = ""
    kind: Literal["alarm_raised"] = "alarm_raised"


@dataclass(frozen=True, slots=True)
class CalendarCorrected:
    """The request's calendar was replaced by an explicit order (a newly published year, a stop of work);
    deadlines follow it.
    """

    calendar: WorkingCalendar
    reason: str
    kind: Literal["calendar_corrected"] = "calendar_corrected"


@dataclass(frozen=True, slots=True)
class StoryContinued:
    """The workflow went on in a new run; every open leg is awaited under its next id."""

    run: int
    kind: Literal["story_continued"] = "story_continued"


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
    | Urged
    | HandedUp
    | SentDown
    | Supervised
    | DeadlineFired
    | AlarmRaised
    | CalendarCorrected
    | StoryContinued
)


@dataclass(frozen=True, slots=True)
class Event:
    """A fact with its number in the request's story, its instant (UTC) and its author."""

    seq: int
    at: datetime
    by: Actor
    what: Fact
