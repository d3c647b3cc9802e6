"""Where the last play on a data folder stopped: its place in the stream of arrivals and in the service's feed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from stack.errors import StackProblem

_NAME = "demo.json"


@dataclass(frozen=True, slots=True)
class Bookmark:
    """``place``: of the next arrival, ``None`` before the first play; ``cursor``: of the last event heard;
    ``plays``: how many plays were begun.
    """

    place: int | None = None
    cursor: str | None = None
    plays: int = 0

    def moved_to(self, cursor: str | None) -> Bookmark:
        """The same place in the stream, further on in the feed."""
        return replace(self, cursor=cursor)


def read_bookmark(folder: Path) -> Bookmark:
    """The bookmark of a data folder, empty if there is none.

    Raises:
        StackProblem: it is damaged.
    """
    file = folder / _NAME
    try:
        return Bookmark(**json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Bookmark()
    except (OSError, ValueError, TypeError) as error:
        raise StackProblem(f"{file} is damaged; remove it, or start over with --fresh.") from error


def write_bookmark(folder: Path, bookmark: Bookmark) -> None:
    """Keep the bookmark; whole or not at all.

    Raises:
        StackProblem: the folder cannot be written.
    """
    file = folder / _NAME
    beside = file.with_name(_NAME + ".new")
    try:
        beside.write_text(json.dumps(asdict(bookmark)) + "\n", encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        raise StackProblem(f"{file} cannot be written ({(error.strerror or str(error)).lower()}).") from error
