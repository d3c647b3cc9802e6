"""`huying request`: what a person types, and what they are shown."""

import asyncio
import json
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from stack.commands.requests import app
from stack.commands.whistles import app as whistles
from stack.errors import StackProblem
from tests.api.conftest import SECRETS, TELEPHONE, TOWN, City
from tests.api.serving import served


async def typed(base: str, who: str, *words: str, at: Typer = app) -> Result:
    """The command line with these words, talking to that address with somebody's key."""
    arguments = [*words, "--api", base, "--key", SECRETS[who]]
    return await asyncio.to_thread(CliRunner().invoke, at, arguments, env={"COLUMNS": "200"})


def number_in(made: Result) -> str:
    """The number in what `--json` prints; log lines of the API, in this same process, may stand around it."""
    return json.JSONDecoder().raw_decode(made.stdout[made.stdout.index("{\n") :])[0]["number"]


async def test_a_call_is_registered_steered_and_followed_to_its_end(running_city: City):
    async with served(running_city) as base:
        made = await typed(
            base, "operator", "new", "楼道充电", "--category", "0104", "--area", "440106012", "--telephone", TELEPHONE,
            "--json",
        )  # fmt: skip
        assert made.exit_code == 0, made.output
        number = number_in(made)
        await running_city.stories.begin(number)
        for who, words in (
            ("operator", ("dispatch", number)),
            ("unit", ("sign", number)),
            ("unit", ("first-contact", number, "--proof", "通话记录")),
            (
                "unit",
                (
                    "complete",
                    number,
                    "--leg",
                    "1",
                    "--as-unit",
                    TOWN,
                    "--outcome",
                    "solved",
                    "--text",
                    "已清理",
                ),
            ),
            ("operator", ("review-pass", number)),
            ("operator", ("callback", number, "--contacted", "--satisfied", "--solved")),
        ):
            given = await typed(base, who, *words)
            assert given.exit_code == 0, f"{words}: {given.output}"
            assert number in given.stdout
        watched = await typed(base, "operator", "watch", number)
        assert watched.exit_code == 0
        assert "办结 closed" in watched.stdout
        shown = (await typed(base, "auditor", "show", number)).stdout
        assert "已办结 closed" in shown
        assert "天园街道办事处" in shown
        listed = (await typed(base, "operator", "list", "--scope", "ended")).stdout
        assert number in listed


async def test_a_refusal_is_shown_in_both_languages_with_what_would_be_right(running_city: City):
    number = await running_city.in_progress()
    async with served(running_city) as base:
        refused = await typed(base, "operator", "dispatch", number)
    assert refused.exit_code == 1
    assert "not_possible_now" in refused.stderr
    assert "当前状态不能执行此操作" in refused.stderr
    assert "expected: one of: pending_dispatch" in refused.stderr


async def test_the_same_key_given_twice_registers_once(running_city: City):
    async with served(running_city) as base:
        words = ("new", "路灯不亮", "--idempotency-key", "k", "--json")
        first, second = [await typed(base, "operator", *words) for _ in range(2)]
    assert number_in(first) == number_in(second)


def test_without_a_stack_and_without_an_address_there_is_a_sentence(tmp_path: Path):
    answer = CliRunner().invoke(app, ["list", "--data-dir", str(tmp_path)])
    assert isinstance(answer.exception, StackProblem)
    assert "huying up" in str(answer.exception)


def test_an_address_where_nobody_answers_is_a_sentence(tmp_path: Path):
    answer = CliRunner().invoke(app, ["list", "--api", "http://127.0.0.1:1", "--key", "x"])
    assert isinstance(answer.exception, StackProblem)
    assert "does not answer" in str(answer.exception)


@pytest.mark.parametrize(
    "command", ["new", "show", "list", "watch", "accept", "hand-up", "supervise", "recalculate"]
)
def test_every_command_explains_itself(command: str):
    answer = CliRunner().invoke(app, [command, "--help"])
    assert answer.exit_code == 0


async def test_who_calls_again_is_told_that_the_open_request_was_urged(running_city: City):
    call = ("new", "楼道充电", "--category", "0104", "--area", "440106012", "--telephone", TELEPHONE)
    async with served(running_city) as base:
        number = number_in(await typed(base, "operator", *call, "--json"))
        await running_city.stories.begin(number)
        again = await typed(base, "operator", *call)
        assert again.exit_code == 0, again.output
        assert number in again.stdout
        assert "still open" in again.stdout
        other = await typed(base, "operator", *call, "--separate", "--people", "3")
        assert other.exit_code == 0, other.output
        assert number in other.stdout, "as one that may be the same"
        assert "still open" not in other.stdout
        alike = await typed(base, "operator", "similar", number)
        assert alike.exit_code == 0, alike.output


async def test_a_unit_sends_somebody_to_the_spot_and_writes_down_what_it_is_told(running_city: City):
    number = await running_city.in_progress()
    async with served(running_city) as base:
        for words in (
            (
                "give-field-task",
                number,
                "--party",
                "property_firm",
                "--name",
                "物业",
                "--text",
                "清理",
                "--within",
                "4h",
            ),
            ("report-field-task", number, "--task", "f1", "--done", "--text", "已清理"),
        ):
            given = await typed(base, "unit", *words)
            assert given.exit_code == 0, f"{words}: {given.output}"


async def test_a_unit_that_is_named_acts_where_the_command_centre_would_else(running_city: City):
    number = await running_city.in_progress()
    share = ("start-joint", number, "--unit", "440106-water_bureau", "--task", "抽水")
    async with served(running_city) as base:
        by_another = await typed(base, "unit", *share, "--as-unit", "440106-ecology_bureau")
        by_the_lead = await typed(base, "unit", *share, "--as-unit", TOWN)
    assert by_another.exit_code == 1
    assert by_the_lead.exit_code == 0, by_the_lead.output


async def test_a_duty_leader_calls_for_what_is_not_on_the_list(running_city: City):
    number = await running_city.in_progress()
    call = ("blow", number, "--kind", "daily", "--town", TOWN, "--summon", "440106-water_bureau=dredging")
    call = (*call, "--reason", "水浸", "--spot", "23.1472,113.3461")
    async with served(running_city) as base:
        refused = await typed(base, "operator", *call, at=whistles)
        given = await typed(base, "operator", *call, "--role", "duty_leader", at=whistles)
        heard = await typed(
            base, "unit", "acknowledge", number, "w1", "--as-unit", "440106-water_bureau", at=whistles
        )
    assert "not_on_the_list" in refused.stderr
    assert given.exit_code == 0, given.output
    assert heard.exit_code == 0, heard.output
