"""``huying rebuild``: the projections made again from intake and timeline, while the service runs."""

from collections.abc import Callable

from persistence.projections import rebuild as rebuild_projections
from stack.commands import options
from stack.commands.screen import console
from stack.foreground import run_in_foreground
from stack.servers.databases import DatabaseUrlOption, counting, opened, url_of_running


def rebuild(
    data_dir: options.DataDirOption = options.DEFAULT_DATA_DIR, database_url: DatabaseUrlOption = None
) -> None:
    """Make the board and the inboxes again from the timeline. Safe at any time."""
    url = database_url or url_of_running(data_dir)
    with counting() as bar:
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
    async with opened(url) as engine:
        return await rebuild_projections(engine, progress)
