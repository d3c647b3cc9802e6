"""What must be true of a case with a partner whatever failed while it lived: both sides tell the same, once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from domain.events import CaseOpened, CaseReported, PartnerAnswered
from domain.partners import CaseStatus, Partner
from domain.request import State
from persistence.engine import reading
from persistence.partner_cases import find_case
from tests.e2e.neighbourhood import CaseAt, Town
from tests.e2e.soundness import Life, assert_sound, life

Matter = dict[str, Any]
"""A case as the partner has it."""

REPLY = {"outcome": "solved", "text": "已处理完毕 done", "evidence": ["photo-1"]}

_ORDER = (CaseStatus.OPENING, CaseStatus.HANDED_OVER, CaseStatus.UNDER_WAY)

_STANDS: Mapping[str, str] = {
    "": "handed_over",
    "clue_received": "handed_over",
    "case_filed": "under_way",
    "case_decided": "under_way",
    "case_closed": "done",
    "on_site_result": "done",
    "clue_refused": "refused",
    "affair_accepted": "under_way",
    "supplement_required": "under_way",
    "affair_progress": "under_way",
    "affair_decided": "under_way",
    "ready_for_collection": "under_way",
    "collected": "done",
    "uncollected": "done",
    "affair_withdrawn": "withdrawn",
    "sign_up": "handed_over",
    "enrolment_closed": "handed_over",
    "check_in": "under_way",
    "check_out": "under_way",
    "report": "under_way",
    "hours_credited": "done",
    "unclaimed": "withdrawn",
}
"""Where a case stands after the partner's last message, unless it was taken back."""

_UNTOLD = frozenset({"sign_up", "check_in", "check_out"})
"""Messages that a request need not hear of one by one."""


async def assert_agreed(town: Town, cases: Sequence[CaseAt], *, goes_on: bool = True) -> list[Life]:
    """Both sides agree on the cases, each effect happened once, the timelines tell it in order, the requests go on.

    Returns the lives of their requests. ``goes_on=False``: the requests are over.
    """
    await assert_nothing_differs(town)
    for case in cases:
        theirs = await town.neighbours[case.partner].matter(case.id)
        await _assert_same_status(town, case, theirs)
        await _assert_effects_once(town, case, theirs)
        await _assert_story_told(town, case, theirs)
    numbers = list(dict.fromkeys(case.number for case in cases))
    if goes_on:
        await asyncio.gather(*(_assert_goes_on(town, number) for number in numbers))
    return await assert_sound(town.database, town.engine, numbers)


async def assert_nothing_differs(town: Town) -> None:
    """A reconciliation with each partner finds nothing."""
    for done in await asyncio.gather(*(reconciled(town, partner) for partner in Partner)):
        assert done["differences"] == [], done


async def reconciled(town: Town, partner: Partner) -> dict[str, Any]:
    """A reconciliation with the partner, asked for now, when it is done."""
    answer = await town.knocker.knock(f"/v1/partners/{partner}/reconciliations")
    assert answer.status_code == 202, answer.text
    asked = answer.json()
    done: dict[str, Any] = {}

    async def is_done() -> bool:
        page = await town.knocker.get(f"/v1/partners/{partner}/reconciliations")
        found = [each for each in page["items"] if each["id"] == asked["id"]]
        done.update(found[0] if found else {})
        return bool(done.get("ended_at"))

    await town.until(is_done, f"the {partner} was not reconciled with")
    return done


async def _assert_same_status(town: Town, case: CaseAt, theirs: Matter | None) -> None:
    shown = (await town.standing(case))["status"]
    async with reading(town.database) as connection:
        ours = await find_case(connection, case.id)
    assert ours is not None
    assert shown == ours.status, case
    if theirs is None:
        assert shown == "withdrawn", f"{case.id} is {shown}, and nobody has it"
    elif theirs["withdrawn"]:
        assert shown == "withdrawn", case
    else:
        assert (shown, ours.last_kind) == (_STANDS[theirs["last"]], theirs["last"]), case
        assert ours.number, case


async def _assert_effects_once(town: Town, case: CaseAt, theirs: Matter | None) -> None:
    effects = await town.neighbours[case.partner].effects(case.id)
    assert set(effects.values()) <= {1}, effects
    assert (f"handed_over {case.id}" in effects) == (theirs is not None)


async def _assert_story_told(town: Town, case: CaseAt, theirs: Matter | None) -> None:
    """Opened, handed over, ended, each once and in this order; and every message of the partner that matters."""
    told = await life(town.database, case.number)
    facts = [event.what for event in told.events]
    (opened,) = [fact for fact in facts if isinstance(fact, CaseOpened) and fact.case == case.id]
    reports = [fact for fact in facts if isinstance(fact, CaseReported) and fact.case == case.id]
    assert reports, f"nothing was ever told of {case.id}"
    assert facts.index(opened) < facts.index(reports[0])
    versions = [report.version for report in reports]
    assert versions == sorted(set(versions)), versions
    steps = [CaseStatus.OPENING, *(report.status for report in reports)]
    turns = [after for before, after in pairwise(steps) if after is not before]
    forward = [turn for turn in turns if turn.is_open]
    assert forward == sorted(set(forward), key=_ORDER.index), turns
    assert [turn for turn in turns if not turn.is_open] == turns[len(forward) :], turns
    assert len(turns) - len(forward) <= 1, turns
    answers = [fact.word for fact in facts if isinstance(fact, PartnerAnswered) and fact.case == case.id]
    waited = case.waits and not turns[-1].is_open and not told.state.state.is_terminal
    assert answers == ([turns[-1].value] if waited else []), (case, answers)
    _assert_messages_told(case, theirs, [report.message_id for report in reports if report.message_id])


def _assert_messages_told(case: CaseAt, theirs: Matter | None, told: Sequence[str]) -> None:
    said = [json.loads(message) for message in theirs["messages"]] if theirs else []
    assert list(told) == [each["message_id"] for each in said if each["message_id"] in told]
    missing = [each["type"] for each in said if each["message_id"] not in told]
    assert set(missing) <= _UNTOLD, f"{case.id} was not told {missing}"


async def _assert_goes_on(town: Town, number: str) -> None:
    """The unit can answer, and does; its request is under review then."""
    shown = await town.shown(number)
    assert shown["state"] == State.IN_PROGRESS, shown["state"]
    held = next(leg for leg in shown["legs"] if leg["role"] == "lead" and leg["ended_at"] is None)
    answer = await town.knocker.done(f"/v1/legs/{held['id']}/complete", REPLY, unit=held["unit"])
    assert answer["state"] == State.PENDING_REVIEW
