"""Asks the one process of this container how it is: `health.py healthz` (alive) or `health.py readyz` (ready).

A container runs the API or a worker, never both, so whichever of the two doors answers is the one that counts.
Ends with 0 when it answers well, else with 1 and the reason.
"""

import os
import sys
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

PORTS = {"HUYING_API_PORT": 8080, "HUYING_WORKER_METRICS_PORT": 9464}
PATIENCE_SECONDS = 2.0


def main() -> int:
    """The exit code."""
    question = sys.argv[1] if len(sys.argv) > 1 else "healthz"
    opener = build_opener(ProxyHandler({}))
    reasons: list[str] = []
    for variable, usual in PORTS.items():
        address = f"http://127.0.0.1:{os.environ.get(variable, usual)}/{question}"
        try:
            with opener.open(address, timeout=PATIENCE_SECONDS):
                return 0
        except (URLError, OSError) as error:
            reasons.append(f"{address}: {error}")
    sys.stderr.write("\n".join(reasons) + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
