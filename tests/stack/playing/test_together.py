"""What the demo's people do with neighbours, joint units and departments: each habit as one sentence."""

from dataclasses import replace

import pytest

import domain.events as happened
from domain.chapters.closing import OUTCOMES
from domain.events import Fact
from domain.field_tasks import FieldParty
from domain.levels import Level
from domain.partners import CaseStatus, Partner
from domain.request import State
from domain.whistles import WhistleKind
from stack.playing.company import Call, Company, HandOver
from stack.playing.crew import Fate
from stack.playing.habits import Situation, next_step
from stack.playing.steps import Step
from stack.playing.views import View
from tests.stack.playing.stories import (
    ASKED,
    BLOWN,
    BUREAU,
    CAME,
    CASE,
    CONTRIBUTED,
    HEARD,
    NUMBER,
    OVER,
    PLAN,
    PLANNED,
    SENT,
    SPOT,
    WORKING,
    leg,
    opened,
    reported,
    seconds,
    signed,
    situation,
    told,
)
from tests.support.builders import UNITS

CONTACTED = happened.FirstContacted("1", "call")
REDO = happened.RedoOrdered("dissatisfied", 50, automatic=True)
CLUE = Company(handover=HandOver(Partner.ENFORCEMENT, "《条例》", waits=True))
JOINT = Company(joint=(BUREAU.code,))
WHISTLE = Company(
    call=Call(WhistleKind.DAILY, UNITS[Level.TOWN].code, ((BUREAU.code, "vending_penalty"),), SPOT)
)
FIELD = Company(field_party=FieldParty.PROPERTY_FIRM)


def answered(word: str = "done", partner: Partner = Partner.ENFORCEMENT) -> happened.PartnerAnswered:
    return happened.PartnerAnswered(partner, CASE, word, "")  # pyright: ignore[reportArgumentType]


def after(*facts: Fact, company: Company | None = None, fate: Fate | None = None) -> Situation:
    """A request at work at the grid, and what happened then."""
    now = situation(told(*WORKING, *facts), fate)
    return now if company is None else replace(now, company=company)


def all_steps(now: Situation) -> list[str]:
    """The names of everything that people would do now, in order, if nothing else happened."""
    done = list[str]()
    while (step := next_step(now, set(done))) is not None:
        done.append(step.name)
    return done


def step(now: Situation, name: str) -> Step:
    done = set[str]()
    while (found := next_step(now, done)) is not None:
        if found.name == name:
            return found
        done.add(found.name)
    pytest.fail(f"nobody does {name}: {sorted(done)}")


def test_a_unit_hands_over_once_it_works_and_never_says_who_called():
    case = step(after(company=CLUE), "case:1")
    assert case.path == f"/v1/legs/{NUMBER}.1/open-case"
    assert case.unit == UNITS[Level.GRID].code
    assert case.body["handover"]["legal_basis"] == "《条例》"
    assert "市民" not in str(case.body)
    assert next_step(replace(situation(told(*WORKING[:3])), company=CLUE), {"sign:1"}) is None


def test_a_task_for_volunteers_lies_ahead():
    company = Company(handover=HandOver(Partner.VOLUNTEERS, "clean", waits=False))
    case = step(after(company=company), "case:1")
    assert case.body["waits"] is False
    assert case.body["handover"]["starts_at"] > case.at.isoformat()
    assert case.body["handover"]["ends_at"] > case.body["handover"]["starts_at"]


def test_while_the_unit_waits_for_a_partner_nobody_replies():
    waiting = after(CONTACTED, opened(), company=CLUE)
    assert waiting.view.state is State.AWAITING_PARTNER
    assert all_steps(waiting) == []
    under_way = after(CONTACTED, opened(), reported(CaseStatus.UNDER_WAY, "case_filed"), company=CLUE)
    assert all_steps(under_way) == []


def test_a_unit_that_goes_on_replies_once_the_partners_procedure_has_a_number():
    beside = after(CONTACTED, opened(waits=False), company=CLUE)
    assert beside.view.state is State.IN_PROGRESS
    assert all_steps(beside) == []
    filed = after(CONTACTED, opened(waits=False), reported(CaseStatus.UNDER_WAY, "case_filed"), company=CLUE)
    assert step(filed, "complete:1:0").body["outcome"] == "filed_for_enforcement"


@pytest.mark.parametrize(
    ("partner", "status", "message", "code", "outcome"),
    [
        (Partner.ENFORCEMENT, CaseStatus.DONE, "on_site_result", "", "solved"),
        (Partner.ENFORCEMENT, CaseStatus.REFUSED, "clue_refused", "no_violation", "not_true"),
        (Partner.ENFORCEMENT, CaseStatus.REFUSED, "clue_refused", "not_competent", "not_competent_explained"),
        (Partner.AFFAIRS, CaseStatus.DONE, "collected", "", "affair_opened"),
        (Partner.AFFAIRS, CaseStatus.REFUSED, "affair_decided", "refused", "explained_only"),
        (Partner.VOLUNTEERS, CaseStatus.DONE, "hours_credited", "", "volunteer_done"),
        (Partner.VOLUNTEERS, CaseStatus.WITHDRAWN, "unclaimed", "unclaimed", "solved"),
    ],
)
def test_the_reply_says_what_became_of_the_case(
    partner: Partner, status: CaseStatus, message: str, code: str, outcome: str
):
    company = Company(handover=HandOver(partner, "x", waits=True))
    ended = after(
        CONTACTED,
        opened(partner),
        reported(status, message, partner, code),
        answered(partner=partner),
        company=company,
    )
    reply = step(ended, "complete:1:0")
    assert reply.body["outcome"] == outcome
    assert outcome in OUTCOMES


def test_a_case_that_was_filed_and_closed_is_answered_as_filed():
    closed = after(
        CONTACTED,
        opened(),
        reported(CaseStatus.UNDER_WAY, "case_filed"),
        reported(CaseStatus.DONE, "case_closed"),
        answered(),
        company=CLUE,
    )
    assert step(closed, "complete:1:0").body["outcome"] == "filed_for_enforcement"


def test_a_poor_reply_over_a_case_is_poor_and_names_it_all_the_same():
    fate = Fate(unit="poor_reply")
    filed = after(CONTACTED, opened(waits=False), reported(CaseStatus.UNDER_WAY, "case_filed"), fate=fate)
    reply = step(filed, "complete:1:0")
    assert reply.body["outcome"] == "filed_for_enforcement"
    assert "evidence" not in reply.body


def test_a_second_cycle_involves_nobody_again():
    redone = (CONTACTED, REDO, leg(2, Level.GRID), happened.LegSigned("2", automatic=False))
    names = all_steps(
        after(*redone, company=Company(CLUE.handover, JOINT.joint, WHISTLE.call, FIELD.field_party))
    )
    assert names == ["first-contact:2"]


def test_a_joint_unit_is_bound_by_a_desk_with_a_limit_and_a_rule_then_signs_and_contributes():
    asking = step(after(company=JOINT), f"join:1:{BUREAU.code}")
    assert asking.unit is None
    assert (asking.body["mandatory"], asking.body["join"], asking.body["within"]) == (True, "all", "30s")
    asked = after(CONTACTED, ASKED, company=JOINT)
    assert all_steps(asked) == ["sign:2"]
    assert step(asked, "sign:2").unit == BUREAU.code
    signing = after(CONTACTED, ASKED, happened.LegSigned("2", automatic=False), company=JOINT)
    assert all_steps(signing) == ["contribute:2"]
    contributed = (CONTACTED, ASKED, happened.LegSigned("2", automatic=False), CONTRIBUTED)
    assert all_steps(after(*contributed, company=JOINT)) == ["complete:1:0"]


def test_a_town_whistles_departments_come_a_plan_is_carried_out_and_both_sides_rate():
    call = step(after(company=WHISTLE), "whistle:1")
    assert call.unit == UNITS[Level.TOWN].code
    assert call.body["summoned"] == [{"unit": BUREAU.code, "power": "vending_penalty"}]
    story: list[Fact] = [CONTACTED, BLOWN]
    for fact, name in (
        (HEARD, "ack:w1.1"),
        (CAME, "attend:w1.1"),
        (PLAN, "plan:w1"),
    ):
        assert all_steps(after(*story, company=WHISTLE)) == [name]
        story.append(fact)
    story += [PLANNED, happened.LegSigned("2", automatic=False)]
    assert all_steps(after(*story, company=WHISTLE)) == ["contribute:2"]
    story.append(CONTRIBUTED)
    assert all_steps(after(*story, company=WHISTLE)) == ["end:w1"]
    story.append(OVER)
    assert set(all_steps(after(*story, company=WHISTLE))) == {"rate:w1.1", "rate-call:w1.1", "complete:1:0"}


def test_who_comes_stands_within_reach_of_the_place():
    body = step(after(BLOWN, HEARD), "attend:w1.1").body
    assert body["mode"] == "on_site"
    assert 0 < abs(body["spot"]["latitude"] - SPOT.latitude) < 0.001


def test_both_sides_still_rate_after_the_request_has_closed():
    ended = after(BLOWN, HEARD, CAME, PLAN, OVER, happened.Withdrawn(""))
    assert set(all_steps(ended)) == {"rate:w1.1", "rate-call:w1.1"}


def test_a_field_party_reports_by_its_code_before_the_reply():
    sending = step(after(company=FIELD), "send:1")
    assert (sending.unit, sending.body["party"]) == (UNITS[Level.GRID].code, "property_firm")
    report = next_step(after(CONTACTED, SENT, company=FIELD), set())
    assert report is not None
    assert (report.name, report.field_task) == ("report:f1", "f1")
    done = happened.FieldTaskReported("f1", done=True, text="done", evidence=())
    assert all_steps(after(CONTACTED, SENT, done, company=FIELD)) == ["complete:1:0"]


def test_what_was_begun_is_carried_through_by_whoever_takes_the_request_over():
    """After a restart nobody remembers whom the people meant to involve; the events say what was begun."""
    assert all_steps(after(CONTACTED, ASKED)) == ["sign:2"]
    assert all_steps(after(CONTACTED, BLOWN)) == ["ack:w1.1"]
    assert all_steps(after(CONTACTED, SENT)) == ["report:f1"]


def test_nobody_is_involved_before_the_unit_has_signed_nor_while_it_is_silent():
    silent = replace(situation(signed(), Fate(unit="silent_once")), company=CLUE)
    assert next_step(silent, set()) is None


def test_the_view_knows_how_far_everything_is():
    view: View = told(*WORKING, BLOWN, CAME, opened(waits=False), SENT, ASKED)
    assert view.beside.holds_the_reply
    assert [case.id for case in view.beside.open_cases] == [CASE]
    assert view.beside.whistles["w1"].summons("w1.1").attended
    assert seconds(view.beside.tasks["f1"].at) == 7.0
