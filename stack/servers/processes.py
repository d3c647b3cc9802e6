"""Child processes of the stack: started tied to us, watched, started again when they die, stopped in the end.

Every child leads a session of its own, so that a Ctrl-C in the terminal reaches only the stack, which then stops the
children in the right order. Each writes to its own file in the folder of logs.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from stack.errors import StackProblem

_TETHER = str(Path(__file__).with_name("tether.py"))
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_STEADY_SECONDS = 30.0
_LAST_LINES = 12
_LONGEST_LOG_BYTES = 20_000_000  # a longer one is set aside at the next start, in place of the one before


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program to run: what, as whom, where its output goes, and how it is asked to end."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] | None = None
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    patience_seconds: float = 15.0
    prepare: Callable[[], Awaitable[None]] | None = None
    """Done before every start, the first and each one after a death."""


@dataclass(kw_only=True)
class Child:
    """One running program."""

    program: Program
    process: asyncio.subprocess.Process

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process.returncode is None

    async def stop(self) -> None:
        """Ask it to end, wait its patience, then kill it with whatever it started."""
        if self.running:
            with suppress(ProcessLookupError):
                self.process.send_signal(self.program.stop_signal)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.process.wait(), self.program.patience_seconds)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()

    def last_words(self) -> str:
        """The end of its log, for the sentence that reports its death."""
        return last_lines(self.program.log)


async def start(program: Program) -> Child:
    """Start a program that ends when this process ends. Call it from the main thread: the tie is to the thread."""
    if program.prepare is not None:
        await program.prepare()
    program.log.parent.mkdir(parents=True, exist_ok=True)
    if program.log.exists() and program.log.stat().st_size > _LONGEST_LOG_BYTES:
        program.log.replace(program.log.with_name(program.log.name + ".1"))
    with program.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            _TETHER,
            str(os.getpid()),
            str(int(program.orphan_signal)),
            program.user or "-",
            *program.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=None if program.environment is None else dict(program.environment),
            start_new_session=True,
        )
    return Child(program=program, process=process)


@dataclass
class Supervisor:
    """Keeps programs running: one that dies is started again, after a pause that doubles while it keeps dying."""

    restarts: dict[str, int] = field(default_factory=dict[str, int])
    _children: dict[str, Child] = field(default_factory=dict[str, Child])
    _watches: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, asyncio.Task[None]])

    async def run(self, program: Program) -> Child:
        """Start the program and keep it running from now on."""
        child = await start(program)
        self._children[program.name] = child
        self.restarts[program.name] = 0
        self._watches[program.name] = asyncio.create_task(self._watch(program), name=f"watch {program.name}")
        return child

    def child(self, name: str) -> Child:
        """The program's present process; KeyError when there is none of that name."""
        return self._children[name]

    async def stop(self, name: str) -> bool:
        """Stop one program for good; answers whether there was one of that name."""
        watch = self._watches.pop(name, None)
        if watch is not None:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
        child = self._children.pop(name, None)
        if child is not None:
            await child.stop()
        return child is not None

    async def stop_all(self) -> None:
        """Stop what still runs, the last started first."""
        for name in reversed(list(self._children)):
            await self.stop(name)

    async def _watch(self, program: Program) -> None:
        loop = asyncio.get_running_loop()
        pause = _FIRST_PAUSE_SECONDS
        while True:
            started = loop.time()
            await self._children[program.name].process.wait()
            if loop.time() - started >= _STEADY_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            self.restarts[program.name] += 1
            # What hinders a start (an orphan that will not go, a full disk) may pass: then the next try succeeds.
            with suppress(OSError, StackProblem):
                self._children[program.name] = await start(program)


def last_lines(log: Path) -> str:
    """The last lines of a log file; empty when there is none."""
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:])
    except OSError:
        return ""


def executable(name: str) -> str:
    """A program that the project's environment brings along, beside its Python."""
    path = Path(sys.executable).with_name(name)
    if not path.is_file():
        raise StackProblem(
            f"The program '{name}' is missing beside {sys.executable}; run `make` again to repair."
        )
    return str(path)
