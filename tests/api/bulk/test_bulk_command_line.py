"""`huying request bulk`: one line for many requests, a bar while it runs, and what was not obeyed."""

import asyncio
import json
from pathlib import Path
from typing import Any

from sqlalchemy import text
from typer.testing import CliRunner, Result

from stack.commands.bulk import app
from tests.api.bulk.test_bulk import worked_off
from tests.api.conftest import SECRETS, City
from tests.api.serving import served


async def typed(base: str, *words: str) -> Result:
    """The command line with these words, with an operator's key."""
    arguments = [*words, "--api", base, "--key", SECRETS["operator"]]
    return await asyncio.to_thread(CliRunner().invoke, app, arguments, env={"COLUMNS": "160"})


def printed(shown: Result) -> Any:
    """What `--json` prints; log lines of the API, in this same process, may stand around it."""
    return json.JSONDecoder().raw_decode(shown.stdout[shown.stdout.index("{\n") :])[0]


async def worked_off_when_it_comes(city: City) -> None:
    """Work off the first job, as the worker does."""
    while True:
        async with city.doors.looking() as connection:
            job = await connection.scalar(text("SELECT id FROM bulk_jobs"))
        if job is not None:
            await worked_off(city, {"id": job})
            return
        await asyncio.sleep(0.02)


async def test_a_file_of_numbers_is_urged_and_the_rest_explained(running_city: City, tmp_path: Path):
    numbers = [await running_city.dispatched() for _ in range(2)]
    listed = tmp_path / "numbers.txt"
    listed.write_text("\n".join([*numbers, "20200101-00001", ""]))
    async with served(running_city) as base:
        given, _ = await asyncio.gather(
            typed(base, "urge", "--numbers", str(listed), "--note", "请尽快处置", "--role", "dispatcher"),
            worked_off_when_it_comes(running_city),
        )
        assert given.exit_code == 0, given.output
        assert "urge  done  3 of 3" in given.stdout
        assert "2 succeeded, 1 not found" in given.stdout
        assert "20200101-00001" in given.stdout
        job = given.stdout[: given.stdout.index("  urge")].split()[-1]
        shown = printed(await typed(base, "show", job, "--json"))
        assert [item["result"] for item in shown["items"]] == ["not_found", "done", "done"]
        assert "urge  done" in (await typed(base, "cancel", job)).stdout


async def test_without_waiting_the_job_is_named_and_a_refusal_shown(running_city: City, tmp_path: Path):
    listed = tmp_path / "numbers.txt"
    listed.write_text("20200101-00001, 20200101-00002")
    async with served(running_city) as base:
        words = ("supervise", "--numbers", str(listed), "--reason", "媒体关注", "--no-wait")
        taken = await typed(base, *words)
        assert "supervise  running  0 of 2" in taken.stdout
        listed.write_text("20200101-00001 20200101-00001")
        refused = await typed(base, *words)
    assert refused.exit_code == 1
    assert "20200101-00001 is named twice" in refused.stderr
