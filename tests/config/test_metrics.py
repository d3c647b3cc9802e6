"""What is counted, from which events, and what ``/metrics`` answers."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

from prometheus_client.parser import text_string_to_metric_families

from config.metrics import Metrics, Stay, exposition
from domain.request import Intake
from domain.simulator import Simulation
from tests.support.builders import intake, unclassified
from tests.support.stories import climbed, closed, entries


def counted(begun: Intake, story: Simulation) -> Metrics:
    """The metrics after a whole story."""
    metrics, before = Metrics(), None
    for entry in entries(begun, story):
        after = entry.summary
        metrics.count(entry.events, before, after)
        before = Stay(after.state, after.level, after.entered_at)
    return metrics


def sums(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """A metric's values by their labels in the order of their declaration."""
    found = {}
    for family in metrics.registry.collect():
        for sample in family.samples:
            if sample.name == name:
                found[tuple(sample.labels.values())] = sample.value
    return found


def test_each_stage_is_measured_where_it_was_spent() -> None:
    begun = intake()
    metrics = counted(begun, closed(begun))
    assert sums(metrics, "huying_stage_seconds_sum") == {
        ("dispatch", "grid"): 120,
        ("sign", "grid"): 600,
        ("contact", "grid"): 120,
        ("handle", "grid"): 18 * 60,
        ("review", "grid"): 600,
        ("callback", "grid"): 600,
    }


def test_an_untouched_request_shows_every_escalation_and_threshold() -> None:
    begun = intake()
    story = climbed(begun)
    metrics = counted(begun, story)
    escalations = sums(metrics, "huying_escalations_total")
    handed = {labels: count for labels, count in escalations.items() if labels[0] == "handling"}
    assert handed == {
        ("handling", "grid", "community"): 1,
        ("handling", "community", "town"): 1,
        ("handling", "town", "district"): 1,
    }
    assert any(labels[0] == "supervision" for labels in escalations)
    fired = sums(metrics, "huying_deadlines_fired_total")
    assert fired["total", "100"] == fired["total", "200"] == 1
    assert sum(fired.values()) == sums(metrics, "huying_deadline_lateness_seconds_count")[()]
    assert sums(metrics, "huying_request_closure_seconds_count") == {}


def test_an_end_is_counted_when_it_comes_and_not_again() -> None:
    begun = intake()
    story = closed(begun)
    *_, last = entries(begun, story)
    metrics = Metrics()
    ended = Stay(last.summary.state, last.summary.level, last.summary.entered_at)
    metrics.count((), ended, last.summary)
    assert sums(metrics, "huying_requests_closed_total") == {}
    metrics.count((), replace(ended, state="pending_callback"), last.summary)
    assert sums(metrics, "huying_requests_closed_total") == {("city_appearance", "urgent", "closed"): 1}


def test_a_call_that_says_nothing_is_counted_as_unknown() -> None:
    begun = unclassified()
    metrics = counted(begun, Simulation.of(begun))
    assert sums(metrics, "huying_requests_opened_total") == {("none", "none"): 1}


def test_kinds_of_open_requests_that_are_gone_show_zero() -> None:
    metrics = Metrics()
    metrics.show_open({("in_progress", "grid", "green"): 3})
    metrics.show_open({("in_progress", "town", "red"): 1})
    assert sums(metrics, "huying_open_requests") == {
        ("in_progress", "grid", "green"): 0,
        ("in_progress", "town", "red"): 1,
    }


CORE_TEXT = b"# TYPE temporal_request counter\ntemporal_request_total 7\n"


@contextmanager
def answering(status: int) -> Generator[str]:
    """The address of something that answers like the SDK's core."""

    class Core(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(CORE_TEXT)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Core)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


async def test_the_exposition_holds_our_metrics_and_the_cores() -> None:
    with answering(200) as address:
        text = (await exposition(Metrics(), address)).decode()
    names = {family.name for family in text_string_to_metric_families(text)}
    assert {"huying_request_closure_seconds", "temporal_request", "process_cpu_seconds"} <= names


async def test_a_silent_core_costs_its_own_metrics_only() -> None:
    with answering(500) as address:
        broken = (await exposition(Metrics(), address)).decode()
    gone = (await exposition(Metrics(), address)).decode()
    alone = (await exposition(Metrics(), None)).decode()
    for text in (broken, gone, alone):
        assert "huying_requests_opened" in text
        assert "temporal_request" not in text


def test_every_metric_has_the_prefix_and_no_label_has_many_values() -> None:
    allowed = {"category_group", "urgency", "level", "outcome", "stage", "how", "kind", "from", "to", "clock"}
    allowed |= {"percent", "state", "light"}
    allowed |= {"partner", "operation", "command", "result", "le"}
    metrics = Metrics()
    for family in metrics.registry.collect():
        if family.name.startswith(("process_", "python_")):
            continue
        assert family.name.startswith("huying_")
        for sample in family.samples:
            assert set(sample.labels) <= allowed
