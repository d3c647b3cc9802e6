#!/bin/sh
# The image's four commands. Anything else is run as it is given, e.g. `alembic -c /app/alembic.ini current`.
set -eu

case "${1:-}" in
  api | worker)
    exec python -P -m "$1"
    ;;
  partners)
    # The simulated partners of a rehearsal.
    exec python -P -m integrations.simulators
    ;;
  migrate)
    # To the newest revision, or to the one named: `migrate 0004`.
    exec alembic -c /app/alembic.ini upgrade "${2:-head}"
    ;;
  "")
    echo "Say what to run: api, worker, migrate or partners." >&2
    exit 64
    ;;
  *)
    exec "$@"
    ;;
esac
