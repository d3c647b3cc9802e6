"""From state to state: ``evolve`` says what each fact changes, and which clocks it starts, stops, holds and
lets speak.

It is total: every fact of the union is known, and nothing is refused here. What was refused never became a
fact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from domain import clock as clocks
from domain import events as happened
from domain.clock import Clock, ClockKind
from domain.deadlines import FIRST_LIMIT, LIVE_CLOCKS
from domain.durations import Duration
from domain.events import Event, Fact
from domain.ladder import light_at
from domain.request import (
    CallbackTry,
    Leg,
    LegEnd,
    LegRole,
    LegState,
    Light,
    PolicySnapshot,
    Rating,
    Reply,
    RequestState,
    State,
)
from domain.sampling import spread


def evolve(state: RequestState, event: Event) -> RequestState:
    """The state after the event."""
    change = _CHANGES[type(event.what)]
    after = replace(change(state, event.what, event), seq=event.seq, as_of=event.at)
    if after.state is not state.state:
        after = replace(after, entered_at=event.at)
    return _let_speak(after, event.at)


def _registered(state: RequestState, fact: happened.Registered, event: Event) -> RequestState:
    del fact
    return _start(state, ClockKind.REGISTRATION, state.intake.common.registration, event.at)


def _info_requested(state: RequestState, fact: happened.InfoRequested, event: Event) -> RequestState:
    del fact
    stopped = _stop(state, event.at, ClockKind.REGISTRATION)
    waiting = _start(stopped, ClockKind.AWAITING_INFO, state.intake.common.awaiting_info, event.at)
    return replace(waiting, state=State.AWAITING_INFO)


def _info_supplied(state: RequestState, fact: happened.InfoSupplied, event: Event) -> RequestState:
    del fact
    stopped = _stop(state, event.at, ClockKind.AWAITING_INFO)
    return replace(
        _start(stopped, ClockKind.REGISTRATION, state.intake.common.registration, event.at),
        state=State.REGISTERED,
    )


def _accepted(state: RequestState, fact: happened.Accepted, event: Event) -> RequestState:
    state = replace(state, matter=fact.matter or state.matter, snapshot=fact.snapshot or state.snapshot)
    policy = _snapshot(state).policy
    state = _stop(state, event.at, ClockKind.REGISTRATION)
    state = _start(state, ClockKind.TOTAL, policy.total, fact.since)
    state = _start(state, ClockKind.DISPATCH, policy.dispatch, fact.since)
    return replace(state, state=State.PENDING_DISPATCH, accepted_at=fact.since, rejection_proposed_by=None)


def _rejection_proposed(state: RequestState, fact: happened.RejectionProposed, event: Event) -> RequestState:
    del fact
    return replace(state, rejection_proposed_by=event.by.person)


def _leg_dispatched(state: RequestState, fact: happened.LegDispatched, event: Event) -> RequestState:
    policy = _snapshot(state).policy
    leg = Leg(fact.leg, fact.role, LegState.PENDING_SIGN, fact.unit, fact.duty_entry, fact.attempt, event.at)
    state = replace(
        _stop(state, event.at, ClockKind.DISPATCH), legs=(*state.legs, leg), state=State.PENDING_SIGN
    )
    state = _start(state, ClockKind.SIGN, policy.sign, event.at, leg=leg.id)
    dwell = policy.dwell.at(leg.level)
    if dwell is not None:
        state = _start(state, ClockKind.DWELL, dwell, event.at, leg=leg.id, percent=fact.percent)
    return state


def _leg_signed(state: RequestState, fact: happened.LegSigned, event: Event) -> RequestState:
    signed = {"auto_signed_at": event.at} if fact.automatic else {"signed_at": event.at}
    state = _change_leg(state, fact.leg, state=LegState.IN_PROGRESS, **signed)
    state = _stop(state, event.at, ClockKind.SIGN, fact.leg)
    lead = state.lead
    if lead is None or lead.id != fact.leg or state.state is not State.PENDING_SIGN:
        return state
    state = _start(
        state, ClockKind.FIRST_CONTACT, _snapshot(state).policy.first_contact, event.at, leg=fact.leg
    )
    return replace(state, state=State.IN_PROGRESS)


def _first_contacted(state: RequestState, fact: happened.FirstContacted, event: Event) -> RequestState:
    return _stop(
        _change_leg(state, fact.leg, first_contact_at=event.at), event.at, ClockKind.FIRST_CONTACT, fact.leg
    )


def _reply_submitted(state: RequestState, fact: happened.ReplySubmitted, event: Event) -> RequestState:
    reply = Reply(fact.leg, fact.outcome, fact.text, fact.evidence, event.by.person)
    state = _change_leg(
        state, fact.leg, state=LegState.REPLIED, replied_at=event.at, replied_by=event.by.person
    )
    state = _stop(state, event.at, ClockKind.FIRST_CONTACT, fact.leg)
    state = _start(state, ClockKind.REVIEW, _snapshot(state).policy.review, event.at)
    return replace(state, state=State.PENDING_REVIEW, reply=reply, submitted_at=event.at)


def _reply_refused(state: RequestState, fact: happened.ReplyRefused, event: Event) -> RequestState:
    del event
    leg = state.leg(fact.leg)
    return state if leg is None else _change_leg(state, fact.leg, awaits=leg.awaits + 1)


def _contributed(state: RequestState, fact: happened.Contributed, event: Event) -> RequestState:
    return _end_leg(
        _change_leg(state, fact.leg, replied_at=event.at, replied_by=event.by.person),
        fact.leg,
        LegEnd.CONTRIBUTED,
        event.at,
    )


def _review_passed(state: RequestState, fact: happened.ReviewPassed, event: Event) -> RequestState:
    del fact
    state = _stop(state, event.at, ClockKind.REVIEW)
    state = _start(state, ClockKind.CALLBACK, _snapshot(state).policy.callback_within, event.at)
    return replace(state, state=State.PENDING_CALLBACK)


def _reviewed_back(state: RequestState, fact: happened.ReviewedBack, event: Event) -> RequestState:
    del fact
    lead = state.lead
    assert lead is not None, "a reply under review has its leg"
    state = _stop(state, event.at, ClockKind.REVIEW)
    state = _change_leg(state, lead.id, state=LegState.IN_PROGRESS, awaits=lead.awaits + 1)
    return replace(state, state=State.IN_PROGRESS, submitted_at=None)


def _callback_tried(state: RequestState, fact: happened.CallbackTried, event: Event) -> RequestState:
    rating = Rating(fact.truthful, fact.solved, fact.satisfied) if fact.contacted else state.rating
    return replace(
        state, callback_tries=(*state.callback_tries, CallbackTry(event.at, fact.contacted)), rating=rating
    )


def _redo_ordered(state: RequestState, fact: happened.RedoOrdered, event: Event) -> RequestState:
    """The cycle's clocks stop where its reply was submitted; the next cycle has its own, on a limit of its
    own.
    """
    lead = state.lead
    assert lead is not None, "a reply to be redone has its leg"
    state = _end_leg(state, lead.id, LegEnd.REDO, event.at)
    state = _stop_all(state, state.submitted_at or event.at)
    state = _start(state, ClockKind.TOTAL, _snapshot(state).policy.total, event.at, percent=fact.percent)
    return replace(
        state,
        cycle=state.cycle + 1,
        submitted_at=None,
        callback_tries=(),
        reply=None,
        rating=None,
        light=Light.GREEN,
    )


def _closed(state: RequestState, fact: happened.Closed, event: Event) -> RequestState:
    if state.lead is not None:
        state = _end_leg(state, state.lead.id, LegEnd.ACCEPTED_RESULT, event.at)
    return _ended(state, State.CLOSED, fact.how, event.at)


def _answered_directly(state: RequestState, fact: happened.AnsweredDirectly, event: Event) -> RequestState:
    del fact
    return _ended(state, State.ANSWERED_DIRECTLY, "answered_directly", event.at)


def _rejected(state: RequestState, fact: happened.Rejected, event: Event) -> RequestState:
    return _ended(state, State.NOT_ACCEPTED, fact.reason, event.at)


def _withdrawn(state: RequestState, fact: happened.Withdrawn, event: Event) -> RequestState:
    del fact
    for leg in state.legs:
        if leg.state is not LegState.ENDED:
            state = _end_leg(state, leg.id, LegEnd.WITHDRAWN, event.at)
    return _ended(state, State.WITHDRAWN, "withdrawn", event.at)


def _urged(state: RequestState, fact: happened.Urged, event: Event) -> RequestState:
    del fact
    urged_at = event.at if event.by.role == "citizen" else state.citizen_urged_at
    return replace(state, urge_count=state.urge_count + 1, citizen_urged_at=urged_at)


def _handed_up(state: RequestState, fact: happened.HandedUp, event: Event) -> RequestState:
    if fact.release:
        return _end_leg(state, fact.leg, LegEnd.HANDED_UP, event.at)
    return _stay_joint(state, fact.leg, event.at)


def _sent_down(state: RequestState, fact: happened.SentDown, event: Event) -> RequestState:
    return replace(_stay_joint(state, fact.leg, event.at), sent_down_from=(*state.sent_down_from, fact.level))


def _supervised(state: RequestState, fact: happened.Supervised, event: Event) -> RequestState:
    del event
    leg = state.leg(fact.leg) if fact.leg else None
    if leg is not None and fact.card is not None:
        state = _change_leg(state, leg.id, cards=(*leg.cards, fact.card))
    black = fact.body if fact.black_list else state.black_listed_at
    return replace(state, supervised_by=fact.body, card=fact.card or state.card, black_listed_at=black)


def _deadline_fired(state: RequestState, fact: happened.DeadlineFired, event: Event) -> RequestState:
    place = _place_of(state, fact.clock, fact.leg)
    state = replace(state, clocks=_with(state.clocks, place, clocks.fire(state.clocks[place], fact.percent)))
    leg = state.leg(fact.leg) if fact.leg else None
    if leg is not None and fact.percent == FIRST_LIMIT:
        state = _change_leg(state, leg.id, late=(*leg.late, fact.clock))
    match fact.clock:
        case ClockKind.TOTAL:
            return _total_fired(state, fact, event)
        case ClockKind.REMINDER:
            return _start(
                _drop(state, ClockKind.REMINDER),
                ClockKind.REMINDER,
                _snapshot(state).policy.reminder_every,
                event.at,
            )
        case ClockKind.REGISTRATION:
            return _start(
                _drop(state, ClockKind.REGISTRATION),
                ClockKind.REGISTRATION,
                state.intake.common.registration_again,
                event.at,
            )
        case _:
            return state


def _total_fired(state: RequestState, fact: happened.DeadlineFired, event: Event) -> RequestState:
    policy = _snapshot(state).policy
    marks = policy.thresholds
    lead = state.lead
    if lead is not None and fact.percent == marks.yellow_card:
        state = _change_leg(state, lead.id, late=(*lead.late, ClockKind.TOTAL))
    if fact.percent == marks.black_list:
        state = _start(state, ClockKind.REMINDER, policy.reminder_every, event.at)
    return replace(state, light=light_at(fact.percent, marks))


def _unchanged(state: RequestState, fact: Fact, event: Event) -> RequestState:
    del fact, event
    return state


def _calendar_corrected(state: RequestState, fact: happened.CalendarCorrected, event: Event) -> RequestState:
    del event
    recounted = tuple(clocks.recount(clock, state.calendar, fact.calendar) for clock in state.clocks)
    return replace(state, calendar=fact.calendar, clocks=recounted)


def _story_continued(state: RequestState, fact: happened.StoryContinued, event: Event) -> RequestState:
    del fact, event
    return replace(
        state, legs=tuple(replace(leg, awaits=leg.awaits + 1) if leg.is_open else leg for leg in state.legs)
    )


_CHANGES: dict[type[Any], Callable[[RequestState, Any, Event], RequestState]] = {
    happened.Registered: _registered,
    happened.InfoRequested: _info_requested,
    happened.InfoSupplied: _info_supplied,
    happened.Accepted: _accepted,
    happened.RejectionProposed: _rejection_proposed,
    happened.Rejected: _rejected,
    happened.AnsweredDirectly: _answered_directly,
    happened.LegDispatched: _leg_dispatched,
    happened.LegSigned: _leg_signed,
    happened.FirstContacted: _first_contacted,
    happened.ReplySubmitted: _reply_submitted,
    happened.ReplyRefused: _reply_refused,
    happened.Contributed: _contributed,
    happened.ReviewPassed: _review_passed,
    happened.ReviewedBack: _reviewed_back,
    happened.CallbackTried: _callback_tried,
    happened.RedoOrdered: _redo_ordered,
    happened.Closed: _closed,
    happened.Withdrawn: _withdrawn,
    happened.Urged: _urged,
    happened.HandedUp: _handed_up,
    happened.SentDown: _sent_down,
    happened.Supervised: _supervised,
    happened.DeadlineFired: _deadline_fired,
    happened.AlarmRaised: _unchanged,
    happened.CalendarCorrected: _calendar_corrected,
    happened.StoryContinued: _story_continued,
}


def _snapshot(state: RequestState) -> PolicySnapshot:
    assert state.snapshot is not None, "an accepted request has a snapshot"
    return state.snapshot


def _change_leg(state: RequestState, leg_id: str, /, **changes: Any) -> RequestState:
    return replace(
        state, legs=tuple(replace(leg, **changes) if leg.id == leg_id else leg for leg in state.legs)
    )


def _end_leg(state: RequestState, leg_id: str, end: LegEnd, at: datetime) -> RequestState:
    ended = _change_leg(state, leg_id, state=LegState.ENDED, end=end, ended_at=at)
    for kind in (ClockKind.SIGN, ClockKind.FIRST_CONTACT, ClockKind.DWELL):
        ended = _stop(ended, at, kind, leg_id)
    return ended


def _stay_joint(state: RequestState, leg_id: str, at: datetime) -> RequestState:
    """The leg goes on as a joint one; its dwell, as the lead leg's, ends here."""
    joint = _change_leg(state, leg_id, role=LegRole.JOINT)
    for kind in (ClockKind.FIRST_CONTACT, ClockKind.DWELL):
        joint = _stop(joint, at, kind, leg_id)
    return joint


def _ended(state: RequestState, terminal: State, how: str, at: datetime) -> RequestState:
    """Closing releases the open legs, scored as they stand, and stops every clock: the total where the reply
    was submitted.
    """
    for leg in state.legs:
        if leg.state is not LegState.ENDED:
            state = _end_leg(state, leg.id, LegEnd.RELEASED, at)
    state = _stop(state, state.submitted_at or at, ClockKind.TOTAL)
    return replace(_stop_all(state, at), state=terminal, ended_at=at, ended_how=how)


def _start(
    state: RequestState,
    kind: ClockKind,
    limit: Duration,
    at: datetime,
    *,
    leg: str | None = None,
    percent: int = 100,
) -> RequestState:
    started = clocks.start(
        kind, limit, at, state.calendar, leg=leg, percent=percent, spread=spread(state.number, 1000)
    )
    return replace(state, clocks=(*state.clocks, started))


def _stop(state: RequestState, at: datetime, kind: ClockKind, leg: str | None = None) -> RequestState:
    return replace(
        state,
        clocks=tuple(
            clocks.pause(clock, at) if clock.kind is kind and clock.leg == leg else clock
            for clock in state.clocks
        ),
    )


def _stop_all(state: RequestState, at: datetime) -> RequestState:
    return replace(state, clocks=tuple(clocks.pause(clock, at) for clock in state.clocks))


def _drop(state: RequestState, kind: ClockKind) -> RequestState:
    """Forget a repeating clock that has spoken, so that a year of reminders takes no room."""
    return replace(state, clocks=tuple(clock for clock in state.clocks if clock.kind is not kind))


def _place_of(state: RequestState, kind: ClockKind, leg: str | None) -> int:
    return max(place for place, clock in enumerate(state.clocks) if clock.kind is kind and clock.leg == leg)


def _with(row: tuple[Clock, ...], place: int, changed: Clock) -> tuple[Clock, ...]:
    return (*row[:place], changed, *row[place + 1 :])


def _let_speak(state: RequestState, at: datetime) -> RequestState:
    """Hold the clocks that the state does not name, and note since when the others may fire."""
    live = LIVE_CLOCKS.get(state.state, frozenset())
    return replace(
        state,
        clocks=tuple(_tuned(clock, clock.kind in live and clock.is_running, at) for clock in state.clocks),
    )


def _tuned(clock: Clock, speaks: bool, at: datetime) -> Clock:
    if speaks == (clock.live_since is not None):
        return clock
    return replace(clock, live_since=max(at, clock.started_at) if speaks else None)
