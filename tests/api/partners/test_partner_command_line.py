"""`huying partners`: what the command centre sees of the neighbouring systems, from a terminal."""

from __future__ import annotations

import asyncio

import pytest
from typer.testing import CliRunner, Result

from domain.cases.reconciliation import Difference, Disagreement
from domain.partners import CaseStatus, Partner, Via
from persistence.engine import writing
from persistence.partner_messages import case_unknown, keep_message, lease_waiting
from persistence.reconciliations import claim_reconciliation, end_reconciliation, put_off
from stack.commands.partners import app
from tests.api.conftest import SECRETS, City
from tests.api.serving import served
from tests.support.partners import said
from tests.worker.doubles import recorded

CASE, OTHER = "20260302-0000001-p1", "20260302-0000002-p1"


async def typed(base: str, *words: str) -> Result:
    """The command line with these words, talking to that address with an operator's key."""
    arguments = [*words, "--api", base, "--key", SECRETS["operator"]]
    return await asyncio.to_thread(CliRunner().invoke, app, arguments, env={"COLUMNS": "200"})


async def shown(base: str, *words: str) -> str:
    answer = await typed(base, *words)
    assert answer.exit_code == 0, answer.output
    return answer.stdout


@pytest.mark.parametrize(
    "command", ["list", "cases", "messages", "assign", "set-aside", "reconciliations", "reconcile"]
)
def test_every_command_explains_itself(command: str):
    assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0


async def test_cases_are_shown_by_status(running_city: City):
    database = running_city.doors.database
    await recorded(database, CASE, overdue=True, number="0815号", note="telephoned")
    await recorded(database, OTHER, CaseStatus.DONE)
    async with served(running_city) as base:
        assert "1 under_way" in await shown(base, "list")
        page = await shown(base, "cases", "enforcement", "--status", "under_way", "--status", "opening")
        assert CASE in page
        assert OTHER not in page
        assert "overdue" in page
        assert "telephoned" in page
        assert "none" in await shown(base, "cases", "affairs")


async def test_an_unknown_message_is_found_and_given_to_its_case(running_city: City):
    await recorded(running_city.doors.database, CASE)
    async with writing(running_city.doors.database) as connection:
        message = said("case_filed", 1, "20260302-0000009-p1", text="已立案", number="0815号")
        await keep_message(connection, Partner.ENFORCEMENT, message, Via.CALLBACK, running_city.clock())
        (kept,) = await lease_waiting(connection, 1)
        await case_unknown(connection, kept.id, try_again=False)
    async with served(running_city) as base:
        assert "unknown: 1" in await shown(base, "list")
        assert "已立案" in await shown(base, "messages", "enforcement", "--unknown")
        refused = await typed(base, "assign", "enforcement", str(kept.id), "--case", OTHER)
        assert refused.exit_code == 1
        assigned = await shown(base, "assign", "enforcement", str(kept.id), "--case", CASE)
        assert f"{CASE}  1 case_filed" in assigned
        assert "by operator" in assigned
        assert "none" in await shown(base, "messages", "enforcement", "--unknown")
        assert "waiting" in await shown(base, "messages", "enforcement", "--case", CASE)


async def test_a_message_about_no_case_of_ours_is_set_aside(running_city: City):
    async with writing(running_city.doors.database) as connection:
        message = said("case_filed", 1, "20260302-0000009-p1", text="另一城市的案件")
        await keep_message(connection, Partner.ENFORCEMENT, message, Via.CALLBACK, running_city.clock())
        (kept,) = await lease_waiting(connection, 1)
        await case_unknown(connection, kept.id, try_again=False)
    async with served(running_city) as base:
        assert "set_aside" in await shown(base, "set-aside", "enforcement", str(kept.id))
        assert "none" in await shown(base, "messages", "enforcement", "--unknown")
        assert "unknown: 0" in await shown(base, "list")


async def test_a_reconciliation_is_asked_for_and_told(running_city: City):
    async with served(running_city) as base:
        assert "never reconciled" in await shown(base, "list")
        assert "under way" in await shown(base, "reconcile", "enforcement")
        async with writing(running_city.doors.database) as connection:
            claimed = await claim_reconciliation(connection, Partner.ENFORCEMENT, running_city.clock())
            assert claimed is not None
            await put_off(connection, claimed, "nobody answers")
        assert "put off: nobody answers" in await shown(base, "reconciliations", "enforcement")
        found = [Difference(CASE, Disagreement.BEHIND, ours=1, theirs=3, repaired=True)]
        async with writing(running_city.doors.database) as connection:
            await end_reconciliation(connection, claimed, found, compared=9, at=running_city.clock())
        page = await shown(base, "reconciliations", "enforcement")
        assert "9 cases  1 differences, 1 repaired" in page
        assert f"{CASE}  behind  ours 1, theirs 3  repaired" in page
        assert "1 differences" in await shown(base, "list")
        as_json = await shown(base, "reconciliations", "enforcement", "--json")
        assert '"what": "behind"' in as_json
