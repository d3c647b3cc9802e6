"""Programs run as long as they should, and never longer than who started them."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from stack.errors import StackProblem
from stack.servers.processes import Program, Supervisor, executable, start

STARTER = """
import asyncio, sys
from pathlib import Path
from stack.servers.processes import Program, start

async def main():
    log = Path(sys.argv[1])
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    child = await start(Program(name="sleeper", command=sleeper, log=log))
    print(child.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""

DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(600)
"""


def python(code: str, log: Path, **rest: object) -> Program:
    return Program(name="program", command=[sys.executable, "-c", code], log=log, **rest)  # pyright: ignore[reportArgumentType]


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def until(condition: object, seconds: float = 10.0) -> None:
    assert callable(condition)
    give_up_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up_at, "it never happened"
        await asyncio.sleep(0.02)


async def test_a_killed_starter_leaves_nothing_behind(tmp_path: Path):
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    assert not gone(pid)
    starter.kill()
    starter.wait()
    starter.stdout.close()
    await until(lambda: gone(pid))


async def test_output_goes_to_the_log_and_its_end_can_be_told(tmp_path: Path):
    child = await start(python("print('呼应'); print('last words')", tmp_path / "log"))
    await child.process.wait()
    assert child.last_words() == "呼应\nlast words"
    await child.stop()


async def test_a_program_that_ignores_the_request_to_end_is_killed(tmp_path: Path):
    child = await start(python(DEAF, tmp_path / "log", patience_seconds=0.2))
    await until(lambda: child.last_words() == "deaf")
    await child.stop()
    assert child.process.returncode == -signal.SIGKILL


async def test_a_program_that_dies_is_started_again_even_after_a_failed_try_until_it_is_stopped(
    tmp_path: Path,
):
    prepared: list[int] = []

    async def prepare() -> None:
        prepared.append(1)
        if len(prepared) == 2:
            raise StackProblem("not yet")

    supervisor = Supervisor()
    child = await supervisor.run(python("import time; time.sleep(600)", tmp_path / "log", prepare=prepare))
    os.kill(child.pid, signal.SIGKILL)
    await until(lambda: supervisor.restarts["program"] == 2 and supervisor.child("program").running)
    second = supervisor.child("program").pid
    assert second != child.pid
    assert prepared == [1, 1, 1]
    await supervisor.stop_all()
    assert gone(second)


async def test_an_oversized_log_is_set_aside_before_the_next_start(tmp_path: Path):
    log = tmp_path / "log"
    with log.open("wb") as grown:
        grown.truncate(21_000_000)
    child = await start(python("print('fresh')", log))
    await child.process.wait()
    assert child.last_words() == "fresh"
    assert (tmp_path / "log.1").stat().st_size == 21_000_000
    await child.stop()


def test_a_missing_program_is_told_in_a_sentence():
    with pytest.raises(StackProblem, match="'no-such-program' is missing"):
        executable("no-such-program")
