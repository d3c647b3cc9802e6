"""What an examination of the record can find wrong, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Wrong(StrEnum):
    """One kind of thing that was not left as it was written."""

    INTAKE_ALTERED = "intake_altered"
    INTAKE_MISSING = "intake_missing"
    NOT_STARTED = "not_started"
    MISSING = "missing"
    ALTERED = "altered"
    MOVED = "moved"
    SURPLUS = "surplus"
    UNLINKED = "unlinked"
    UNREADABLE = "unreadable"
    BOARD_DIFFERS = "board_differs"
    INBOX_DIFFERS = "inbox_differs"
    ANSWER_DIFFERS = "answer_differs"
    ANCHOR_DIFFERS = "anchor_differs"
    ANCHOR_UNKNOWN = "anchor_unknown"

    @property
    def zh(self) -> str:
        """The kind in Chinese."""
        return _WORDS[self][0]

    @property
    def en(self) -> str:
        """The kind in English."""
        return _WORDS[self][1]


@dataclass(frozen=True, slots=True)
class Finding:
    """One row that is not what was written.

    ``number`` is the request's number, or ``anchor`` where a sealed stretch of the whole record is meant; ``seq`` the
    event's number (0: the intake), or the anchor's.
    """

    number: str
    seq: int
    what: Wrong
    detail: str = ""


ANCHOR = "anchor"
"""The number of findings that concern no single request."""

_WORDS: dict[Wrong, tuple[str, str]] = {
    Wrong.INTAKE_ALTERED: ("登记内容被改动", "the intake was altered"),
    Wrong.INTAKE_MISSING: ("登记记录缺失", "there is no such intake, though the record speaks of it"),
    Wrong.NOT_STARTED: ("已登记但长期未进入流程", "registered long ago, and its story has not begun"),
    Wrong.MISSING: ("记录缺失", "rows are missing"),
    Wrong.ALTERED: ("记录被改动", "the row was altered"),
    Wrong.MOVED: ("记录被挪动", "the row was moved"),
    Wrong.SURPLUS: ("多出的记录", "the row was put in afterwards"),
    Wrong.UNLINKED: (
        "与前一条记录不衔接",
        "the row does not follow the one before it: that one was replaced",
    ),
    Wrong.UNREADABLE: ("记录无法读取", "the rules cannot read the row"),
    Wrong.BOARD_DIFFERS: ("看板与记录不一致", "the board does not show what the timeline says"),
    Wrong.INBOX_DIFFERS: ("收件箱与记录不一致", "the inbox does not show what the timeline says"),
    Wrong.ANSWER_DIFFERS: ("指令答复与记录不一致", "a stored answer speaks of what did not happen"),
    Wrong.ANCHOR_DIFFERS: ("封存段与记录不一致", "the record is not what was sealed"),
    Wrong.ANCHOR_UNKNOWN: ("没有这个封存值", "no anchor has the digest that was noted"),
}
