"""The whole list: nothing on it is left without a test."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

PAINS = {
    1: "the sweep never sees the oldest cases",
    2: "one bad record stops everybody's escalation",
    3: "any touch restarts the clock",
    4: "vacant posts never escalate",
    5: "the ladder dies after the first rung",
    6: "misconfiguration looks like calm",
    7: "clocks outlive the case",
    8: "the entry state is ignored",
    9: "a pause swallows a threshold",
    10: "polling inside a workflow eats its history",
    11: "a pause is counted in the wrong kind of time",
    12: "a pause is forgotten when the policy changes",
    13: "warnings land at midnight, or at once",
    14: "nobody knows what a day is",
    15: "weekends worked in exchange for holidays are days off",
    16: "zones and summer time shift deadlines",
    17: "degenerate calendars hang",
    18: "editing a policy rewrites the world",
    19: "notices come in storms",
    20: "timers come in herds",
    21: "timers are lost in a crash",
    22: "everything is late by design",
    23: "reopening breaks",
    24: "the league table shows wrong numbers",
    25: "a case is half-delivered to another system, or twice",
}

FOLDER = Path(__file__).parent


def test_every_pain_has_a_test() -> None:
    tested = {int(number) for name in _names() if (number := _numbered(name))}
    assert tested == PAINS.keys()


def test_every_test_says_which_failure_it_is_about() -> None:
    for name, doc in _names().items():
        if _numbered(name):
            assert doc.startswith(("Peer systems ", "As above: ", "As above, ")), name


def _numbered(name: str) -> str:
    found = re.match(r"test_pain_(\d\d)_", name)
    return found.group(1) if found else ""


def _names() -> dict[str, str]:
    modules = [
        importlib.import_module(f"tests.pains.{file.stem}")
        for file in sorted(FOLDER.glob("test_*.py"))
        if file.stem != Path(__file__).stem
    ]
    return {
        name: test.__doc__ or ""
        for module in modules
        for name, test in vars(module).items()
        if name[:4] == "test"
    }
