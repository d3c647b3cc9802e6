"""Whether the partners' books and ours agree at the end of a play."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from stack.playing.gateway import Gateway, Said
from stack.playing.reckoning import Agreement, reconcile

PARTNERS = {
    "items": [
        {"partner": "enforcement", "connected": True},
        {"partner": "affairs", "connected": False},
        {"partner": "volunteers", "connected": True},
    ]
}
BEHIND = {"case": "20260302-0000042-p1", "what": "behind"}


@dataclass
class Books:
    """A service whose reconciliations end at the second look, with these differences one after the other."""

    found: dict[str, list[list[dict[str, str]]]]
    keys: list[str] = field(default_factory=list[str])
    looks: int = 0

    async def order(self, path: str, body: Mapping[str, Any], *, key: str, unit: str | None = None) -> Said:
        self.keys.append(key)
        assert (body, unit) == ({}, None)
        return Said(202, {"id": len(self.keys)})

    async def read(self, path: str) -> Said:
        if path == "/v1/partners":
            return Said(200, PARTNERS)
        self.looks += 1
        partner = path.split("/")[3]
        ended = self.looks % 2 == 0
        differences = self.found[partner][0] if ended else []
        if ended and len(self.found[partner]) > 1:
            self.found[partner].pop(0)
        at = "2026-03-02T12:00:00Z" if ended else None
        ids = range(len(self.keys), 0, -1)
        return Said(
            200,
            {
                "items": [
                    {"id": each, "ended_at": at, "compared": 2, "differences": differences} for each in ids
                ]
            },
        )


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_LOOK_SECONDS", "_SETTLING_SECONDS"):
        monkeypatch.setattr(f"stack.playing.reckoning.{name}", 0.0)


async def agreements(books: Books) -> tuple[Agreement, ...]:
    return await reconcile(cast("Gateway", books), "play-1")


async def test_every_connected_partner_is_asked_once_where_nothing_differs():
    books = Books({"enforcement": [[]], "volunteers": [[]]})
    found = await agreements(books)
    assert [(each.partner, each.compared, each.differences) for each in found] == [
        ("enforcement", 2, ()),
        ("volunteers", 2, ()),
    ]
    assert sorted(books.keys) == ["play-1-reconcile-enforcement", "play-1-reconcile-volunteers"]


async def test_what_was_still_on_its_way_is_looked_at_again():
    books = Books({"enforcement": [[BEHIND], []], "volunteers": [[]]})
    found = await agreements(books)
    assert all(not each.differences for each in found)
    assert "play-1-reconcile-again-enforcement" in books.keys


async def test_what_still_differs_is_named():
    books = Books({"enforcement": [[BEHIND]], "volunteers": [[]]})
    found = await agreements(books)
    assert found[0].differences == ("20260302-0000042-p1: behind",)


async def test_a_reconciliation_that_does_not_end_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("stack.playing.reckoning._PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr("stack.playing.reckoning._LOOK_SECONDS", 1.0)
    with pytest.raises(TimeoutError):
        await agreements(Books({"enforcement": [[]], "volunteers": [[]]}))
