"""An engine on a database of the test's own."""

from tests.persistence.conftest import engine

__all__ = ["engine"]
