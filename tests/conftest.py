"""The real servers of a test session: one PostgreSQL and one Temporal, started when first asked for.

Each test that asks for `database_url` gets a database of its own, cloned from one that was migrated once.
"""

import base64
import gc
import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg.sql import SQL, Composed, Identifier
from pydantic import SecretStr
from temporalio.client import Client
from xdist.remote import Producer

from config.settings import Settings
from stack.servers.ports import free_port
from stack.servers.postgres import EmbeddedPostgres
from stack.servers.processes import Supervisor
from stack.servers.schema import migrate
from stack.servers.temporal_server import EmbeddedTemporal
from tests.support.folders import swift_folder
from tests.support.sharing_out import InOrder

# On a busy machine the time that one example takes says nothing.
hypothesis.settings.register_profile("huying", deadline=None)
hypothesis.settings.load_profile("huying")

# A process of several has no terminal, but is told one's width, which the commands' own console would keep.
os.environ.pop("COLUMNS", None)

_TEMPLATE = "huying_template"
_CLONES = itertools.count(1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> InOrder | None:
    """Share the files out as :class:`InOrder` says, where they are shared out by file."""
    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return InOrder(config, log)


def pytest_collection_finish() -> None:
    """Leave the modules and the thousands of collected tests out of every later collection of garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session")
def session_folder() -> Iterator[Path]:
    """A folder with a short path, as the path of a Unix socket must be."""
    with tempfile.TemporaryDirectory(
        prefix="huying-tests-", dir=swift_folder(), ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
async def supervisor() -> AsyncIterator[Supervisor]:
    """Keeps the session's servers and stops them all in the end."""
    kept = Supervisor()
    yield kept
    await kept.stop_all()


@pytest.fixture(scope="session")
async def postgres(session_folder: Path, supervisor: Supervisor) -> EmbeddedPostgres:
    """The session's PostgreSQL server."""
    server = EmbeddedPostgres(
        folder=session_folder / "postgres",
        log=session_folder / "postgres.log",
        supervisor=supervisor,
        durable=False,
    )
    await server.start("huying")
    return server


@pytest.fixture(scope="session")
def postgres_url(postgres: EmbeddedPostgres) -> str:
    """An empty database shared by the session."""
    return postgres.url("huying")


@pytest.fixture(scope="session")
async def _migrated_template(postgres: EmbeddedPostgres) -> str:
    await _administer(postgres, SQL("CREATE DATABASE {}").format(Identifier(_TEMPLATE)))
    await migrate(postgres.url(_TEMPLATE))
    return _TEMPLATE


@pytest.fixture
async def database_url(postgres: EmbeddedPostgres, _migrated_template: str) -> AsyncIterator[str]:
    """A fresh database with the newest schema, dropped after the test."""
    name = f"clone_{next(_CLONES)}"
    clone, template = Identifier(name), Identifier(_migrated_template)
    await _administer(
        postgres, SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(clone, template)
    )
    yield postgres.url(name)
    await _administer(postgres, SQL("DROP DATABASE {} WITH (FORCE)").format(clone))


@pytest.fixture(scope="session")
async def temporal_server(session_folder: Path, supervisor: Supervisor) -> EmbeddedTemporal:
    """The session's Temporal server: namespace `huying`, all search attributes, kept in memory."""
    server = EmbeddedTemporal(
        port=free_port(),
        namespace="huying",
        log=session_folder / "temporal.log",
        supervisor=supervisor,
    )
    await server.start()
    return server


@pytest.fixture(scope="session")
async def temporal_client(temporal_server: EmbeddedTemporal) -> Client:
    """A client of the session's Temporal server, set up as the product's own clients are."""
    return await temporal_server.client()


@pytest.fixture
def settings(database_url: str, temporal_server: EmbeddedTemporal) -> Settings:
    """The settings of a process on the session's servers and the test's own database."""
    return Settings(
        database_url=database_url,
        temporal_address=temporal_server.address,
        temporal_namespace=temporal_server.namespace,
        api_port=free_port(),
        worker_metrics_port=free_port(),
        core_metrics_port=free_port(),
        identity_key=SecretStr(base64.b64encode(b"DEMO" + bytes(28)).decode()),
    )


async def _administer(postgres: EmbeddedPostgres, statement: SQL | Composed) -> None:
    conninfo = postgres.conninfo("postgres")
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
        await connection.execute(statement)
