"""``python -m api``: the doors as a process. Settings come from the environment; SIGTERM closes them."""

from __future__ import annotations

import uvicorn

from api.app import make_app
from api.opening import open_doors
from config.logs import configure_logs
from config.settings import load_settings


def main() -> None:
    """Serve until a signal. Open event streams are given a few seconds, then cut; they resume elsewhere."""
    settings = load_settings()
    configure_logs(settings.log_format, settings.log_level)
    uvicorn.run(
        make_app(lambda: open_doors(settings)),
        host=settings.api_host,
        port=settings.api_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.api_shutdown_seconds,
    )


if __name__ == "__main__":
    main()
