"""Breaking a copy of a pack in one place, as a slip of its author would."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cities.faults import PackFaults
from cities.pack import PACKS, load_pack


def copy_of(name: str, folder: Path) -> Path:
    """A copy of one of the product's packs."""
    return Path(shutil.copytree(PACKS / name, folder / name))


def thin_copy(folder: Path) -> Path:
    """A copy of Guangzhou's pack with one of its districts only, which loads in a blink."""
    pack = copy_of("guangzhou", folder)
    district, grids = "440103", 1500
    for file, others in (
        ("divisions.csv", ("440100000000",)),
        ("division_names.csv", ()),
        ("town_points.csv", ()),
    ):
        header, *rows = (pack / file).read_text(encoding="utf-8").splitlines(keepends=True)
        (pack / file).write_text(
            "".join([header, *(row for row in rows if row.startswith((district, *others)))])
        )
    for file in ("vacancies.csv", "skip_rules.csv"):
        header, *rows = (pack / file).read_text(encoding="utf-8").splitlines(keepends=True)
        (pack / file).write_text("".join([header, *(row for row in rows if district in row)]))
    outlines = json.loads((pack / "districts.geojson").read_text(encoding="utf-8"))
    outlines["features"] = [feature for feature in outlines["features"] if feature["id"] == district]
    (pack / "districts.geojson").write_text(json.dumps(outlines, separators=(",", ":")))
    replaced("city.json", '"total": 19500', f'"total": {grids}')(pack)
    return pack


Break = Callable[[Path], None]


def replaced(file: str, old: str, new: str) -> Break:
    """One place of a file rewritten."""

    def apply(pack: Path) -> None:
        text = (pack / file).read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}"
        (pack / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return apply


def appended(file: str, *lines: str) -> Break:
    """Lines added to the end of a table."""

    def apply(pack: Path) -> None:
        with (pack / file).open("a", encoding="utf-8") as table:
            table.writelines(f"{line}\n" for line in lines)

    return apply


def without_line(file: str, start: str) -> Break:
    """The first line that starts so, left out."""

    def apply(pack: Path) -> None:
        lines = (pack / file).read_text(encoding="utf-8").splitlines(keepends=True)
        index = next(number for number, line in enumerate(lines) if line.startswith(start))
        (pack / file).write_text("".join(lines[:index] + lines[index + 1 :]), encoding="utf-8")

    return apply


def missing(file: str) -> Break:
    """A file left out."""
    return lambda pack: (pack / file).unlink()


def overwritten(file: str, content: bytes) -> Break:
    """A file with other content."""

    def apply(pack: Path) -> None:
        (pack / file).write_bytes(content)

    return apply


def emptied(file: str) -> Break:
    """A table of which only the header is left."""

    def apply(pack: Path) -> None:
        header = (pack / file).read_text(encoding="utf-8").splitlines()[0]
        (pack / file).write_text(f"{header}\n", encoding="utf-8")

    return apply


def city(**changes: Any) -> Break:
    """Fields of city.json changed."""

    def apply(pack: Path) -> None:
        content = json.loads((pack / "city.json").read_text(encoding="utf-8"))
        (pack / "city.json").write_text(json.dumps({**content, **changes}), encoding="utf-8")

    return apply


def policy(code: str, **changes: Any) -> Break:
    """Fields of one policy changed."""

    def apply(pack: Path) -> None:
        content = json.loads((pack / "policies.json").read_text(encoding="utf-8"))
        row = next(row for row in content["policies"] if row["policy"] == code)
        row.update(changes)
        (pack / "policies.json").write_text(json.dumps(content), encoding="utf-8")

    return apply


def common(**changes: Any) -> Break:
    """Fields of the common limits changed."""

    def apply(pack: Path) -> None:
        content = json.loads((pack / "policies.json").read_text(encoding="utf-8"))
        content["common"].update(changes)
        (pack / "policies.json").write_text(json.dumps(content), encoding="utf-8")

    return apply


def exception(kind: str, /, **changes: Any) -> Break:
    """Fields of the terms of one kind changed."""

    def apply(pack: Path) -> None:
        content = json.loads((pack / "exceptions.json").read_text(encoding="utf-8"))
        row = next(row for row in content["exceptions"] if row["kind"] == kind)
        row.update(changes)
        (pack / "exceptions.json").write_text(json.dumps(content), encoding="utf-8")

    return apply


def without_exception(kind: str) -> Break:
    """The terms of one kind left out."""

    def apply(pack: Path) -> None:
        content = json.loads((pack / "exceptions.json").read_text(encoding="utf-8"))
        rows = [row for row in content["exceptions"] if row["kind"] != kind]
        (pack / "exceptions.json").write_text(json.dumps({"exceptions": rows}), encoding="utf-8")

    return apply


def silent_about(field: str) -> Break:
    """A field of city.json left out."""

    def apply(pack: Path) -> None:
        content = json.loads((pack / "city.json").read_text(encoding="utf-8"))
        del content[field]
        (pack / "city.json").write_text(json.dumps(content), encoding="utf-8")

    return apply


@dataclass(frozen=True)
class Found:
    """A fault that a break must bring to light."""

    file: str
    row: str
    field: str
    reason: str


def refused_with(expected: Found, break_it: Break, folder: Path, *, alone: bool) -> None:
    """A thin copy, broken, is refused with the expected fault, and with no other where it stands alone."""
    pack = thin_copy(folder)
    break_it(pack)

    with pytest.raises(PackFaults) as refused:
        load_pack(pack)

    faults = refused.value.faults
    matching = [
        fault
        for fault in faults
        if (fault.file, fault.row, fault.field) == (expected.file, expected.row, expected.field)
        and expected.reason in fault.reason
    ]
    assert matching, "\n".join(map(str, faults))
    if alone:
        assert len(faults) == 1, "\n".join(map(str, faults))
