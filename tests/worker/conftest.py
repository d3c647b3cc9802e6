"""An engine on a database of the test's own."""

from tests.persistence.conftest import append, engine

__all__ = ["append", "engine"]
