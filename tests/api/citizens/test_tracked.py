"""What a citizen is shown: the state in words, the promised date and why it moved, reports, and the answer."""

from datetime import timedelta

from api.citizens.tracked import Story, Tracked, tracked
from api.frame.words import EVENTS, MILESTONES, STATES
from domain.commands import Merge, ReportInterim, Resume
from domain.events import ApplicationMade
from domain.exceptions.applications import ExceptionKind
from domain.levels import Level
from domain.request import State
from domain.units import Role
from tests.api.conftest import CALL, REPLY, TOWN, City
from tests.support.builders import UNITS, actor
from tests.support.courses import AGENT, COMMUNITY, DUTY_LEADER, Course, head

DISTRICT_DISPATCHER = actor(Role.DISPATCHER, unit=UNITS[Level.DISTRICT], person="district dispatcher")


def shown(course: Course) -> Tracked:
    story = Story(course.state, course.story.timeline)
    return tracked(story, story, may=())


def test_every_state_and_every_event_has_words_in_both_languages():
    assert set(STATES) == set(State)
    assert set(EVENTS) >= MILESTONES
    assert all(words.zh and words.en for words in (*STATES.values(), *EVENTS.values()))


def test_an_extension_shows_the_new_date_and_why_it_moved():
    course = Course.of().signed()
    before = shown(course)
    assert before.moved == []
    course.asks(COMMUNITY, ExceptionKind.EXTENSION)
    assert shown(course).due_at == before.due_at
    course.rules(DISTRICT_DISPATCHER, granted=True)
    after = shown(course)
    (moved,) = after.moved
    (asked,) = course.story.facts(ApplicationMade)
    assert before.due_at is not None
    assert after.due_at is not None
    assert before.due_at < after.due_at == moved.due_at
    assert (moved.zh, moved.en) == ("延期", "deadline extended")
    assert (moved.reason_zh, moved.reason_en) == (asked.reason_zh, asked.reason_en)
    assert asked.reason_zh


def test_a_suspended_request_promises_no_date_until_it_goes_on():
    course = Course.of().signed()
    before = shown(course)
    course.asks(COMMUNITY, ExceptionKind.SUSPENSION).rules(DISTRICT_DISPATCHER, granted=True)
    suspended = shown(course)
    assert (suspended.state, suspended.state_zh) == ("suspended", "已挂起")
    assert (suspended.due_at, suspended.moved[-1].due_at) == (None, None)
    course.wait(timedelta(days=2)).act(COMMUNITY, Resume("the road is open"))
    resumed = shown(course)
    assert [moved.zh for moved in resumed.moved] == ["挂起", "恢复办理"]
    assert resumed.due_at == resumed.moved[-1].due_at
    assert before.due_at is not None
    assert resumed.due_at is not None
    assert resumed.due_at > before.due_at


def test_reports_on_the_way_are_shown_in_order():
    course = Course.of().signed()
    course.act(COMMUNITY, ReportInterim("材料已订购")).act(COMMUNITY, ReportInterim("下周三施工"))
    assert [report.text for report in shown(course).interim] == ["材料已订购", "下周三施工"]


def test_a_matter_that_was_put_off_shows_its_plan_and_its_date():
    course = Course.of().signed()
    course.asks(head(Level.COMMUNITY), ExceptionKind.BACKLOG).rules(DUTY_LEADER, granted=True)
    told = shown(course)
    assert (told.state, told.state_zh, told.state_en) == ("closed", "挂账办理", "put off to a promised date")
    assert told.commitment_due == course.state.commitment_due
    assert told.commitment_due is not None
    assert told.answer == "rebuilt with next year's budget"


def test_who_was_sent_elsewhere_is_told_where():
    course = Course.of().asks(AGENT, ExceptionKind.TRANSFER_OUT, reason="petition")
    if course.state.state is not State.TRANSFERRED_OUT:
        course.rules(DUTY_LEADER, granted=True)
    told = shown(course)
    assert (told.state_zh, told.channel, told.due_at) == ("已转出", "110", None)


def test_a_text_written_to_another_caller_shows_no_number_of_theirs():
    leading = Course.of().signed().act(COMMUNITY, ReportInterim("已联系 13800138000"))
    followed = Course.of().act(AGENT, Merge("20260302-0000009", State.IN_PROGRESS, "the same lamp"))
    stories = [Story(course.state, course.story.timeline) for course in (followed, leading)]
    assert [told.text for told in tracked(*stories, may=()).interim] == ["已联系 ***"]
    assert [told.text for told in shown(leading).interim] == ["已联系 13800138000"]


async def test_a_merged_request_shows_how_the_other_one_fares_and_its_answer(running_city: City):
    parent, child = await running_city.in_progress(people=40), await running_city.begun()
    running_city.clock.move(minutes=5)
    merged = await running_city.post(
        "operator", f"/v1/requests/{child['number']}/merge", {"parent": parent, "reason": "同一处"}
    )
    assert merged.status_code == 200, merged.text
    running_city.clock.move(minutes=5)
    path = f"/v1/track/{child['query_code']}"
    before = (await running_city.get(None, path)).json()
    assert (before["number"], before["merged"], before["state"]) == (child["number"], True, "in_progress")
    assert (before["state_zh"], before["unit_zh"]) == ("办理中", "天园街道办事处")
    assert before["due_at"] is not None
    assert before["may"] == []
    await running_city.post(f"unit:{TOWN}", f"/v1/legs/{parent}.1/complete", REPLY)
    await running_city.post("operator", f"/v1/requests/{parent}/review-pass")
    answer = await running_city.get(None, path)
    told = answer.json()
    assert (told["state"], told["answer"]) == ("pending_callback", REPLY["text"])
    assert [each["zh"] for each in told["milestones"]][-3:] == ["并入其他诉求", "反馈", "审核通过"]
    for hidden in (parent, "group", "children", "children_count", CALL["caller"]["name"]):
        assert hidden not in answer.text
