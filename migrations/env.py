"""How a migration runs: alone, in a transaction of its own, and never waiting long for a lock.

The URL comes from whoever calls (attribute or main option) or else from the settings; it stands in no file.
"""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Connection, create_engine, pool, text

from persistence.tables import metadata

LOCK_TIMEOUT = "4s"
"""Whoever waits for a table's lock holds up everybody behind: better to fail and come again at a quiet hour."""

STATEMENT_TIMEOUT = "60s"
"""What takes longer belongs into a backfill, in batches."""

ONE_AT_A_TIME = 0x48_55_59_49_4E_47
"""Key of the advisory lock that lets one migration run at a time, for replicas that start together."""


def _url() -> str:
    given = context.config.attributes.get("database_url") or context.config.get_alembic_option(
        "sqlalchemy.url"
    )
    if given:
        return given
    from config.settings import load_settings

    return load_settings().database_url


def _options() -> dict[str, Any]:
    return {"target_metadata": metadata, "transaction_per_migration": True, "compare_server_default": True}


def _set_limits() -> None:
    context.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    context.execute(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'")


def _print() -> None:
    """Print the SQL instead of running it, as `alembic upgrade head --sql` asks."""
    context.configure(dialect_name="postgresql", literal_binds=True, **_options())
    _set_limits()
    with context.begin_transaction():
        context.run_migrations()


def _migrate(connection: Connection) -> None:
    # The lock is waited for without a limit, so it is taken before the limits are set.
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ONE_AT_A_TIME})
    connection.commit()
    context.configure(connection=connection, **_options())
    _set_limits()
    connection.commit()
    with context.begin_transaction():
        context.run_migrations()


def _run() -> None:
    engine = create_engine(_url(), poolclass=pool.NullPool)
    with engine.connect() as connection:
        _migrate(connection)


if context.is_offline_mode():
    _print()
else:
    _run()
