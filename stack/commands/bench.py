"""``huying bench``: the product against a bare workflow with the same steps, in one run on the same servers."""

import asyncio
import json
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from bench.plan import Engine, Extent, Measure, Service
from domain.partners import Partner
from stack.commands.options import DEFAULT_PARTNER_PROFILE, PartnerProfileOption
from stack.commands.screen import console
from stack.data_dir import DataDir
from stack.foreground import run_in_foreground


def bench(
    what: Annotated[Measure, typer.Argument(help="What to measure.")] = Measure.LIFECYCLES,
    pairs: Annotated[int, typer.Option(min=1, help="Pairs of runs, bare and ours by turns.")] = 7,
    seconds: Annotated[float, typer.Option(min=1, help="Seconds of each run.")] = 8,
    rate: Annotated[float, typer.Option(min=1, help="Calls per second of the intake.")] = 100,
    intake_seconds: Annotated[float, typer.Option(min=1, help="Seconds of the intake.")] = 30,
    spread: Annotated[int, typer.Option(min=1, help="Deadlines spread over a minute.")] = 600,
    burst: Annotated[int, typer.Option(min=1, help="Deadlines within one second.")] = 2000,
    opened: Annotated[int, typer.Option(min=1, help="Requests opened to measure memory.")] = 1000,
    cases: Annotated[int, typer.Option(min=1, help="Cases handed to partners at once.")] = 1000,
    partner_profile: PartnerProfileOption = DEFAULT_PARTNER_PROFILE,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all figures there.")] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            help="Measure the stack that runs on this folder; without it, a fresh one that is then removed."
        ),
    ] = None,
) -> None:
    """Measure the product against a bare workflow with the same steps, interleaved, on the same Temporal server."""
    extent = Extent(
        pairs=pairs,
        seconds=seconds,
        rate=rate,
        intake_seconds=intake_seconds,
        spread_count=spread,
        burst_count=burst,
        open_count=opened,
        case_count=cases,
        partner_profile=partner_profile,
    )
    run_in_foreground(_measured(what, extent, json_file, data_dir and data_dir.absolute()))


async def _measured(what: Measure, extent: Extent, json_file: Path | None, data_dir: Path | None) -> None:
    from bench.ground import prepared
    from bench.measures import taken
    from bench.meters import machine

    figures: dict[str, Any] = {"machine": machine(), "extent": vars(extent)}
    _say(Console(stderr=True), ", ".join(figures["machine"].values()))
    with_partners = what in (Measure.PARTNERS, Measure.ALL)
    async with (
        _service(data_dir, with_partners=with_partners) as (service, engine),
        prepared(service, engine) as ground,
    ):
        with console.status("measuring") as status:
            async for finding in taken(ground, what, extent, status.update):
                for table in finding.tables:
                    console.print(table)
                figures[finding.measure] = finding.figures
                if json_file is not None:
                    await asyncio.to_thread(_write, json_file, figures)


@asynccontextmanager
async def _service(data_dir: Path | None, *, with_partners: bool) -> AsyncGenerator[tuple[Service, Engine]]:
    if data_dir is not None:
        yield _running(DataDir(data_dir), with_partners=with_partners)
        return
    from stack.embedded import EmbeddedStack, StackPlan
    from stack.servers.ports import free_port, free_row

    with tempfile.TemporaryDirectory(prefix="huying-bench-", ignore_cleanup_errors=True) as folder:
        plan = StackPlan(
            data_dir=Path(folder) / "data",
            api_port=free_port(),
            temporal_port=free_port(),
            temporal_ui_port=free_port(),
            worker_metrics_port=free_port(),
            core_metrics_port=free_port(),
            partners_port=free_row(len(Partner)) if with_partners else None,
        )
        async with EmbeddedStack(plan) as stack:
            yield _running(stack.data_dir, with_partners=with_partners)


def _running(data_dir: DataDir, *, with_partners: bool) -> tuple[Service, Engine]:
    from stack.errors import StackProblem

    addresses, holder = data_dir.addresses(), data_dir.holder()
    if addresses is None or holder is None:
        raise StackProblem(
            f"No stack runs on {data_dir.path}; start it with `huying up --data-dir {data_dir.path}`."
        )
    keys = data_dir.credentials().api_keys
    host, _, port = addresses.api.removeprefix("http://").partition(":")
    if with_partners and not addresses.partners:
        raise StackProblem(f"The stack on {data_dir.path} runs without simulated partners.")
    service = Service(
        host, int(port), keys["operator"], keys["unit"], addresses.database, holder, addresses.partners
    )
    return service, Engine(addresses.temporal)


def _say(to: Console, line: str) -> None:
    to.print(line, style="dim", highlight=False, markup=False, soft_wrap=True)


def _write(file: Path, figures: dict[str, Any]) -> None:
    file.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
