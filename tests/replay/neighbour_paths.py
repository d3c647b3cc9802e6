"""The paths of cases with partners: the request's own story, and those of its cases beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.commands import Dispatch, Merge, OpenCase, SettleCase, Sign, Withdraw, WithdrawCase
from domain.events import CaseReported, Event
from domain.partners import CaseStatus, FoundMatter, Handover, Partner
from domain.request import State
from domain.time.durations import Duration
from tests.replay.cast import CITIZEN, DISPATCHER, GRID, at_work, slow
from tests.replay.stage import QUEUE, Performance, Stage
from tests.support.builders import AFFAIR, CLUE, PATROL, case_terms
from workflows.case_client import CaseClient
from workflows.ids import case_workflow_id

TENTH = timedelta(seconds=0.1)


async def handed_over(told: Performance, handover: Handover, *, waits: bool = True, **terms: Any) -> str:
    """Let the unit hand the matter over; the case."""
    partner = Partner(handover.to)
    await told.do(GRID, OpenCase(handover, case_terms(partner, **terms), waits=waits))
    return told.state.cases[-1].id


def heard(told: Performance, kind: str, times: int = 1) -> Any:
    """Wait until the request has heard a word of a partner so many times."""

    def said(timeline: list[Event]) -> bool:
        reports = [event.what.message for event in timeline if isinstance(event.what, CaseReported)]
        return reports.count(kind) >= times

    return told.until(said)


async def case_decided(stage: Stage) -> Performance:
    """Handed to the enforcement team, which closes its case; the messages come twice and in disorder."""
    told = await at_work(stage)
    case = await handed_over(told, CLUE)
    await heard(told, "handed_over")
    team, cases = stage.partners[Partner.ENFORCEMENT], CaseClient(stage.client, QUEUE, 4000)
    life = [
        team.says(case, kind, number="案-1")
        for kind in ("clue_received", "case_filed", "case_decided", "case_closed")
    ]
    for place in (3, 0, 0, 2, 1):
        await cases.deliver(life[place])
    await told.until_kind("partner_answered")
    await told.told_beside(case_workflow_id(case))
    await told.do(CITIZEN, Withdraw())
    return told


async def case_taken_back(stage: Stage) -> Performance:
    """Asked back while the volunteers' platform cannot be reached, so that it never hears of the task."""
    platform = stage.partners[Partner.VOLUNTEERS]
    platform.unavailable["open"] = 10**6
    told = await at_work(stage)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    task = replace(PATROL, starts_at=tomorrow, ends_at=tomorrow + timedelta(hours=2))
    case = await handed_over(told, task, waits=False)
    await told.until(lambda _: platform.calls["open", case] > 1)
    await told.do(DISPATCHER, WithdrawCase(case, "done by the cleaners"))
    await heard(told, "withdrawn")
    await told.told_beside(case_workflow_id(case))
    await told.do(CITIZEN, Withdraw())
    return told


async def case_irrevocable(stage: Stage) -> Performance:
    """Filed when it is asked back; the result comes when the request has long ended."""
    told = await at_work(stage)
    case = await handed_over(told, CLUE, waits=False)
    await heard(told, "handed_over")
    team, cases = stage.partners[Partner.ENFORCEMENT], CaseClient(stage.client, QUEUE, 4000)
    await cases.deliver(team.says(case, "case_filed", number="案-2"))
    await heard(told, "case_filed")
    await told.do(DISPATCHER, WithdrawCase(case, "reassigned"))
    await heard(told, "irrevocable")
    await told.do(CITIZEN, Withdraw())
    told.earlier = await told.histories()
    await cases.deliver(team.says(case, "case_closed", text="fined"))
    await heard(told, "case_closed")
    await told.told_beside(case_workflow_id(case))
    return told


async def case_settled(stage: Stage) -> Performance:
    """Overdue, and settled by hand from the affairs office's letter."""
    told = await at_work(stage)
    case = await handed_over(told, AFFAIR, waits=False, answer_within=Duration.parse("1s"))
    await heard(told, "overdue")
    letter = SettleCase(case, CaseStatus.DONE, "granted by letter", "scan-7")
    await told.do(DISPATCHER, letter)
    await told.told_beside(case_workflow_id(case))
    await told.do(CITIZEN, Withdraw())
    return told


async def case_followed(stage: Stage) -> Performance:
    """Goes with its request into another one, and is reported there."""
    parent, told = await stage.open(policy=slow()), await at_work(stage)
    case = await handed_over(told, CLUE, waits=False)
    await heard(told, "handed_over")
    await told.do(DISPATCHER, Merge(parent.number, State.PENDING_DISPATCH))
    await heard(parent, "handed_over")
    team = stage.partners[Partner.ENFORCEMENT]
    await CaseClient(stage.client, QUEUE, 4000).deliver(team.says(case, "on_site_result", text="removed"))
    await heard(parent, "on_site_result")
    await told.told_beside(case_workflow_id(case))
    return told


async def case_in_new_runs(stage: Stage) -> Performance:
    """Asked for again and again, lost by the partner, handed over once more; in several runs."""
    told = await stage.open(policy=slow(), runs_of=60)
    await told.do(DISPATCHER, Dispatch())
    await told.do(GRID, Sign("1"))
    case = await handed_over(told, CLUE, poll_every=TENTH)
    await heard(told, "handed_over")
    team = stage.partners[Partner.ENFORCEMENT]
    await told.until(lambda _: team.calls["read", case] > 6)
    team.forgets(case)
    await told.until(lambda _: team.effects["open", case] > 1)
    team.says(case, "on_site_result")
    await heard(told, "on_site_result")
    await told.told_beside(case_workflow_id(case))
    await told.do(CITIZEN, Withdraw())
    return told


async def case_found(stage: Stage) -> Performance:
    """A report tells two new issues and is corrected; the last one comes when the case is over, and the request too."""
    told = await at_work(stage)
    case = await handed_over(told, CLUE, waits=False)
    await heard(told, "handed_over")
    team, cases = stage.partners[Partner.ENFORCEMENT], CaseClient(stage.client, QUEUE, 4000)
    lamp, stairs, cover = (FoundMatter(text) for text in ("a dark lamp", "rubbish", "a loose cover"))
    stage.records.unheard_registrations = 1
    filed = team.says(case, "case_filed", number="案-3", found=(lamp, stairs))
    await cases.deliver(filed)
    await cases.deliver(filed)
    await told.until_kind("matters_found")
    await cases.deliver(team.says(case, "on_site_result", text="removed", found=(stairs,)))
    await told.told_beside(case_workflow_id(case))
    await told.do(CITIZEN, Withdraw())
    told.earlier += await told.present_histories()
    late = team.says(case, "on_site_result", text="removed, and paid", found=(cover, lamp))
    await cases.deliver_late(stage.records.cases[case], late)
    await told.until_kind("matters_found", 2)
    await told.told_beside(case_workflow_id(case))
    return told


NEIGHBOUR_PATHS = (
    case_decided,
    case_taken_back,
    case_irrevocable,
    case_settled,
    case_followed,
    case_in_new_runs,
    case_found,
)
