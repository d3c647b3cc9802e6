"""A story must be told again as it was told the first time: requests sleep in histories for weeks, across upgrades.

The histories come from a real server (see :mod:`tests.replay.record`); replaying them needs none.
"""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from config.payloads import message_converter
from domain.commands import Act
from domain.events import ApplicationDecided, DeadlineFired, Fact
from domain.evolution import CHANGES
from domain.exceptions.applications import ExceptionKind
from domain.lifecycle import TABLE
from domain.limits.clock import ClockKind
from tests.replay import contents, corpus
from tests.replay.changed_story import WithATimerFirst, WithoutAttributes
from tests.replay.paths import PATHS
from worker.registry import BULK_WORKFLOWS, WORKFLOWS, workflow_runner


def replayer(*stories: type) -> Replayer:
    """A replayer set up as the worker is."""
    return Replayer(
        workflows=stories or (*WORKFLOWS, *BULK_WORKFLOWS),
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


NO_UPDATES = {
    "submit_reply": "reply_submitted",
    "register": "registered",
    "pass_time": "deadline_fired",
    "refuse_reply": "reply_refused",
    "continue_story": "story_continued",
}
"""Acts that never come as updates, with the fact by which each is known: a unit replies by completing an activity, and
the others are given by the story itself.
"""


@pytest.fixture(scope="module")
async def acts_obeyed() -> list[Act]:
    return [act for name in corpus.recorded() for act in await contents.obeyed(corpus.history(name))]


@pytest.fixture(scope="module")
async def facts_told() -> list[Fact]:
    return [fact for name in corpus.recorded() for fact in await contents.facts(corpus.history(name))]


async def test_every_act_was_given_and_obeyed_in_some_history(
    acts_obeyed: list[Act], facts_told: list[Fact]
) -> None:
    known_by_their_facts = {
        act for act, kind in NO_UPDATES.items() if kind in {fact.kind for fact in facts_told}
    }
    assert set(TABLE) == {act.act for act in acts_obeyed} | known_by_their_facts
    assert not {act.act for act in acts_obeyed} & set(NO_UPDATES)


async def test_every_kind_of_fact_stands_in_some_history(facts_told: list[Fact]) -> None:
    assert {type(fact) for fact in facts_told} == set(CHANGES)


async def test_in_some_history_every_limit_was_passed_and_every_exception_granted(
    facts_told: list[Fact],
) -> None:
    assert {fact.clock for fact in facts_told if isinstance(fact, DeadlineFired)} == set(ClockKind)
    decided = [fact for fact in facts_told if isinstance(fact, ApplicationDecided)]
    assert {fact.exception for fact in decided if fact.granted} == set(ExceptionKind)
    verdicts = {(fact.granted, fact.silent) for fact in decided}
    assert verdicts == set(product((True, False), repeat=2)), "granted or refused, by people and by silence"


async def test_every_workflow_has_a_history() -> None:
    names = {
        corpus.history(name).events[0].workflow_execution_started_event_attributes.workflow_type.name
        for name in corpus.recorded()
    }
    assert len(names) == len((*WORKFLOWS, *BULK_WORKFLOWS)), names


def test_the_corpus_holds_every_means_by_which_a_story_is_told() -> None:
    told = sum((kinds(corpus.history(name)) for name in corpus.recorded()), Counter[str]())
    expected = {
        "ACTIVITY_TASK_COMPLETED",
        "MARKER_RECORDED",
        "TIMER_FIRED",
        "TIMER_CANCELED",
        "ACTIVITY_TASK_CANCELED",
        "CHILD_WORKFLOW_EXECUTION_STARTED",
        "EXTERNAL_WORKFLOW_EXECUTION_SIGNALED",
        "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES",
        "WORKFLOW_EXECUTION_SIGNALED",
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
