"""The summary of a play, as `--json` writes it and as the last lines say it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from persistence.engine import make_engine, reading
from persistence.liveness import Downtime, downtimes
from stack.errors import StackProblem
from stack.playing.reckoning import Agreement, spelled
from stack.playing.scoreboard import Lateness, Scoreboard

ESCALATIONS = (
    "handling",
    "handling_by_silence",
    "handling_asked",
    "supervision",
    "yellow_cards",
    "red_cards",
    "black_list",
    "alarms",
)
"""Kinds of escalation, each counted even where there was none. ``handling`` is the sum of the two after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What was played and for how long."""

    seed: int
    speed: float
    asked_for: int
    duration_seconds: float
    ended: bool
    """Whether everything that was played has ended."""


async def stops_since(database_url: str, at: datetime) -> Sequence[Downtime]:
    """The stretches without the service that ended after the instant: the one before this start, and crashes since."""
    engine = make_engine(database_url, pool_size=1)
    try:
        async with reading(engine) as connection:
            return [stop for stop in await downtimes(connection) if stop.until >= at]
    finally:
        await engine.dispose()


def summary_of(board: Scoreboard, played: Played) -> dict[str, Any]:
    """The summary; instants in seconds, rounded to the millisecond."""
    closed = board.closed_of_play
    carried_closed = sum(board.view(number).ended for number in board.carried)
    after_stops = board.lateness_after_stops()
    return {
        "requests": len(board.played),
        "closed": closed,
        "open": len(board.played) - closed,
        "taken_over": {"requests": len(board.carried), "closed": carried_closed},
        "escalations": {kind: board.escalations[kind] for kind in ESCALATIONS},
        **spelled(board.beside),
        "reconciliation": None if board.agreements is None else _agreed(board.agreements),
        "lateness_seconds": _spelled(board.lateness()),
        "errors": board.errors,
        "last_errors": list(board.last_errors),
        "refusals": {"meant": dict(board.refused), "too_late": dict(board.raced)},
        "downtime_seconds": round(sum((stop.until - stop.since).total_seconds() for stop in board.stops), 3),
        "fired_after_downtime": _spelled(after_stops),
        "seed": played.seed,
        "speed": played.speed,
        "asked_for": played.asked_for,
        "ended": played.ended,
        "duration_seconds": round(played.duration_seconds, 3),
    }


def write_summary(summary: dict[str, Any], file: Path) -> None:
    """Write the summary as JSON.

    Raises:
        StackProblem: the file cannot be written.
    """
    try:
        file.write_text(json.dumps(summary, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StackProblem(f"The summary cannot be written to {file} ({reason}).") from error


def _agreed(agreements: Sequence[Agreement]) -> dict[str, Any]:
    return {
        each.partner.value: {"compared": each.compared, "differences": list(each.differences)}
        for each in agreements
    }


def _spelled(lateness: Lateness) -> dict[str, float]:
    return {
        "p50": round(lateness.p50, 3),
        "p99": round(lateness.p99, 3),
        "max": round(lateness.max, 3),
        "deadlines": lateness.fired,
    }
