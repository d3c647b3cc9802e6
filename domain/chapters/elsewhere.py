"""While the matter lies elsewhere: with a deliberation of residents, or with a neighbouring system.

The unit keeps the lead. A deliberation pauses the limits of handling, as a suspension does; a partner does not. Both
waits end: when their limit passes in silence the unit goes on without an answer, and the duty leader is alarmed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.chapters.confidentiality import must_not_be_confidential
from domain.chapters.handling import own_lead, promised
from domain.commands import DeliberationResult, HandToPartner, PartnerResult, ReferDeliberation
from domain.events import (
    AlarmRaised,
    DeliberationEnded,
    DeliberationReferred,
    Fact,
    HandedToPartner,
    PartnerAnswered,
)
from domain.levels import Level
from domain.limits.clock import ClockKind
from domain.limits.deadlines import Deadline
from domain.limits.named import must_end_by
from domain.limits.policy import Urgency
from domain.partners import WORDS, PartnerWord
from domain.refusals import Refused
from domain.request import RequestState
from domain.texts import optional_text, required_text
from domain.time.durations import Duration
from domain.units import Actor, Role

DELIBERATING = (Level.COMMUNITY, Level.TOWN)
"""The levels that call residents together."""

MOST_DELIBERATIONS = 2
"""A deliberation stops the promise's clock; it may do so as often as a suspension may."""

LONGEST_CASE = 100


def refer_deliberation(
    state: RequestState, act: ReferDeliberation, by: Actor, now: datetime
) -> Iterator[Fact]:
    """A community or town puts the question to those whom it concerns; nobody deliberates while a matter burns."""
    lead = own_lead(state, by)
    if lead.level not in DELIBERATING:
        raise Refused(
            "level_does_not_deliberate",
            "level",
            f"the {lead.level} does not call residents together",
            "a community or a town",
        )
    must_not_be_confidential(state, "residents may not hear of it")
    urgency = promised(state).policy.urgency
    if urgency in (Urgency.CRITICAL, Urgency.URGENT):
        raise Refused(
            "matter_too_urgent", "urgency", f"a matter that is {urgency} cannot wait", "handling at once"
        )
    held = sum(clock.kind is ClockKind.DELIBERATION for clock in state.clocks)
    if held >= MOST_DELIBERATIONS:
        raise Refused(
            "deliberations_used_up",
            "state",
            f"there have been {held} deliberations",
            "a reply, or an application for an extension",
        )
    forum, question = required_text(act.forum, "forum"), required_text(act.question, "question")
    yield DeliberationReferred(forum, question, _limit(state, act.limit, now))


def deliberation_result(
    state: RequestState, act: DeliberationResult, by: Actor, _now: datetime
) -> Iterator[Fact]:
    """The unit writes down what was agreed, or that nothing was, and goes on."""
    own_lead(state, by)
    yield DeliberationEnded(required_text(act.result, "result"), act.agreed)


def hand_to_partner(state: RequestState, act: HandToPartner, by: Actor, _now: datetime) -> Iterator[Fact]:
    """The unit hands the matter to a neighbouring system, under a case number, and waits for its answer."""
    own_lead(state, by)
    case = required_text(act.case, "case")
    if len(case) > LONGEST_CASE:
        raise Refused("text_too_long", "case", f"case has {len(case)} characters", f"at most {LONGEST_CASE}")
    yield HandedToPartner(act.partner, case, optional_text(act.note, "note"))


def partner_result(state: RequestState, act: PartnerResult, by: Actor, _now: datetime) -> Iterator[Fact]:
    """The partner's answer to the case that is waited for, or what the unit was told by telephone or on paper."""
    present = state.partner
    assert present is not None, "a request that waits for a partner has a case"
    by_hand = by.role in (Role.HANDLER, Role.UNIT_HEAD)
    if by_hand:
        own_lead(state, by)
    # A late answer to an earlier case must not end the wait for this one.
    if act.case != present.case and not (by_hand and not act.case):
        raise Refused("other_case", "case", f"the request does not wait for case {act.case!r}", present.case)
    word = _word(act.word)
    yield PartnerAnswered(present.partner, present.case, word, required_text(act.note, "note"))


def not_deliberated(state: RequestState, due: Deadline) -> Iterator[Fact]:
    """The limit of a deliberation passed: the unit goes on as it can."""
    del state
    yield AlarmRaised("not_deliberated", "duty_leader", f"no result by {due.due_at.isoformat()}")
    yield DeliberationEnded("", agreed=None)


def partner_silent(state: RequestState, due: Deadline) -> Iterator[Fact]:
    """A partner did not answer: that is for people to settle, not for the citizen to wait for."""
    present = state.partner
    assert present is not None, "a request that waits for a partner has a case"
    detail = f"{present.partner}, case {present.case}: no answer by {due.due_at.isoformat()}"
    yield AlarmRaised("partner_silent", "duty_leader", detail)
    yield PartnerAnswered(present.partner, present.case, "silent", "")


def _limit(state: RequestState, asked: Duration | None, now: datetime) -> Duration:
    longest = state.intake.common.deliberation
    if asked is None:
        return longest
    latest = state.calendar.due(now, longest).at
    must_end_by(latest, asked, now, state.calendar, field="limit", at_most=str(longest))
    return asked


def _word(given: str) -> PartnerWord:
    match given:
        case "done" | "under_way" | "refused" | "withdrawn":
            return given
        case _:
            raise Refused(
                "unknown_word", "word", f"{given} is no answer of a partner", ", ".join(sorted(WORDS))
            )
