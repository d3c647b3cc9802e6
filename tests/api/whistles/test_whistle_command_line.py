"""`huying whistle`: what a person types goes through the doors, and what is shown tells who came."""

import asyncio

import pytest
from typer.testing import CliRunner, Result

from api.whistles.whistling import DOORS
from stack.commands.whistles import app
from tests.api.conftest import BUREAU, SECRETS, TOWN, City
from tests.api.serving import served

SPOT = "23.1472,113.3461"


async def typed(base: str, who: str, *words: str) -> Result:
    """The command line with these words, talking to that address with somebody's key."""
    arguments = [*words, "--api", base, "--key", SECRETS[who]]
    return await asyncio.to_thread(CliRunner().invoke, app, arguments, env={"COLUMNS": "200"})


def test_every_door_has_its_command():
    commands = {command.name for command in app.registered_commands if command.name}
    assert {"blow", "list"} | {door.word for door in DOORS} <= commands


@pytest.mark.parametrize("command", ["list", "show", "blow", *(door.word for door in DOORS)])
def test_every_command_explains_itself(command: str):
    answer = CliRunner().invoke(app, [command, "--help"])
    assert answer.exit_code == 0


async def test_a_whistle_is_blown_attended_planned_ended_and_rated(running_city: City):
    number = await running_city.in_progress()
    async with served(running_city) as base:
        empty = await typed(base, "operator", "list")
        assert "no whistle" in empty.stdout
        for words in (
            ("blow", number, "--kind", "daily", "--summon", f"{BUREAU}=fire_lane_penalty", "--reason", "屡禁不止",
             "--spot", SPOT, "--as-unit", TOWN),
            ("acknowledge", number, "w1", "--as-unit", BUREAU),
            ("attend", number, "w1", "--attendee", "李副局长", "--post", "deputy_head", "--spot", SPOT,
             "--as-unit", BUREAU),
            ("plan", number, "w1", "--minutes", "联合清理", "--decision", f"{TOWN}=2wd:张贴告示", "--as-unit", TOWN),
        ):  # fmt: skip
            given = await typed(base, "unit", *words)
            assert given.exit_code == 0, f"{words}: {given.output}"
            assert number in given.stdout
        listed = await typed(base, "operator", "list")
        assert "came" in listed.stdout
        shown = await typed(base, "operator", "show", number)
        assert "executing" in shown.stdout
        assert "张贴告示, 2wd" in shown.stdout
        for words in (
            ("end", number, "w1", "--resolved", "--text", "已清理", "--as-unit", TOWN),
            ("rate", number, "w1", "--unit", BUREAU, "--in-time", "5", "--cooperated", "5", "--solved", "4",
             "--as-unit", TOWN),
            ("rate-call", number, "w1", "--justified", "4", "--as-unit", BUREAU),
        ):  # fmt: skip
            given = await typed(base, "unit", *words)
            assert given.exit_code == 0, f"{words}: {given.output}"
        assert "rated" in (await typed(base, "operator", "show", number)).stdout


@pytest.mark.parametrize(
    "words",
    [
        ("blow", "--kind", "daily", "--summon", "nobody", "--reason", "x"),
        ("blow", "--kind", "daily", "--summon", "a=b", "--reason", "x", "--spot", "here"),
        ("plan", "w1", "--minutes", "x", "--decision", "a=2wd"),
    ],
)
def test_what_is_misspelled_is_told_before_anything_is_sent(words: tuple[str, ...]):
    command, *options = words
    answer = CliRunner().invoke(
        app, [command, "20261123-0000001", *options, "--api", "http://127.0.0.1:1", "--key", "x"]
    )
    assert answer.exit_code == 2
