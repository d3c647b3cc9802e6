"""What a caller of the demo says: the body of a registration, out of a real arrival and its matter here."""

from __future__ import annotations

from typing import Any

from stack.playing.arrivals import Arrival
from stack.playing.crew import Fate
from stack.playing.pairing import Matter


def call_of(arrival: Arrival, matter: Matter, fate: Fate) -> dict[str, Any]:
    """The body of a registration. Callers are made up and cannot be anybody: no number begins with 000."""
    digits = arrival.case[-8:]
    caller: dict[str, Any] = {"anonymous": True}
    if fate.caller == "named":
        caller = {"name": f"市民{digits}（演示）", "telephone": f"000 {digits[:4]} {digits[4:]}"}
    call: dict[str, Any] = {
        "channel": matter.channel,
        "description": f"【演示】{matter.category_zh}。Boston 311: {arrival.kind}, {arrival.at.isoformat()}",
        "caller": caller,
    }
    if fate.intake == "complete":
        call |= {"category": matter.category, "place": place_of(matter, arrival)}
    return call


def place_of(matter: Matter, arrival: Arrival) -> dict[str, Any]:
    """The place of a registration: a real division or a grid of it; the address is Boston's, and says so."""
    return {"area": matter.area, "address": f"演示地址 {arrival.address}".strip()}
