"""The product's own API process for tests that cannot wait: the city asks silent partners within seconds.

``python -m tests.e2e.hasty_api``. No city may have limits as short as these, so they come in where the pack is loaded.
"""

from __future__ import annotations

import importlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from cities.pack import CityPack, load_pack
from domain.partners import Partner

ASKED_AFTER = timedelta(seconds=3)
"""How long enforcement and affairs are silent before they are asked. Volunteers are not asked within any test: there
only call-backs and reconciliations bring anything.
"""
HELD = timedelta(seconds=30)


def load_hasty_pack(city: str | Path) -> CityPack:
    """The city's pack with short limits for its partners."""
    pack = load_pack(city)
    partners = {
        partner: replace(terms, hold_gaps=HELD, poll_every=_silence(partner, terms.poll_every))
        for partner, terms in pack.partners.items()
    }
    return replace(pack, partners=partners)


def _silence(partner: Partner, usual: timedelta) -> timedelta:
    return usual if partner is Partner.VOLUNTEERS else ASKED_AFTER


if __name__ == "__main__":
    opening = importlib.import_module("api.opening")
    # The one seam: the name by which the process loads the city.
    vars(opening)["load_pack"] = load_hasty_pack
    importlib.import_module("api.__main__").main()
