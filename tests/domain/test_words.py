"""Words on a request: they are kept, they reach whom they concern, and they move no deadline."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.attachments import LARGEST_BYTES, MOST_ATTACHMENTS, Attachment
from domain.commands import (
    Accept,
    Acknowledge,
    Act,
    Attach,
    CancelCard,
    Comment,
    Dispatch,
    HandUp,
    Instruct,
    MarkConfidential,
    Order,
    ReportInterim,
    ReviewBack,
    Sign,
    SubmitReply,
    Supervise,
)
from domain.events import AlarmRaised, DeadlineFired, Instructed, Supervised
from domain.levels import Level
from domain.lifecycle import decide
from domain.limits.clock import ClockKind
from domain.limits.deadlines import next_due, pending
from domain.limits.policy import ClockMode, Policy, Urgency
from domain.notices.telling import CITIZEN, notices_of
from domain.refusals import Refused
from domain.request import Body, Card, Matter, RequestState, State, Visibility, begin
from domain.responsibility.routing import Place
from domain.simulator import Simulation, replayed
from domain.units import Actor, Role
from tests.support.builders import (
    MONDAY_MORNING,
    PHOTO,
    UNITS,
    actor,
    handler,
    intake,
    policy,
    unclassified,
)
from tests.support.tales import refusal_of

DISTRICT_LEADER = actor(Role.DUTY_LEADER, level=Level.DISTRICT)
AGENT = actor(Role.AGENT)
TEN_MINUTES_ON = MONDAY_MORNING + timedelta(minutes=10)


def after(minutes: float) -> datetime:
    return MONDAY_MORNING + timedelta(minutes=minutes)


def at_the_town(**changes: object) -> Simulation:
    """A request signed by its town office four minutes after the call."""
    story = Simulation.of(intake(policy=policy(dwell={"town": "4h", "district": "4h"}), **changes))
    story.act(actor(Role.DISPATCHER), Dispatch(), after(1))
    story.act(handler(Level.TOWN), Sign("1"), after(4))
    return story


def long_matter() -> Policy:
    """A matter that may take three weeks."""
    return policy(
        urgency=Urgency.LOW,
        clock=ClockMode.WORKING,
        dispatch="1wh",
        sign="4wh",
        first_contact="1wd",
        total="15wd",
        dwell={"town": "15wd"},
        review="1wd",
        callback_within="2wd",
        reminder_every="1wd",
    )


def at_length() -> Simulation:
    story = Simulation.of(intake(policy=long_matter()))
    story.act(actor(Role.DISPATCHER), Dispatch(), after(1))
    story.act(handler(Level.TOWN), Sign("1"), after(4))
    return story


def refused(story: Simulation, by: Actor, act: Act, at: datetime = TEN_MINUTES_ON) -> str:
    return refusal_of(story, by, act, at)


def deadlines(state: RequestState) -> list[tuple[datetime, ClockKind, int]]:
    return [(each.due_at, each.clock.kind, each.percent) for each in pending(state)]


WORDS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                (AGENT, Comment("the caller rang again")),
                (handler(Level.TOWN), Comment("we were there")),
                (actor(Role.CITIZEN), Comment("it smells")),
                (DISTRICT_LEADER, Instruct("settle it")),
                (handler(Level.TOWN), Acknowledge("i1")),
                (AGENT, MarkConfidential(Visibility.LEAD_ONLY, "fear")),
                (AGENT, Attach(PHOTO)),
                (actor(Role.CITIZEN), Attach(replace(PHOTO, sha256="cd" * 32))),
            ]
        ),
        st.integers(0, 3600),
    ),
    max_size=8,
)


@given(words=WORDS)
@settings(max_examples=25)
def test_comments_attachments_and_instructions_never_move_a_deadline(
    words: list[tuple[tuple[Actor, Act], int]],
) -> None:
    """The same days pass for a request on which much is said and for one on which nothing is."""
    silent, loud = at_the_town(), at_the_town()
    at = after(5)
    for (by, act), seconds in words:
        at += timedelta(seconds=seconds)
        silent.wait_until(at)
        loud.wait_until(at)
        lead = loud.state.lead
        author = actor(Role.HANDLER, unit=lead.unit) if by.unit and lead else by
        try:
            loud.act(author, act, at)
        except Refused:
            continue
        assert deadlines(loud.state) == deadlines(silent.state)
    silent.wait_until(after(60 * 24 * 5))
    loud.wait_until(after(60 * 24 * 5))
    assert loud.facts(DeadlineFired) == silent.facts(DeadlineFired)
    assert loud.state.clocks == silent.state.clocks


def test_a_comment_reaches_the_unit_unless_it_is_its_own() -> None:
    story = at_the_town()
    (heard,) = story.act(actor(Role.CITIZEN), Comment("  it is worse at night "), after(5))
    (notice,) = notices_of(story.state, heard)
    assert notice.recipient == UNITS[Level.TOWN].code
    assert notice.text_en.endswith("it is worse at night")
    (own,) = story.act(handler(Level.TOWN), Comment("noted"), after(6))
    assert notices_of(story.state, own) == ()


def test_whoever_answers_for_the_request_acknowledges_an_instruction_before_it_replies() -> None:
    story = at_the_town()
    story.act(DISTRICT_LEADER, Instruct("settle it this week"), after(5))
    story.act(DISTRICT_LEADER, Instruct("and report to me"), after(6))
    assert [fact.instruction for fact in story.facts(Instructed)] == ["i1", "i2"]
    reply = SubmitReply("1", "solved", "done")
    story.act(handler(Level.TOWN), Acknowledge("i1"), after(7))
    assert refused(story, handler(Level.TOWN), reply) == "not_acknowledged"
    assert refused(story, handler(Level.TOWN), Acknowledge("i1")) == "nothing_to_acknowledge"
    assert refused(story, handler(Level.GRID), Acknowledge("i2")) == "not_your_leg"
    story.act(handler(Level.TOWN), Acknowledge("i2"), after(11))
    story.act(handler(Level.TOWN), reply, after(12))
    assert story.state.state is State.PENDING_REVIEW


def test_an_instruction_goes_with_the_lead_when_handling_moves_up() -> None:
    story = at_the_town()
    story.act(actor(Role.DUTY_LEADER, level=Level.CITY), Instruct("settle it"), after(5))
    story.act(handler(Level.TOWN), HandUp("needs the district"), after(6))
    story.act(handler(Level.DISTRICT), Acknowledge("i1"), after(7))
    assert story.state.instructions == ()


@pytest.mark.parametrize("level", [Level.COMMUNITY, Level.TOWN])
def test_only_a_leader_of_a_higher_level_instructs(level: Level) -> None:
    by = actor(Role.DUTY_LEADER, level=level)
    assert refused(at_the_town(), by, Instruct("do it")) == "level_too_low"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"media_type": "text/html"}, "unknown_media_type"),
        ({"media_type": "application/x-msdownload"}, "unknown_media_type"),
        ({"size": 0}, "attachment_too_large"),
        ({"size": LARGEST_BYTES + 1}, "attachment_too_large"),
        ({"sha256": "AB" * 32}, "not_a_checksum"),
        ({"sha256": "ab" * 31}, "not_a_checksum"),
        ({"uri": "javascript:alert(1)"}, "not_a_place"),
        ({"uri": "file:///etc/passwd"}, "not_a_place"),
        ({"uri": "https://x/" + "a" * 1000}, "not_a_place"),
        ({"uri": "https://x/a b"}, "not_a_place"),
        ({"uri": "https:///etc/passwd"}, "not_a_place"),
        ({"uri": "https://clerk:secret@files.example.test/1"}, "not_a_place"),
        ({"uri": 'https://x/"><script>alert(1)</script>'}, "not_a_place"),
        ({"name": " "}, "text_missing"),
        ({"name": "x" * 201}, "text_too_long"),
    ],
)
def test_what_cannot_be_attached_is_refused_with_its_code(changes: dict[str, object], code: str) -> None:
    assert refused(at_the_town(), AGENT, Attach(replace(PHOTO, **changes))) == code


def test_a_file_is_attached_once_and_a_request_takes_a_hundred() -> None:
    story = at_the_town()
    for number in range(MOST_ATTACHMENTS):
        story.act(
            AGENT, Attach(Attachment("a.pdf", "application/pdf", 1, f"{number:064x}", "s3://b/a")), after(5)
        )
    assert refused(story, AGENT, Attach(replace(PHOTO, sha256=f"{7:064x}"))) == "attached_before"
    assert refused(story, AGENT, Attach(PHOTO)) == "too_many_attachments"
    assert len(story.state.attachments) == MOST_ATTACHMENTS


def test_a_long_matter_owes_its_caller_a_report_every_five_working_days() -> None:
    story = at_length()
    story.wait_until(after(60 * 24 * 16))
    owed = [fact for fact in story.facts(DeadlineFired) if fact.clock is ClockKind.INTERIM]
    assert [fact.what for fact in story.facts(AlarmRaised)] == ["no_interim_report"] * 2
    assert story.state.calendar.working_between(MONDAY_MORNING, owed[1].due_at) >= timedelta(days=10) * 7 / 24
    assert owed[0].due_at.date().isoformat() == "2026-03-09"
    assert owed[1].due_at.date().isoformat() == "2026-03-16"


def test_a_report_reaches_the_caller_and_the_next_one_is_owed_from_then() -> None:
    story = at_length()
    friday = after(60 * 24 * 4)
    (told,) = story.act(handler(Level.TOWN), ReportInterim("a lorry is ordered"), friday)
    (notice,) = notices_of(story.state, told)
    assert (notice.recipient, notice.text_en.endswith("a lorry is ordered")) == (CITIZEN, True)
    clock = story.state.clock(ClockKind.INTERIM)
    assert clock is not None
    assert clock.started_at == friday
    story.wait_until(after(60 * 24 * 10))
    assert story.facts(AlarmRaised) == []
    total = story.state.clock(ClockKind.TOTAL)
    assert total is not None
    assert total.started_at == MONDAY_MORNING


def test_a_short_matter_owes_none_and_may_give_one() -> None:
    story = at_the_town()
    before = story.state.clocks
    story.act(handler(Level.TOWN), ReportInterim("on our way"), after(5))
    assert story.state.clocks == before
    assert refused(story, handler(Level.GRID), ReportInterim("x")) == "not_your_leg"


def test_a_reply_ends_what_was_owed_until_it_is_sent_back() -> None:
    story = at_length()
    story.act(handler(Level.TOWN), SubmitReply("1", "solved", "done"), after(30))
    assert ClockKind.INTERIM not in {each.clock.kind for each in pending(story.state)}
    story.act(actor(Role.REVIEWER), ReviewBack("no photograph"), after(40))
    assert ClockKind.INTERIM in {each.clock.kind for each in pending(story.state)}
    assert next_due(story.state) is not None


def test_reports_and_matters_of_discipline_begin_sealed_and_others_do_not() -> None:
    assert begin(intake()).visibility is Visibility.PARTY
    assert begin(intake(request_type="report")).visibility is Visibility.SEALED
    discipline = Matter("1401", "supervision", Place("440106"))
    assert begin(intake(matter=discipline)).visibility is Visibility.SEALED


def test_a_matter_found_to_be_one_of_discipline_is_sealed_when_it_is_accepted() -> None:
    story = Simulation.of(unclassified())
    assert story.state.visibility is Visibility.PARTY
    found = Matter("1401", "supervision", Place("440106"))
    story.act(AGENT, Accept(found, intake().snapshot), after(5))
    assert story.state.visibility is Visibility.SEALED


def test_notices_of_a_confidential_request_say_nothing_of_what_was_said() -> None:
    story = at_the_town(request_type="report")
    (heard,) = story.act(AGENT, Comment("the caller lives at number 7"), after(5))
    (notice,) = notices_of(story.state, heard)
    assert notice.recipient == UNITS[Level.TOWN].code
    assert "number 7" not in notice.text_zh + notice.text_en
    (told,) = story.act(handler(Level.TOWN), ReportInterim("a lorry is ordered"), after(6))
    (notice,) = notices_of(story.state, told)
    assert notice.text_en.endswith("a lorry is ordered"), "the caller is told all the same"


def test_confidentiality_is_tightened_and_never_loosened() -> None:
    story = at_the_town()
    story.act(AGENT, MarkConfidential(Visibility.LEAD_ONLY, "fear of the neighbour"), after(5))
    for looser in (Visibility.PUBLIC, Visibility.PARTY, Visibility.LEAD_ONLY):
        assert refused(story, AGENT, MarkConfidential(looser, "why not")) == "not_stricter"
    story.act(actor(Role.REVIEWER), MarkConfidential(Visibility.SEALED, "a threat"), after(11))
    assert story.state.visibility is Visibility.SEALED
    assert replayed(story.state.intake, story.timeline) == story.state


def supervisor(level: Level) -> Actor:
    return actor(Role.SUPERVISOR, level=level)


def test_a_card_is_taken_back_by_the_level_that_issued_it_or_a_higher_one() -> None:
    for level, allowed in ((Level.TOWN, False), (Level.DISTRICT, True), (Level.CITY, True)):
        story = at_the_town()
        story.act(supervisor(Level.DISTRICT), Supervise("late", Card.YELLOW), after(5))
        act = CancelCard("1", Card.YELLOW, "the flood")
        if not allowed:
            assert refused(story, supervisor(level), act) == "supervisor_too_low"
            continue
        story.act(supervisor(level), act, after(10))
        assert story.state.card is None
        assert refused(story, supervisor(level), act, after(11)) == "no_such_card"


def test_a_card_ordered_below_the_body_that_supervises_is_still_the_orderers() -> None:
    story = at_the_town()
    story.act(supervisor(Level.CITY), Supervise("watched by the mayor"), after(5))
    story.act(supervisor(Level.TOWN), Supervise("late", Card.YELLOW), after(6))
    assert story.state.supervised_by is Body.CITY
    story.act(supervisor(Level.TOWN), CancelCard("1", Card.YELLOW, "by mistake"), after(7))
    assert story.state.card is None


def test_a_card_of_the_clock_is_its_supervising_bodys_and_comes_once_per_leg_all_the_same() -> None:
    story = at_the_town()
    story.wait_until(after(60 * 8 + 1))
    carded = next(fact for fact in story.facts(Supervised) if fact.card)
    assert carded.leg is not None
    act = CancelCard(carded.leg, Card.YELLOW, "force majeure")
    assert refused(story, supervisor(Level.TOWN), act, after(60 * 8 + 2)) == "supervisor_too_low"
    story.act(supervisor(Level.DISTRICT), act, after(60 * 8 + 3))
    assert story.state.card is None
    again = Supervise("after all", Card.YELLOW)
    assert refused(story, supervisor(Level.CITY), again, after(60 * 8 + 4)) == "card_issued_before"


def test_after_a_red_card_is_taken_back_the_yellow_one_stands() -> None:
    story = at_the_town()
    story.act(supervisor(Level.CITY), Supervise("late", Card.YELLOW), after(5))
    story.act(supervisor(Level.CITY), Supervise("very late", Card.RED), after(6))
    story.act(supervisor(Level.CITY), CancelCard("1", Card.RED, "too hard"), after(7))
    assert story.state.card is Card.YELLOW


def test_a_vacant_top_of_the_ladder_raises_an_alarm_when_a_dwell_passes_below_it() -> None:
    story = Simulation.of(intake(missing=(Level.DISTRICT,)))
    story.wait_until(after(60 * 5))
    vacant = [fact for fact in story.facts(AlarmRaised) if fact.what == "post_vacant"]
    assert [fact.detail.partition(":")[0] for fact in vacant] == ["district"]
    assert story.state.lead is not None
    assert story.state.lead.level is Level.TOWN


def test_every_way_up_raises_an_alarm_for_the_post_it_steps_over() -> None:
    story = Simulation.of(intake(missing=(Level.COMMUNITY,)))
    story.act(actor(Role.DISPATCHER), Dispatch(), after(1))
    story.act(handler(Level.GRID), Sign("1"), after(2))
    events = story.act(handler(Level.GRID), HandUp("too hard"), after(3))
    assert [event.what.kind for event in events] == ["handed_up", "alarm_raised", "leg_dispatched"]


def test_an_instruction_is_not_lost_when_nobody_holds_the_request() -> None:
    story = Simulation.of(intake())
    story.act(DISTRICT_LEADER, Instruct("see to it"), after(1))
    assert refused(story, handler(Level.GRID), Acknowledge("i1"), after(2)) == "not_possible_now"
    story.act(actor(Role.DISPATCHER), Dispatch(), after(3))
    story.act(handler(Level.GRID), Acknowledge("i1"), after(4))
    assert story.state.instructions == ()


def test_nothing_is_said_on_an_ended_request() -> None:
    story = Simulation.of(unclassified())
    state = replace(story.state, state=State.VOIDED)
    for by, act in ((AGENT, Comment("x")), (AGENT, Attach(PHOTO)), (DISTRICT_LEADER, Instruct("x"))):
        with pytest.raises(Refused) as refusal:
            decide(state, Order("key", by, act), after(5))
        assert refusal.value.code == "request_ended"
