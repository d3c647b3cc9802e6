"""Reading a pack's divisions, outlines and points, and checking that they form one tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from cities.divisions import Division, Divisions
from cities.faults import FaultLog
from cities.grids import SERIAL_DIGITS, share_out
from cities.places import Outline, Places, Point, Ring
from cities.schemas import CityFile, DivisionNameRow, DivisionRow, TownPointRow
from cities.tables import Line, read_json, read_table
from domain.levels import Level

DIVISIONS = "divisions.csv"
NAMES = "division_names.csv"
CITY = "city.json"
_LEVELS = {"village": Level.COMMUNITY}


@dataclass(frozen=True, slots=True)
class GeographyFiles:
    """The rows as read, each file of its shape; not yet checked against each other."""

    divisions: list[Line[DivisionRow]]
    names: list[Line[DivisionNameRow]]
    points: list[Line[TownPointRow]]
    outlines: list[tuple[str, Outline]]


def read_geography(folder: Path, city: CityFile, log: FaultLog) -> GeographyFiles:
    """The files about places; the optional ones only if city.json names them."""
    return GeographyFiles(
        divisions=read_table(folder, DIVISIONS, DivisionRow, log),
        names=read_table(folder, NAMES, DivisionNameRow, log),
        points=read_table(folder, city.points, TownPointRow, log) if city.points else [],
        outlines=_read_outlines(folder, city.outlines, log) if city.outlines else [],
    )


def build_divisions(files: GeographyFiles, city: CityFile, log: FaultLog) -> Divisions | None:
    """The tree of divisions with its grids; ``None`` with faults in the log if the rows form no tree."""
    widths = city.code_widths or {}
    missing = [level for level in Level if level not in widths]
    if (
        missing
        or list(widths.values()) != sorted(set(widths.values()))
        or list(widths) != list(reversed(Level))
    ):
        log.add(
            CITY, "", "code_widths", f"{widths} does not rise from the city to the grid", "a width per level"
        )
        return None
    if widths[Level.GRID] != widths[Level.COMMUNITY] + SERIAL_DIGITS:
        expected = f"the community's width and {SERIAL_DIGITS}"
        log.add(
            CITY, "", "code_widths.grid", f"{widths[Level.GRID]} does not fit the serial number", expected
        )
    english = {line.row.code: line.row.en for line in files.names}
    found = _divisions(files.divisions, widths, english, log)
    _check_tree(files.divisions, found, log)
    codes = {line.row.code for line in files.divisions}
    for line in files.names:
        if line.row.code not in codes:
            log.add(NAMES, line.at, "code", f"{line.row.code} is no division")
    if not found:
        log.add(DIVISIONS, "", "", "there is no division", "a city and what lies in it")
        return None
    return Divisions(found, widths, _grid_counts(found, city, log), city.grids)


def build_places(files: GeographyFiles, divisions: Divisions, city: CityFile, log: FaultLog) -> Places:
    """The points of the divisions, after a check that every outline and point belongs to one."""
    outlines: dict[str, Outline] = {}
    for area, outline in files.outlines:
        if divisions.level_of(area) is not Level.DISTRICT or area not in divisions:
            log.add(city.outlines or "", area, "id", f"{area} is no district", "the area of a district")
        outlines[area] = outline
    if outlines:
        for area in divisions.areas(Level.DISTRICT):
            if area not in outlines:
                log.add(city.outlines or "", area, "", f"the district {area} has no outline")
    points: dict[str, Point] = {}
    for line in files.points:
        area = divisions.at(Level.TOWN, line.row.code)
        if area is None:
            log.add(city.points or "", line.at, "code", f"{line.row.code} is no town")
        else:
            points[area] = Point(line.row.lat, line.row.long)
    return Places(divisions, outlines, points)


def _divisions(
    lines: Sequence[Line[DivisionRow]], widths: Mapping[Level, int], english: Mapping[str, str], log: FaultLog
) -> dict[str, Division]:
    found: dict[str, Division] = {}
    for line in lines:
        row = line.row
        level = _LEVELS.get(row.level) or Level(row.level)
        width = widths[level]
        area, rest = row.code[:width], row.code[width:]
        if len(area) < width or rest.strip("0"):
            expected = f"{width} characters, then zeros only"
            log.add(DIVISIONS, line.at, "code", f"{row.code} is not the code of a {row.level}", expected)
        elif area in found:
            log.add(DIVISIONS, line.at, "code", f"{row.code} stands twice")
        else:
            name_en = english.get(row.code, area)
            found[area] = Division(area, level, row.kind, row.name, name_en)
    return found


def _check_tree(lines: Sequence[Line[DivisionRow]], found: Mapping[str, Division], log: FaultLog) -> None:
    by_code = {line.row.code: line.row for line in lines}
    roots = [line for line in lines if not line.row.parent_code]
    if len(roots) != 1 and lines:
        at = roots[1].at if roots else ""
        reason = f"{len(roots)} divisions have no parent"
        log.add(DIVISIONS, at, "parent_code", reason, "exactly one, which holds all others")
    areas = {line.row.code: area for line in lines if (area := _area_in(line.row.code, found))}
    for line in lines:
        parent = line.row.parent_code
        if not parent:
            continue
        if parent not in by_code:
            log.add(
                DIVISIONS, line.at, "parent_code", f"the parent {parent} is missing", "a code of this file"
            )
        elif parent in areas and line.row.code in areas and not _inside(line.row.code, areas[parent]):
            log.add(
                DIVISIONS, line.at, "parent_code", f"{line.row.code} does not lie inside {parent} by its code"
            )


def _area_in(code: str, found: Mapping[str, Division]) -> str | None:
    """The area of a published code: the longest prefix that is one, with nothing but zeros after it."""
    for width in range(len(code), 0, -1):
        if code[:width] in found and not code[width:].strip("0"):
            return code[:width]
    return None


def _inside(code: str, area: str) -> bool:
    return code.startswith(area) and bool(code[len(area) :].strip("0"))


def _grid_counts(found: Mapping[str, Division], city: CityFile, log: FaultLog) -> dict[str, int]:
    if city.grids is None:
        return {}
    dense = {
        area: division.kind in city.grids.denser_kinds
        for area, division in found.items()
        if division.level is Level.COMMUNITY
    }
    try:
        return share_out(city.grids.total, dense)
    except ValueError as refused:
        log.add(CITY, "", "grids.total", str(refused), "at least one for each community")
        return dict.fromkeys(dense, 1)


def _read_outlines(folder: Path, file: str, log: FaultLog) -> list[tuple[str, Outline]]:
    content = read_json(folder, file, log)
    if content is None:
        return []
    features = cast("dict[str, Any]", content).get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or not features:
        log.add(file, "", "features", "no outlines in it", "a GeoJSON feature collection")
        return []
    found: list[tuple[str, Outline]] = []
    for index, feature in enumerate(cast("list[Any]", features)):
        try:
            found.append((str(feature["id"]), _outline(feature)))
        except (KeyError, TypeError, ValueError) as broken:
            log.add(
                file, f"features[{index}]", "", f"no outline: {broken!r}", "id, inside_point and a polygon"
            )
    return found


def _outline(feature: Mapping[str, Any]) -> Outline:
    longitude, latitude = feature["properties"]["inside_point"]
    geometry = feature["geometry"]
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    return Outline(tuple(_rings(polygons)), Point(float(latitude), float(longitude)))


def _rings(polygons: Sequence[Any]) -> Iterator[Ring]:
    for polygon in polygons:
        for ring in polygon:
            yield tuple((float(x), float(y)) for x, y in ring)
