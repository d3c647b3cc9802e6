"""What the tests of docker/ read: the checkout's files, and the programs that judge them."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

CHECKOUT = Path(__file__).parents[2]
DOCKER = CHECKOUT / "docker"
PROMETHEUS = DOCKER / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))


@dataclass(frozen=True)
class Verdict:
    """What a program said of a file, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


def judged_by(
    command: Sequence[str | Path], *, folder: Path = CHECKOUT, environment: Mapping[str, str] | None = None
) -> Verdict:
    """Run a program to its end in a folder, with nothing but the environment given."""
    ended = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", **(environment or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Verdict(ended.returncode, ended.stdout, ended.stderr)


def from_the_environment(program: str) -> Path:
    """A program that came with the project's own packages."""
    path = Path(sys.executable).parent / program
    assert path.exists(), f"{program} is not in the environment: run `make` again"
    return path


def from_the_machine(program: str) -> Path:
    """A program that the machine may have; where it is not, the test is skipped and says why."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not on this machine (Debian: prometheus, prometheus-alertmanager)")
    return Path(path)


def yaml_of(path: Path) -> Any:
    """The contents of a YAML file."""
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Rule:
    """One rule as it stands in a file."""

    file: str
    group: str
    body: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.body.get("alert") or self.body.get("record"))

    @property
    def is_alert(self) -> bool:
        return "alert" in self.body

    @property
    def expression(self) -> str:
        return str(self.body["expr"])


def all_rules() -> Iterator[Rule]:
    """Each rule of each file, in order."""
    for path in RULES:
        for group in yaml_of(path)["groups"]:
            for body in group["rules"]:
                yield Rule(path.name, group["name"], body)
