"""The simulated people: drawn by the seed, in the shares of a file that names where each is known from."""

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cities.pack import pack_folder
from stack.errors import StackProblem
from stack.playing.crew import read_crew

DEMO = pack_folder("guangzhou") / "demo"
CREW = read_crew()


def written(tmp_path: Path, **changes: Any) -> Path:
    """A crew file with changes."""
    content = json.loads((DEMO / "crew.json").read_text(encoding="utf-8")) | changes
    file = tmp_path / "crew.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def test_a_case_has_one_fate_under_one_seed():
    assert CREW.fate(7, "101001240734") == CREW.fate(7, "101001240734")
    assert len({CREW.fate(seed, "101001240734") for seed in range(50)}) > 10


def test_fates_come_in_the_shares_of_the_file():
    fates = [CREW.fate(1, str(case)) for case in range(5000)]
    units = Counter(fate.unit for fate in fates)
    ratings = Counter(fate.callback for fate in fates)
    for option in CREW.unit:
        assert units[option.word] / len(fates) == pytest.approx(option.share, abs=0.02)
    for option in CREW.callback:
        assert ratings[option.word] / len(fates) == pytest.approx(option.share, abs=0.02)


def test_whom_people_involve_comes_in_shares_too_and_changes_nothing_else_of_a_fate(tmp_path: Path):
    fates = [CREW.fate(1, str(case)) for case in range(5000)]
    partners = Counter(fate.partner for fate in fates)
    for option in CREW.partner:
        assert partners[option.word] / len(fates) == pytest.approx(option.share, abs=0.02)
    content = json.loads((DEMO / "crew.json").read_text(encoding="utf-8"))
    file = tmp_path / "crew.json"
    left_out = {"partner", "joint", "whistle", "field"}
    file.write_text(json.dumps({k: v for k, v in content.items() if k not in left_out}), encoding="utf-8")
    alone = read_crew(file)
    for case in ("1", "2", "3"):
        kept, fate = alone.fate(1, case), CREW.fate(1, case)
        assert (kept.partner, kept.joint, kept.whistle, kept.field) == (
            "keeps_it",
            "alone",
            "silent",
            "goes_itself",
        )
        assert (kept.unit, kept.callback, kept.haste) == (fate.unit, fate.callback, fate.haste)


def test_the_sourced_shares_are_what_the_sources_say():
    with (DEMO / "hotline_stats.csv").open(encoding="utf-8", newline="") as text:
        stats = {(row["place"], row["measure"]): float(row["value"]) for row in csv.DictReader(text)}
    untouched = next(option.share for option in CREW.unit if option.word == "untouched")
    satisfied = next(option.share for option in CREW.callback if option.word == "satisfied")
    received = stats["广州 从化区", "work orders received"]
    assert untouched == pytest.approx(1 - stats["广州 从化区", "work orders closed"] / received, abs=0.0001)
    assert satisfied == pytest.approx(stats["广州 从化区", "satisfied"] / 100)


def test_shares_that_make_no_whole_are_refused(tmp_path: Path):
    half = [{"word": "named", "share": 0.5, "source": "assumed"}]
    with pytest.raises(StackProblem, match=r"the shares of named make 0\.5, not 1"):
        read_crew(written(tmp_path, caller=half))


def test_a_habit_that_nobody_knows_is_refused(tmp_path: Path):
    strange = [{"word": "goes_fishing", "share": 1, "source": "assumed"}]
    with pytest.raises(StackProblem, match=r"does not describe a crew: unit\.0\.word"):
        read_crew(written(tmp_path, unit=strange))


def test_a_missing_file_is_one_sentence(tmp_path: Path):
    with pytest.raises(StackProblem, match="cannot be read"):
        read_crew(tmp_path / "none.json")
