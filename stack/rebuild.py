"""``huying rebuild``: the projections made again from intake and timeline, while the service runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import OperationalError

from persistence.engine import make_engine
from persistence.projections import rebuild as rebuild_projections
from stack import options
from stack.data_dir import DataDir
from stack.errors import StackProblem
from stack.foreground import run_in_foreground
from stack.screen import console

DatabaseUrlOption = Annotated[
    str | None,
    typer.Option(
        envvar="HUYING_DATABASE_URL", help="SQLAlchemy URL; without it, the stack that runs on --data-dir."
    ),
]


def rebuild(
    data_dir: options.DataDirOption = options.DEFAULT_DATA_DIR, database_url: DatabaseUrlOption = None
) -> None:
    """Make the board and the inboxes again from the timeline. Safe at any time."""
    url = database_url or url_of_running(data_dir)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("rebuilding", total=None)
        shown = run_in_foreground(
            rebuilt(url, lambda done, total: bar.update(task, completed=done, total=total))
        )
    if shown is not None:
        console.print(f"{shown} requests are shown again from their timelines.", highlight=False)


async def rebuilt(url: str, progress: Callable[[int, int], None]) -> int:
    """Rebuild the projections of one database; how many requests they show.

    Raises:
        StackProblem: the database does not answer.
    """
    engine = make_engine(url, pool_size=1)
    try:
        return await rebuild_projections(engine, progress)
    except OperationalError as error:
        raise StackProblem(
            f"The database does not answer: {str(error.orig).strip().splitlines()[0]}"
        ) from None
    finally:
        await engine.dispose()


def url_of_running(folder: Path) -> str:
    """The database of the stack that runs on a folder.

    Raises:
        StackProblem: none runs there.
    """
    addresses = DataDir(folder.absolute()).addresses()
    if addresses is None:
        raise StackProblem("No stack runs on this folder. Start it with `huying up`, or give --database-url.")
    return addresses.database
