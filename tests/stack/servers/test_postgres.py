"""The embedded PostgreSQL keeps what it has committed, wherever it lies and however it ended."""

import asyncio
import os
import signal
from pathlib import Path

import psycopg
import pytest

from stack.errors import StackProblem
from stack.servers.postgres import EmbeddedPostgres
from stack.servers.processes import Supervisor


def server_in(folder: Path) -> EmbeddedPostgres:
    log = folder / "postgres.log"
    return EmbeddedPostgres(folder=folder / "postgres", log=log, supervisor=Supervisor(), durable=False)


async def asked(server: EmbeddedPostgres, statement: str) -> list[tuple[object, ...]]:
    async with await psycopg.AsyncConnection.connect(
        server.conninfo("huying"), autocommit=True
    ) as connection:
        cursor = await connection.execute(statement.encode())
        return await cursor.fetchall() if cursor.description else []


async def until_it_answers(server: EmbeddedPostgres) -> None:
    for _ in range(200):
        try:
            await asked(server, "SELECT 1")
        except psycopg.OperationalError:
            await asyncio.sleep(0.05)
        else:
            return
    pytest.fail("PostgreSQL did not come back")


async def test_rows_stay_over_restarts_on_a_long_path_with_spaces(tmp_path: Path):
    folder = tmp_path / "a folder with spaces" / ("long " * 20).strip()
    folder.mkdir(parents=True)
    for expected in ([(1,)], [(1,), (1,)]):
        server = server_in(folder)
        try:
            await server.start("huying")
            await asked(server, "CREATE TABLE IF NOT EXISTS calls (n int)")
            await asked(server, "INSERT INTO calls VALUES (1)")
            assert await asked(server, "SELECT n FROM calls") == expected
        finally:
            await server.stop()


async def test_a_killed_server_is_started_again_with_all_it_had_committed(tmp_path: Path):
    server = server_in(tmp_path)
    try:
        await server.start("huying")
        await asked(server, "CREATE TABLE calls AS SELECT 1 AS n")
        os.kill(server.supervisor.child("postgres").pid, signal.SIGKILL)
        await until_it_answers(server)
        assert await asked(server, "SELECT n FROM calls") == [(1,)]
        assert server.supervisor.restarts["postgres"] >= 1
    finally:
        await server.stop()


async def test_a_pid_file_of_a_server_long_gone_is_no_obstacle(tmp_path: Path):
    server = server_in(tmp_path)
    await server.start("huying")
    await server.stop()
    # The number now belongs to another program, as happens after a reboot.
    (tmp_path / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n/elsewhere\n", encoding="ascii")
    again = server_in(tmp_path)
    try:
        await again.start("huying")
        assert await asked(again, "SELECT 1") == [(1,)]
    finally:
        await again.stop()


async def test_a_server_on_another_folder_is_never_stopped_for_its_number(tmp_path: Path):
    (tmp_path / "ours").mkdir()
    (tmp_path / "other").mkdir()
    ours, other = server_in(tmp_path / "ours"), server_in(tmp_path / "other")
    try:
        await other.start("huying")
        pid = other.supervisor.child("postgres").pid
        ours.folder.mkdir()
        (ours.folder / "postmaster.pid").write_text(f"{pid}\n{ours.folder}\n", encoding="ascii")
        await ours.end_orphan()
        assert not (ours.folder / "postmaster.pid").exists()
        assert await asked(other, "SELECT 1") == [(1,)]
        assert other.supervisor.child("postgres").pid == pid
        assert other.supervisor.restarts["postgres"] == 0
        await other.end_orphan()
        await until_it_answers(other)
        assert other.supervisor.child("postgres").pid != pid
    finally:
        await other.stop()


async def test_data_of_another_major_version_is_refused_in_a_sentence(tmp_path: Path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("16\n", encoding="ascii")
    with pytest.raises(StackProblem, match="made by PostgreSQL 16"):
        await server_in(tmp_path).start("huying")
