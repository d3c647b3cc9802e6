"""Reading the machine: processor time and memory of the processes of a stack, and what else was busy."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

MEGABYTE = 1_000_000
_PARTS = {"server": "start-dev", "worker": "-m worker", "api": "-m api", "postgres": "pginstall"}
_NOT_ALWAYS = {"partners": "-m integrations.simulators"}


def parts_of(holder: int) -> dict[str, int]:
    """Process ids of the servers that a stack's process holds, by part.

    Raises:
        LookupError: one of them does not run.
    """
    found: dict[str, int] = {}
    for child in psutil.Process(holder).children(recursive=True):
        try:
            line = " ".join(child.cmdline())
        except psutil.Error:
            continue
        for part, mark in (_PARTS | _NOT_ALWAYS).items():
            if mark in line:
                found.setdefault(part, child.pid)
    if missing := _PARTS.keys() - found.keys():
        raise LookupError(f"the stack of process {holder} has no running {', '.join(sorted(missing))}")
    return found


@dataclass(frozen=True)
class Reading:
    """Processor seconds used since each process began, and of the whole machine since it started."""

    at: float
    parts: dict[str, float]
    machine: float

    def since(self, earlier: Reading) -> Usage:
        """What was used between two readings."""
        used = {part: seconds - earlier.parts.get(part, 0.0) for part, seconds in self.parts.items()}
        busy = self.machine - earlier.machine
        passed = self.at - earlier.at
        return Usage(used, max(0.0, busy - sum(used.values())) / passed, passed)


@dataclass(frozen=True)
class Usage:
    """Processor seconds by part; ``other`` is how many processors the rest of the machine kept busy."""

    parts: dict[str, float]
    other: float
    passed: float


@dataclass
class Meters:
    """Reads the named processes, their children included."""

    pids: dict[str, int] = field(default_factory=dict[str, int])

    def read(self) -> Reading:
        """What has been used until now."""
        parts = {part: _seconds(pid) for part, pid in self.pids.items()}
        times = psutil.cpu_times()
        busy = (
            times.user + times.system + times.nice + getattr(times, "irq", 0) + getattr(times, "softirq", 0)
        )
        return Reading(time.perf_counter(), parts, busy)

    def memory(self) -> dict[str, float]:
        """Resident megabytes by part; shared pages of PostgreSQL's processes are counted once."""
        return {part: _resident(pid) / MEGABYTE for part, pid in self.pids.items()}


def machine() -> dict[str, str]:
    """What the figures were taken on."""
    return {
        "processor": _processor(),
        "processors": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 1e9:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or "unknown"


def _seconds(pid: int) -> float:
    process = psutil.Process(pid)
    total = 0.0
    for each in (process, *process.children(recursive=True)):
        try:
            times = each.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
        if each.pid == pid:
            total += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return total


def _resident(pid: int) -> float:
    process = psutil.Process(pid)
    family = process.children(recursive=True)
    if not family:
        return float(process.memory_info().rss)
    total = 0.0
    for each in (process, *family):
        try:
            total += float(each.memory_full_info().pss)
        except (psutil.Error, AttributeError):
            continue
    return total
