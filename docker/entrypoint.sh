#!/bin/sh
# The image's three commands. Anything else is run as it is given, e.g. `alembic -c /app/alembic.ini current`.
set -eu

case "${1:-}" in
  api | worker)
    exec python -P -m "$1"
    ;;
  migrate)
    # To the newest revision, or to the one named: `migrate 0004`.
    exec alembic -c /app/alembic.ini upgrade "${2:-head}"
    ;;
  "")
    echo "Say what to run: api, worker or migrate." >&2
    exit 64
    ;;
  *)
    exec "$@"
    ;;
esac
