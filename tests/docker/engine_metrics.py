"""The engine's own metrics that the rules may name, with their labels.

Seen on temporalio 1.35 with the options of `config.temporal.metrics_runtime`: a worker that ran one workflow
well and one that fails, against a Temporal server 1.32. Each has `namespace` and `service_name` too.
"""

_QUEUE = frozenset({"task_queue"})
_TYPED = _QUEUE | {"workflow_type"}

ENGINE_METRICS: dict[str, frozenset[str]] = {
    "temporal_activity_execution_failed_total": _TYPED | {"activity_type", "failure_reason"},
    "temporal_num_pollers": _QUEUE | {"poller_type"},
    "temporal_request_failure_total": frozenset({"operation", "status_code"}),
    "temporal_long_request_failure_total": frozenset({"operation", "status_code"}),
    "temporal_worker_task_slots_available": _QUEUE | {"worker_type"},
    "temporal_worker_task_slots_used": _QUEUE | {"worker_type"},
    "temporal_workflow_task_execution_failed_total": _TYPED | {"failure_reason"},
    "temporal_workflow_task_schedule_to_start_latency_seconds_bucket": _TYPED | {"le"},
}
