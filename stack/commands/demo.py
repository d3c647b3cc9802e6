"""`huying demo`: the whole service, with real requests played through its doors and people who answer them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stack.commands import options
from stack.commands.screen import console, report_start, show_stack
from stack.foreground import run_in_foreground

if TYPE_CHECKING:
    from stack.embedded import StackPlan
    from stack.playing.stage import Material, Wish

DEFAULT_REQUESTS = 60
DEFAULT_SPEED = 90.0

RequestsOption = Annotated[
    int, typer.Option("--requests", min=1, max=47_787, help="How many real requests come in.")
]
SpeedOption = Annotated[
    float,
    typer.Option("--speed", min=1.0, max=1_000_000.0, help="How many times as fast as they really came."),
]
SeedOption = Annotated[
    int, typer.Option("--seed", help="Chooses where the stream begins and what the simulated people do.")
]
ExitOption = Annotated[bool, typer.Option("--exit", help="End by itself once everything is closed.")]
JsonOption = Annotated[
    Path | None, typer.Option("--json", dir_okay=False, help="Write a summary of the play to this file.")
]
CrewOption = Annotated[
    Path | None, typer.Option("--crew", help="Another file of what the simulated people do, and how often.")
]
PatienceOption = Annotated[
    float,
    typer.Option(
        "--patience",
        min=1.0,
        help="Seconds after the last arrival after which --exit ends with what is open.",
    ),
]


def demo(
    requests: RequestsOption = DEFAULT_REQUESTS,
    speed: SpeedOption = DEFAULT_SPEED,
    seed: SeedOption = 1,
    exit_at_end: ExitOption = False,
    json: JsonOption = None,
    crew: CrewOption = None,
    patience: PatienceOption = 300.0,
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
    """Start everything and play real requests through it at high speed; stay up until Ctrl-C (or --exit)."""
    from stack.embedded import StackPlan
    from stack.playing.stage import Wish, prepare

    wish = Wish(requests=requests, speed=speed, seed=seed, exit=exit_at_end, json=json, patience=patience)
    material = prepare(wish, crew)
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
    run_in_foreground(_demo(plan, wish, material))
    console.print(f"Stopped; the data stay in {data_dir}", highlight=False, markup=False, soft_wrap=True)


async def _demo(plan: StackPlan, wish: Wish, material: Material) -> None:
    from stack.embedded import EmbeddedStack
    from stack.playing.stage import Stage

    started = datetime.now(UTC)
    console.print("Starting Huying 呼应", highlight=False)
    async with EmbeddedStack(plan, report_start) as stack:
        show_stack(stack)
        await Stage(stack, wish, material, started).perform()
