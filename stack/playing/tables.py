"""Reading the demo's tables: small CSV files with a header, refused with file, row and reason."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO, cast

from stack.errors import StackProblem


def rows_of(file: Path, *columns: str) -> Iterator[dict[str, str]]:
    """The rows of a CSV file, plain or gzipped, that has at least these columns.

    Raises:
        StackProblem: the file is not there, cannot be read, or lacks a column or a cell.
    """
    try:
        with _opened(file) as text:
            reader = csv.DictReader(text)
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                raise StackProblem(f"{file} has no column {missing[0]}.")
            for row in reader:
                if any(row[column] is None for column in columns):
                    raise StackProblem(f"{file}, row {reader.line_num}, is cut short.")
                yield row
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise StackProblem(f"{file} cannot be read ({error}).") from error


def _opened(file: Path) -> TextIO:
    if file.suffix == ".gz":
        return cast("TextIO", gzip.open(file, "rt", encoding="utf-8", newline=""))
    return file.open(encoding="utf-8", newline="")
