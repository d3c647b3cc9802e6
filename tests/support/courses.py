"""Courses: a simulated request whose people act one after the other, a minute apart unless it is said otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.commands import Act, Dispatch, Rule, Sign
from domain.exceptions.applications import Application, ApplicationStatus, ExceptionKind
from domain.levels import Level
from domain.limits.policy import ClockMode, Extension, Policy, Urgency
from domain.refusals import Refused
from domain.request import RequestState
from domain.simulator import Simulation
from domain.time.durations import Duration
from domain.units import Actor, Role, Unit
from tests.support.builders import UNITS, actor, application, handler, intake, policy

MINUTE = timedelta(minutes=1)

AGENT = actor(Role.AGENT, person="agent")
DISPATCHER = actor(Role.DISPATCHER, person="dispatcher")
DUTY_LEADER = actor(Role.DUTY_LEADER, person="duty leader", level=Level.DISTRICT)
ARBITER = actor(Role.ARBITER, person="arbiter", level=Level.DISTRICT)
CITIZEN = actor(Role.CITIZEN, person="citizen")
COMMUNITY = handler(Level.COMMUNITY)

OTHER_BUREAU = Unit("440106-ecology_bureau", Level.DISTRICT, "440106", "生态环境局", "ecology bureau")
OTHER_DISTRICT = Unit(
    "440105-urban_mgmt_bureau", Level.DISTRICT, "440105", "海珠城管局", "urban management, Haizhu"
)
OTHER_TOWN = Unit("440106019-town_office", Level.TOWN, "440106019", "另一街道办", "another town office")


def head(level: Level) -> Actor:
    """The head of the test unit on a level."""
    return actor(Role.UNIT_HEAD, unit=UNITS[level], person=f"head of {level}")


def of(unit: Unit, role: Role = Role.HANDLER) -> Actor:
    """Somebody of a unit."""
    return actor(role, unit=unit)


def working(**changes: Any) -> Policy:
    """An ordinary matter in office time that climbs from the community, may be extended twice and suspended."""
    usual: dict[str, Any] = {
        "urgency": Urgency.NORMAL,
        "clock": ClockMode.WORKING,
        "dispatch": "1wh",
        "sign": "4wh",
        "first_contact": "4wh",
        "total": "20wd",
        "dwell": {"community": "5wd", "town": "5wd", "district": "5wd"},
        "review": "1wd",
        "callback_within": "2wd",
        "reminder_every": "1wd",
        "extension": Extension(2, Duration.parse("5wd"), Level.TOWN),
        "suspend": True,
    }
    return policy(**usual | changes)


@dataclass(slots=True)
class Course:
    """One simulated request and the present instant of its people."""

    story: Simulation
    now: datetime

    @classmethod
    def of(cls, governing: Policy | None = None, **changes: Any) -> Course:
        """A request that waits to be dispatched."""
        made = intake(policy=governing or working(), **changes)
        return cls(Simulation.of(made), made.received_at)

    @property
    def state(self) -> RequestState:
        """Where the request stands."""
        return self.story.state

    @property
    def last(self) -> Application:
        """The application that was made last."""
        return self.state.applications[-1]

    def wait(self, time: timedelta) -> Course:
        """Let time pass."""
        self.now += time
        self.story.wait_until(self.now)
        return self

    def act(self, by: Actor, act: Act, after: timedelta = MINUTE) -> Course:
        """Somebody acts."""
        self.now += after
        self.story.act(by, act, self.now)
        return self

    def dispatched(self) -> Course:
        """The lead leg is given to the first unit of the ladder."""
        return self.act(DISPATCHER, Dispatch())

    def signed(self) -> Course:
        """The lead unit takes the request; it is dispatched before if it has not been."""
        if self.state.lead is None:
            self.dispatched()
        lead = self.state.lead
        assert lead is not None
        return self.act(of(lead.unit), Sign(lead.id))

    def asks(self, by: Actor, kind: ExceptionKind, **changes: Any) -> Course:
        """Somebody applies for an exception."""
        return self.act(by, application(kind, **changes))

    def rules(self, by: Actor, *, granted: bool, **changes: Any) -> Course:
        """Somebody decides what was asked last."""
        return self.act(by, Rule(self.last.id, granted, "as the file shows", **changes))

    def refusal(self, by: Actor, act: Act) -> str:
        """The code with which an act is refused; nothing has changed then."""
        self.story.wait_until(self.now)
        before = self.state
        with pytest.raises(Refused) as refusal:
            self.story.act(by, act, self.now)
        assert self.state == before
        assert refusal.value.title_zh
        return refusal.value.code

    def statuses(self) -> list[ApplicationStatus]:
        """Where each application stands."""
        return [asked.status for asked in self.state.applications]
