"""A terminal for each test of a command that runs by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.terminal import Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    folder = tmp_path / "my place"
    folder.mkdir()
    opened = Terminal(folder)
    yield opened
    for process in opened.running:
        if process.poll() is None:
            process.kill()
        process.communicate()
