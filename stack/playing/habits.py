"""What the people of the demo do next with one request: pure, so that their habits can be read and tested.

``next_step`` looks at the request as it stands and at the fate drawn for it, and says what is done next and when. What
it leaves out is silence, and the service's own clocks then say what silence means.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.limits.policy import Policy
from domain.request import State
from domain.time.durations import Duration
from stack.playing.company import ALONE, Company
from stack.playing.crew import Fate
from stack.playing.steps import Step
from stack.playing.together import answer_of, contributions, openings
from stack.playing.views import Holder, View

LONGEST_THOUGHT = timedelta(seconds=3)
"""Reviewers, callback agents and units whose reply was sent back take no longer, however long their limit is."""
CALLBACK_TRIES = 3
REPLY = "complete"
"""How the names of the leading unit's replies begin."""
WRONG_OUTCOME = "done_somehow"
"""An outcome that is on no list: the door refuses it."""
_REPLY = {
    "outcome": "solved",
    "text": "已到现场处理完毕，并告知诉求人。（演示）",
    "evidence": ["photo/demo-1.jpg", "photo/demo-2.jpg"],
}
_POOR_REPLY = {"outcome": "explained_only", "text": "已处理。"}
_RATINGS: dict[str, dict[str, Any]] = {
    "satisfied": {"contacted": True, "truthful": True, "solved": True, "satisfied": True},
    "dissatisfied": {
        "contacted": True,
        "truthful": False,
        "solved": False,
        "satisfied": False,
        "attributable": True,
        "note": "诉求人表示问题仍然存在（演示）",
    },
    "unconvinced": {"contacted": True, "truthful": True, "solved": False, "satisfied": False},
    "unreachable": {"contacted": False, "note": "无人接听（演示）"},
}


@dataclass(frozen=True, slots=True)
class Situation:
    """A request as it stands, the fate drawn for it, its policy, what a whole call would have said, and whom its people
    involve.
    """

    view: View
    fate: Fate
    policy: Policy
    matter: Mapping[str, Any]
    company: Company = ALONE


def next_step(now: Situation, done: Collection[str]) -> Step | None:
    """The earliest step that has not been done; ``None`` while everybody is silent or all has been said.

    Whoever is to be involved is involved, and heard, before the reply.
    """
    begins = [step for step in _begins(now) if step.name not in done]
    waits = bool(begins) or now.view.beside.holds_the_reply
    steps = (
        step
        for step in (*begins, *_steps(now), *contributions(now.view, now.fate))
        if step.name not in done and not (waits and step.name.startswith(REPLY))
    )
    return min(steps, key=lambda step: step.at, default=None)


def _begins(now: Situation) -> Iterator[Step]:
    view = now.view
    if view.state is State.IN_PROGRESS and view.since is not None and _begun(now) is not None:
        yield from openings(view, now.fate, now.policy, now.company, view.since)


def _steps(now: Situation) -> Iterator[Step]:
    if now.view.since is None:
        return
    people = _PEOPLE.get(now.view.state)
    if people is not None:
        yield from people(now, now.view.since)
    yield from _citizen(now)


def _agent(now: Situation, since: datetime) -> Iterator[Step]:
    """Asks once for what the call left out, writes it down, and accepts."""
    path, soon = f"/v1/requests/{now.view.number}", timedelta(seconds=2 * now.fate.haste)
    if now.view.state is State.AWAITING_INFO:
        yield Step("supply_info", since + soon, f"{path}/supply-info", {"note": "已补充地点（演示）"})
    elif now.view.seq == 1:
        yield Step(
            "request_info", since + soon, f"{path}/request-info", {"question": "请问具体在哪里？（演示）"}
        )
    else:
        yield Step("accept", since + soon, f"{path}/accept", now.matter)


def _dispatcher(now: Situation, since: datetime) -> Iterator[Step]:
    if now.fate.desk == "dispatches":
        path = f"/v1/requests/{now.view.number}/dispatch"
        yield Step("dispatch", since + _part(now.policy.dispatch, now.fate.haste), path)


def _signing(now: Situation, _since: datetime) -> Iterator[Step]:
    begun = _begun(now)
    if begun is not None and (holder := now.view.holder):
        yield _of_unit(holder, now, "sign", begun + _part(now.policy.sign, now.fate.haste))


def _working(now: Situation, since: datetime) -> Iterator[Step]:
    begun, holder = _begun(now), now.view.holder
    if begun is None or holder is None:
        return
    replies = now.view.replies
    # A second cycle has half the limit, so people take half the time.
    haste = now.fate.haste / min(now.view.cycle, 2)
    stay = now.policy.dwell.at(holder.unit.level) or now.policy.first_contact
    finished = begun + _part(stay, haste)
    if now.view.sent_back:
        finished = since + min(_part(stay, haste / 2), LONGEST_THOUGHT * haste)
    if not holder.contacted:
        halfway = min(since + _part(now.policy.first_contact, haste), since + _part(stay, haste / 2))
        yield _of_unit(holder, now, "first-contact", halfway, {"proof": "通话记录（演示）"})
        return
    if now.fate.unit == "hands_up" and holder.leg == "1" and not _at_the_top(now, holder):
        reason = {"reason": "超出本级职权（演示）", "release": False}
        yield _of_unit(holder, now, "hand-up", finished, reason)
        return
    if now.fate.unit == "wrong_outcome" and replies == 0:
        wrong = {**_REPLY, "outcome": WRONG_OUTCOME}
        yield _of_unit(holder, now, REPLY, finished, wrong, again="wrong", meant_to_fail=True)
        finished += timedelta(milliseconds=500)
    poor = now.fate.unit == "poor_reply" and replies == 0
    yield _of_unit(holder, now, REPLY, finished, _reply(now, poor=poor), again=str(replies))


def _reply(now: Situation, *, poor: bool) -> Mapping[str, Any]:
    """What the unit answers; after a case, what became of it. In a second cycle only a case that still runs counts."""
    beside = now.view.beside
    outcome, text = answer_of(beside.cases.values() if now.view.cycle == 1 else beside.open_cases)
    if poor:
        return {**_POOR_REPLY, "outcome": outcome or _POOR_REPLY["outcome"]}
    return {**_REPLY, "outcome": outcome, "text": text} if outcome else _REPLY


def _reviewer(now: Situation, since: datetime) -> Iterator[Step]:
    view = now.view
    at = since + min(_part(now.policy.review, now.fate.haste), LONGEST_THOUGHT * now.fate.haste)
    path = f"/v1/requests/{view.number}"
    if now.fate.unit == "poor_reply" and view.sent_back == 0:
        reason = {"reason": "未附现场照片（演示）"}
        yield Step(f"review-back:{view.replies}", at, f"{path}/review-back", reason)
    else:
        yield Step(f"review-pass:{view.replies}", at, f"{path}/review-pass")


def _callback_agent(now: Situation, since: datetime) -> Iterator[Step]:
    """Who is never reached is tried a few times; then the limit closes the request."""
    view = now.view
    rating = "satisfied" if view.cycle > 1 and now.fate.callback == "dissatisfied" else now.fate.callback
    if view.callback_tries >= CALLBACK_TRIES:
        return
    pause = min(_part(now.policy.callback_within, now.fate.haste), LONGEST_THOUGHT * now.fate.haste)
    path = f"/v1/requests/{view.number}/callback"
    name = f"callback:{view.cycle}.{view.callback_tries}"
    yield Step(name, since + pause * (view.callback_tries + 1), path, _RATINGS[rating])


def _citizen(now: Situation) -> Iterator[Step]:
    """Urges or withdraws while the first unit works on it."""
    view, holder = now.view, now.view.holder
    if holder is None or holder.leg != "1" or view.state not in (State.PENDING_SIGN, State.IN_PROGRESS):
        return
    at = holder.since + _part(now.policy.first_contact, 0.5)
    path = f"/v1/requests/{view.number}"
    if now.fate.citizen == "urges":
        yield Step("urge", at, f"{path}/urge", {"note": "还没有人来（演示）"})
    elif now.fate.citizen == "withdraws":
        yield Step("withdraw", at, f"{path}/withdraw", {"reason": "问题已自行解决（演示）"})


_PEOPLE: dict[State, Callable[[Situation, datetime], Iterator[Step]]] = {
    State.REGISTERED: _agent,
    State.AWAITING_INFO: _agent,
    State.PENDING_DISPATCH: _dispatcher,
    State.PENDING_SIGN: _signing,
    State.IN_PROGRESS: _working,
    State.PENDING_REVIEW: _reviewer,
    State.PENDING_CALLBACK: _callback_agent,
}


def _begun(now: Situation) -> datetime | None:
    """From when on the unit that holds the request works on it; ``None`` while it is silent."""
    view, holder = now.view, now.view.holder
    if holder is None:
        return None
    if now.fate.unit == "untouched" and view.cycle == 1:
        return None if view.roused_at is None else max(view.roused_at, holder.since)
    silent_legs = {"silent_once": 1, "silent_twice": 2}.get(now.fate.unit, 0)
    if view.cycle == 1 and int(holder.leg) <= silent_legs and not _at_the_top(now, holder):
        return None
    return holder.since


def _at_the_top(now: Situation, holder: Holder) -> bool:
    return holder.unit.level is now.policy.dwell.levels()[-1]


def _of_unit(
    holder: Holder,
    now: Situation,
    deed: str,
    at: datetime,
    body: Mapping[str, Any] | None = None,
    *,
    again: str = "",
    meant_to_fail: bool = False,
) -> Step:
    name = ":".join(part for part in (deed, holder.leg, again) if part)
    path = f"/v1/legs/{now.view.number}.{holder.leg}/{deed}"
    return Step(name, at, path, body or {}, holder.unit.code, meant_to_fail)


def _part(limit: Duration, part: float) -> timedelta:
    return limit.elapsed * part
