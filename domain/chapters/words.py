"""Words on a request: comments, leaders' instructions, attachments, reports on the way, and who may read it all.

None of them moves a deadline, but for the interim report, which is itself what the interim limit waits for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.attachments import MOST_ATTACHMENTS, checked
from domain.chapters.handling import own_lead
from domain.chapters.left_behind import shut_out
from domain.commands import Acknowledge, Attach, Comment, Instruct, MarkConfidential, ReportInterim
from domain.events import (
    Acknowledged,
    AlarmRaised,
    Attached,
    Commented,
    Fact,
    Instructed,
    InterimReported,
    MarkedConfidential,
)
from domain.levels import Level
from domain.limits.deadlines import Deadline
from domain.refusals import Refused
from domain.request import RequestState
from domain.responsibility.ladder import level_of
from domain.texts import required_text
from domain.units import Actor


def comment(_state: RequestState, act: Comment, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """Somebody who sees the request says something to the others who do."""
    yield Commented(required_text(act.text, "text"))


def instruct(state: RequestState, act: Instruct, by: Actor, _now: datetime) -> Iterator[Fact]:
    """A duty leader of a higher level than the handling one writes an instruction on the request."""
    level, handling = by.level or Level.CITY, level_of(state)
    if not level.is_above(handling):
        raise Refused(
            "level_too_low",
            "by",
            f"a leader of the {level} cannot instruct the {handling}",
            f"a level above {handling}",
        )
    yield Instructed(f"i{state.instructed + 1}", required_text(act.text, "text"))


def acknowledge(state: RequestState, act: Acknowledge, by: Actor, _now: datetime) -> Iterator[Fact]:
    """The unit that answers for the request has read an instruction; without that it cannot reply."""
    lead = state.lead
    if lead is None:
        raise Refused("not_possible_now", "state", "no unit holds the request", "a unit that holds it")
    if by.unit != lead.unit.code:
        raise Refused("not_your_leg", "leg", f"leg {lead.id} is held by {lead.unit.code}", lead.unit.code)
    if act.instruction not in state.instructions:
        raise Refused(
            "nothing_to_acknowledge",
            "instruction",
            f"instruction {act.instruction!r} does not wait to be acknowledged",
            ", ".join(state.instructions) or "no instruction waits",
        )
    yield Acknowledged(act.instruction)


def attach(state: RequestState, act: Attach, _by: Actor, _now: datetime) -> Iterator[Fact]:
    """A reference to a file that is kept elsewhere, with the checksum by which it is known again."""
    attachment = checked(act.attachment)
    if any(each.sha256 == attachment.sha256 for each in state.attachments):
        raise Refused("attached_before", "sha256", "this file is attached already", "another file")
    if len(state.attachments) >= MOST_ATTACHMENTS:
        raise Refused(
            "too_many_attachments",
            "attachment",
            f"the request has {len(state.attachments)} attachments",
            f"at most {MOST_ATTACHMENTS}",
        )
    yield Attached(attachment)


def interim_report(state: RequestState, act: ReportInterim, by: Actor, _now: datetime) -> Iterator[Fact]:
    """The responsible unit tells the citizen how far the matter is; where it owes such reports, the next one is owed
    from now.
    """
    yield InterimReported(own_lead(state, by).id, required_text(act.text, "text"))


def mark_confidential(
    state: RequestState, act: MarkConfidential, _by: Actor, _now: datetime
) -> Iterator[Fact]:
    """Fewer people see the request from now on; what was seen cannot be unseen, so it is never opened up again. Who is
    shut out is let go.
    """
    if not act.visibility.is_stricter(state.visibility):
        raise Refused(
            "not_stricter", "visibility", f"the request is {state.visibility} already", "a stricter class"
        )
    yield MarkedConfidential(act.visibility, required_text(act.reason, "reason"))
    if act.visibility.is_confidential:
        yield from shut_out(state)


def not_reported(state: RequestState, due: Deadline) -> Iterator[Fact]:
    """The citizen has heard nothing for the whole interval."""
    del state
    yield AlarmRaised("no_interim_report", "duty_leader", f"none by {due.due_at.isoformat()}")
