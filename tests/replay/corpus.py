"""The corpus: one JSON file for each run of each recorded path."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHistory

FOLDER = Path(__file__).with_name("histories")


def keep(path: str, histories: Sequence[WorkflowHistory]) -> list[Path]:
    """Write a path's histories, in the order of its runs, in place of those that were there."""
    for old in files_of(path):
        old.unlink()
    return [_write(FOLDER / f"{path}.{run}.json", history) for run, history in enumerate(histories, start=1)]


def files_of(path: str) -> list[Path]:
    """The files of a path, in the order of its runs."""
    return sorted(FOLDER.glob(f"{path}.*.json"))


def recorded() -> list[str]:
    """The names of all kept histories."""
    return sorted(file.stem for file in FOLDER.glob("*.json"))


@cache
def history(name: str) -> WorkflowHistory:
    """A kept history, as the engine would hand it to a worker. It is read once; nobody changes it."""
    return WorkflowHistory.from_json(name, (FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def _write(file: Path, history: WorkflowHistory) -> Path:
    told = json.loads(history.to_json())
    for place in _records(told):
        # Who recorded it and where is nobody's business; a replay does not look at it.
        if "identity" in place:
            place["identity"] = "recorder"
    file.write_text(json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    return file


def _records(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
        for inner in part.values():
            yield from _records(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _records(inner)
