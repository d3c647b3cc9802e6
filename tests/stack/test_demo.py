"""`huying demo` as a person meets it: it plays real requests, tells how it went, goes on, and leaves nothing behind."""

import json
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from cities.pack import pack_folder
from tests.stack.terminal import HUYING, Terminal, alive, family, until_gone

QUICK = {
    "caller": "named",
    "intake": "complete",
    "desk": "dispatches",
    "citizen": "waits",
    "callback": "satisfied",
}
PATIENCE_SECONDS = 120


def quick_crew(folder: Path) -> Path:
    """A crew that does its work at once, but for one wrong outcome in three."""
    crew = json.loads((pack_folder("guangzhou") / "demo" / "crew.json").read_text(encoding="utf-8"))
    for choice, word in QUICK.items():
        crew[choice] = [{"word": word, "share": 1, "source": "this test"}]
    crew["unit"] = [
        {"word": "prompt", "share": 0.66, "source": "this test"},
        {"word": "wrong_outcome", "share": 0.34, "source": "this test"},
    ]
    file = folder / "quick crew.json"
    file.write_text(json.dumps(crew), encoding="utf-8")
    return file


def demo(terminal: Terminal, *options: str) -> "subprocess.Popen[str]":
    crew = quick_crew(terminal.folder)
    started = subprocess.Popen(
        [
            *(HUYING, "demo", *terminal.ports, "--speed", "100000", "--crew", str(crew)),
            *("--partner-profile", "at_once", *options),
        ],
        cwd=terminal.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    terminal.running.append(started)
    return started


def read_until(process: "subprocess.Popen[str]", pattern: str) -> str:
    assert process.stdout is not None
    shown = ""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    for line in process.stdout:
        shown += line
        if re.search(pattern, line):
            return shown
        assert time.monotonic() < give_up_at, shown
    pytest.fail(f"it ended before {pattern!r}:\n{shown}")


def summary(terminal: Terminal, name: str) -> dict[str, Any]:
    return json.loads((terminal.folder / name).read_text(encoding="utf-8"))


def test_the_demo_is_stopped_and_the_next_one_goes_on_with_its_requests(terminal: Terminal):
    first = demo(terminal, "--requests", "6", "--json", "first.json")
    shown = read_until(first, r"arrived 6/6")
    assert "32 drills published" in shown
    assert "Arrivals and their types are real" in shown
    children = family(first)
    assert len(alive(children)) >= 4
    first.send_signal(signal.SIGINT)
    assert first.wait(timeout=30) == 0
    until_gone(children)
    told = summary(terminal, "first.json")
    assert told["requests"] == 6
    assert told["errors"] == 0, told

    second = demo(terminal, "--requests", "3", "--exit", "--json", "second.json", "--seed", "2")
    shown, _ = second.communicate(timeout=PATIENCE_SECONDS)
    assert second.returncode == 0, shown
    assert "the 32 drills are in force" in shown
    assert "Traceback" not in shown
    went = summary(terminal, "second.json")
    assert (went["requests"], went["closed"], went["open"], went["ended"]) == (3, 3, 0, True)
    assert went["taken_over"]["requests"] == told["open"] == went["taken_over"]["closed"]
    assert went["errors"] == 0, went
    assert went["downtime_seconds"] > 0
    assert [each["open"] for each in went["cases"].values()] == [0, 0, 0], went
    assert sum(each["opened"] for each in went["cases"].values()) >= 1
    assert went["whistles"]["departments_attended"] == went["whistles"]["departments_called"]
    assert went["joint_legs"]["open"] == went["field_tasks"]["open"] == went["whistles"]["open"] == 0
    assert {name: each["differences"] for name, each in went["reconciliation"].items()} == {
        "enforcement": [],
        "affairs": [],
        "volunteers": [],
    }
    assert "0 differences" in shown
    assert went["lateness_seconds"]["p99"] < 5


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--json", "nowhere/summary.json"), "The summary cannot be written to"),
        (("--crew", "none.json"), "cannot be read"),
    ],
)
def test_what_cannot_be_played_is_one_sentence_before_anything_starts(
    terminal: Terminal, options: tuple[str, ...], sentence: str
):
    refused = terminal.run("demo", *options)
    assert refused.returncode == 2
    assert sentence in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert not (terminal.folder / ".huying").exists()
