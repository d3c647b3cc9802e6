"""What a citizen is shown of their cases with partners: where each stands, what is theirs, nothing between offices."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from api.citizens.cases_tracked import Collection, Supplement, TrackedCase
from api.citizens.tracked import Story, tracked
from domain.commands import Act, Merge, OpenCase, Order, ReportCase, SettleCase
from domain.errands import errands_of
from domain.partners import CaseStatus, Handover, Partner
from domain.request import State
from domain.units import SYSTEM
from tests.api.conftest import TOWN, City
from tests.support.builders import AFFAIR, CLUE, case_terms
from tests.support.courses import COMMUNITY, DISPATCHER, Course, working

NUMBER, PARENT = "20260302-0000001", "20260302-0000009"
CASE = f"{NUMBER}-p1"
UNTIL = datetime(2026, 3, 20, 9, tzinfo=UTC)
UNDER_WAY, DONE = CaseStatus.UNDER_WAY, CaseStatus.DONE


def handed(handover: Handover = AFFAIR) -> Course:
    """A request whose unit has handed its matter over, and goes on beside."""
    act = OpenCase(handover, case_terms(Partner(handover.to)), waits=False)
    return Course.of(working(), number=NUMBER).signed().act(COMMUNITY, act)


def said(kind: str, version: int, status: CaseStatus = UNDER_WAY, **more: Any) -> ReportCase:
    """What the partner says of the case."""
    return ReportCase(CASE, status, kind, version=version, message_id=f"m{version}", **more)


READY = said("ready_for_collection", 4, code="884213", text="天河区政务大厅 3 号窗口", until=UNTIL)


def told(course: Course, *reports: Act) -> Course:
    for each in reports:
        course.act(SYSTEM, each)
    return course


def shown(own: Course, leading: Course | None = None) -> list[TrackedCase]:
    stories = [Story(course.state, course.story.timeline) for course in (own, leading or own)]
    if leading is None:
        stories = stories[:1] * 2
    return tracked(*stories, may=()).cases


def test_a_case_is_named_by_its_partner_and_stands_in_plain_words() -> None:
    course = handed(CLUE)
    [case] = shown(course)
    assert (case.partner_zh, case.partner_en) == ("综合执法", "enforcement")
    assert (case.since, case.status_zh, case.status_en) == (course.now, "正在移交", "is being handed over")
    assert (case.number, case.ended_at, case.supplement, case.collection) == (None, None, None, None)
    told(course, said("case_filed", 2, number="穗天综执〔2026〕17号", code="ordinary", text="2026-03-03"))
    [filed] = shown(course)
    assert (filed.status_zh, filed.number) == ("办理中", "穗天综执〔2026〕17号")
    [ended] = shown(told(course, said("case_closed", 3, DONE, text="罚款")))
    assert (ended.status_zh, ended.ended_at, ended.number) == ("已办结", course.now, filed.number)


def test_what_is_still_needed_is_asked_until_the_partner_goes_on() -> None:
    course = told(handed(), said("supplement_required", 2, text="身份证；户口簿", until=UNTIL))
    assert shown(course)[0].supplement == Supplement(what="身份证；户口簿", until=UNTIL)
    late = ReportCase(CASE, UNDER_WAY, "overdue", version=3)
    assert shown(told(course, late))[0].supplement is not None
    assert shown(told(course, said("affair_progress", 4, text="已受理")))[0].supplement is None


def test_a_document_waits_where_until_when_and_under_its_code_until_it_is_fetched() -> None:
    course = told(handed(), said("affair_accepted", 2, number="A-7"), READY)
    [case] = shown(course)
    assert (case.partner_zh, case.number) == ("政务服务", "A-7")
    assert case.collection == Collection(where="天河区政务大厅 3 号窗口", until=UNTIL, code="884213")
    [fetched] = shown(told(course, said("collected", 5, DONE)))
    assert (fetched.collection, fetched.status_en) == (None, "is done")


def test_what_offices_tell_each_other_is_not_shown() -> None:
    course = told(handed(CLUE), said("clue_received", 2, CaseStatus.HANDED_OVER, text="李警官 队部"))
    course.act(COMMUNITY, SettleCase(CASE, CaseStatus.REFUSED, "王科长电话告知", "scan-7"))
    read = shown(course)[0].model_dump_json()
    assert "未受理或未获批准" in read
    for hidden in ("李警官", "王科长", "scan-7", CASE):
        assert hidden not in read


def test_who_follows_another_request_sees_their_own_case_there_and_the_other_caller_does_not() -> None:
    child = told(handed(), said("affair_accepted", 2, number="A-7"))
    child.act(DISPATCHER, Merge(PARENT, State.IN_PROGRESS))
    [adopt] = [each.act for each in errands_of(child.state, child.story.timeline[-1])]
    parent = Course.of(working(), number=PARENT).signed().act(SYSTEM, adopt)
    parent.act(COMMUNITY, OpenCase(CLUE, case_terms(Partner.ENFORCEMENT), waits=False))
    told(parent, READY)
    [case] = shown(child, parent)
    assert (case.number, case.collection and case.collection.code) == ("A-7", "884213")
    assert [each.partner_en for each in shown(parent)] == ["enforcement"]


async def test_the_query_code_shows_the_cases(running_city: City) -> None:
    made = await running_city.begun()
    number = made["number"]
    await running_city.post("operator", f"/v1/requests/{number}/dispatch")
    await running_city.post(f"unit:{TOWN}", f"/v1/legs/{number}.1/sign")
    clue = {"handover": {"to": "enforcement", "facts": "占用消防通道"}}
    opened = await running_city.post(f"unit:{TOWN}", f"/v1/requests/{number}/open-case", clue)
    assert opened.status_code == 200, opened.text
    filed = ReportCase(f"{number}-p1", UNDER_WAY, "case_filed", number="案-17", version=2)
    await running_city.stories.command(number, Order("filed", SYSTEM, filed))
    [case] = (await running_city.get(None, f"/v1/track/{made['query_code']}")).json()["cases"]
    assert (case["partner_zh"], case["status"], case["number"]) == ("综合执法", "under_way", "案-17")
    assert case["collection"] is None
