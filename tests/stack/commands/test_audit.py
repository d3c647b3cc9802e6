"""`huying audit verify`: every finding on a line of its own, and a code that a script can read."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from persistence.anchors import seal_if_due
from persistence.append import Appender
from persistence.engine import make_engine
from persistence.findings import Finding, Wrong
from stack.commands.audit import app, told
from stack.errors import StackProblem
from tests.persistence.conftest import appending_with, tamper
from tests.support.stories import MINUTE, closed, entries, taken_in

NUMBER = "20260302-0000001"


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """A database with one closed and sealed request."""
    made = make_engine(database_url, pool_size=2)
    begun = await taken_in(made)
    for entry in entries(begun, closed(begun)):
        await appending_with(Appender(made))(entry)
    await seal_if_due(made, 0 * MINUTE)
    yield made
    await made.dispose()


async def found(
    url: str, *, number: str | None = None, since: date | None = None, noted: str | None = None
) -> list[Finding]:
    """What is told, one by one."""
    findings = list[Finding]()
    so_far = list[tuple[int, int]]()
    count = await told(
        url,
        number=number,
        since=since,
        noted=noted,
        tell=findings.append,
        progress=lambda done, total: so_far.append((done, total)),
    )
    assert count == len(findings)
    assert so_far[-1][0] == so_far[-1][1]
    return findings


async def run(database_url: str) -> tuple[int | None, str]:
    """The command as a person gives it: its code, and what it says."""
    done = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "stack.cli", "audit", "verify", "--database-url", database_url),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await done.communicate()
    return done.returncode, said.decode()


async def test_the_code_says_whether_the_record_is_whole(engine: AsyncEngine, database_url: str) -> None:
    code, said = await run(database_url)
    assert code == 0
    assert "The record is what was written." in said
    await tamper(engine, "UPDATE timeline SET fact = '{}' WHERE seq = 3")
    code, said = await run(database_url)
    assert code == 1
    assert f"{NUMBER}    3 altered 记录被改动 / the row was altered" in said
    assert "1 findings." in said


async def test_one_request_or_the_newest_alone_can_be_looked_at(
    engine: AsyncEngine, database_url: str
) -> None:
    await tamper(engine, "UPDATE timeline SET fact = '{}' WHERE seq = 3")
    altered = [Finding(NUMBER, 3, Wrong.ALTERED)]
    assert await found(database_url) == altered
    assert await found(database_url, number=NUMBER) == altered
    assert await found(database_url, since=date(2026, 3, 2)) == altered
    assert await found(database_url, since=date(2026, 3, 3)) == []


async def test_a_request_removed_with_all_that_spoke_of_it_is_missed_by_the_anchor(
    engine: AsyncEngine, database_url: str
) -> None:
    tables = ("intake", "timeline", "requests", "legs", "answers", "notices")
    await tamper(engine, *(f"DELETE FROM {table}" for table in tables))
    assert [(each.seq, each.what) for each in await found(database_url)] == [(1, Wrong.ANCHOR_DIFFERS)]


async def test_a_digest_that_was_noted_must_still_be_there(engine: AsyncEngine, database_url: str) -> None:
    assert [each.what for each in await found(database_url, noted="f" * 64)] == [Wrong.ANCHOR_UNKNOWN]


async def test_a_request_that_is_not_there_is_one_sentence(engine: AsyncEngine, database_url: str) -> None:
    with pytest.raises(StackProblem, match="Nothing is known"):
        await found(database_url, number="20990101-0000001")


async def test_a_database_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(StackProblem, match="does not answer"):
        await found("postgresql+psycopg://nobody@/nothing?host=/nowhere")


def test_without_a_running_stack_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUYING_DATABASE_URL", raising=False)
    done = CliRunner().invoke(app, ["verify", "--data-dir", str(tmp_path)])
    assert isinstance(done.exception, StackProblem)
    assert "huying up" in str(done.exception)
