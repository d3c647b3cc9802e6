"""The options that every command with a stack of its own takes."""

from pathlib import Path
from typing import Annotated

import typer

DataDirOption = Annotated[
    Path, typer.Option("--data-dir", envvar="HUYING_DATA_DIR", help="Folder of the stack's data.")
]
FreshOption = Annotated[bool, typer.Option("--fresh", help="Remove all data of former starts first.")]
ApiPortOption = Annotated[
    int, typer.Option("--api-port", envvar="HUYING_API_PORT", min=1, max=65535, help="Port of the API.")
]
TemporalPortOption = Annotated[
    int, typer.Option("--temporal-port", min=1, max=65535, help="Port of the Temporal server.")
]
TemporalUiPortOption = Annotated[
    int, typer.Option("--temporal-ui-port", min=1, max=65535, help="Port of Temporal's own web screen.")
]
WorkerMetricsPortOption = Annotated[
    int,
    typer.Option(
        "--worker-metrics-port",
        envvar="HUYING_WORKER_METRICS_PORT",
        min=1,
        max=65535,
        help="Port of the worker's metrics.",
    ),
]
CoreMetricsPortOption = Annotated[
    int,
    typer.Option(
        "--core-metrics-port",
        envvar="HUYING_CORE_METRICS_PORT",
        min=1,
        max=65535,
        help="Loopback port of the SDK's own metrics.",
    ),
]
PartnersPortOption = Annotated[
    int,
    typer.Option(
        "--partners-port", min=1, max=65533, help="First of the three ports of the simulated partners."
    ),
]
PartnerProfileOption = Annotated[
    str, typer.Option("--partner-profile", help="How the simulated partners behave at first.")
]
WithoutPartnersOption = Annotated[
    bool, typer.Option("--without-partners", help="Start no partners: matters are handed over by hand.")
]

DEFAULT_DATA_DIR = Path(".huying")
DEFAULT_API_PORT = 8080
DEFAULT_TEMPORAL_PORT = 7233
DEFAULT_TEMPORAL_UI_PORT = 8233
DEFAULT_WORKER_METRICS_PORT = 9464
DEFAULT_CORE_METRICS_PORT = 9465
DEFAULT_PARTNERS_PORT = 8091
DEFAULT_PARTNER_PROFILE = "swift"
