"""How requests look on a terminal, wide or narrow."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from stack.request_pages import board_page

ITEM: dict[str, Any] = {
    "number": "20261123-0000042",
    "state": "pending_dispatch",
    "light": "yellow",
    "level": "district",
    "unit_zh": "广州市天河区城市管理和综合执法局第二执法大队",
    "category": "0104",
    "total_due_at": "2026-11-26T10:00:00+00:00",
    "received_at": "2026-11-23T02:00:00+00:00",
}


def drawn(width: int, **changes: Any) -> list[str]:
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(board_page([{**ITEM, **changes}], more=False, width=width))
    return console.export_text().splitlines()


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("state", ["pending_dispatch", "pending_callback", "answered_directly"])
def test_a_board_is_readable_line_by_line_on_any_usual_terminal(width: int, state: str):
    titles, row, note = drawn(width, state=state)
    assert note == "1 requests"
    for word in (ITEM["number"], state, "yellow", "district", "11-26", "广州市天河区"):
        assert word in row
    for title in ("number", "state", "light", "level", "due", "unit"):
        assert title in titles
    assert ("0104" in row) == (width > 80)
