"""What a simulated story says of itself: whom it told what, and what it refused."""

from __future__ import annotations

from datetime import datetime

import pytest

from domain.commands import Act
from domain.lifecycle import fold
from domain.notices.telling import Notice, notices_of
from domain.refusals import Refused
from domain.request import begin
from domain.simulator import Simulation
from domain.units import Actor


def every_notice(story: Simulation) -> list[Notice]:
    """Every notice of the story, in order."""
    state, notices = begin(story.state.intake), list[Notice]()
    for event in story.timeline:
        state = fold(state, (event,))
        notices.extend(notices_of(state, event))
    return notices


def refusal_of(story: Simulation, by: Actor, act: Act, at: datetime) -> str:
    """The code with which the act is refused at that instant; it changes nothing."""
    story.wait_until(at)
    before = story.state
    with pytest.raises(Refused) as refusal:
        story.act(by, act, at)
    assert story.state == before
    return refusal.value.code
