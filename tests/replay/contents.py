"""What stands in a recorded history: the acts that were given in it and obeyed, and the facts it wrote down."""

from __future__ import annotations

from temporalio.client import WorkflowHistory

from activities.messages import Appended
from config.payloads import message_converter
from domain.commands import Act, Order
from domain.events import Fact

_CONVERTER = message_converter()
_LOCAL_ACTIVITY = "core_local_activity"


async def obeyed(history: WorkflowHistory) -> list[Act]:
    """The acts that came as updates and were answered with a success."""
    answered = {
        completed.accepted_event_id
        for event in history.events
        if (completed := event.workflow_execution_update_completed_event_attributes).outcome.HasField(
            "success"
        )
    }
    accepted = [
        event.workflow_execution_update_accepted_event_attributes.accepted_request.input.args.payloads
        for event in history.events
        if event.event_id in answered
    ]
    orders = [(await _CONVERTER.decode(payloads, [Order]))[0] for payloads in accepted]
    return [order.act for order in orders]


async def facts(history: WorkflowHistory) -> list[Fact]:
    """The facts that the timeline returned to the story."""
    returned: list[Fact] = []
    for event in history.events:
        marker = event.marker_recorded_event_attributes
        if marker.marker_name != _LOCAL_ACTIVITY or "result" not in marker.details:
            continue
        [about] = await _CONVERTER.decode(marker.details["data"].payloads)
        if about["activity_type"] == "append":
            [appended] = await _CONVERTER.decode(marker.details["result"].payloads, [Appended])
            returned.extend(event.what for event in appended.events)
    return returned
