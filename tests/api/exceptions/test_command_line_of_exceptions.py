"""`huying request` for governed exceptions: every door has its command, and what a person types goes through it."""

import asyncio

import pytest
from typer.testing import CliRunner, Result

from api.exceptions.kinds import OF_LEGS, OF_REQUESTS
from stack.commands.exceptions import ASKINGS, app
from tests.api.conftest import BUREAU, SECRETS, City
from tests.api.serving import served


async def typed(base: str, who: str, *words: str) -> Result:
    """The command line with these words, talking to that address with somebody's key."""
    arguments = [*words, "--api", base, "--key", SECRETS[who]]
    return await asyncio.to_thread(CliRunner().invoke, app, arguments, env={"COLUMNS": "200"})


def test_each_command_stands_for_a_door_and_offers_its_particulars():
    doors = {(asking.command, True): asking for asking in OF_LEGS} | {
        (asking.command, False): asking for asking in OF_REQUESTS
    }
    assert {asking.kind for asking in ASKINGS} == {asking.kind for asking in doors.values()}
    for asking in ASKINGS:
        door = doors[asking.command, asking.of_leg]
        assert door.kind is asking.kind
        assert {"reason", "explanation", "evidence", *asking.particulars} == set(door.body.model_fields)


@pytest.mark.parametrize("command", [asking.command for asking in ASKINGS] + ["rule", "exceptions"])
def test_every_command_explains_itself(command: str):
    answer = CliRunner().invoke(app, [command, "--help"])
    assert answer.exit_code == 0


async def test_a_return_is_asked_for_found_and_decided(running_city: City):
    number = await running_city.dispatched()
    async with served(running_city) as base:
        offered = await typed(base, "operator", "exceptions")
        assert "不属于本单位职能" in offered.stdout
        returned = await typed(
            base, "unit", "return", number, "--reason", "wrong_function", "--explanation", "由消防部门监管",
            "--unit", BUREAU, "--legal-basis", "权责清单",
        )  # fmt: skip
        assert returned.exit_code == 0, returned.output
        waiting = await typed(base, "operator", "applications")
        assert number in waiting.stdout
        assert "由消防部门监管" in waiting.stdout
        granted = await typed(
            base, "operator", "rule", number, "--application", "a1", "--grant", "--note", "退单理由成立"
        )
        assert granted.exit_code == 0, granted.output
        assert "pending_dispatch" in granted.stdout
        decided = await typed(base, "operator", "applications", number)
        assert "granted" in decided.stdout


async def test_a_ruling_amends_the_duty_list_from_the_command_line(running_city: City):
    number = await running_city.in_progress()
    async with served(running_city) as base:
        opened = await typed(
            base, "operator", "dispute", number, "--reason", "functions_overlap", "--explanation", "职责交叉",
            "--legal-basis", "三定方案",
        )  # fmt: skip
        assert opened.exit_code == 0, opened.output
        ruled = await typed(
            base, "operator_2", "rule", number, "--application", "a1", "--grant", "--note", "由指挥办牵头",
            "--unit", "440106012-town_command_office", "--amendment-basis", "编办意见",
        )  # fmt: skip
        assert ruled.exit_code == 0, ruled.output
    made = await running_city.registered(separate_matter=True)
    town = next(rung for rung in made["ladder"] if rung["level"] == "town")
    assert town["duty_entry"] == f"R-{number}-a1"
