"""`huying city check`: what a pack holds, or its faults and exit code 1."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from stack.commands.city import app, console
from tests.cities.breaking import appended, thin_copy


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A runner whose console is wide enough for a table's rows to stay on one line."""
    monkeypatch.setattr(console, "width", 200)
    return CliRunner()


def test_a_sound_pack_is_shown_with_what_it_holds(run: CliRunner) -> None:
    shown = run.invoke(app, ["check", "guangzhou"])

    assert shown.exit_code == 0
    for expected in (
        "广州市 Guangzhou",
        "19,500",
        "2,851",
        "synthetic",
        "on file until 2026-12-31",
        "that may be asked for, with 51 reasons in all",
        "skip rules",
        "the volunteer service platform",
        "Emergency whistle, Enforcement whistle, Daily whistle, Community whistle",
        "listed matters, with 30 powers in all",
        "官方标准",
    ):
        assert expected in shown.output


def test_without_a_name_all_packs_of_the_product_are_checked(run: CliRunner) -> None:
    shown = run.invoke(app, ["check"])

    assert shown.exit_code == 0
    assert "Guangzhou" in shown.output
    assert "Boston" in shown.output


def test_a_broken_pack_is_shown_with_its_faults_and_ends_with_1(run: CliRunner, tmp_path: Path) -> None:
    pack = thin_copy(tmp_path)
    appended("admission_list.csv", "9999,,x")(pack)

    shown = run.invoke(app, ["check", str(pack)])

    assert shown.exit_code == 1
    assert "does not load: 1 fault" in shown.output
    for expected in ("admission_list.csv", "line 52", "category", "unknown category 9999"):
        assert expected in shown.output


def test_an_unknown_pack_ends_with_1_and_names_those_there_are(run: CliRunner) -> None:
    shown = run.invoke(app, ["check", "atlantis"])

    assert shown.exit_code == 1
    assert "guangzhou" in shown.output


REQUESTS = (
    "case_id,open_dt,target_dt,closed_dt,on_time,type,reason\n"
    "1,2015-03-02T09:00:00-05:00,2015-03-16T09:00:00-04:00,2015-03-03T09:00:00-05:00,ONTIME,"
    "Street Light Outages,Street Lights\n"
)
AS_OF = "2016-01-13T00:00:00-05:00"


def test_verify_shows_the_share_reproduced_and_writes_the_answers(run: CliRunner, tmp_path: Path) -> None:
    data, answers = tmp_path / "requests.csv", tmp_path / "answers.csv"
    data.write_text(REQUESTS)

    shown = run.invoke(
        app,
        [
            "verify",
            "boston",
            "--data",
            str(data),
            "--answers",
            str(answers),
            "--as-of",
            "2016-01-13T00:00:00-05:00",
        ],
    )

    assert shown.exit_code == 0, shown.output
    assert "100.00 %" in shown.output
    assert answers.read_text().splitlines() == ["case_id,due,late", "1,2015-03-16T09:00:00-04:00,false"]


@pytest.mark.parametrize("as_of", ["yesterday", "2016-01-13T00:00:00"])
def test_verify_refuses_an_instant_without_meaning(run: CliRunner, tmp_path: Path, as_of: str) -> None:
    shown = run.invoke(app, ["verify", "boston", "--data", str(tmp_path / "none.csv"), "--as-of", as_of])

    assert shown.exit_code == 2
    assert "--as-of" in shown.output


def test_verify_says_in_a_sentence_that_a_file_is_missing(run: CliRunner, tmp_path: Path) -> None:
    shown = run.invoke(app, ["verify", "boston", "--data", str(tmp_path / "none.csv")])

    assert shown.exit_code == 1
    assert "none.csv" in shown.output


def test_verify_refuses_a_pack_without_rules(run: CliRunner, tmp_path: Path) -> None:
    data = tmp_path / "requests.csv"
    data.write_text(REQUESTS)

    shown = run.invoke(app, ["verify", "guangzhou", "--data", str(data)])

    assert shown.exit_code == 1
    assert "does not load" in shown.output
