"""What happens when nobody acts: every threshold says what silence means.

``pass_time`` lets everything that is due happen, in the order in which it fell due, each once. A limit that
passed while its clock was held counts as late only from the instant at which the clock could speak again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from domain.chapters.closing import asked, passed
from domain.chapters.elsewhere import not_deliberated, partner_silent
from domain.chapters.exceptions.moving_on import hand_up_asked, stays_supervised
from domain.chapters.exceptions.ruling import silence
from domain.chapters.field_tasks import not_reported_back
from domain.chapters.handling import alarms_for, first_leg, known_leg, lead_of, move_up, promised
from domain.chapters.left_behind import left_behind
from domain.chapters.sharing import share_overdue
from domain.chapters.whistles.limits import not_acknowledged, not_attended, overdue
from domain.chapters.words import not_reported
from domain.commands import PassTime
from domain.events import AlarmRaised, DeadlineFired, Event, Fact, LegSigned, Rejected, Resumed, Supervised
from domain.evolution import evolve
from domain.levels import Level
from domain.limits.clock import ClockKind
from domain.limits.deadlines import FIRST_LIMIT, Deadline, is_of_a_share, pending
from domain.request import Card, RequestState
from domain.responsibility.ladder import (
    REMINDED_OF_DWELL,
    REMINDED_OF_TOTAL,
    SUPERVISING,
    level_of,
    new_card,
    one_higher,
    raised,
)
from domain.units import Actor

Effect = Callable[[RequestState, Deadline], Iterator[Fact]]


def pass_time(state: RequestState, _act: PassTime, by: Actor, now: datetime) -> Iterator[Fact]:
    """Every fact that time alone has brought about by ``now``."""
    while due := next(iter(pending(state)), None):
        if due.due_at > now:
            return
        for happening in (_happening, _left_behind):
            for fact in happening(state, due, now):
                yield fact
                state = evolve(state, Event(state.seq + 1, now, by, fact))


def _happening(state: RequestState, due: Deadline, now: datetime) -> Iterator[Fact]:
    clock = due.clock
    could_speak = max(due.due_at, clock.live_since or due.due_at)
    yield DeadlineFired(
        clock=clock.kind,
        leg=clock.leg,
        level=_level_of(state, due),
        percent=due.percent,
        due_at=due.due_at,
        lateness_seconds=max(0.0, (now - could_speak).total_seconds()),
        notify=_told(state, due),
    )
    yield from EFFECTS[clock.kind](state, due)


def _left_behind(state: RequestState, due: Deadline, now: datetime) -> Iterator[Fact]:
    """What time has brought about is cleared up after before the next thing happens."""
    del due, now
    yield from left_behind(state)


def _level_of(state: RequestState, due: Deadline) -> Level | None:
    """The level that the threshold is counted for: a joint unit's own for its share, else the lead's."""
    if is_of_a_share(state, due.clock):
        return known_leg(state, due.clock.leg or "").level
    return level_of(state) if state.snapshot else None


def _told(state: RequestState, due: Deadline) -> str:
    level = level_of(state)
    match due.clock.kind:
        case ClockKind.DWELL | ClockKind.TOTAL if due.percent in (
            marks := promised(state).policy.thresholds.reminders
        ):
            posts = REMINDED_OF_DWELL[level] if due.clock.kind is ClockKind.DWELL else REMINDED_OF_TOTAL
            return posts[min(marks.index(due.percent), len(posts) - 1)]
        case ClockKind.REGISTRATION | ClockKind.AWAITING_INFO:
            return "duty_leader"
        case ClockKind.DISPATCH:
            return "dispatcher"
        case ClockKind.DECISION:
            asked = state.application(due.clock.leg or "")
            return asked.deciders[0] if asked is not None else "dispatcher"
        case ClockKind.JOINT if due.percent == FIRST_LIMIT:
            return "unit_head"
        case ClockKind.WHISTLE_ACK | ClockKind.WHISTLE_ATTEND:
            return "unit_head"
        case ClockKind.REVIEW:
            return "reviewer" if due.percent == FIRST_LIMIT else "duty_leader"
        case ClockKind.CALLBACK:
            return "callback_agent"
        case _:
            return "handler"


def _not_judged(state: RequestState, due: Deadline) -> Iterator[Fact]:
    del state
    yield AlarmRaised("not_judged", "duty_leader", f"registered and not judged by {due.due_at.isoformat()}")


def _not_supplemented(state: RequestState, due: Deadline) -> Iterator[Fact]:
    del state, due
    yield Rejected(
        "no_clear_matter", "The place or the matter stayed unclear; please call again with more detail."
    )


def _not_dispatched(state: RequestState, due: Deadline) -> Iterator[Fact]:
    del due
    yield AlarmRaised("not_dispatched", "duty_leader", "routed by the duty list")
    yield from first_leg(state, promised(state), "dispatch limit passed")


def _not_signed(state: RequestState, due: Deadline) -> Iterator[Fact]:
    yield LegSigned(due.clock.leg or lead_of(state).id, automatic=True)


def _only_told(state: RequestState, due: Deadline) -> Iterator[Fact]:
    del state, due
    yield from ()


def _dwell(state: RequestState, due: Deadline) -> Iterator[Fact]:
    if due.percent != FIRST_LIMIT:
        return
    lead = lead_of(state)
    rung, gaps = promised(state).ladder.next_above(lead.level)
    asked_first = promised(state).policy.confirm_hand_up
    if rung is None:
        yield from alarms_for(gaps)
        yield from stays_supervised(state)
    elif asked_first is not None:
        yield from hand_up_asked(state, lead, asked_first)
    else:
        yield from move_up(state, lead, rung, gaps, "dwell", f"dwell at {lead.level} passed", release=False)


def _suspension_over(state: RequestState, due: Deadline) -> Iterator[Fact]:
    del state, due
    yield Resumed(automatic=True)


def _total(state: RequestState, due: Deadline) -> Iterator[Fact]:
    marks = promised(state).policy.thresholds
    if due.percent in marks.reminders:
        return
    at_yellow, at_red, at_black = SUPERVISING[level_of(state)]
    leg = state.lead.id if state.lead else None
    if due.percent == marks.yellow_card:
        yield Supervised(leg, raised(state.supervised_by, at_yellow), new_card(state, Card.YELLOW), "total")
    elif due.percent == marks.red_card:
        yield Supervised(leg, raised(state.supervised_by, at_red), new_card(state, Card.RED), "total")
    else:
        yield Supervised(leg, raised(state.supervised_by, at_black), None, "total", black_list=True)


def _reminded(state: RequestState, due: Deadline) -> Iterator[Fact]:
    """After the black list one reminder follows another until closure, and supervision moves on to the
    city.
    """
    del due
    higher = raised(state.supervised_by, one_higher(state.supervised_by))
    if higher is not state.supervised_by:
        yield Supervised(state.lead.id if state.lead else None, higher, None, "reminder")


def _not_reviewed(state: RequestState, due: Deadline) -> Iterator[Fact]:
    if due.percent == FIRST_LIMIT:
        yield AlarmRaised("not_reviewed", "duty_leader", "passes by itself after a second limit")
    else:
        yield from passed(state, automatic=True)


def _not_called_back(state: RequestState, due: Deadline) -> Iterator[Fact]:
    del due
    yield asked(state, "callback_silent")


EFFECTS: dict[ClockKind, Effect] = {
    ClockKind.REGISTRATION: _not_judged,
    ClockKind.AWAITING_INFO: _not_supplemented,
    ClockKind.DISPATCH: _not_dispatched,
    ClockKind.SIGN: _not_signed,
    ClockKind.JOINT: share_overdue,
    ClockKind.FIRST_CONTACT: _only_told,
    ClockKind.DWELL: _dwell,
    ClockKind.TOTAL: _total,
    ClockKind.REMINDER: _reminded,
    ClockKind.REVIEW: _not_reviewed,
    ClockKind.CALLBACK: _not_called_back,
    ClockKind.DECISION: silence,
    ClockKind.RESUME: _suspension_over,
    ClockKind.DELIBERATION: not_deliberated,
    ClockKind.PARTNER: partner_silent,
    ClockKind.INTERIM: not_reported,
    ClockKind.FIELD_TASK: not_reported_back,
    ClockKind.WHISTLE_ACK: not_acknowledged,
    ClockKind.WHISTLE_ATTEND: not_attended,
    ClockKind.WHISTLE_PLAN: overdue,
    ClockKind.WHISTLE_RESULT: overdue,
}
"""What the silence of each clock means."""
