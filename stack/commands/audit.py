"""``huying audit``: the whole record examined, row by row, while the service runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, time
from typing import Annotated

import typer
from rich.text import Text

from persistence.anchors import altered_anchors
from persistence.findings import Finding
from persistence.verifying import examine, examine_all
from stack.commands import options
from stack.commands.screen import console
from stack.errors import StackProblem
from stack.foreground import run_in_foreground
from stack.servers.databases import DatabaseUrlOption, counting, opened, url_of_running

app = typer.Typer(name="audit", help="The record: whether it is what was written.", no_args_is_help=True)


@app.callback()
def audit() -> None:
    """The record: whether it is what was written."""


@app.command()
def verify(
    number: Annotated[str | None, typer.Option(help="One request; all of them if left out.")] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Only requests registered, and anchors made, from this day on."
        ),
    ] = None,
    noted: Annotated[
        str | None, typer.Option(help="Digest of an anchor, as the worker logged it: it must still be there.")
    ] = None,
    data_dir: options.DataDirOption = options.DEFAULT_DATA_DIR,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Examine every timeline, and what is shown, answered and sealed of it. Ends with 1 when anything is found."""
    url = database_url or url_of_running(data_dir)
    with counting() as bar:
        task = bar.add_task("verifying", total=None)
        count = run_in_foreground(
            told(
                url,
                number=number,
                since=since.date() if since else None,
                noted=noted,
                tell=lambda finding: bar.console.print(_line(finding), soft_wrap=True),
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
        )
    if count is None:
        return
    console.print("The record is what was written." if not count else f"{count} findings.", highlight=False)
    if count:
        raise typer.Exit(1)


async def told(
    url: str,
    *,
    number: str | None,
    since: date | None,
    noted: str | None,
    tell: Callable[[Finding], None],
    progress: Callable[[int, int], None],
) -> int:
    """Tell each finding as it is found; how many there were.

    Raises:
        StackProblem: the database does not answer, or knows no such request.
    """
    count = 0

    async def tell_all(findings: AsyncIterator[Finding]) -> None:
        nonlocal count
        async for finding in findings:
            tell(finding)
            count += 1

    async with opened(url) as engine:
        if number is not None:
            examined = await examine(engine, number)
            if examined is None:
                raise StackProblem(f"Nothing is known of a request {number}.")
            for finding in examined.findings:
                tell(finding)
            progress(1, 1)
            return len(examined.findings)
        await tell_all(examine_all(engine, progress, since=f"{since:%Y%m%d}" if since else ""))
        day = datetime.combine(since, time(), UTC) if since else None
        await tell_all(altered_anchors(engine, since=day, noted=noted))
        return count


def _line(finding: Finding) -> Text:
    return Text.assemble(
        (f"{finding.number} ", "bold"),
        (f"{finding.seq:>4} ", "cyan"),
        (f"{finding.what} ", "red"),
        f"{finding.what.zh} / {finding.what.en}",
        f": {finding.detail}" if finding.detail else "",
    )
