"""The neighbouring systems that take a share of the work: what is handed to them, and what they can answer.

A partner never becomes the responsible unit: the lead leg stays where it is, and the total limit runs on. A partner is
told what it needs and no more; who called is told to none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from domain.limits.policy import Urgency
from domain.responsibility.routing import Place
from domain.time.durations import Duration


class Partner(StrEnum):
    """The systems that a matter can be handed to."""

    ENFORCEMENT = "enforcement"
    AFFAIRS = "affairs"
    VOLUNTEERS = "volunteers"


PartnerWord = Literal["done", "under_way", "refused", "withdrawn", "silent"]
"""What became of a case; ``silent``: the limit passed without an answer."""

WORDS = frozenset({"done", "under_way", "refused", "withdrawn"})
"""What a partner can answer. ``under_way``: its own procedure goes on beyond the request's limit, and has a number."""


class CaseStatus(StrEnum):
    """Where a case stands, whichever partner has it."""

    OPENING = "opening"
    """Asked for; the partner has not confirmed that it has it."""
    HANDED_OVER = "handed_over"
    """The partner has it, and has not begun a procedure of its own."""
    UNDER_WAY = "under_way"
    """The partner's own procedure runs, under a number of its own."""
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def is_open(self) -> bool:
        """Whether anything is still awaited of the partner."""
        return self in (CaseStatus.OPENING, CaseStatus.HANDED_OVER, CaseStatus.UNDER_WAY)


@dataclass(frozen=True, slots=True)
class Clue:
    """A suspected violation for the joint enforcement team (线索移交)."""

    facts: str
    legal_basis: str = ""
    suspect: str = ""
    to: Literal["enforcement"] = "enforcement"


@dataclass(frozen=True, slots=True)
class Affair:
    """A service item that the citizen's matter becomes (转办事项).

    ``consent`` is the citizen's consent token of the affairs system; it names nobody. ``follows`` is the number of a
    case that the citizen has there already, to be followed instead of a new one.
    """

    item_code: str
    facts: str
    consent: str = ""
    materials: tuple[str, ...] = ()
    window: str = ""
    follows: str = ""
    to: Literal["affairs"] = "affairs"


@dataclass(frozen=True, slots=True)
class VolunteerTask:
    """A task for volunteers of an area (志愿任务); from ``at_least`` to ``at_most`` of them, between two instants."""

    task_kind: Literal["patrol", "visit", "deliver", "mediate", "clean", "guide"]
    facts: str
    starts_at: datetime
    ends_at: datetime
    at_least: int = 1
    at_most: int = 5
    skills: tuple[str, ...] = ()
    safety_note: str = ""
    adults_only: bool = True
    to: Literal["volunteers"] = "volunteers"


Handover = Clue | Affair | VolunteerTask
"""What is handed over, by the partner that takes it."""


@dataclass(frozen=True, slots=True)
class CaseTerms:
    """A city's terms for one partner: how long its answer may take (业务时限), how often it is asked while its
    call-backs stay away, how long a message waits for those before it, and how long a task may stay unclaimed.
    """

    partner: Partner
    zh: str
    en: str
    answer_within: Duration
    poll_every: timedelta
    hold_gaps: timedelta
    claim_within: Duration | None = None


@dataclass(frozen=True, slots=True)
class CaseBrief:
    """Everything that a case begins with. ``case`` is its business key and the correlation id of every message.

    The partner hears of category, place, facts, evidence and urgency, never of the caller.
    """

    case: str
    request: str
    partner: Partner
    urgency: Urgency
    category: str
    place: Place
    handover: Handover
    evidence: tuple[str, ...]
    opened_at: datetime
    due_at: datetime
    claim_by: datetime | None
    poll_every: timedelta
    hold_gaps: timedelta


@dataclass(frozen=True, slots=True)
class FoundMatter:
    """What a partner found besides what it was asked (新发现问题), or what a citizen said of its service (好差评).

    ``reference`` is the partner's own name of it, the same whenever it is said again; ``category`` a leaf of our
    catalogue, where the partner knows it; ``place`` is ``None`` where it is that of the case. ``score`` is that of a
    review, from 1, the worst, to 5; 0: it is no review.
    """

    text: str
    reference: str = ""
    category: str = ""
    place: Place | None = None
    evidence: tuple[str, ...] = ()
    score: int = 0


@dataclass(frozen=True, slots=True)
class OwnMatter:
    """Something found that becomes a request of its own, once per ``key`` and case, under ``number``; ``found`` is gone
    once it is registered.
    """

    key: str
    found: FoundMatter | None
    number: str = ""


@dataclass(frozen=True, slots=True)
class CaseMessage:
    """One message of a partner about a case, translated; ``kind`` is the field's word (``case_filed``,
    ``affair_decided`` ...), ``sequence`` its place in the case, from 1 on, ``id`` the same on every delivery.

    ``number`` is the partner's own case number, ``code`` a reason or a collection code, ``unit`` a suggested unit,
    ``until`` a date that the message names; ``people`` and ``hours`` count volunteers and name none. What was ``found``
    besides stands in ``text`` too.
    """

    id: str
    case: str
    sequence: int
    kind: str
    sent_at: datetime
    number: str = ""
    text: str = ""
    code: str = ""
    unit: str = ""
    until: datetime | None = None
    evidence: tuple[str, ...] = ()
    people: int = 0
    hours: float = 0.0
    found: tuple[FoundMatter, ...] = ()


class Via(StrEnum):
    """How a partner's message reached us."""

    CALLBACK = "callback"
    POLL = "poll"
    RECONCILIATION = "reconciliation"
    MANUAL = "manual"


class Delivery(StrEnum):
    """What became of a message on its way to its case."""

    WAITING = "waiting"
    UNKNOWN = "unknown"
    """Nobody knows its case. Tried again for a day, since a call-back can overtake our own record; then kept."""
    DELIVERED = "delivered"
    LATE = "late"
    """Its case has it, and was over before: it has begun once more."""
    SET_ASIDE = "set_aside"
    """It is about no case of ours, as somebody has said. It is kept, and waits for nothing."""


CASE_MARK = "-p"
"""Stands between the number of a request and that of its case."""

REVIEW = "review_posted"
"""The kind of message that tells what a citizen said of the partner's service."""

COLLECTION = "ready_for_collection"
"""The kind of message whose code opens the window or the locker where the citizen's document lies."""

SUPPLEMENT = "supplement_required"
"""The kind of message that asks the citizen for something more."""

IRREVOCABLE = "irrevocable"
"""The code of a partner's report that it goes on though it was asked to give the case back."""

OVERDUE = "overdue"
"""The kind of report that a case's limit has passed without its end."""


def request_of_case(case: str) -> str:
    """The number of the request whose unit opened the case."""
    return case.rpartition(CASE_MARK)[0]


CaseWithdrawal = Literal["", "asked", "irrevocable"]
"""Whether the partner was asked to give a case back, and said that it has gone too far for that."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case as its request knows it. ``leg`` is the lead leg that handed it over; the request cannot be answered over
    an open case that is ``mandatory``, unless the answer says that the partner's procedure goes on.

    ``message`` and ``message_id`` are those of the last report, ``version`` its number; ``unit`` is one that the
    partner suggests, ``until`` a date that it named. ``document`` proves a result that was typed in by hand.
    """

    id: str
    partner: Partner
    leg: str
    mandatory: bool
    opened_at: datetime
    due_at: datetime
    status: CaseStatus = CaseStatus.OPENING
    number: str = ""
    code: str = ""
    note: str = ""
    ended_at: datetime | None = None
    unit: str = ""
    until: datetime | None = None
    message: str = ""
    message_id: str = ""
    version: int = 0
    document: str = ""
    withdrawal: CaseWithdrawal = ""
    held_by: str = ""
    """The request that the case is reported to, where it is another one than the request which knows this."""
    found: tuple[str, ...] = ()
    """The requests that came of what the partner found besides."""

    @property
    def request(self) -> str:
        """The request whose unit opened the case."""
        return request_of_case(self.id)

    @property
    def is_open(self) -> bool:
        """Whether anything is still awaited of the partner, and told to the request which knows this."""
        return self.status.is_open and not self.held_by


@dataclass(frozen=True, slots=True)
class AwaitedCase:
    """What a request waits for: a case of its own, or one under the partner's number that was handed over by hand."""

    partner: Partner
    case: str
