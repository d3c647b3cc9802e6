"""The Guangzhou pack, read once."""

import pytest

from cities.pack import CityPack, load_pack


@pytest.fixture(scope="session")
def guangzhou() -> CityPack:
    """The pack as it comes with the product."""
    return load_pack("guangzhou")
