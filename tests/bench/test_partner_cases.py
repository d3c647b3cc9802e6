"""Cases with partners at once: what is compared, and one small run on a stack of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.meters import Usage
from bench.partner_cases import OTHERS, STALLED, PartnerCases, Run, Stretch, handovers
from bench.report import partners
from domain.partners import Partner
from tests.support.folders import swift_folder

HUYING = str(Path(sys.executable).with_name("huying"))


def run(handed_over: float, ended: float) -> Run:
    """A run with two cases of each partner, the second of which took twice as long."""
    stretches: dict[Stretch, list[float]] = {
        "handed_over": [handed_over, 2 * handed_over],
        "ended": [ended, 2 * ended],
    }
    return Run(
        seconds={partner: {name: list(taken) for name, taken in stretches.items()} for partner in Partner},
        given=6,
        errors=0,
        complaints=[],
        answered=[0.1, 0.2],
        usage=Usage({"worker": 1.0}, 0.25, 10.0),
        until_last_end=12.0,
    )


def test_each_run_with_a_stalled_partner_is_held_against_the_one_before_it() -> None:
    found = PartnerCases("swift", {"swift": [run(1, 4), run(10, 40)], "stalled": [run(1.5, 4), run(12, 40)]})
    ratio = found.ratio(Partner.AFFAIRS, "handed_over", 0.5)
    assert (ratio.lowest, ratio.highest) == (pytest.approx(1.2), pytest.approx(1.5))
    assert found.ratio(Partner.VOLUNTEERS, "ended", 0.99).median == 1
    assert found.spread("stalled", Partner.AFFAIRS, "ended", 1.0).highest == 80
    told = found.as_json()
    assert set(told["others"]) == {"affairs", "volunteers"}
    assert told["runs"]["stalled"][1]["ended"] == 6


def test_the_partner_that_stalls_is_not_compared_with_itself() -> None:
    found = PartnerCases("swift", {"swift": [run(1, 4)], "stalled": [run(2, 4)]})
    waits, runs = partners(found)
    assert STALLED not in OTHERS
    assert waits.row_count == len(OTHERS) * 2 * 3
    assert runs.row_count == 2


def test_every_partner_gets_a_matter_of_its_own_kind() -> None:
    given = handovers("4" * 31, datetime.now(UTC))
    assert [matter["to"] for matter in given] == [partner.value for partner in Partner]


def test_a_small_run_prints_its_figures_and_every_case_ends(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    command = [
        *(HUYING, "bench", "partners", "--cases", "3", "--pairs", "1"),
        *("--partner-profile", "at_once", "--json", str(figures)),
    ]
    done = subprocess.run(
        command,
        env={**os.environ, "TMPDIR": swift_folder() or tempfile.gettempdir()},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "volunteers taken p50" in done.stdout
    told = json.loads(figures.read_text(encoding="utf-8"))["partners"]
    for way in ("swift", "stalled"):
        assert [(each["given"], each["ended"], each["errors"]) for each in told["runs"][way]] == [(3, 3, 0)]
