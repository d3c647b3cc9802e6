"""The command line `huying`."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from stack.commands import (
    audit,
    bulk,
    city,
    exceptions,
    options,
    partners,
    policies,
    requests,
    surges,
    whistles,
)
from stack.commands.bench import bench
from stack.commands.demo import demo
from stack.commands.rebuild import rebuild
from stack.commands.screen import console, report_start, show_line, show_stack
from stack.errors import StackProblem
from stack.foreground import run_in_foreground, until_told

if TYPE_CHECKING:
    from stack.embedded import StackPlan

app = typer.Typer(
    name="huying",
    help="Huying 呼应: every call is answered. The embedded stack and its tools.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(city.app)
requests.app.add_typer(exceptions.app)
requests.app.add_typer(bulk.app)
app.add_typer(requests.app)
app.add_typer(policies.app)
app.add_typer(surges.app)
app.add_typer(whistles.app)
app.add_typer(partners.app)
app.add_typer(audit.app)


@app.command()
def up(
    data_dir: options.DataDirOption = options.DEFAULT_DATA_DIR,
    fresh: options.FreshOption = False,
    api_port: options.ApiPortOption = options.DEFAULT_API_PORT,
    temporal_port: options.TemporalPortOption = options.DEFAULT_TEMPORAL_PORT,
    temporal_ui_port: options.TemporalUiPortOption = options.DEFAULT_TEMPORAL_UI_PORT,
    worker_metrics_port: options.WorkerMetricsPortOption = options.DEFAULT_WORKER_METRICS_PORT,
    core_metrics_port: options.CoreMetricsPortOption = options.DEFAULT_CORE_METRICS_PORT,
    partners_port: options.PartnersPortOption = options.DEFAULT_PARTNERS_PORT,
    partner_profile: options.PartnerProfileOption = options.DEFAULT_PARTNER_PROFILE,
    without_partners: options.WithoutPartnersOption = False,
) -> None:
    """Start PostgreSQL, Temporal, worker, API and simulated partners, and keep them running until Ctrl-C."""
    from stack.embedded import StackPlan

    plan = StackPlan(
        data_dir=data_dir,
        fresh=fresh,
        api_port=api_port,
        temporal_port=temporal_port,
        temporal_ui_port=temporal_ui_port,
        worker_metrics_port=worker_metrics_port,
        core_metrics_port=core_metrics_port,
        partners_port=None if without_partners else partners_port,
        partner_profile=partner_profile,
    )
    run_in_foreground(_up(plan))
    console.print(f"Stopped; the data stay in {data_dir}", highlight=False, markup=False, soft_wrap=True)


@app.command()
def doctor(
    data_dir: options.DataDirOption = options.DEFAULT_DATA_DIR,
    namespace: Annotated[str, typer.Option(help="Temporal namespace of the service.")] = "huying",
) -> None:
    """Say what runs, in which version, how well, and where its data lies. Ends with 1 when something is unwell."""
    from stack.commands.doctor import examine
    from stack.data_dir import DataDir

    findings = run_in_foreground(examine(DataDir(data_dir.absolute()), namespace)) or []
    for finding in findings:
        sign, colour = ("ok", "green") if finding.well else ("--", "red")
        show_line(sign, colour, finding.subject, finding.detail)
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


app.command()(rebuild)
app.command()(bench)
app.command()(demo)


def main() -> None:
    """Run the command; a problem that a person can mend is one sentence and code 2."""
    try:
        app()
    except StackProblem as problem:
        complaint = Console(stderr=True)
        complaint.print(f"huying: {problem}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)


async def _up(plan: "StackPlan") -> None:
    from stack.embedded import EmbeddedStack

    console.print("Starting Huying 呼应", highlight=False)
    async with EmbeddedStack(plan, report_start) as stack:
        show_stack(stack)
        console.print("Running; Ctrl-C stops everything.")
        await until_told()


if __name__ == "__main__":
    main()
