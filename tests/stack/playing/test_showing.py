"""How a play is shown: everything that matters is on the screen, whatever its size."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

import domain.events as happened
from domain.levels import Level
from persistence.liveness import Downtime
from stack.errors import StackProblem
from stack.playing.bookmark import Bookmark, read_bookmark, write_bookmark
from stack.playing.display import Billing, picture
from stack.playing.lines import Lines, conclusion
from stack.playing.scoreboard import Scoreboard
from tests.stack.playing.stories import ACCEPTED, NOON, REGISTERED, leg

BILL = Billing(
    asked_for=60,
    speed=90,
    seed=1,
    first_at="2015-04-13 09:00",
    api="http://127.0.0.1:8080",
    temporal_ui="http://127.0.0.1:8233",
    minutes=lambda: "00:42",
)


def playing() -> Scoreboard:
    """Thirty requests after a stop: a third withdrawn, the others at the grid, a few moved up."""
    board = Scoreboard(started=NOON, began=NOON, stops=[Downtime(NOON - timedelta(seconds=90), NOON)])
    for place in range(1, 31):
        number = f"20260302-{place:07d}"
        board.played.add(number)
        board.view(number).title = "暴露垃圾"
        facts = [REGISTERED, ACCEPTED, leg(1, Level.GRID)]
        if place % 3 == 0:
            facts += [happened.Withdrawn("")]
        elif place % 4 == 0:
            handed = happened.HandedUp("1", "dwell", "dwell at grid passed", release=False)
            facts += [handed, leg(2, Level.COMMUNITY, "handed_up")]
        for seq, fact in enumerate(facts, start=1):
            board.hear(number, seq, NOON + timedelta(seconds=place), fact)
    return board


def drawn(width: int, height: int) -> list[str]:
    console = Console(file=StringIO(), width=width, height=height, color_system=None)
    console.print(picture(playing(), BILL, ended=False, width=width, height=height))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 30), (120, 40), (200, 60)])
def test_the_picture_fits_and_shows_what_matters(width: int, height: int):
    lines = drawn(width, height)
    text = "\n".join(lines)
    assert len(lines) <= height
    for words in (
        "30/60",
        "10/60",
        "超时未办",
        "lateness",
        "downtime",
        "errors 0",
        "127.0.0.1:8080/docs",
        "Ctrl-C",
    ):
        assert words in text


def test_lines_tell_only_what_is_new():
    board = playing()
    lines = Lines(board, BILL)
    first = list(lines.fresh())
    assert first[0].startswith("      ^ ")
    assert first[-1].startswith("00:42  arrived 30/60, closed 10 | open 20 (to be signed for 20)")
    assert list(lines.fresh()) == []
    board.fail("the door fell off")
    assert next(iter(lines.fresh())) == "      ! the door fell off"


def test_the_last_words_name_what_is_left_open():
    last = list(conclusion(playing(), "02:10"))
    assert (
        last[0]
        == "Played 30 requests in 02:10: 10 closed, 20 open; 0 limits fired, p99 0.00 s late; 0 errors."
    )
    assert "暴露垃圾" in last[1]
    assert last[-1] == "  and 15 more; the next start goes on with them."


def test_a_bookmark_is_kept_and_found_again(tmp_path: Path):
    assert read_bookmark(tmp_path) == Bookmark()
    write_bookmark(tmp_path, Bookmark(17, "3.4", 2).moved_to("5.6"))
    assert read_bookmark(tmp_path) == Bookmark(17, "5.6", 2)


@pytest.mark.parametrize("content", ["no json", json.dumps({"page": 3}), "[]"])
def test_a_damaged_bookmark_is_one_sentence(tmp_path: Path, content: str):
    (tmp_path / "demo.json").write_text(content, encoding="utf-8")
    with pytest.raises(StackProblem, match="is damaged"):
        read_bookmark(tmp_path)
