"""Where the tests' servers keep their data. It is thrown away, so it stands in memory where the machine has room."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 4_000_000_000
"""More than the servers of two test sessions write, with all their logs."""


def swift_folder() -> str | None:
    """A folder in memory, as `tempfile` takes it; ``None`` leaves the choice to `tempfile`."""
    if not os.access(_MEMORY, os.W_OK | os.X_OK):
        return None
    return str(_MEMORY) if shutil.disk_usage(_MEMORY).free > _ROOM_BYTES else None
