"""How requests look on a terminal, wide or narrow."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from stack.commands.request_pages import (
    board_page,
    cases_page,
    event_line,
    field_tasks_page,
    registered_page,
    similar_page,
)

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


MADE: dict[str, Any] = {
    "number": ITEM["number"],
    "query_code": "7K3M9PQ2XWRT",
    "policy": "P-SAFETY",
    "policy_version": 1,
    "due_at": "2027-01-04T10:00:00+00:00",
    "ladder": [
        {"unit": None, "unit_zh": None},
        {"unit": "440106012-town_office", "unit_zh": "天园街道办事处"},
    ],
    "urged": False,
    "repeat_of": None,
    "similar": [],
}


def printed(page: Any) -> str:
    console = Console(width=120, file=io.StringIO(), record=True)
    console.print(page)
    return console.export_text()


def test_a_registration_shows_number_code_promise_and_first_unit():
    shown = printed(registered_page(MADE))
    for word in (MADE["number"], MADE["query_code"], "P-SAFETY v1", "2027-01-04", "天园街道办事处"):
        assert word in shown
    assert "urged" not in shown
    assert "to be accepted" in printed(registered_page({**MADE, "policy": None}))


def test_a_registration_says_what_it_became_and_what_is_like_it():
    alike = {**ITEM, "area": "440106012007", "distance_m": 104.2}
    shown = printed(
        registered_page({**MADE, "urged": True, "repeat_of": "20261101-0000001", "similar": [alike]})
    )
    for word in ("urged", "repeats 20261101-0000001", "may be the same", "440106012007", "104"):
        assert word in shown
    assert "nothing like it" in printed(similar_page([]))


CASE: dict[str, Any] = {
    "case": "20261123-0000042-p1",
    "partner": "enforcement",
    "status": "under_way",
    "number": "穗天综执〔2026〕17号",
    "withdrawal": "irrevocable",
    "due_at": "2026-11-30T10:00:00+00:00",
    "ended_at": None,
    "note": "已立案",
}


def test_cases_stand_with_their_partner_status_and_number():
    page = printed(cases_page([CASE]))
    for said in (
        CASE["case"],
        "enforcement",
        "under_way, irrevocable",
        "穗天综执〔2026〕17号",
        "11-30",
        "已立案",
    ):
        assert said in page


@pytest.mark.parametrize(
    ("kind", "what", "said"),
    [
        ("case_opened", {"case": "x-p1", "partner": "affairs", "waits": True}, "x-p1 → affairs, waited for"),
        ("case_opened", {"case": "x-p1", "partner": "affairs", "waits": False}, "x-p1 → affairs"),
        (
            "case_reported",
            {"case": "x-p1", "status": "done", "number": "", "text": "fined"},
            "x-p1: done  fined",
        ),
        ("case_settled", {"case": "x-p1", "status": "done", "number": "7", "note": "told"}, "done  7  told"),
        ("matters_found", {"case": "x-p1", "numbers": ["y", "z"]}, "x-p1: registered as y, z"),
    ],
)
def test_what_happens_to_a_case_is_one_line(kind: str, what: dict[str, Any], said: str):
    by = {"role": "system", "unit": None, "person": "system"}
    line = event_line(
        {"kind": kind, "what": what, "by": by, "seq": 7, "at": CASE["due_at"], "zh": "案件", "en": "case"}
    )
    assert said in line.plain


def test_a_field_task_is_shown_with_its_whole_code():
    code = f"{ITEM['number']}.f1.{'MFRGGZDFMZTWQ2LK' * 2}"[:44]
    task = {
        "task": "f1",
        "name": "五山花园物业",
        "state": "given",
        "due_at": ITEM["total_due_at"],
        "code": code,
    }
    console = Console(width=80, file=io.StringIO(), record=True)
    console.print(field_tasks_page([task, {**task, "task": "f2", "code": None}]))
    page = console.export_text()
    assert "五山花园物业" in page
    assert code in page.replace("\n", "").replace(" ", "")
    assert "f2" in page
