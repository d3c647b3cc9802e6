"""A story must be told again as it was told the first time: requests sleep in histories for weeks, across upgrades.

The histories come from a real server (see :mod:`tests.replay.record`); replaying them needs none.
"""

from __future__ import annotations

from collections import Counter

import pytest
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from config.payloads import message_converter
from tests.replay import corpus
from tests.replay.changed_story import WithATimerFirst, WithoutAttributes
from tests.replay.paths import PATHS
from worker.registry import WORKFLOWS, workflow_runner


def replayer(*stories: type) -> Replayer:
    """A replayer set up as the worker is."""
    return Replayer(
        workflows=stories or WORKFLOWS,
        data_converter=message_converter(),
        workflow_runner=workflow_runner(),
    )


def kinds(history: WorkflowHistory) -> Counter[str]:
    """How often each kind of event stands in a history."""
    return Counter(EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") for event in history.events)


@pytest.mark.parametrize("name", corpus.recorded())
async def test_a_story_is_told_again_as_it_was_told(name: str) -> None:
    await replayer().replay_workflow(corpus.history(name))


def test_every_path_is_in_the_corpus_and_told_to_its_end() -> None:
    runs = {path: [kinds(corpus.history(file.stem)) for file in corpus.files_of(path)] for path in PATHS}
    assert all(runs.values()), [path for path, told in runs.items() if not told]
    assert sorted(file.stem for path in PATHS for file in corpus.files_of(path)) == corpus.recorded()
    for path, told in runs.items():
        assert told[-1]["WORKFLOW_EXECUTION_COMPLETED"] == 1, path
        for run in told[:-1]:
            assert run["WORKFLOW_EXECUTION_CONTINUED_AS_NEW"] + run["WORKFLOW_EXECUTION_COMPLETED"] == 1, path
    assert len(runs["in_new_runs"]) >= 3
    assert [run["WORKFLOW_EXECUTION_COMPLETED"] for run in runs["reopened"]] == [1, 1]


def test_the_corpus_holds_every_means_by_which_a_story_is_told() -> None:
    told = sum((kinds(corpus.history(name)) for name in corpus.recorded()), Counter[str]())
    expected = {
        "ACTIVITY_TASK_COMPLETED",
        "MARKER_RECORDED",
        "TIMER_FIRED",
        "TIMER_CANCELED",
        "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES",
        "WORKFLOW_EXECUTION_UPDATE_COMPLETED",
    }
    assert expected <= set(told)
    assert told["WORKFLOW_EXECUTION_FAILED"] == 0
    # A task that was to end the story while news came in is done again; no other may fail.
    failures = {
        event.workflow_task_failed_event_attributes.cause
        for name in corpus.recorded()
        for event in corpus.history(name).events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    }
    assert failures <= {WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND}


@pytest.mark.parametrize("changed", [WithATimerFirst, WithoutAttributes])
async def test_a_careless_change_of_the_story_is_noticed(changed: type) -> None:
    with pytest.raises(NondeterminismError):
        await replayer(changed).replay_workflow(corpus.history("straight.1"))
