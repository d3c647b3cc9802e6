"""Pairing a real arrival with Guangzhou: its category, its channel, its place. Arrivals are real, the pairing is made.

The category and the channel stand in tables with the reason of each row. The place is drawn from hashes, so that it is
the same in every play: the quarter of Boston chooses a district (by the shares of the city's requests) and a town, the
address a community of that town and one of its grids. So neighbours stay neighbours.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from pathlib import Path

from cities.pack import CityPack, pack_folder
from domain.levels import Level
from stack.errors import StackProblem
from stack.playing.arrivals import Arrival
from stack.playing.tables import rows_of

UNMAPPED_CATEGORY = "1501"
"""Other matters: for a type that the table does not know, as a stream of one's own may hold."""
UNMAPPED_CHANNEL = "phone_12345"
_TOWN_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Matter:
    """What an arrival becomes here: a category of the catalogue, a grid of the city, a channel."""

    category: str
    category_zh: str
    area: str
    channel: str


class Pairing:
    """The tables and the places of one city."""

    def __init__(
        self,
        pack: CityPack,
        categories: Mapping[str, str],
        channels: Mapping[str, str],
        shares: Mapping[str, float],
    ) -> None:
        self._pack = pack
        self._categories = categories
        self._channels = channels
        self._communities = _communities(pack)
        self._districts = list(self._communities)
        self._reach = list(accumulate(_weights(self._communities, shares)))

    def matter_of(self, arrival: Arrival) -> Matter:
        """The same arrival always becomes the same matter."""
        category = self._pack.category(self._categories.get(arrival.kind, UNMAPPED_CATEGORY))
        channel = self._channels.get(arrival.source, UNMAPPED_CHANNEL)
        area = self.grid_for(arrival.quarter, arrival.address or arrival.case)
        return Matter(category.code, category.name_zh, area, channel)

    def grid_for(self, quarter: str, address: str) -> str:
        """The grid that stands for an address of a quarter."""
        drawn = _fraction("district", quarter) * self._reach[-1]
        communities = self._communities[self._districts[bisect(self._reach, drawn)]]
        town = _chosen(communities, "town", quarter)[:_TOWN_DIGITS]
        community = _chosen([area for area in communities if area.startswith(town)], "community", address)
        return _chosen(self._pack.divisions.children(community), "grid", address)


def read_pairing(pack: CityPack, folder: Path | None = None) -> Pairing:
    """The pairing that the files of the demo describe.

    Raises:
        StackProblem: a file is missing or names a category or a district that the city does not have.
    """
    folder = folder or pack_folder(pack.name) / "demo"
    categories = _column(folder / "categories_of_boston.csv", "boston_type", "category")
    channels = _column(folder / "channels_of_boston.csv", "boston_source", "channel")
    shares = _column(folder / "district_shares.csv", "district", "share")
    for kind, code in categories.items():
        if code not in pack.categories:
            raise StackProblem(f"categories_of_boston.csv gives {kind!r} the category {code}, which is none.")
    for district in shares:
        if pack.divisions.level_of(district) is not Level.DISTRICT or district not in pack.divisions:
            raise StackProblem(f"district_shares.csv names {district}, which is no district of the city.")
    try:
        parts = {district: float(share) for district, share in shares.items()}
    except ValueError as error:
        raise StackProblem(f"district_shares.csv holds a bad share ({error}).") from error
    return Pairing(pack, categories, channels, parts)


def _column(file: Path, key: str, value: str) -> dict[str, str]:
    return {row[key]: row[value] for row in rows_of(file, key, value)}


def _communities(pack: CityPack) -> dict[str, list[str]]:
    """The communities that have grids, by district."""
    found: dict[str, list[str]] = {}
    for area in pack.divisions.areas(Level.COMMUNITY):
        district = pack.divisions.at(Level.DISTRICT, area)
        if district is not None and pack.divisions.children(area):
            found.setdefault(district, []).append(area)
    return found


def _weights(communities: Mapping[str, Sequence[str]], shares: Mapping[str, float]) -> list[float]:
    """The known shares, and what is left of the whole by the number of communities."""
    unknown = sum(len(areas) for district, areas in communities.items() if district not in shares)
    left = max(0.0, 1.0 - sum(shares.values()))
    return [
        shares.get(district, left * len(areas) / unknown if unknown else 0.0)
        for district, areas in communities.items()
    ]


def _chosen(areas: Sequence[str], what: str, name: str) -> str:
    return areas[int(_fraction(what, name) * len(areas))]


def _fraction(what: str, name: str) -> float:
    """A number from 0 (included) to 1 (excluded) that hangs on the words alone."""
    digest = sha256(f"{what}/{name}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
