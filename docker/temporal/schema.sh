#!/bin/sh
# Brings the two databases of the Temporal cluster up to date. Runs before every start: setting up skips a database that
# has a version, updating does what is missing, and after a newer image tag that is what migrates them.
set -eu

SQL_PASSWORD="$(cat "$TEMPORAL_DATABASE_PASSWORD_FILE")"
export SQL_PASSWORD

versions=/etc/temporal/schema/postgresql/v12

bring_up_to_date() {
  set -- "$1" "$2" --plugin postgres12 --ep "$POSTGRES_SEEDS" -p "$DB_PORT" -u "$POSTGRES_USER" --db "$1"
  schema=$2
  shift 2
  temporal-sql-tool "$@" setup-schema -v 0.0
  temporal-sql-tool "$@" update-schema -d "$versions/$schema/versioned"
}

bring_up_to_date temporal temporal
bring_up_to_date temporal_visibility visibility
echo "The schemas of temporal and temporal_visibility are up to date."
