"""Acts of time, and the story's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class PassTime:
    """Let everything that is due happen."""

    act: Literal["pass_time"] = "pass_time"


@dataclass(frozen=True, slots=True)
class ContinueStory:
    """Go on in a new workflow run."""

    run: int
    act: Literal["continue_story"] = "continue_story"
