"""A caller in free text: whoever is sent to the spot reads neither their name nor at which door they live.

A net, not a proof, like that of numbers: a nickname passes through it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from domain.numbers_of_persons import MASK, without_numbers

_DOUBLE_SURNAMES = frozenset(
    {"欧阳", "司徒", "上官", "司马", "诸葛", "夏侯", "皇甫", "尉迟", "公孙", "慕容", "令狐", "东方"}
)
_TITLES = "先生|女士|小姐|太太|阿姨|阿婆|阿伯|大姐|大哥|大爷|大妈|大叔|婆婆|伯伯|叔叔|老师|师傅"
_HAN = r"[\u3400-\u9fff]"
_DOOR = re.compile(r"[A-Za-z]?\d{1,5}(?:号房|房|室)")
SHORTEST_NUMBER = 7
"""Fewer digits are not a telephone number of one person."""


def without_caller(
    text: str, *, name: str | None, telephone: str | None, address: str | None, place: str = ""
) -> str:
    """The text without what tells the caller: name, surname with a title, telephone, address, the number of their door.

    What stands in ``place``, the address of the spot itself, stays: somebody has to find it.
    """
    for pattern in (*_names(name), *_numbers(telephone), *_homes(address, place)):
        text = re.sub(pattern, MASK, text, flags=re.IGNORECASE)
    return without_numbers(text)


def _names(name: str | None) -> Iterator[str]:
    known = (name or "").strip()
    if len(known) >= len("陈明"):
        yield re.escape(known)
    if re.match(_HAN, known):
        surname = known[:2] if known[:2] in _DOUBLE_SURNAMES else known[0]
        yield f"{surname}(?:{_TITLES})"


def _numbers(telephone: str | None) -> Iterator[str]:
    digits = re.sub(r"[^0-9]", "", telephone or "")
    if len(digits) >= SHORTEST_NUMBER:
        yield r"(?<!\d)" + "[- ]?".join(digits) + r"(?!\d)"


def _homes(address: str | None, place: str) -> Iterator[str]:
    known = (address or "").strip()
    if known and known not in place:
        yield re.escape(known)
    for door in _DOOR.findall(known):
        if door not in place:
            yield rf"(?<![A-Za-z\d]){re.escape(door)}"
