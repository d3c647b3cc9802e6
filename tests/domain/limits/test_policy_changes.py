"""What changes between two versions of a policy, and what an order would do, told without giving it."""

from __future__ import annotations

from datetime import timedelta

from domain.commands import Dispatch, MovePolicy, Recalculate, Sign, SubmitReply
from domain.levels import Level
from domain.limits.policy import CallbackRule, Extension, Policy, Thresholds
from domain.limits.policy_changes import PolicyChange, Sense, changes_between
from domain.limits.previews import Outlook, Preview, preview
from domain.request import Light, PolicySnapshot
from domain.simulator import Simulation
from domain.units import Role
from tests.support.builders import MONDAY_MORNING, actor, calendar, handler, intake, ladder, policy

OFFICE_DAY = timedelta(hours=7)
LEADER = actor(Role.DUTY_LEADER)
HOUR = timedelta(hours=1)
ALL_DAY = {"grid": "8h"}


def changed(before: Policy, after: Policy) -> dict[str, PolicyChange]:
    return {each.field: each for each in changes_between(before, after, OFFICE_DAY)}


def test_two_equal_policies_have_no_differences_whatever_their_version() -> None:
    assert changes_between(policy(), policy(version=2), OFFICE_DAY) == ()


def test_a_limit_is_told_to_be_shorter_or_longer_in_both_languages() -> None:
    found = changed(policy(), policy(total="6h", sign="20min"))
    assert found["total"] == PolicyChange(
        "total", "8h", "6h", Sense.SHORTER, "办结总时限由 8h 缩短为 6h", "total limit shorter from 8h to 6h"
    )
    assert found["sign"].sense is Sense.LONGER
    assert list(found) == ["sign", "total"]


def test_a_level_may_be_added_or_removed() -> None:
    found = changed(
        policy(dwell={"grid": "1h", "town": "2h"}), policy(dwell={"town": "2h", "district": "4h"})
    )
    assert (found["dwell.grid"].sense, found["dwell.district"].sense) == (Sense.REMOVED, Sense.ADDED)
    assert found["dwell.district"].text_zh == "区级停留时限新增：4h"
    assert found["start_level"].after == "town"


def test_two_kinds_of_time_are_different_and_neither_shorter_nor_longer() -> None:
    assert changed(policy(total="8h"), policy(total="1wd"))["total"].sense is Sense.CHANGED
    assert changed(policy(total="7wh"), policy(total="1wd"))["total"].sense is Sense.CHANGED
    assert changed(policy(total="8wh"), policy(total="1wd"))["total"].sense is Sense.SHORTER


def test_whatever_else_differs_is_told_too() -> None:
    other = policy(
        callback=CallbackRule.NONE,
        suspend=True,
        extension=Extension(2, policy().total, Level.TOWN),
        thresholds=Thresholds(reminders=(60, 80, 95)),
        confirm_hand_up=policy().sign,
    )
    found = changed(policy(), other)
    assert {field: each.sense for field, each in found.items()} == {
        "extension.max": Sense.ADDED,
        "extension.each": Sense.ADDED,
        "extension.approver": Sense.ADDED,
        "suspend": Sense.CHANGED,
        "callback": Sense.CHANGED,
        "thresholds.reminders": Sense.CHANGED,
        "confirm_hand_up": Sense.ADDED,
    }
    assert found["thresholds.reminders"].text_en == "reminders changed from 70, 90 to 60, 80, 95"


def in_hand() -> Simulation:
    story = Simulation.of(intake(policy=policy(dwell=ALL_DAY)))
    story.act(actor(Role.DISPATCHER), Dispatch(), MONDAY_MORNING)
    story.act(handler(Level.GRID), Sign("1"), MONDAY_MORNING)
    return story


def seen(story: Simulation, total: str, after: timedelta) -> Preview:
    other = policy(version=2, total=total, dwell=ALL_DAY if total != "2h" else {"grid": "2h"})
    act = MovePolicy(PolicySnapshot(other, ladder(of=other)), "why")
    return preview(story.state, act, LEADER, MONDAY_MORNING + after)


def test_who_would_be_late_by_it_is_told_apart_from_who_would_only_have_less_time() -> None:
    story = in_hand()
    late = seen(story, "2h", 3 * HOUR)
    assert (late.outlook, late.light_before, late.light_after) == (
        Outlook.WOULD_BREACH,
        Light.GREEN,
        Light.RED,
    )
    assert (late.due_before, late.due_after) == (MONDAY_MORNING + 8 * HOUR, MONDAY_MORNING + 2 * HOUR)
    assert seen(story, "2h", HOUR).outlook is Outlook.WOULD_SHORTEN
    assert seen(story, "9h", HOUR).outlook is Outlook.WOULD_GAIN
    assert seen(story, "8h", HOUR).outlook is Outlook.UNCHANGED


def test_who_is_late_already_cannot_become_it() -> None:
    assert seen(in_hand(), "2h", 9 * HOUR).outlook is Outlook.WOULD_SHORTEN


def test_a_reply_that_was_in_time_is_judged_at_its_instant() -> None:
    story = in_hand()
    story.act(handler(Level.GRID), SubmitReply("1", "solved", "done"), MONDAY_MORNING + HOUR)
    assert seen(story, "2h", 2 * HOUR + HOUR / 2).outlook is Outlook.WOULD_SHORTEN


def test_looking_changes_nothing_and_a_refusal_is_told_with_its_code() -> None:
    story = in_hand()
    before = story.state
    refused = preview(before, Recalculate(calendar(), "why"), LEADER, MONDAY_MORNING + HOUR)
    assert (refused.outlook, refused.refused) == (Outlook.REFUSED, "calendar_unchanged")
    assert refused.due_before == refused.due_after
    assert story.state is before
