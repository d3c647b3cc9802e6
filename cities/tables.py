"""Reading a pack's files into validated rows; whatever is wrong becomes a fault with its line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cities.faults import FaultLog

Row = TypeVar("Row", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Line(Generic[Row]):
    """A row and where it stands, as faults name it: ``line 17``."""

    at: str
    row: Row


def read_table(folder: Path, file: str, model: type[Row], log: FaultLog) -> list[Line[Row]]:
    """The rows of a CSV file; with any fault in it, which goes to the log, no rows at all."""
    rows: list[Line[Row]] = []
    sound = True
    for at, cells in _cells(folder, file, model, log):
        try:
            rows.append(Line(at, model.model_validate(cells)))
        except ValidationError as refused:
            sound = False
            for error in refused.errors():
                field = str(error["loc"][0]) if error["loc"] else ""
                log.add(file, at, field, f"{cells.get(field, '')!r}: {reason_of(error)}")
    return rows if sound else []


def read_json(folder: Path, file: str, log: FaultLog) -> object | None:
    """The content of a JSON file; ``None`` with a fault in the log if it is missing or no JSON."""
    text = _text(folder, file, log)
    if text is None:
        return None
    try:
        return json.loads(text)
    except json.JSONDecodeError as broken:
        log.add(file, f"line {broken.lineno}", "", f"no JSON: {broken.msg}")
        return None


def note_repeats(file: str, field: str, keys: Iterable[tuple[str, str]], log: FaultLog) -> None:
    """Note every key that a file holds twice."""
    seen: set[str] = set()
    for at, key in keys:
        if key in seen:
            log.add(file, at, field, f"{key} stands twice")
        seen.add(key)


def reason_of(error: ErrorDetails) -> str:
    """What a validation error says, as the end of a sentence."""
    message = error["msg"].removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _cells(
    folder: Path, file: str, model: type[BaseModel], log: FaultLog
) -> Iterator[tuple[str, dict[str, str]]]:
    text = _text(folder, file, log)
    if text is None:
        return
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = next(lines, list[str]())
    if not _header_fits(file, header, model, log):
        return
    try:
        for cells in lines:
            if len(cells) == len(header):
                yield f"line {lines.line_num}", dict(zip(header, cells, strict=True))
            elif cells:
                reason = f"{len(cells)} cells under {len(header)} columns"
                log.add(file, f"line {lines.line_num}", "", reason, "one cell for each column")
    except csv.Error as broken:
        log.add(file, f"line {lines.line_num}", "", f"no CSV: {broken}")


def _header_fits(file: str, header: list[str], model: type[BaseModel], log: FaultLog) -> bool:
    columns = {field.alias or name: field.is_required() for name, field in model.model_fields.items()}
    wanted = ",".join(columns)
    missing = [name for name, required in columns.items() if required and name not in header]
    unknown = [name for name in header if name not in columns]
    for name in missing:
        log.add(file, "line 1", name, "the column is missing", wanted)
    for name in unknown:
        log.add(file, "line 1", name, "no such column is known", wanted)
    if len(set(header)) < len(header):
        log.add(file, "line 1", "", "a column stands twice", wanted)
        return False
    return not missing and not unknown


def _text(folder: Path, file: str, log: FaultLog) -> str | None:
    try:
        return (folder / file).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        log.add(file, "", "", "the file is missing")
    except (OSError, UnicodeDecodeError) as unreadable:
        log.add(file, "", "", f"the file cannot be read: {unreadable}", "a UTF-8 file")
    return None
