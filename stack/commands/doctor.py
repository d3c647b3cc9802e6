"""What runs, in which version, how well, and where its data lies."""

import platform
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.metadata import version

import httpx2
import psycopg
from temporalio.service import RPCError

from config.temporal import EngineUnreachable
from stack.data_dir import Addresses, DataDir
from stack.errors import StackProblem
from stack.servers.schema import revision_of
from stack.servers.temporal_server import client_of, history_retention, server_version


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the report."""

    subject: str
    well: bool
    detail: str


async def examine(data_dir: DataDir, namespace: str) -> list[Finding]:
    """Look at the stack of a folder and answer one finding per part; changes nothing."""
    findings = [
        Finding(
            subject="Python",
            well=True,
            detail=f"{platform.python_version()}, {platform.platform(terse=True)}",
        ),
        Finding(subject="temporalio", well=True, detail=version("temporalio")),
        Finding(subject="huying", well=True, detail=version("huying")),
        Finding(subject="data", well=True, detail=str(data_dir.path)),
    ]
    addresses = data_dir.addresses()
    if addresses is None:
        detail = "not running; start it with `huying up`"
        return [*findings, Finding(subject="stack", well=False, detail=detail)]
    findings.append(Finding(subject="stack", well=True, detail=f"process {data_dir.holder()}"))
    probes: list[tuple[str, Callable[[], Awaitable[str]]]] = [
        ("PostgreSQL", lambda: _postgres(addresses)),
        ("schema", lambda: _schema(addresses)),
        ("Temporal", lambda: _temporal(addresses, namespace)),
        ("worker", lambda: _http(addresses.worker_metrics.removesuffix("/metrics"))),
        ("API", lambda: _http(addresses.api)),
        *((f"simulated {partner}", _simulator(address)) for partner, address in addresses.partners.items()),
    ]
    return [*findings, *[await _probed(subject, probe) for subject, probe in probes]]


async def _probed(subject: str, probe: Callable[[], Awaitable[str]]) -> Finding:
    try:
        return Finding(subject=subject, well=True, detail=await probe())
    except (psycopg.Error, RPCError, EngineUnreachable, httpx2.HTTPError, StackProblem, OSError) as error:
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        return Finding(subject=subject, well=False, detail=reason[0])


async def _postgres(addresses: Addresses) -> str:
    url = addresses.database.replace("+psycopg", "", 1)
    async with await psycopg.AsyncConnection.connect(url, connect_timeout=5) as connection:
        asked = await connection.execute(
            "SELECT current_setting('server_version'), pg_database_size(current_database())"
        )
        row = await asked.fetchone()
    if row is None:
        raise StackProblem("PostgreSQL gave no answer.")
    return f"{row[0]}, {row[1] / 1_000_000:.1f} MB, {url}"


async def _schema(addresses: Addresses) -> str:
    revision = await revision_of(addresses.database)
    if not revision.at_head:
        raise StackProblem(
            f"at {revision.current}, the newest is {revision.newest}; restart the stack to migrate"
        )
    return f"at {revision.current}, the newest"


async def _temporal(addresses: Addresses, namespace: str) -> str:
    client = await client_of(addresses.temporal, namespace)
    kept = await history_retention(client)
    server = await server_version(client)
    return f"{server}, namespace {namespace}, histories kept {kept.days} days, {addresses.temporal_ui}"


def _simulator(address: str) -> Callable[[], Awaitable[str]]:
    async def ask() -> str:
        async with httpx2.AsyncClient(timeout=5.0, trust_env=False) as client:
            state = (await client.get(f"{address}/_control/state")).json()
        return f"profile {state['profile']}, {address}"

    return ask


async def _http(address: str) -> str:
    async with httpx2.AsyncClient(timeout=5.0, trust_env=False) as client:
        response = await client.get(f"{address}/readyz")
    if not response.is_success:
        raise StackProblem(f"{address}/readyz answers {response.status_code}")
    return f"ready, {address}"
