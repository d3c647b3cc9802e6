"""The worker process: what it registers, the starter of waiting requests, the auditor."""
