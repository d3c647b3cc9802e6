"""What the demo has seen: counts, escalations in words, lateness; fed by the service's own events."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

from domain import events as happened
from domain.events import Fact
from domain.request import Card
from persistence.liveness import Downtime
from stack.playing.reckoning import Agreement, Tally, tally_of
from stack.playing.views import View
from stack.playing.wording import Telling, told

_LAST_TELLINGS = 12
_LAST_ERRORS = 20


@dataclass(frozen=True, slots=True)
class Lateness:
    """Seconds from due to done, of all deadlines that fired."""

    fired: int
    p50: float
    p99: float
    max: float


def lateness_of(seconds: Collection[float]) -> Lateness:
    """Nearest-rank percentiles; all zero while nothing has fired."""
    ordered = sorted(seconds)
    if not ordered:
        return Lateness(0, 0.0, 0.0, 0.0)

    def rank(percent: int) -> float:
        return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]

    return Lateness(len(ordered), rank(50), rank(99), ordered[-1])


@dataclass(slots=True, kw_only=True)
class Scoreboard:
    """Everything seen since the stack was ``started``.

    Deadlines that fell due before it was ready (``began``), or in ``stops``, count as fired after a stop.
    """

    started: datetime
    began: datetime
    stops: Sequence[Downtime] = ()
    views: dict[str, View] = field(default_factory=dict[str, View])
    played: set[str] = field(default_factory=set[str])
    carried: set[str] = field(default_factory=set[str])
    escalations: Counter[str] = field(default_factory=Counter[str])
    tellings: deque[Telling] = field(default_factory=lambda: deque(maxlen=_LAST_TELLINGS))
    told: int = 0
    late: list[tuple[datetime, float]] = field(default_factory=list[tuple[datetime, float]])
    refused: Counter[str] = field(default_factory=Counter[str])
    raced: Counter[str] = field(default_factory=Counter[str])
    errors: int = 0
    last_errors: deque[str] = field(default_factory=lambda: deque(maxlen=_LAST_ERRORS))
    agreements: tuple[Agreement, ...] | None = None
    """What the reconciliations at the end came to; ``None`` before."""
    _counted: dict[str, int] = field(default_factory=dict[str, int])

    def view(self, number: str) -> View:
        """The request of that number, new if it has not been heard of."""
        return self.views.setdefault(number, View(number=number))

    def hear(self, number: str, seq: int, at: datetime, fact: Fact) -> None:
        """Learn of an event from the feed, and count it, once, if it happened since the start."""
        view = self.view(number)
        view.take(seq, at, fact)
        if at >= self.started and seq > self._counted.get(number, 0):
            self._counted[number] = seq
            self._count(view, fact)

    def fail(self, what: str) -> None:
        """Note something that should not have happened."""
        self.errors += 1
        self.last_errors.append(what)

    @property
    def open(self) -> list[View]:
        """The requests that have not ended."""
        return [view for view in self.views.values() if not view.ended]

    @property
    def closed_of_play(self) -> int:
        """How many of this play's requests have ended."""
        return sum(self.views[number].ended for number in self.played if number in self.views)

    @property
    def all_ended(self) -> bool:
        """Whether everything that the play registered or took over has ended."""
        return all(self.view(number).ended for number in self.played | self.carried)

    @property
    def beside(self) -> Tally:
        """What went on beside the requests of this play and those that it took over."""
        return tally_of(
            self.views[number].beside for number in self.views.keys() & (self.played | self.carried)
        )

    @property
    def differences(self) -> list[str]:
        """Cases on which the partners' books and ours do not agree at the end."""
        return [
            f"{agreement.partner} {difference}"
            for agreement in self.agreements or ()
            for difference in agreement.differences
        ]

    def lateness(self) -> Lateness:
        """Of the deadlines that fell due while the service ran."""
        return lateness_of([seconds for due_at, seconds in self.late if self._ran_at(due_at)])

    def lateness_after_stops(self) -> Lateness:
        """Of those that fell due while it did not."""
        return lateness_of([seconds for due_at, seconds in self.late if not self._ran_at(due_at)])

    def _ran_at(self, due_at: datetime) -> bool:
        stopped = any(stop.since <= due_at < stop.until for stop in self.stops)
        return due_at >= self.began and not stopped

    def _count(self, view: View, fact: Fact) -> None:
        match fact:
            case happened.DeadlineFired():
                self.late.append((fact.due_at, fact.lateness_seconds))
            case happened.HandedUp():
                self.escalations["handling"] += 1
                self.escalations["handling_asked" if fact.cause == "asked" else "handling_by_silence"] += 1
            case happened.Supervised():
                self._count_supervision(fact)
            case happened.AlarmRaised():
                self.escalations["alarms"] += 1
            case _:
                pass
        telling = told(view, fact)
        if telling is not None:
            self.tellings.append(telling)
            self.told += 1

    def _count_supervision(self, fact: happened.Supervised) -> None:
        self.escalations["supervision"] += 1
        if fact.card is Card.YELLOW:
            self.escalations["yellow_cards"] += 1
        elif fact.card is Card.RED:
            self.escalations["red_cards"] += 1
        if fact.black_list:
            self.escalations["black_list"] += 1
