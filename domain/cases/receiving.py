"""Messages of a partner: each counts once, in the partner's own order, however they arrive.

A message that comes before its turn is held until those before it are there, or until it has waited long enough; an
older one than the last that counts changes nothing, but what it tells to have been found is found. What comes after the
end corrects the result and never takes the end back, and what was taken back stays taken back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from domain.cases.found import gathered
from domain.cases.kinds import Kind, kind_of
from domain.cases.state import POLLED_LATE, CaseState, Held, Step, report
from domain.partners import COLLECTION, CaseMessage, CaseStatus

ASKED_FOR_GAP = timedelta(minutes=1)
"""How long a message waits until the partner is asked for those before it; a quarter of its whole wait at most."""

LAST_LOOK = timedelta(minutes=5)
"""How long before a task counts as unclaimed the partner is asked once more; a tenth of the time for it at most."""

_FORWARD = (CaseStatus.OPENING, CaseStatus.HANDED_OVER, CaseStatus.UNDER_WAY)


def receive(state: CaseState, message: CaseMessage, now: datetime) -> Step:
    """What one message changes; nothing, if it came before."""
    waiting = {held.message.sequence for held in state.held}
    if message.sequence <= state.applied:
        return Step(_after_its_turn(replace(state, heard_at=now), message))
    if message.sequence in waiting:
        return Step(replace(state, heard_at=now))
    held = tuple(sorted((*state.held, Held(message, now)), key=lambda each: each.message.sequence))
    step = apply_in_order(replace(state, heard_at=now, held=held), now)
    return replace(step, state=_asking_for_gap(step.state, now))


def receive_all(state: CaseState, messages: Iterable[CaseMessage], now: datetime) -> Step:
    """What the partner said when it was asked: all that is new counts, and it is asked again a while later."""
    step = Step(replace(state, read_asked=False, read_at=next_read(state, now)))
    for message in messages:
        step = step.then(receive(step.state, message, now))
    return step


def apply_in_order(state: CaseState, now: datetime) -> Step:
    """Let count whatever waits no more: its turn has come, or it has waited long enough."""
    step = Step(state)
    while step.state.held and _is_ready(step.state, now):
        step = step.then(_apply(step.state, now))
    return step


def next_read(state: CaseState, now: datetime) -> datetime:
    """When the partner is asked next, if it says nothing by itself until then.

    For messages that are missing it is asked soon, and then after twice the time each time until they are there. It is
    asked once more shortly before a task counts as unclaimed.
    """
    pause = max(state.brief.poll_every, POLLED_LATE) if state.overdue else state.brief.poll_every
    if _has_gap(state):
        waited = now - min(held.since for held in state.held)
        pause = min(pause, max(waited, min(ASKED_FOR_GAP, state.brief.hold_gaps / 4)))
    last_look = _last_look(state)
    if last_look is not None and now < last_look:
        pause = min(pause, last_look - now)
    return now + pause


def _last_look(state: CaseState) -> datetime | None:
    # Sign-ups whose call-backs were lost must not end a task as unclaimed.
    brief = state.brief
    if brief.claim_by is None or not state.is_unclaimed:
        return None
    return brief.claim_by - min(LAST_LOOK, (brief.claim_by - brief.opened_at) / 10)


def _has_gap(state: CaseState) -> bool:
    return bool(state.held) and state.held[0].message.sequence > state.applied + 1


def _asking_for_gap(state: CaseState, now: datetime) -> CaseState:
    if not _has_gap(state):
        return state
    return replace(state, read_at=min(state.read_at, next_read(state, now)))


def _is_ready(state: CaseState, now: datetime) -> bool:
    if any(now >= held.since + state.brief.hold_gaps for held in state.held):
        return True
    message = state.held[0].message
    after = kind_of(state.brief.partner, message.kind).after
    follows = not after or any(kind in state.kinds for kind in after)
    return message.sequence == state.applied + 1 and follows


def _after_its_turn(state: CaseState, message: CaseMessage) -> CaseState:
    """The case after a message whose turn has passed, if it ever had one."""
    found = gathered(state.found, (message,))
    return state if found == state.found else replace(state, version=state.version + 1, found=found)


def _apply(state: CaseState, now: datetime) -> Step:
    message = state.held[0].message
    kind = kind_of(state.brief.partner, message.kind)
    counted = replace(
        state,
        version=state.version + 1,
        taken=True,
        applied=message.sequence,
        kinds=state.kinds if message.kind in state.kinds else (*state.kinds, message.kind),
        held=state.held[1:],
        found=gathered(state.found, (message,)),
    )
    if kind.remark:
        return Step(replace(counted, read_at=next_read(counted, now)))
    return _moved_on(counted, message, kind, now)


def _moved_on(state: CaseState, message: CaseMessage, kind: Kind, now: datetime) -> Step:
    status = _stands(state.status, kind.status(message.code))
    ended = state.is_open and not status.is_open
    after = replace(
        state,
        status=status,
        overtaken=state.overtaken
        or (state.status is CaseStatus.OPENING and status is not CaseStatus.OPENING),
        number=message.number or state.number,
        code=state.code if state.status is CaseStatus.WITHDRAWN else message.code,
        unit=message.unit,
        text=message.text,
        people=message.people if kind.counts else state.people,
        hours=message.hours or state.hours,
        last_kind=message.kind,
        last_message=message.id,
        collect_by=message.until if message.kind == COLLECTION else state.collect_by,
        to_confirm=state.to_confirm or kind.confirmed,
        ended_at=now if ended else state.ended_at,
    )
    after = replace(after, read_at=next_read(after, now))
    if not kind.told and status is state.status:
        return Step(after)
    told = report(
        after,
        message.kind,
        code=message.code,
        text=message.text,
        unit=message.unit,
        message=message.id,
        until=message.until,
    )
    return Step(after, (told,))


def _stands(stood: CaseStatus, says: CaseStatus | None) -> CaseStatus:
    """Where a case stands that stood there, by what a message says: open it moves forward only, ended it can only end
    otherwise, and what was taken back stays so.
    """
    if says is None or stood is CaseStatus.WITHDRAWN:
        return stood
    if not says.is_open:
        return says
    return max(stood, says, key=_FORWARD.index) if stood.is_open else stood
