"""Rules and workflows use no clock, no randomness, no environment and no outside world of their own."""

from pathlib import Path

import pytest

from tests.architecture.purity import IMPURE_IN_RULES, IMPURE_IN_WORKFLOWS, Breach, breaches
from tests.architecture.sources import modules, named, told_by_workflows


def impurities(paths: list[Path], banned: tuple[str, ...]) -> list[str]:
    return [
        f"{named(path)}:{breach.line}: {breach.name}"
        for path in paths
        for breach in breaches(path.read_text(encoding="utf-8"), banned)
    ]


def test_the_rules_use_nothing_impure():
    assert impurities(modules("domain"), IMPURE_IN_RULES) == []


def test_the_workflows_use_nothing_impure():
    told = told_by_workflows()
    assert "workflows/request.py" in map(named, told)
    assert impurities(told, IMPURE_IN_WORKFLOWS) == []


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("from datetime import datetime\nx = datetime.now()", "datetime.datetime.now"),
        ("from datetime import datetime as dt, UTC\nx = dt.now(UTC)", "datetime.datetime.now"),
        ("import datetime\nx = datetime.date.today()", "datetime.date.today"),
        ("import time\nx = time.monotonic()", "time.monotonic"),
        ("import os.path\nx = os.environ['A']", "os.environ"),
        ("from uuid import uuid4\nx = uuid4()", "uuid.uuid4"),
        ("import uuid as u\nx = u.uuid4()", "uuid.uuid4"),
        ("import random\nx = random.random()", "random.random"),
        ("x = 1\ny = open('file')", "builtins.open"),
        ("x = 1\ny = hash('20260301-0000001') % 5", "builtins.hash"),
        ("x = 1\nkey = dict(default_factory=print)", "builtins.print"),
        ("import asyncio\nx = asyncio.wait([])", "asyncio.wait"),
    ],
)
def test_the_lint_finds_what_it_is_there_for(source: str, name: str):
    assert Breach(2, name) in breaches(source, IMPURE_IN_WORKFLOWS)


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime, timedelta\nx = datetime.fromisoformat('2026-03-01T00:00Z') + timedelta(1)",
        "from temporalio import workflow\nx = workflow.now(), workflow.random(), workflow.uuid4(), workflow.time()",
        "def explain(due, row):\n    return due.time.now, row.id, row.hash",
        "class Row:\n    def __hash__(self):\n        return hash(self.number)",
        "import asyncio\nlock = asyncio.Lock()",
    ],
)
def test_the_lint_leaves_pure_code_alone(source: str):
    assert breaches(source, IMPURE_IN_WORKFLOWS) == []
