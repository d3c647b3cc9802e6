"""A person's terminal, and the processes that a command started there leaves or does not leave behind."""

import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from stack.servers.ports import free_port, free_row

HUYING = str(Path(sys.executable).with_name("huying"))


@dataclass
class Terminal:
    """A person's terminal in a folder of their own, whose name has a space."""

    folder: Path
    ports: list[str] = field(default_factory=list[str])
    running: list["subprocess.Popen[str]"] = field(default_factory=list["subprocess.Popen[str]"])

    def __post_init__(self) -> None:
        for option in ("api", "temporal", "temporal-ui", "worker-metrics", "core-metrics"):
            self.ports += [f"--{option}-port", str(free_port())]
        self.ports += ["--partners-port", str(free_row(3))]

    def up(self, *options: str) -> "subprocess.Popen[str]":
        command = [HUYING, "up", *self.ports, *options]
        started = subprocess.Popen(
            command,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self.running.append(started)
        return started

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [HUYING, *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )


def family(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def until_gone(processes: list[psutil.Process]) -> None:
    give_up_at = time.monotonic() + 10
    while alive(processes):
        assert time.monotonic() < give_up_at, f"left behind: {alive(processes)}"
        time.sleep(0.05)
