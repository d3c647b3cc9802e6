"""The simulated affairs platform's items: some thousand of them, the same on every start.

Every subject of every owner is served in several actions; codes have the shape of GB/T 39554.1, and are invented.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

from integrations.wire.affairs import Item

_FILE = Path(__file__).with_name("catalogue.json")
_FIRST_CHANGE = datetime(2026, 1, 5, 1, tzinfo=UTC)
_EVERY_WITHDRAWN = 97
_EVERY_AT_ONCE = 6
_KINDS = {"申请": "00", "许可": "01", "登记": "07", "给付": "05"}
_CHANNELS: tuple[tuple[Literal["window", "online", "self_service", "telephone"], ...], ...] = (
    ("window", "online"),
    ("window", "online", "self_service"),
    ("window",),
    ("window", "online", "telephone"),
)


@cache
def catalogue() -> dict[str, Item]:
    """Every item by its code, by growing instant of its last change."""
    written: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    found: dict[str, Item] = {}
    for group in written["groups"]:
        for subject_number, subject in enumerate(group["subjects"], start=1):
            for action_number, action in enumerate(written["actions"][group["kind"]], start=1):
                count = len(found) + 1
                item = _item(group, subject_number, subject, action_number, action, count)
                found[item.item_code] = item
    return found


def _item(
    group: dict[str, Any], subject_number: int, subject: str, action_number: int, action: str, count: int
) -> Item:
    kind = group["kind"]
    basic = f"44{_KINDS[kind]}{int(group['body'][-4:-1]):04d}{subject_number:02d}{action_number:02d}"
    legal = group["legal"]
    return Item(
        item_code=f"{basic}{group['body']}1",
        name=f"{subject}（{action}）",
        owner=group["owner"],
        audience=group["audience"],
        kind=f"行政{kind}" if kind in {"许可", "给付"} else "公共服务",
        legal_days=legal,
        promised_days=0 if count % _EVERY_AT_ONCE == 0 else max(1, legal // (2 + count % 3)),
        channels=_CHANNELS[count % len(_CHANNELS)],
        version=1 + count % 3,
        withdrawn=count % _EVERY_WITHDRAWN == 0,
        changed_at=_FIRST_CHANGE + timedelta(minutes=10 * count),
    )
