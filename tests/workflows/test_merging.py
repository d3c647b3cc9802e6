"""Many callers, one matter: families of requests on a real Temporal server."""

from __future__ import annotations

import asyncio

from domain.commands import Adopt, Callback, Dispatch, Merge, Order, Reopen, Withdraw
from domain.events import Adopted, Disowned, Event, GroupFlagged, Merged, Reopened
from domain.request import Child, Intake, ReopenCause, State
from domain.units import SYSTEM, Role
from tests.support.builders import actor
from tests.workflows.desk import Desk, kinds, straight_to_callback

AGENT, DISPATCHER, CITIZEN = actor(Role.AGENT), actor(Role.DISPATCHER), actor(Role.CITIZEN)
SATISFIED = Callback(contacted=True, solved=True, satisfied=True)


async def merge(desk: Desk, child: Intake, parent: Intake) -> None:
    """Let the child follow the parent, and wait until the parent knows."""
    await desk.do(child.number, DISPATCHER, Merge(parent.number, desk.state(parent.number).state))
    await desk.until(parent.number, lambda timeline: adopts(timeline, child.number))


def adopts(timeline: list[Event], child: str) -> bool:
    """Whether a request took that one in."""
    return any(isinstance(event.what, Adopted) and event.what.child == child for event in timeline)


async def test_a_child_is_taken_in_its_run_ends_and_its_caller_is_told_when_the_parent_closes(
    desk: Desk,
) -> None:
    parent, child = await desk.open(), await desk.open(people=3)
    await merge(desk, child, parent)
    ending = await desk.handle(child.number).result()
    assert ending["state"] == "merged"
    assert desk.state(parent.number).children == (
        Child(child.number, has_contact=True, people=3, awaits_answer=True),
    )
    await straight_to_callback(desk, parent.number)
    await desk.do(parent.number, actor(Role.CALLBACK_AGENT), SATISFIED)
    assert desk.state(parent.number).state is State.CLOSED
    told = [notice for notice in desk.records.notices if notice.number == child.number]
    assert [(notice.recipient, notice.subject) for notice in told if notice.subject == "closed"] == [
        ("citizen", "closed")
    ]


async def test_a_parent_that_is_withdrawn_leaves_its_children_to_go_their_own_way(desk: Desk) -> None:
    parent, first, second = [await desk.open() for _ in range(3)]
    await desk.do(first.number, DISPATCHER, Dispatch())
    await merge(desk, first, parent)
    await merge(desk, second, parent)
    await desk.do(parent.number, CITIZEN, Withdraw())
    for child in (first, second):
        await desk.until_kind(child.number, "reopened")
    assert desk.state(first.number).state is State.PENDING_SIGN
    assert desk.state(second.number).state is State.PENDING_DISPATCH
    reopened = desk.records.timelines[first.number]
    assert kinds(reopened)[-2:] == ["reopened", "leg_dispatched"]
    fact = next(event.what for event in reopened if isinstance(event.what, Reopened))
    assert (fact.cause, fact.percent, fact.left) == (ReopenCause.PARENT_GONE, 100, parent.number)
    await desk.handle(parent.number).result()
    for child in (first, second):
        await desk.again(child.number, CITIZEN, Withdraw())


async def test_a_parent_that_ended_before_it_heard_sends_the_child_on_by_itself(desk: Desk) -> None:
    parent, child = await desk.open(), await desk.open()
    await desk.do(parent.number, CITIZEN, Withdraw())
    await desk.handle(parent.number).result()
    await desk.do(child.number, AGENT, Merge(parent.number, State.IN_PROGRESS))
    timeline = await desk.until_kind(child.number, "reopened")
    assert [event.what.kind for event in timeline][-2:] == ["merged", "reopened"]
    assert not adopts(desk.records.timelines[parent.number], child.number)
    await desk.do(child.number, CITIZEN, Withdraw())
    ending = await desk.handle(child.number).result()
    assert ending["state"] == "withdrawn"


async def test_two_requests_that_follow_each_other_both_go_on(desk: Desk) -> None:
    one, other = await desk.open(), await desk.open()
    await asyncio.gather(
        desk.do(one.number, DISPATCHER, Merge(other.number, State.PENDING_DISPATCH)),
        desk.do(other.number, DISPATCHER, Merge(one.number, State.PENDING_DISPATCH)),
    )
    for each in (one, other):
        await desk.until_kind(each.number, "reopened")
        assert desk.state(each.number).state is State.PENDING_DISPATCH
        await desk.again(each.number, CITIZEN, Withdraw())


async def test_a_child_reopened_by_a_person_leaves_its_parent(desk: Desk) -> None:
    parent, child = await desk.open(), await desk.open()
    await merge(desk, child, parent)
    await desk.handle(child.number).result()
    reopen = Reopen("another lamp", ReopenCause.WRONGLY_ENDED)
    answer = await desk.again(child.number, AGENT, reopen)
    assert answer.state == "pending_dispatch"
    await desk.until(parent.number, lambda timeline: any(isinstance(e.what, Disowned) for e in timeline))
    assert desk.state(parent.number).children == ()
    await desk.do(parent.number, CITIZEN, Withdraw())
    await desk.handle(parent.number).result()
    assert desk.state(child.number).state is State.PENDING_DISPATCH
    await desk.do(child.number, CITIZEN, Withdraw())


async def test_five_callers_make_a_group_once(desk: Desk) -> None:
    parent = await desk.open()
    children = [await desk.open() for _ in range(5)]
    await asyncio.gather(*(merge(desk, child, parent) for child in children))
    flagged = [e.what for e in desk.records.timelines[parent.number] if isinstance(e.what, GroupFlagged)]
    assert flagged == [GroupFlagged(callers=5, people=5)]
    assert len(desk.state(parent.number).children) == 5
    await desk.do(parent.number, actor(Role.DISPATCHER), Dispatch())
    await straight_end(desk, parent.number)


async def straight_end(desk: Desk, number: str) -> None:
    """The citizen takes it back; the children go on and are taken back too."""
    children = desk.state(number).children
    await desk.do(number, CITIZEN, Withdraw())
    for child in children:
        await desk.until_kind(child.number, "reopened")
        await desk.again(child.number, CITIZEN, Withdraw())


async def test_an_errand_given_twice_counts_once(desk: Desk) -> None:
    parent, child = await desk.open(), await desk.open()
    await merge(desk, child, parent)
    key = f"{child.number}:adopt:{parent.number}:1"
    again = await desk.requests.command(parent.number, Order(key, SYSTEM, Adopt(child.number, True)))
    assert desk.records.answers[key].answer == again
    assert sum(isinstance(e.what, Adopted) for e in desk.records.timelines[parent.number]) == 1
    merged = [e.what for e in desk.records.timelines[child.number] if isinstance(e.what, Merged)]
    assert merged == [Merged(parent.number, awaits_answer=True)]
    await desk.do(parent.number, CITIZEN, Withdraw())
    await desk.until_kind(child.number, "reopened")
    await desk.again(child.number, CITIZEN, Withdraw())
