#!/bin/sh
# Run by the postgres image once, on an empty volume: the service's database and the cluster's two, each pair with an
# owner of its own who sees nothing of the other. Later changes of a password are made by ALTER ROLE.
set -eu

psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  -v huying_password="$(cat "$HUYING_DATABASE_PASSWORD_FILE")" \
  -v temporal_password="$(cat "$TEMPORAL_DATABASE_PASSWORD_FILE")" <<'SQL'
CREATE ROLE huying LOGIN PASSWORD :'huying_password';
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE DATABASE huying OWNER huying TEMPLATE template0 ENCODING 'UTF8';
CREATE DATABASE temporal OWNER temporal TEMPLATE template0 ENCODING 'UTF8';
CREATE DATABASE temporal_visibility OWNER temporal TEMPLATE template0 ENCODING 'UTF8';
REVOKE CONNECT, TEMPORARY ON DATABASE huying, temporal, temporal_visibility FROM PUBLIC;
SQL
