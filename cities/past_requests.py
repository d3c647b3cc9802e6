"""Reading a file of past requests as the city published them: CSV, plain or gzipped, one request a row."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

NEEDED = ("case_id", "open_dt", "closed_dt", "reason", "type")
COMPARED = ("target_dt", "on_time")
_GZIP = b"\x1f\x8b"
_VERDICTS = {"": None, "ONTIME": False, "OVERDUE": True}


class DataRefused(Exception):
    """A data file that cannot be worked with: which file, which row (empty for the file), and why."""

    def __init__(self, file: Path, row: str, reason: str) -> None:
        super().__init__(f"{file}, {row}: {reason}" if row else f"{file}: {reason}")
        self.file = file
        self.row = row
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PastRequest:
    """One request: instants are aware; ``target`` and ``overdue`` are the city's deadline and verdict, if on file."""

    case_id: str
    kind: str
    reason: str
    opened: datetime
    closed: datetime | None
    target: datetime | None
    overdue: bool | None


def read_requests(file: Path) -> Iterator[PastRequest]:
    """The requests of a file, read as they are asked for.

    The columns target_dt and on_time may be missing, then there is nothing to compare with.

    Raises:
        DataRefused: no such file, not a CSV of this kind, a column missing, or a cell that is not what it should be.
    """
    with _opened(file) as text:
        header: list[str] = []
        for row, cells in _lines(file, text):
            if not header:
                _check_header(file, cells)
                header = cells
            elif len(cells) != len(header):
                raise DataRefused(file, row, f"{len(cells)} cells under {len(header)} columns")
            else:
                yield _request(file, row, dict(zip(header, cells, strict=True)))
        if not header:
            raise DataRefused(file, "", "it is empty")


def has_targets(file: Path) -> bool:
    """Whether a file holds the city's own deadlines.

    Raises:
        DataRefused: as reading it would.
    """
    with _opened(file) as text:
        return "target_dt" in next((cells for _, cells in _lines(file, text)), list[str]())


def _lines(file: Path, text: TextIO) -> Iterator[tuple[str, list[str]]]:
    lines = csv.reader(text, strict=True)
    try:
        for cells in lines:
            if cells:
                yield f"line {lines.line_num}", cells
    except csv.Error as wrong:
        raise DataRefused(file, f"line {lines.line_num}", f"it is not CSV: {wrong}") from None


def _request(file: Path, row: str, cells: dict[str, str]) -> PastRequest:
    verdict = cells.get("on_time", "")
    if verdict not in _VERDICTS:
        raise DataRefused(file, row, f"on_time is {verdict!r}, not ONTIME or OVERDUE")
    opened = _instant(file, row, "open_dt", cells)
    if opened is None:
        raise DataRefused(file, row, "open_dt is empty; every request was opened at some time")
    if not cells["case_id"]:
        raise DataRefused(file, row, "case_id is empty")
    return PastRequest(
        case_id=cells["case_id"],
        kind=cells["type"],
        reason=cells["reason"],
        opened=opened,
        closed=_instant(file, row, "closed_dt", cells),
        target=_instant(file, row, "target_dt", cells),
        overdue=_VERDICTS[verdict],
    )


def _instant(file: Path, row: str, column: str, cells: dict[str, str]) -> datetime | None:
    written = cells.get(column, "")
    if not written:
        return None
    try:
        instant = datetime.fromisoformat(written)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        reason = f"{column} is {written[:40]!r}, not a time with its offset such as 2015-01-31T08:30:00-05:00"
        raise DataRefused(file, row, reason)
    return instant


def _check_header(file: Path, header: list[str]) -> None:
    missing = [name for name in NEEDED if name not in header]
    if missing:
        there = ", ".join(header)[:200]
        raise DataRefused(file, "line 1", f"missing columns: {', '.join(missing)}; there are: {there}")
    if len(set(header)) < len(header):
        raise DataRefused(file, "line 1", "a column stands twice")


@contextmanager
def _opened(file: Path) -> Generator[TextIO]:
    try:
        with file.open("rb") as raw:
            zipped = raw.peek(len(_GZIP))[: len(_GZIP)] == _GZIP
            with ExitStack() as opened:
                content = opened.enter_context(gzip.GzipFile(fileobj=raw)) if zipped else raw
                yield opened.enter_context(io.TextIOWrapper(content, encoding="utf-8-sig", newline=""))
    except FileNotFoundError:
        raise DataRefused(file, "", "there is no such file") from None
    except UnicodeDecodeError as wrong:
        raise DataRefused(file, "", f"it is not UTF-8 text: {wrong.reason}") from None
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise DataRefused(file, "", "it is gzipped, but damaged or cut short") from None
    except OSError as wrong:
        raise DataRefused(file, "", f"it cannot be read: {wrong.strerror or wrong}") from None
