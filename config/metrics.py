"""Every metric of the service, declared once: prefix ``huying_``, seconds as the unit, only labels with few values.

What happens to requests is counted where it is written down, for the rows that were really inserted; so a replayed
workflow or a repeated activity counts nothing twice. Gauges about what is open come from the auditor's queries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx2
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from domain import events as happened
from domain.events import Event
from domain.partners import CaseStatus, Partner
from domain.request import State
from domain.summary import LegSummary, RequestSummary

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

NONE = "none"
"""The label of what is not known yet: the level of a request without a leg, the category of an unjudged call."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_CLOSURE_BUCKETS = (
    *(15 * _MINUTE, 30 * _MINUTE, _HOUR, 2 * _HOUR, 4 * _HOUR, 8 * _HOUR, _DAY, 2 * _DAY, 3 * _DAY, 5 * _DAY),
    *(7 * _DAY, 10 * _DAY, 15 * _DAY, 30 * _DAY, 60 * _DAY),
)
"""The limits of the policies, so that a bucket answers "within the promise". The first ones serve drills."""
_DRILL_BUCKETS = (1, 5, 15, 60, 180, 5 * _MINUTE)
_LATENESS_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600)
_CALL_BUCKETS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_CORE_TIMEOUT_SECONDS = 1.0

_STAGES_BY_STATE = {
    State.REGISTERED: "registration",
    State.AWAITING_INFO: "supplement",
    State.PENDING_DISPATCH: "dispatch",
    State.PENDING_REVIEW: "review",
    State.PENDING_CALLBACK: "callback",
}
"""The stages that the request itself passes; signing, contact and handling are measured at the legs."""


@dataclass(frozen=True, slots=True)
class Stay:
    """Where a request stood before an entry, and since when."""

    state: str
    level: str | None
    entered_at: datetime


class Metrics:
    """The metrics of one process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.closure_seconds = self._histogram(
            "request_closure_seconds",
            "Time from acceptance to the end of a request",
            ("category_group", "urgency", "level", "outcome"),
            (*_DRILL_BUCKETS, *_CLOSURE_BUCKETS),
        )
        self.stage_seconds = self._histogram(
            "stage_seconds",
            "Time a request or its leg spent in a stage it has left",
            ("stage", "level"),
            (*_DRILL_BUCKETS, *_CLOSURE_BUCKETS),
        )
        self.opened = self._counter(
            "requests_opened", "Requests whose story began", ("category_group", "urgency")
        )
        self.closed = self._counter(
            "requests_closed", "Requests that ended", ("category_group", "urgency", "how")
        )
        self.escalations = self._counter(
            "escalations", "Handling or supervision moved up", ("kind", "from", "to")
        )
        self.deadlines_fired = self._counter(
            "deadlines_fired", "Thresholds of clocks that passed", ("clock", "percent")
        )
        self.deadline_lateness = self._histogram(
            "deadline_lateness_seconds", "How late a threshold was acted upon", (), _LATENESS_BUCKETS
        )
        self.overdue_unfired = self._gauge(
            "deadlines_overdue_unfired", "Open requests with a deadline that passed and did not fire", ()
        )
        self.open_requests = self._gauge("open_requests", "Open requests", ("state", "level", "light"))
        self.unstarted_requests = self._gauge(
            "unstarted_requests", "Registered requests whose story has not begun", ()
        )
        self.auditor_success = self._gauge(
            "auditor_last_success_timestamp_seconds", "When the auditor last finished a round", ()
        )
        self.bulk_items = self._counter(
            "bulk_items", "Requests of bulk jobs by what came of the order", ("command", "result")
        )
        self._declare_those_of_partners()

    def count(self, events: Iterable[Event], before: Stay | None, after: RequestSummary) -> None:
        """Count what the events, just inserted, say; ``after`` shows the request after the last of them."""
        legs = {leg.leg: leg for leg in after.legs}
        for event in events:
            self._count_event(event, legs, after)
        if before is not None and before.entered_at != after.entered_at:
            stage = _STAGES_BY_STATE.get(State(before.state))
            if stage is not None:
                self._stay(stage, before.level or after.level, after.entered_at - before.entered_at)
        was_open = before is None or not State(before.state).is_terminal
        if was_open and after.ended_at is not None:
            self._count_end(before, after, after.ended_at)

    def show_open(self, counts: Mapping[tuple[str, str, str], int]) -> None:
        """Show how many requests are open by state, level and light; kinds no longer there go to zero."""
        self._show(self.open_requests, counts)

    def show_open_cases(self, counts: Mapping[tuple[Partner, CaseStatus], int]) -> None:
        """Show how many cases are open by partner and status; kinds no longer there go to zero."""
        self._show(self.partner_cases_open, counts)

    def text(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def _declare_those_of_partners(self) -> None:
        self.partner_calls = self._counter(
            "partner_calls", "Calls to neighbouring systems", ("partner", "operation", "result")
        )
        self.partner_call_seconds = self._histogram(
            "partner_call_seconds",
            "Duration of calls to neighbouring systems",
            ("partner", "operation"),
            _CALL_BUCKETS,
        )
        self.partner_cases_open = self._gauge(
            "partner_cases_open", "Cases that are open with neighbouring systems", ("partner", "status")
        )
        self.partner_messages_unknown = self._gauge(
            "partner_messages_unknown", "Messages of partners about cases that nobody knows", ("partner",)
        )
        self.reconciliation_differences = self._gauge(
            "reconciliation_differences", "What the last reconciliation with a partner found", ("partner",)
        )
        self.reconciliation_success = self._gauge(
            "reconciliation_last_success_timestamp_seconds",
            "When the last reconciliation with a partner that was done began",
            ("partner",),
        )

    def _count_event(self, event: Event, legs: Mapping[str, LegSummary], after: RequestSummary) -> None:
        match event.what:
            case happened.Registered():
                self.opened.labels(after.category_group or NONE, after.urgency or NONE).inc()
            case happened.LegSigned(leg=leg_id) if leg := legs.get(leg_id):
                self._stay("sign", leg.level, event.at - leg.dispatched_at)
            case happened.FirstContacted(leg=leg_id) if leg := legs.get(leg_id):
                self._stay("contact", leg.level, event.at - _taken_up(leg))
            case happened.ReplySubmitted(leg=leg_id) if leg := legs.get(leg_id):
                self._stay("handle", leg.level, event.at - _taken_up(leg))
            case happened.SentDown(leg=leg_id) if leg := legs.get(leg_id):
                self._left(leg, event.at)
            case happened.HandedUp(leg=leg_id) if leg := legs.get(leg_id):
                self._left(leg, event.at)
                self.escalations.labels("handling", leg.level, after.level or NONE).inc()
            case happened.Supervised(leg=leg_id, body=body):
                leg = legs.get(leg_id or "")
                origin = leg.level if leg else after.level or NONE
                self.escalations.labels("supervision", origin, body).inc()
            case happened.DeadlineFired(clock=clock, percent=percent, lateness_seconds=lateness):
                self.deadlines_fired.labels(clock, str(percent)).inc()
                self.deadline_lateness.observe(lateness)
            case _:
                pass

    def _count_end(self, before: Stay | None, after: RequestSummary, ended_at: datetime) -> None:
        group, urgency = after.category_group or NONE, after.urgency or NONE
        self.closed.labels(group, urgency, after.state).inc()
        if after.accepted_at is not None:
            level = (before.level if before else None) or after.level or NONE
            spent = ended_at - after.accepted_at
            outcome = after.outcome or after.state
            self.closure_seconds.labels(group, urgency, level, outcome).observe(spent.total_seconds())

    def _left(self, leg: LegSummary, at: datetime) -> None:
        signed = leg.signed_at or leg.auto_signed_at
        self._stay("handle" if signed else "sign", leg.level, at - _taken_up(leg))

    def _stay(self, stage: str, level: str | None, spent: timedelta) -> None:
        self.stage_seconds.labels(stage, level or NONE).observe(spent.total_seconds())

    def _counter(self, name: str, text: str, labels: Sequence[str]) -> Counter:
        return Counter(f"huying_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, labels: Sequence[str]) -> Gauge:
        return Gauge(f"huying_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, labels: Sequence[str], buckets: Sequence[float]) -> Histogram:
        return Histogram(f"huying_{name}", text, labels, buckets=buckets, registry=self.registry)

    def _show(self, gauge: Gauge, counts: Mapping[Any, int]) -> None:
        for labels in self._label_sets(gauge) - set(counts):
            gauge.labels(*labels).set(0)
        for labels, count in counts.items():
            gauge.labels(*labels).set(count)

    @staticmethod
    def _label_sets(gauge: Gauge) -> set[tuple[str, ...]]:
        return {tuple(sample.labels.values()) for metric in gauge.collect() for sample in metric.samples}


async def exposition(metrics: Metrics, core_address: str | None) -> bytes:
    """What ``/metrics`` answers: our own metrics and, from its loopback address (host:port), the SDK's core's.

    A core that does not answer costs its own metrics only; the names of the two never meet.
    """
    if core_address is None:
        return metrics.text()
    try:
        async with httpx2.AsyncClient(timeout=_CORE_TIMEOUT_SECONDS, trust_env=False) as client:
            answer = await client.get(f"http://{core_address}/metrics")
            answer.raise_for_status()
    except httpx2.HTTPError:
        return metrics.text()
    return metrics.text().rstrip(b"\n") + b"\n" + answer.content


def _taken_up(leg: LegSummary) -> datetime:
    return leg.signed_at or leg.auto_signed_at or leg.dispatched_at
