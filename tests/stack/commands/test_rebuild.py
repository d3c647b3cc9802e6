"""`huying rebuild`: the tables made again, or one sentence that says why not."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from sqlalchemy import text
from typer.testing import CliRunner

from persistence.append import Appender
from persistence.engine import make_engine
from stack.commands.rebuild import rebuild, rebuilt
from stack.errors import StackProblem
from tests.persistence.conftest import appending_with, rows
from tests.support.stories import climbed, entries, taken_in


async def test_it_shows_the_requests_again(database_url: str) -> None:
    engine = make_engine(database_url, pool_size=2)
    begun = await taken_in(engine)
    for entry in entries(begun, climbed(begun)):
        await appending_with(Appender(engine))(entry)
    before = await rows(engine, "SELECT * FROM requests")
    async with engine.begin() as connection:
        await connection.execute(text("TRUNCATE requests, legs"))
    reported = list[tuple[int, int]]()
    assert await rebuilt(database_url, lambda done, total: reported.append((done, total))) == 1
    assert await rows(engine, "SELECT * FROM requests") == before
    assert reported[-1] == (1, 1)
    await engine.dispose()


async def test_a_database_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(StackProblem, match="does not answer"):
        await rebuilt("postgresql+psycopg://nobody@/nothing?host=/nowhere", lambda done, total: None)


def test_without_a_running_stack_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUYING_DATABASE_URL", raising=False)
    app = typer.Typer()
    app.command()(rebuild)
    done = CliRunner().invoke(app, ["--data-dir", str(tmp_path)])
    assert isinstance(done.exception, StackProblem)
    assert "huying up" in str(done.exception)
