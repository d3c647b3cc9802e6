"""Rules change under sleeping requests: what was written down then is the truth, whatever would be decided now."""

from __future__ import annotations

import pytest
from temporalio.worker import Replayer

import workflows.request
from config.payloads import message_converter
from tests.replay import changed_rules, corpus
from worker.registry import WORKFLOWS, workflow_runner

BEFORE_THE_TIMELINE_SAID_WHAT_IT_INSERTED = [
    "straight.1",
    "climb.1",
    "hand_up_and_send_down.1",
    "many_at_once.1",
    "in_new_runs.2",
    "timeline_away.1",
    "reply_refused.1",
]
SINCE_THEN = ["led_again.1"]


def replayer() -> Replayer:
    return Replayer(
        workflows=WORKFLOWS, data_converter=message_converter(), workflow_runner=workflow_runner()
    )


@pytest.mark.parametrize("name", [*BEFORE_THE_TIMELINE_SAID_WHAT_IT_INSERTED, *SINCE_THEN])
@pytest.mark.parametrize("rules", [changed_rules.adding_after, changed_rules.adding_before])
async def test_added_facts_need_no_gate(name: str, rules: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflows.request, "decide", rules)
    await replayer().replay_workflow(corpus.history(name))


@pytest.mark.parametrize("name", SINCE_THEN)
async def test_nor_do_other_facts_where_the_timeline_said_what_it_inserted(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflows.request, "decide", changed_rules.otherwise)
    await replayer().replay_workflow(corpus.history(name))


@pytest.mark.parametrize("name", ["straight.1", *SINCE_THEN])
async def test_a_new_refusal_of_what_was_allowed_does(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflows.request, "decide", changed_rules.refusing)
    with pytest.raises(Exception, match=r"(?i)nondeterminism"):
        await replayer().replay_workflow(corpus.history(name))
