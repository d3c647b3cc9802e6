"""`huying policy`, `huying surge` and `huying city recalculate`: looked at first, ordered with a reason, followed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date

from typer import Typer
from typer.testing import CliRunner, Result

from stack.cli import app
from stack.commands.request_pages import dated
from tests.api.bulk.test_bulk_command_line import printed, worked_off_when_it_comes
from tests.api.conftest import SECRETS, City
from tests.api.policies.test_policy_migrations import published, shown, taken, with_a_day_off
from tests.api.serving import served

REASON = ("--reason", "新版时限适用于在办件")


async def typed(base: str, *words: str, tool: Typer = app) -> Result:
    """The command line with these words, with an operator's key."""
    arguments = [*words, "--api", base, "--key", SECRETS["operator"]]
    return await asyncio.to_thread(CliRunner().invoke, tool, arguments, env={"COLUMNS": "180"})


async def test_versions_and_differences_are_told_in_both_languages(running_city: City):
    await published(running_city, total="8wd")
    async with served(running_city) as base:
        listed = await typed(base, "policy", "list")
        assert "P-SAFETY-SURGE" in listed.stdout
        versions = await typed(base, "policy", "versions", "P-SAFETY")
        assert "in_force" in versions.stdout
        differences = await typed(base, "policy", "diff", "P-SAFETY", "1", "2")
        assert "办结总时限由 7wd 延长为 8wd  total limit longer from 7wd to 8wd" in differences.stdout
        same = await typed(base, "policy", "diff", "P-SAFETY", "1", "1")
        assert "say the same" in same.stdout
        assert printed(await typed(base, "policy", "versions", "P-SAFETY", "--json"))["code"] == "P-SAFETY"
        missing = await typed(base, "policy", "diff", "P-SAFETY", "1", "7")
        assert missing.exit_code == 1


async def test_a_migration_is_shown_and_only_ordered_with_a_reason(running_city: City):
    number = (await taken(running_city, 1))[0]
    await published(running_city, total="8wd")
    words = ("policy", "migrate", "P-SAFETY", "--to", "2")
    async with served(running_city) as base:
        foreseen = await typed(base, *words)
        assert foreseen.exit_code == 0, foreseen.output
        assert "open requests: 1 (1 would gain)" in foreseen.stdout
        before, after = dated("2026-12-02T10:00:00Z"), dated("2026-12-03T10:00:00Z")
        assert f"{before}  {after}  green → green" in foreseen.stdout
        answer = printed(await typed(base, *words, "--json"))
        assert answer["items"][0]["due_after"] == "2026-12-03T10:00:00Z"
        assert "Nothing was changed" in foreseen.stdout
        assert (await shown(running_city, number))["policy_version"] == 1
        without = await typed(base, *words, "--apply")
        assert (without.exit_code, "--reason" in without.output) == (2, True)
        given, _ = await asyncio.gather(
            typed(base, *words, "--apply", *REASON), worked_off_when_it_comes(running_city)
        )
        assert "move_policy  done  1 of 1" in given.stdout, given.output
        assert (await shown(running_city, number))["policy_version"] == 2
        assert "No open request would be moved." in (await typed(base, *words)).stdout


async def test_whom_it_would_make_late_stand_first(running_city: City):
    late = (await taken(running_city, 1))[0]
    running_city.clock.move(days=9)
    await taken(running_city, 1)
    two_days = {"grid": None, "community": None, "town": "1wd", "district": "1wd"}
    await published(running_city, total="6wd", dwell=two_days, start_level="town")
    async with served(running_city) as base:
        foreseen = await typed(base, "policy", "migrate", "P-SAFETY", "--to", "2")
    assert "open requests: 2 (1 would breach, 1 would shorten)" in foreseen.stdout
    lines = foreseen.stdout.splitlines()
    first = next(line for line in lines if "would_" in line)
    assert first.split()[:2] == [late, "would_breach"]


async def test_a_surge_is_begun_listed_and_ended(running_city: City):
    async with served(running_city) as base:
        words = ("surge", "begin", "五山防汛", "--area", "440106012", "--reason", "内涝风险")
        begun = await typed(base, *words, "--substitute", "P-FLOOD=P-FLOOD-SURGE", "--json")
        surge = printed(begun)
        assert (surge["area"], surge["substitutions"]) == ("440106012", {"P-FLOOD": "P-FLOOD-SURGE"})
        assert "五山防汛" in (await typed(base, "surge", "list", "--holding")).stdout
        refused = await typed(base, *words, "--set", "flood")
        assert (refused.exit_code, "surge_collides" in refused.stderr) == (1, True)
        odd = await typed(base, *words, "--substitute", "P-FLOOD")
        assert odd.exit_code == 2
        ended = await typed(base, "surge", "end", str(surge["id"]), "--reason", "预警解除")
        assert ended.exit_code == 0, ended.output
        assert "五山防汛" not in (await typed(base, "surge", "list", "--holding")).stdout


async def test_a_corrected_calendar_is_shown_and_given(running_city: City):
    number = (await taken(running_city, 1))[0]
    async with served(running_city) as base:
        nothing = await typed(base, "city", "recalculate")
        assert "Every open request counts in the present calendar." in nothing.stdout
        pack = running_city.doors.pack
        corrected = replace(pack, calendar=with_a_day_off(pack.calendar, date(2026, 11, 25)))
        running_city.app.state.doors = replace(running_city.app.state.doors, pack=corrected)
        foreseen = await typed(base, "city", "recalculate")
        assert "open requests: 1 (1 would gain)" in foreseen.stdout, foreseen.output
        given, _ = await asyncio.gather(
            typed(base, "city", "recalculate", "--apply", "--reason", "台风停工"),
            worked_off_when_it_comes(running_city),
        )
        assert "recalculate  done  1 of 1" in given.stdout, given.output
    assert (await shown(running_city, number))["total_due_at"] == "2026-12-03T10:00:00Z"
