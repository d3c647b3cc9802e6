"""A request as its caller sees it: where it stands, until when, why that moved, and what the answer is.

Who follows another request on the same matter is shown how that one fares and what it was answered; nothing is said of
the other callers, nor of how many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, Field

from api.citizens.cases_tracked import TrackedCase, tracked_cases
from api.frame.words import EVENTS, MILESTONES, STATES, Words
from domain.events import (
    AnsweredDirectly,
    ApplicationMade,
    Event,
    InfoRequested,
    InterimReported,
    Merged,
    PutIntoBacklog,
    Rejected,
    TransferredOut,
)
from domain.evolution import evolve
from domain.limits.clock import ClockKind, threshold
from domain.numbers_of_persons import without_numbers
from domain.request import RequestState, State, begin
from domain.standing import reopening_ends
from persistence.engine import ReadConnection
from persistence.timeline import read_events, read_intake


class Milestone(BaseModel):
    """Something that was done."""

    at: datetime
    zh: str
    en: str


class PromiseMoved(BaseModel):
    """Why the promised date is another one, and which it has been since (`null` while it stands still)."""

    at: datetime
    zh: str
    en: str
    reason_zh: str
    reason_en: str
    due_at: datetime | None


class Interim(BaseModel):
    """What the unit reported on the way."""

    at: datetime
    text: str


class Tracked(BaseModel):
    """The request as its caller sees it."""

    number: str
    state: str
    state_zh: str
    state_en: str
    received_at: datetime
    unit_zh: str | None
    unit_en: str | None
    due_at: datetime | None
    due_provisional: bool
    moved: list[PromiseMoved] = Field(description="how the promised date came to be another one")
    merged: bool = Field(
        description="handled together with another request on the same matter; what is shown is how that one fares"
    )
    question: str | None
    answer: str | None
    interim: list[Interim] = Field(description="reports on the way")
    channel: str | None = Field(description="who answers instead, where the request was moved outside")
    commitment_due: datetime | None = Field(
        description="the date that was promised when the matter was put off"
    )
    reopen_until: datetime | None = Field(description="until when an ended request may be opened again")
    cases: list[TrackedCase] = Field(description="matters of the request that lie with neighbouring systems")
    milestones: list[Milestone]
    may: list[str]


@dataclass(frozen=True, slots=True)
class Story:
    """A request's state, and the events that made it."""

    state: RequestState
    events: Sequence[Event]


async def story_of(connection: ReadConnection, number: str) -> Story | None:
    """The story of one request; ``None`` if there is no such request."""
    begun = await read_intake(connection, number)
    if begun is None:
        return None
    state, events = begin(begun), await read_events(connection, number)
    for event in events:
        state = evolve(state, event)
    return Story(state, events)


async def leading_story(connection: ReadConnection, own: Story) -> Story:
    """The story that decides how a request fares: its own, or that of the request it was merged into."""
    parent = own.state.parent if own.state.state is State.MERGED else None
    return own if parent is None else await story_of(connection, parent) or own


def tracked(own: Story, leading: Story, may: Iterable[str]) -> Tracked:
    """What the caller sees; ``may`` are the commands that they may give to their own request."""
    state, merged = leading.state, leading is not own
    # What was written to another caller may name a number of theirs.
    as_read = without_numbers if merged else str
    words, due_at = _words(state), _due(state)
    return Tracked(
        number=own.state.number,
        state=state.state,
        state_zh=words.zh,
        state_en=words.en,
        received_at=own.state.intake.received_at,
        unit_zh=state.lead.unit.name_zh if state.lead else None,
        unit_en=state.lead.unit.name_en if state.lead else None,
        due_at=due_at,
        due_provisional=due_at is not None and state.calendar.is_provisional(due_at),
        moved=[*_moved(leading)],
        merged=merged,
        question=_question(own),
        answer=as_read(_answer(leading) or "") or None,
        interim=[
            Interim(at=event.at, text=as_read(event.what.text))
            for event in leading.events
            if isinstance(event.what, InterimReported)
        ],
        channel=next(
            (
                event.what.channel
                for event in reversed(leading.events)
                if isinstance(event.what, TransferredOut)
            ),
            None,
        ),
        commitment_due=state.commitment_due,
        reopen_until=reopening_ends(own.state),
        cases=[*tracked_cases(own.state, state, _told(own, leading))],
        milestones=[*_milestones(own, leading)],
        may=[*may],
    )


_PUT_OFF = Words("挂账办理", "put off to a promised date")


def _told(own: Story, leading: Story) -> Sequence[Event]:
    return own.events if leading is own else (*own.events, *leading.events)


def _words(state: RequestState) -> Words:
    put_off = state.state is State.CLOSED and state.commitment_due is not None
    return _PUT_OFF if put_off else STATES[state.state]


def _due(state: RequestState) -> datetime | None:
    total = state.clock(ClockKind.TOTAL)
    return threshold(total, 100, state.calendar) if total and not state.state.is_terminal else None


_MOVES = frozenset(
    {
        "deadline_extended", "suspended", "resumed", "deliberation_referred", "deliberation_ended", "redo_ordered",
        "reopened", "calendar_corrected", "policy_moved",
    }
)  # fmt: skip
"""What makes a promised date another one."""


def _moved(story: Story) -> Iterator[PromiseMoved]:
    state = begin(story.state.intake)
    asked: dict[str, ApplicationMade] = {}
    for event in story.events:
        before, state = _due(state), evolve(state, event)
        fact = event.what
        if isinstance(fact, ApplicationMade):
            asked[fact.application] = fact
        if fact.kind not in _MOVES or _due(state) == before:
            continue
        why = asked.get(getattr(fact, "application", ""))
        words = EVENTS[fact.kind]
        yield PromiseMoved(
            at=event.at,
            zh=words.zh,
            en=words.en,
            reason_zh=why.reason_zh if why else "",
            reason_en=why.reason_en if why else "",
            due_at=_due(state),
        )


_OF_ITS_OWN_CALLER = frozenset(
    {"registered", "info_requested", "info_supplied", "first_contacted", "urged", "adopted"}
)
"""Milestones of a leading request that are its own caller's affair."""


def _milestones(own: Story, leading: Story) -> Iterator[Milestone]:
    yield from _reached(own.events)
    if leading is not own:
        since = max(event.at for event in own.events if isinstance(event.what, Merged))
        later = [event for event in leading.events if event.at >= since]
        yield from _reached(event for event in later if event.what.kind not in _OF_ITS_OWN_CALLER)


def _reached(events: Iterable[Event]) -> Iterator[Milestone]:
    for event in events:
        if event.what.kind in MILESTONES:
            words = EVENTS[event.what.kind]
            yield Milestone(at=event.at, zh=words.zh, en=words.en)


def _question(own: Story) -> str | None:
    asked_for = [event.what.question for event in own.events if isinstance(event.what, InfoRequested)]
    return asked_for[-1] if asked_for and own.state.state is State.AWAITING_INFO else None


def _answer(story: Story) -> str | None:
    """What the citizen is told: the reply once its review passed, what is planned where the matter was put off, the
    direct answer, or where to turn instead.
    """
    state = story.state
    put_off = state.state is State.CLOSED and state.commitment_due is not None
    if state.reply is not None and state.state in (State.PENDING_CALLBACK, State.CLOSED) and not put_off:
        return state.reply.text
    if not state.state.is_terminal:
        return None
    for event in reversed(story.events):
        match event.what:
            case PutIntoBacklog(plan=text) | AnsweredDirectly(answer=text) | Rejected(advice=text):
                return text
            case _:
                continue
    return None
