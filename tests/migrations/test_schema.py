"""The schema's history: one line, from nothing to the tables, careful with a running service."""

from __future__ import annotations

import asyncio
import io
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg.sql import SQL, Identifier
from sqlalchemy import CheckConstraint
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.engine import make_engine
from persistence.tables import APPEND_ONLY, metadata
from stack.servers.postgres import EmbeddedPostgres
from stack.servers.schema import alembic_config, migrate, revision_of
from tests.persistence.conftest import rows

VERSIONS = Path(__file__).parents[2] / "migrations" / "versions"
SQUAWK = Path(sys.executable).with_name("squawk")

DOES_NOT_APPLY = {
    # Alembic's own table of one row has a varchar key of its own making.
    "prefer-text-field",
    # Counters inside one request: a billion would be a defect of another kind.
    "prefer-bigint-over-int",
    # Each revision is a transaction that also writes its number: what is not done is done again as a whole.
    "prefer-robust-stmts",
}


@pytest.fixture
async def empty_url(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """A database without a single table."""
    name = "empty_for_migrations"
    async with await psycopg.AsyncConnection.connect(postgres.conninfo("postgres"), autocommit=True) as admin:
        await admin.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        yield postgres.url(name)
        await admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """A migrated database."""
    made = make_engine(database_url, pool_size=1)
    yield made
    await made.dispose()


def offline_sql(config: Config) -> str:
    """What `alembic upgrade head --sql` prints."""
    config.output_buffer = io.StringIO()
    command.upgrade(config, "head", sql=True)
    return config.output_buffer.getvalue()


def test_the_history_has_one_head_and_one_root() -> None:
    scripts = ScriptDirectory.from_config(alembic_config("postgresql+psycopg://"))
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1


def test_every_revision_is_named_by_its_day() -> None:
    for revision in VERSIONS.glob("*.py"):
        assert re.fullmatch(r"20\d\d_[01]\d_[0-3]\d_[a-z0-9_]+\.py", revision.name)


async def test_an_empty_database_is_brought_up_and_a_second_time_changes_nothing(empty_url: str) -> None:
    await migrate(empty_url)
    first = await revision_of(empty_url)
    await migrate(empty_url)
    assert first.at_head
    assert await revision_of(empty_url) == first


async def test_replicas_that_start_together_migrate_once(empty_url: str) -> None:
    # Alembic's context belongs to a process, so each replica is one.
    program = f"import asyncio; from stack.servers.schema import migrate; asyncio.run(migrate({empty_url!r}))"
    replicas = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", program, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    for replica in replicas:
        _, complaint = await replica.communicate()
        assert replica.returncode == 0, complaint.decode()
    assert (await revision_of(empty_url)).at_head


async def test_tables_and_history_agree(database_url: str) -> None:
    await asyncio.to_thread(command.check, alembic_config(database_url))


async def test_checks_and_triggers_agree_with_the_tables(engine: AsyncEngine) -> None:
    # Alembic compares neither, so a new state in the rules without a migration would be found by no one else.
    found = await rows(
        engine,
        "SELECT conname, pg_get_constraintdef(oid) AS said FROM pg_constraint "
        "WHERE contype = 'c' AND connamespace = 'public'::regnamespace",
    )
    words = {row["conname"]: set(re.findall(r"'(\w+)'", row["said"])) for row in found}
    expected = {
        str(check.name): set(re.findall(r"'(\w+)'", str(check.sqltext)))
        for table in metadata.tables.values()
        for check in table.constraints
        if isinstance(check, CheckConstraint)
    }
    assert words == expected
    guarded = await rows(
        engine, "SELECT tgrelid::regclass::text AS name FROM pg_trigger WHERE tgname = 'append_only'"
    )
    assert {row["name"] for row in guarded} == {table.name for table in APPEND_ONLY}


async def test_every_instant_has_a_zone(engine: AsyncEngine) -> None:
    naive = await rows(
        engine,
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND data_type = 'timestamp without time zone'",
    )
    assert naive == []


def test_the_sql_is_careful_with_a_running_service(tmp_path: Path) -> None:
    script = tmp_path / "upgrade.sql"
    script.write_text(offline_sql(alembic_config("postgresql+psycopg://")), encoding="utf-8")
    excluded = [f"--exclude={rule}" for rule in sorted(DOES_NOT_APPLY)]
    done = subprocess.run(
        [str(SQUAWK), *excluded, "--pg-version=18.0", str(script)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
