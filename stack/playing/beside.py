"""What the demo knows of everything that goes on beside a request's own handling, from the events it hears: cases with
partners, joint legs, whistles, field tasks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from domain import events as happened
from domain.cases.open_cases import PROMISES
from domain.events import Fact
from domain.field_tasks import FieldParty, FieldTaskState
from domain.partners import CaseStatus, Partner
from domain.request import LegRole
from domain.units import Unit
from domain.whistles import Spot, WhistleEnd, WhistleKind

JointState = Literal["asked", "signed", "contributed", "declined", "removed"]


@dataclass(slots=True)
class CaseSeen:
    """A case with a partner; ``message`` and ``code`` are those of the last report, ``at`` its instant."""

    id: str
    partner: Partner
    waits: bool
    at: datetime
    status: CaseStatus = CaseStatus.OPENING
    number: str = ""
    message: str = ""
    code: str = ""
    was_filed: bool = False

    @property
    def holds_the_reply(self) -> bool:
        """Whether the unit has nothing to answer yet: neither a result nor a procedure of the partner to point to."""
        goes_on = self.status is CaseStatus.UNDER_WAY and bool(self.number) and self.partner in PROMISES
        return self.status.is_open and (self.waits or not goes_on)


@dataclass(slots=True)
class JointSeen:
    """A joint leg; ``cause`` says whether it was asked for, delegated or agreed in a plan."""

    leg: str
    unit: Unit
    cause: str
    at: datetime
    state: JointState = "asked"

    @property
    def is_open(self) -> bool:
        """Whether its unit has still to contribute."""
        return self.state in ("asked", "signed")


@dataclass(slots=True)
class SummonsSeen:
    """A department that was called, and how far it and the town have come with each other."""

    id: str
    unit: Unit
    power_zh: str
    at: datetime
    acknowledged: bool = False
    attended: bool = False
    missed: bool = False
    rated: bool = False
    has_rated: bool = False


@dataclass(slots=True)
class WhistleSeen:
    """A whistle and its summonses."""

    id: str
    kind: WhistleKind
    town: Unit
    spot: Spot | None
    session: str
    summonses: list[SummonsSeen]
    at: datetime
    planned: bool = False
    end: WhistleEnd | None = None

    def summons(self, summons_id: str) -> SummonsSeen:
        """The summons of that id."""
        return next(each for each in self.summonses if each.id == summons_id)


@dataclass(slots=True)
class TaskSeen:
    """A field task."""

    id: str
    party: FieldParty
    at: datetime
    state: FieldTaskState = FieldTaskState.GIVEN


@dataclass(slots=True)
class Beside:
    """All of it, for one request."""

    cases: dict[str, CaseSeen] = field(default_factory=dict[str, CaseSeen])
    joint: dict[str, JointSeen] = field(default_factory=dict[str, JointSeen])
    whistles: dict[str, WhistleSeen] = field(default_factory=dict[str, WhistleSeen])
    tasks: dict[str, TaskSeen] = field(default_factory=dict[str, TaskSeen])

    @property
    def open_cases(self) -> list[CaseSeen]:
        """The cases that have not ended."""
        return [case for case in self.cases.values() if case.status.is_open]

    @property
    def holds_the_reply(self) -> bool:
        """Whether somebody beside the leading unit has still to be heard before the reply."""
        return (
            any(case.holds_the_reply for case in self.cases.values())
            or any(joint.is_open for joint in self.joint.values())
            or any(whistle.end is None for whistle in self.whistles.values())
            or any(task.state is FieldTaskState.GIVEN for task in self.tasks.values())
        )

    def learn(self, at: datetime, fact: Fact) -> None:
        """Learn what happened next."""
        match fact:
            case happened.CaseOpened():
                self.cases[fact.case] = CaseSeen(fact.case, fact.partner, fact.waits, at)
            case happened.CaseReported() | happened.CaseSettled() if fact.case in self.cases:
                self._learn_of_case(self.cases[fact.case], at, fact)
            case happened.FieldTaskGiven():
                self.tasks[fact.task] = TaskSeen(fact.task, fact.party, at)
            case happened.FieldTaskReported():
                self._task_ends(fact.task, FieldTaskState.DONE if fact.done else FieldTaskState.NOT_DONE)
            case happened.FieldTaskRecalled():
                self._task_ends(fact.task, FieldTaskState.RECALLED)
            case happened.FieldTaskLapsed():
                self._task_ends(fact.task, FieldTaskState.LAPSED)
            case _:
                self._learn_of_joint(at, fact)
                self._learn_of_whistle(at, fact)

    def _learn_of_case(
        self, case: CaseSeen, at: datetime, fact: happened.CaseReported | happened.CaseSettled
    ) -> None:
        case.status, case.at = fact.status, at
        case.number = fact.number or case.number
        if isinstance(fact, happened.CaseReported):
            case.message, case.code = fact.message, fact.code
            case.was_filed = case.was_filed or fact.message == "case_filed"

    def _task_ends(self, task: str, how: FieldTaskState) -> None:
        if task in self.tasks:
            self.tasks[task].state = how

    def _learn_of_joint(self, at: datetime, fact: Fact) -> None:
        match fact:
            case happened.LegDispatched(role=LegRole.JOINT):
                self.joint[fact.leg] = JointSeen(fact.leg, fact.unit, fact.cause, at)
            case happened.LegSigned() if fact.leg in self.joint:
                self._joint_goes_on(fact.leg, "signed", at)
            case happened.Contributed():
                self._joint_goes_on(fact.leg, "contributed", at)
            case happened.JointDeclined():
                self._joint_goes_on(fact.leg, "declined", at)
            case happened.JointRemoved():
                self._joint_goes_on(fact.leg, "removed", at)
            case _:
                pass

    def _joint_goes_on(self, leg: str, state: JointState, at: datetime) -> None:
        if leg in self.joint:
            self.joint[leg].state, self.joint[leg].at = state, at

    def _learn_of_whistle(self, at: datetime, fact: Fact) -> None:
        match fact:
            case happened.WhistleBlown():
                summonses = [
                    SummonsSeen(f"{fact.whistle}.{place}", each.unit, each.power_zh, at)
                    for place, each in enumerate(fact.summoned, start=1)
                ]
                self.whistles[fact.whistle] = WhistleSeen(
                    fact.whistle, fact.whistle_kind, fact.town, fact.spot, fact.session, summonses, at
                )
            case happened.PlanAgreed():
                self.whistles[fact.whistle].planned = True
                self.whistles[fact.whistle].at = at
            case happened.WhistleEnded():
                self.whistles[fact.whistle].end = fact.end
                self.whistles[fact.whistle].at = at
            case (
                happened.WhistleAcknowledged()
                | happened.WhistleAttended()
                | happened.AttendanceMissed()
                | happened.WhistleRated()
                | happened.CallRated()
            ):
                self._summons_goes_on(at, fact)
            case _:
                pass

    def _summons_goes_on(
        self,
        at: datetime,
        fact: happened.WhistleAcknowledged
        | happened.WhistleAttended
        | happened.AttendanceMissed
        | happened.WhistleRated
        | happened.CallRated,
    ) -> None:
        summons = self.whistles[fact.whistle].summons(fact.summons)
        summons.at = at
        match fact:
            case happened.WhistleAcknowledged():
                summons.acknowledged = True
            case happened.WhistleAttended():
                summons.attended = True
            case happened.AttendanceMissed():
                summons.missed = True
            case happened.WhistleRated():
                summons.rated = True
            case happened.CallRated():
                summons.has_rated = True
