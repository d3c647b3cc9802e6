"""A terminal for each test of a command that runs by itself."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.terminal import Terminal
from tests.support.folders import swift_folder


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with tempfile.TemporaryDirectory(
        prefix="huying-terminal-", dir=swift_folder(), ignore_cleanup_errors=True
    ) as place:
        folder = Path(place) / "my place"
        folder.mkdir()
        opened = Terminal(folder)
        yield opened
        for process in opened.running:
            if process.poll() is None:
                process.kill()
            process.communicate()
