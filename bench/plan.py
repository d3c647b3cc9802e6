"""What is to be measured, how much of it, and where it is found."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True)
class Engine:
    """A Temporal server, and the queue of the bare workflows on it."""

    address: str
    namespace: str = "huying"
    bare_queue: str = "bench-bare"


@dataclass(frozen=True)
class Service:
    """The running product: its API with two keys, its database, and the processes it is made of."""

    host: str
    port: int
    operator_key: str
    unit_key: str
    database: str
    holder: int
    """Process id of the stack, whose children are the servers."""
    partners: dict[str, str] = field(default_factory=dict[str, str])
    """Where the simulated partners answer, by name; empty if the stack has none."""


class Measure(StrEnum):
    """What is measured."""

    ALL = "all"
    LIFECYCLES = "lifecycles"
    LATENCY = "latency"
    MEMORY = "memory"
    LATENESS = "lateness"
    BURST = "burst"
    INTAKE = "intake"
    PARTNERS = "partners"


@dataclass(frozen=True)
class Extent:
    """How long and how much; see the options of the command."""

    pairs: int
    seconds: float
    rate: float
    intake_seconds: float
    spread_count: int
    burst_count: int
    open_count: int
    case_count: int
    partner_profile: str
