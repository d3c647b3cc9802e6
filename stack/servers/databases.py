"""The database of a running stack, asked directly by commands that examine it or make it again."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.engine import make_engine
from stack.commands.screen import console
from stack.data_dir import DataDir
from stack.errors import StackProblem

DatabaseUrlOption = Annotated[
    str | None,
    typer.Option(
        envvar="HUYING_DATABASE_URL", help="SQLAlchemy URL; without it, the stack that runs on --data-dir."
    ),
]


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[AsyncEngine]:
    """One database, closed again in the end.

    Raises:
        StackProblem: it does not answer.
    """
    engine = make_engine(url, pool_size=1)
    try:
        yield engine
    except OperationalError as error:
        raise StackProblem(
            f"The database does not answer: {str(error.orig).strip().splitlines()[0]}"
        ) from None
    finally:
        await engine.dispose()


def counting() -> Progress:
    """A bar that counts requests."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console)


def url_of_running(folder: Path) -> str:
    """The database of the stack that runs on a folder.

    Raises:
        StackProblem: none runs there.
    """
    addresses = DataDir(folder.absolute()).addresses()
    if addresses is None:
        raise StackProblem("No stack runs on this folder. Start it with `huying up`, or give --database-url.")
    return addresses.database
