"""Where a case stands, and what a step of its story brings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.acts.neighbours import ReportCase
from domain.errands import Errand
from domain.partners import CaseBrief, CaseMessage, CaseStatus, OwnMatter, VolunteerTask

POLLED_LATE = timedelta(days=1)
"""How often a partner that is over its time is asked, at most."""


@dataclass(frozen=True, slots=True)
class Held:
    """A message that came before its turn, and since when it waits (UTC)."""

    message: CaseMessage
    since: datetime


@dataclass(frozen=True, slots=True)
class CaseState:
    """A case. Instants are in UTC.

    ``request`` is who holds it now; ``version`` grows with every change that is recorded. ``applied`` is the number of
    the last message that counts, ``kinds`` which kinds did. ``read_at`` is when the partner is asked next,
    ``read_asked`` that it is to be asked now. ``withdrawn_for`` is why the case is being taken back (empty: it is not),
    ``withdrawal_code`` what that end is known by, ``withdrawal_over`` that the partner has answered. ``taken``: the
    partner has had the case; ``overtaken``: its messages came before its answer to the handing over, which is still
    asked for; ``lost``: it does not know the case any more. ``collect_by`` is until when the citizen can fetch a
    document. ``note`` is for the operators. ``found`` is what becomes requests of its own.
    """

    brief: CaseBrief
    request: str
    read_at: datetime
    status: CaseStatus = CaseStatus.OPENING
    version: int = 0
    applied: int = 0
    kinds: tuple[str, ...] = ()
    held: tuple[Held, ...] = ()
    number: str = ""
    code: str = ""
    unit: str = ""
    text: str = ""
    people: int = 0
    hours: float = 0.0
    last_kind: str = ""
    last_message: str = ""
    heard_at: datetime | None = None
    read_asked: bool = False
    collect_by: datetime | None = None
    overdue: bool = False
    withdrawn_for: str = ""
    withdrawal_code: str = ""
    withdrawal_over: bool = False
    taken: bool = False
    overtaken: bool = False
    lost: bool = False
    to_confirm: bool = False
    confirmed: bool = False
    ended_at: datetime | None = None
    note: str = ""
    found: tuple[OwnMatter, ...] = ()

    @property
    def id(self) -> str:
        """The business key of the case."""
        return self.brief.case

    @property
    def is_open(self) -> bool:
        """Whether anything is still awaited of the partner."""
        return self.status.is_open

    @property
    def is_over(self) -> bool:
        """Whether the story of the case has nothing left to do."""
        return not self.is_open and not self.held and not self.owes_confirmation

    @property
    def owes_confirmation(self) -> bool:
        """Whether the partner is to hear that its result was received."""
        return self.to_confirm and not self.confirmed

    @property
    def unregistered(self) -> tuple[OwnMatter, ...]:
        """What was found and has no number yet."""
        return tuple(matter for matter in self.found if not matter.number)

    @property
    def is_unclaimed(self) -> bool:
        """Whether fewer people have come forward for a task than it needs, as far as we have heard."""
        task = self.brief.handover
        if not isinstance(task, VolunteerTask) or self.status is CaseStatus.UNDER_WAY:
            return False
        return self.people < task.at_least

    @property
    def is_withdrawing(self) -> bool:
        """Whether the case is being taken back, and the partner has not answered yet."""
        return bool(self.withdrawn_for) and not self.withdrawal_over and self.is_open


def begin_case(brief: CaseBrief) -> CaseState:
    """A case that is to be opened."""
    return CaseState(
        brief=brief, request=brief.request, read_at=brief.opened_at + brief.poll_every, version=1
    )


def asked_back(state: CaseState, reason: str, *, code: str = "") -> CaseState:
    """The case with its partner to be asked to give it back; ``code`` is what that end is known by."""
    return replace(
        state,
        version=state.version + 1,
        withdrawn_for=reason,
        withdrawal_code=code,
        withdrawal_over=False,
    )


@dataclass(frozen=True, slots=True)
class Step:
    """The case after something happened, and what its request is told of it."""

    state: CaseState
    reports: tuple[Errand, ...] = ()

    def then(self, following: Step) -> Step:
        """This step and the one after it, as one."""
        return Step(following.state, (*self.reports, *following.reports))


def report(
    state: CaseState,
    kind: str,
    *,
    code: str = "",
    text: str = "",
    unit: str = "",
    message: str = "",
    until: datetime | None = None,
) -> Errand:
    """What the request is told of the case as it stands; under a key of its own for each version."""
    act = ReportCase(
        case=state.id,
        status=state.status,
        kind=kind,
        number=state.number,
        code=code,
        text=text,
        unit=unit,
        message_id=message,
        version=state.version,
        until=until,
    )
    return Errand(f"{state.id}:report:{state.version}", state.request, act)
