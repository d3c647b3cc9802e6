"""What is told to somebody outside says nothing of who called."""

from __future__ import annotations

import pytest

from domain.caller_in_text import without_caller

CHEN = {
    "name": "陈小明",
    "telephone": "138-1234-5678",
    "address": "五山路1号302房",
    "place": "天河区五山路1号",
}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("请联系陈小明（13812345678）清理3栋", "请联系***（***）清理3栋"),
        ("陈先生住302房", "***住***"),
        ("到五山路1号302房门口", "到***门口"),
        ("电话 138 1234 5678", "电话 ***"),
        ("到五山路1号，勿入1302房", "到五山路1号，勿入1302房"),
        ("陈列室门口", "陈列室门口"),
        ("另一人 13900001111", "另一人 ***"),
    ],
)
def test_the_caller_cannot_be_told_from_the_text(text: str, read: str) -> None:
    assert without_caller(text, **CHEN) == read


def test_the_spot_itself_is_named() -> None:
    at_home = {**CHEN, "place": "天河区五山路1号302房"}
    assert without_caller("302房漏水", **at_home) == "302房漏水"


def test_double_surnames_and_foreign_names_are_known() -> None:
    assert without_caller("欧阳女士", name="欧阳娜", telephone=None, address=None) == "***"
    assert without_caller("ask lee wong", name="Lee Wong", telephone=None, address=None) == "ask ***"


def test_of_an_unknown_caller_nothing_is_known() -> None:
    assert without_caller("陈先生", name=None, telephone=None, address=None) == "陈先生"
    assert without_caller("打110", name="李", telephone="110", address=" ") == "打110"
