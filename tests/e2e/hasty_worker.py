"""The product's own worker process for tests that cannot wait: what it waits for by itself, it waits for a moment only.

``python -m tests.e2e.hasty_worker``. What a kill took with it is given up within seconds rather than minutes,
reconciliations begin at once, and an answer of a partner that the plan names never comes back: the call has had its
effect, and nobody hears of it. The plan is a folder (``HUYING_TESTS_UNHEARD``) with a file ``<case>.<operation>`` for
each such call, which is renamed when the answer was lost, so that it happens once.
"""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from config.settings import PartnerConnection
from domain.partners import Partner
from integrations.gateways import OpenGateway, gateway_for
from integrations.pace import Pace
from worker.reconciler import Reconciler
from workflows.options import GIVE_BATCH, PARTNER_CALL, RUN_ERRAND

UNHEARD = "HUYING_TESTS_UNHEARD"
GIVEN_UP_AFTER = timedelta(seconds=4)
"""When the engine gives up a step that died with its worker."""


def plan_unheard(folder: Path, case: str, operation: str) -> None:
    """Plan that the next answer to this call for the case is never heard."""
    (folder / f"{case}.{operation}").touch()


def is_unheard(folder: Path, case: str, operation: str) -> bool:
    """Whether the partner has answered such a call, and its answer was kept back."""
    return (folder / f"{case}.{operation}_unheard").exists()


def hard_of_hearing(
    partner: Partner, connection: PartnerConnection, *, pace: Pace | None = None
) -> OpenGateway:
    """The product's gateway to a partner, but for the answers that the plan keeps back."""
    gateway, folder = gateway_for(partner, connection, pace=pace), Path(os.environ[UNHEARD])
    for operation in ("open", "withdraw", "confirm"):
        setattr(gateway, operation, _unheard(folder, operation, getattr(gateway, operation)))
    return gateway


def _unheard(
    folder: Path, operation: str, call: Callable[..., Awaitable[Any]]
) -> Callable[..., Awaitable[Any]]:
    async def called(**asked: Any) -> Any:
        answer = await call(**asked)
        case = asked["brief"].case if "brief" in asked else asked["case"]
        planned = folder / f"{case}.{operation}"
        if planned.exists():
            planned.rename(folder / f"{case}.{operation}_unheard")
            await asyncio.Event().wait()
        return answer

    return called


if __name__ == "__main__":
    for steps in (PARTNER_CALL, RUN_ERRAND):
        steps["start_to_close_timeout"] = GIVEN_UP_AFTER
    GIVE_BATCH["heartbeat_timeout"] = GIVEN_UP_AFTER
    neighbours = importlib.import_module("worker.neighbours")
    # The two seams: the names by which the process makes its gateways and its reconciler.
    vars(neighbours)["gateway_for"] = hard_of_hearing
    vars(neighbours)["Reconciler"] = partial(
        Reconciler, look_again_after=timedelta(seconds=1), interval=timedelta(seconds=0.5)
    )
    importlib.import_module("worker.__main__").main()
