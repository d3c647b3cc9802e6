"""Rules, alerts and their run-book: every name in an expression is one that the service really publishes.

The rules parse with a PromQL parser everywhere; where Prometheus' own tools are on the machine, they judge too.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest

from api.app import make_app
from api.frame.doors import Doors
from api.frame.measurements import HttpMetrics
from config.metrics import NONE, Metrics
from domain.levels import Level
from domain.limits.clock import ClockKind
from domain.request import Light, State
from tests.docker.engine_metrics import ENGINE_METRICS
from tests.docker.reading import CHECKOUT, DOCKER, PROMETHEUS, RULES, Rule, all_rules, judged_by, yaml_of
from tests.docker.reading import from_the_machine as program

RULE_LIST = list(all_rules())
ALERTS = [rule for rule in RULE_LIST if rule.is_alert]
RUN_BOOK = CHECKOUT / "docs" / "operations.md"
ALERT_TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))


def nobody_opens() -> AbstractAsyncContextManager[Doors]:
    """For reading the API's routes alone."""
    raise NotImplementedError


OF_PROMETHEUS = {"up": frozenset({"job", "instance"})}
CLOSED_LISTS: dict[str, set[str]] = {
    "route": set(make_app(nobody_opens).openapi()["paths"]),
    "state": {*State},
    "how": {state for state in State if state.is_terminal},
    "level": {*Level, NONE},
    "light": {*Light},
    "clock": {*ClockKind},
    "percent": {"70", "90", "100", "150", "200"},
    "job": {job["job_name"] for job in yaml_of(PROMETHEUS / "prometheus.yml")["scrape_configs"]},
}


def published() -> dict[str, frozenset[str]]:
    """Each series that the service or the engine publishes, with its labels."""
    ours: dict[str, frozenset[str]] = {}
    endings = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
    for registry in (Metrics().registry, HttpMetrics().registry):
        for collector in list(registry._collector_to_names):
            labels = frozenset(getattr(collector, "_labelnames", ()))
            for metric in collector.collect():
                for ending in endings.get(metric.type, ()):
                    ours[metric.name + ending] = labels | ({"le"} if ending == "_bucket" else set())
    return {**OF_PROMETHEUS, **ENGINE_METRICS, **ours}


def selectors(expression: str) -> Iterator[promql.VectorSelector]:
    """Each choice of series in an expression; raises ValueError when it is no PromQL."""
    found: list[promql.VectorSelector] = []

    def keep(node: promql.Expr) -> bool:
        if isinstance(node, promql.VectorSelector):
            found.append(node)
        return True

    promql.walk(promql.parse(expression), keep)
    yield from found


def faults(rules: list[Rule]) -> list[str]:
    """What an expression names that nobody publishes: series, labels, or values of closed lists."""
    known = published() | {rule.name: None for rule in rules if not rule.is_alert}
    return [
        fault
        for rule in rules
        for choice in selectors(rule.expression)
        for fault in _faults_of(choice, known, rule)
    ]


def _faults_of(choice: Any, known: dict[str, Any], rule: Rule) -> Iterator[str]:
    if choice.name not in known:
        yield f"{rule.name}: nobody publishes {choice.name}"
    for matcher in choice.matchers.matchers:
        labels = known.get(choice.name)
        if labels is not None and matcher.name not in labels:
            yield f"{rule.name}: {choice.name} has no label {matcher.name}"
        listed = CLOSED_LISTS.get(matcher.name)
        for value in re.split(r"\|", matcher.value):
            if listed is not None and value not in listed:
                yield f"{rule.name}: {matcher.name} is never {value}"


def with_expression(expression: str) -> Rule:
    return Rule("broken.yml", "broken", {"alert": "Broken", "expr": expression})


def test_every_expression_names_what_is_published():
    assert len(RULE_LIST) > 30
    assert faults(RULE_LIST) == []


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("huying_request_total > 0", "nobody publishes huying_request_total"),
        ('huying_requests_closed_total{town="a"} > 0', "has no label town"),
        ('huying_open_requests{state="finished"} > 0', "state is never finished"),
        ('huying_open_requests{light=~"red|blue"} > 0', "light is never blue"),
        ('up{job="huying-web"} == 0', "job is never huying-web"),
    ],
)
def test_a_name_that_nobody_publishes_is_found(expression: str, fault: str):
    (found,) = faults([with_expression(expression)])
    assert fault in found


@pytest.mark.parametrize("expression", ["sum(", "rate(huying_requests_closed_total)", "up{job"])
def test_what_is_no_promql_is_found(expression: str):
    with pytest.raises(ValueError, match=r"."):
        faults([with_expression(expression)])


def test_rule_files_have_the_shape_that_prometheus_reads():
    names: list[str] = []
    for path in RULES:
        assert set(yaml_of(path)) == {"groups"}
        for group in yaml_of(path)["groups"]:
            assert set(group) <= {"name", "interval", "rules"}
            names.append(group["name"])
    assert len(names) == len(set(names))
    for rule in RULE_LIST:
        allowed = (
            {"alert", "expr", "for", "labels", "annotations"}
            if rule.is_alert
            else {"record", "expr", "labels"}
        )
        assert set(rule.body) <= allowed, rule.name
    assert len({rule.name for rule in RULE_LIST}) == len(RULE_LIST)


def test_recorded_names_say_level_metric_and_operation():
    for rule in RULE_LIST:
        if not rule.is_alert:
            assert re.fullmatch(r"([a-z_]+:)?[a-z_]+:[a-z0-9_]+", rule.name), rule.name


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_an_alert_speaks_both_languages_and_leads_to_its_first_steps(alert: Rule):
    says = alert.body["annotations"]
    assert set(says) == {"summary", "summary_zh", "description", "description_zh", "runbook"}
    assert not re.search(r"[一-鿿]", says["summary"] + says["description"])
    assert re.search(r"[一-鿿]", says["summary_zh"])
    assert re.search(r"[一-鿿]", says["description_zh"])
    assert alert.body["labels"]["severity"] in {"page", "ticket", "none"}
    assert says["runbook"] == f"docs/operations.md#{alert.name.lower()}"
    assert f"\n### {alert.name}\n" in RUN_BOOK.read_text(encoding="utf-8")


def test_the_run_book_speaks_of_no_alert_that_is_not_there():
    headings = re.findall(r"^### (Huying\w+)$", RUN_BOOK.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(headings) == sorted(alert.name for alert in ALERTS)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_an_alert_is_seen_to_fire_and_to_keep_quiet(alert: Rule):
    cases = [
        case
        for path in ALERT_TESTS
        for test in yaml_of(path)["tests"]
        for case in test.get("alert_rule_test", [])
        if case["alertname"] == alert.name
    ]
    assert any(case["exp_alerts"] for case in cases)
    never_quiet = {"HuyingWatchdog"}
    assert alert.name in never_quiet or any(not case["exp_alerts"] for case in cases)


def test_the_tests_of_alerts_evaluate_what_is_recorded_first():
    files = [PROMETHEUS / "rules" / name for name in ("recording.yml", "alerts.yml")]
    groups = [group["name"] for file in files for group in yaml_of(file)["groups"]]
    for path in ALERT_TESTS:
        assert yaml_of(path)["group_eval_order"] == groups, path.name


def test_the_services_doors_are_where_prometheus_looks():
    jobs = {job["job_name"]: job for job in yaml_of(PROMETHEUS / "prometheus.yml")["scrape_configs"]}
    services = yaml_of(DOCKER / "compose.yaml")["services"]
    for name, variable in [("api", "HUYING_API_PORT"), ("worker", "HUYING_WORKER_METRICS_PORT")]:
        (place,) = jobs[f"huying-{name}"]["dns_sd_configs"]
        assert place["names"] == [name]
        assert str(place["port"]) == services[name]["environment"][variable]
    assert services["temporal"]["environment"]["PROMETHEUS_ENDPOINT"].endswith(":8000")
    assert jobs["temporal"]["static_configs"] == [{"targets": ["temporal:8000"]}]


def test_who_is_told_exists():
    config = yaml_of(DOCKER / "alertmanager" / "alertmanager.yml")
    receivers = {receiver["name"] for receiver in config["receivers"]}
    routes = [config["route"], *config["route"]["routes"]]
    assert {route["receiver"] for route in routes} == receivers
    named = set(re.findall(r"Huying\w+", str(config["route"]) + str(config["inhibit_rules"])))
    assert named <= {alert.name for alert in ALERTS}


def test_promtool_accepts_configuration_and_rules(tmp_path: Path):
    tool = program("promtool")
    key = tmp_path / "key"
    key.write_text("a key")
    config = PROMETHEUS / "prometheus.yml"
    copy = tmp_path / "prometheus.yml"
    text = config.read_text(encoding="utf-8").replace("/run/secrets/prometheus_api_key", str(key))
    copy.write_text(text.replace("rules/*.yml", f"{PROMETHEUS}/rules/*.yml"), encoding="utf-8")
    verdict = judged_by([tool, "check", "config", copy])
    assert verdict.code == 0, verdict.text
    for path in RULES:
        assert re.search(rf"Checking {re.escape(str(path))}\n  SUCCESS", verdict.out)


def test_promtool_sees_each_alert_fire():
    verdict = judged_by([program("promtool"), "test", "rules", *ALERT_TESTS], folder=PROMETHEUS / "tests")
    assert verdict.code == 0, verdict.text
    assert verdict.text.count("SUCCESS") == len(ALERT_TESTS)


@pytest.mark.parametrize(
    ("sound", "asleep", "tests"),
    [
        ("deadlines_overdue_unfired) > 0", "deadlines_overdue_unfired) > 9", "promises.yml"),
        ("lateness_seconds:p99_5m > 1", "lateness_seconds:p99_5m > 60", "promises.yml"),
        ("unless temporal_workflow_task_execution_failed_total offset 10m", "< 0", "engine.yml"),
    ],
)
def test_promtool_notices_a_rule_that_sleeps(tmp_path: Path, sound: str, asleep: str, tests: str):
    tool = program("promtool")
    copy = shutil.copytree(PROMETHEUS, tmp_path / "prometheus")
    alerts = copy / "rules" / "alerts.yml"
    text = alerts.read_text(encoding="utf-8")
    assert text.count(sound) == 1
    alerts.write_text(text.replace(sound, asleep), encoding="utf-8")
    verdict = judged_by([tool, "test", "rules", copy / "tests" / tests])
    assert verdict.code != 0
    assert "FAILED" in verdict.text


def test_amtool_accepts_who_is_told(tmp_path: Path):
    tool = program("amtool")
    config = DOCKER / "alertmanager" / "alertmanager.yml"
    if _version(judged_by([tool, "--version"]).text) < (0, 26):
        # Debian's is older than `url_file`, which keeps the addresses out of the configuration.
        copy = tmp_path / "alertmanager.yml"
        text = config.read_text(encoding="utf-8")
        copy.write_text(re.sub(r"url_file: .*", "url: http://127.0.0.1:1/", text), encoding="utf-8")
        config = copy
    verdict = judged_by([tool, "check-config", config])
    assert verdict.code == 0, verdict.text


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ("alertname=HuyingNoPollers severity=page", "page"),
        ("alertname=HuyingDeadlinesLate severity=ticket", "ticket"),
        ("alertname=HuyingWatchdog severity=none", "watchdog"),
    ],
)
def test_amtool_sends_an_alert_where_it_belongs(tmp_path: Path, labels: str, receiver: str):
    tool = program("amtool")
    text = (DOCKER / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8")
    config = tmp_path / "alertmanager.yml"
    config.write_text(re.sub(r"url_file: .*", "url: http://127.0.0.1:1/", text), encoding="utf-8")
    told = judged_by([tool, "config", "routes", "test", f"--config.file={config}", *labels.split()])
    assert (told.code, told.out.strip()) == (0, receiver), told.text


def _version(text: str) -> tuple[int, ...]:
    found = re.search(r"version (\d+)\.(\d+)", text)
    assert found, text
    return tuple(map(int, found.groups()))
