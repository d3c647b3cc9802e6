"""The API of a city, as the tests of the doors have it."""

from tests.api.conftest import pack, running_city

__all__ = ["pack", "running_city"]
