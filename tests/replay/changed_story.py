"""Stories as careless changes would have made them. The replay must notice; they are never run for real."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

from workflows.messages import Ending, Story
from workflows.request import RequestWorkflow


@workflow.defn(name="Request")
class WithATimerFirst(RequestWorkflow):
    """Takes a breath before it writes the request down."""

    @workflow.init
    def __init__(self, story: Story) -> None:
        super().__init__(story)

    @workflow.run
    async def run(self, _story: Story) -> Ending:
        """Wait a moment, then tell the story as ever."""
        await workflow.sleep(timedelta(seconds=1))
        return await super().run(_story)


@workflow.defn(name="Request")
class WithoutAttributes(RequestWorkflow):
    """Forgets to keep the engine's own lists readable."""

    @workflow.init
    def __init__(self, story: Story) -> None:
        super().__init__(story)

    @workflow.run
    async def run(self, _story: Story) -> Ending:
        """Tell the story as ever."""
        return await super().run(_story)

    def _show(self) -> None:
        return
