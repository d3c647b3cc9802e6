"""The API of a city, as the tests of the doors have it."""

from tests.api.conftest import application, pack, running_city

__all__ = ["application", "pack", "running_city"]
