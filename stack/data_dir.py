"""The folder of one embedded stack: claimed by one stack at a time, marked as ours, with its generated secrets.

```
.huying/
  huying.json        the mark that the folder is ours
  lock               held (flock) by the running stack; a lock without a holder is no obstacle
  credentials.json   identity key and API keys of this demo, readable by the owner alone
  running.json       addresses and process id while a stack runs
  postgres/ run/     PostgreSQL's data and socket
  partners/          what the simulated partners know
  temporal.db        the Temporal server's file
  logs/              one file per program
```
"""

import base64
import errno
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from config.settings import DEMO_IDENTITY_PREFIX, DEMO_KEY_PREFIX, IDENTITY_KEY_BYTES
from domain.partners import Partner
from stack.errors import StackProblem

DEMO_ROLES = ("operator", "operator_2", "unit", "auditor", "sre")
_MARK = {"made_by": "huying", "layout": 1}


_CALLBACK_SECRET_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class PartnerKeys:
    """What a simulated partner and the service know each other by."""

    token: str
    callback_secret: str


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """The secrets of one demo, made once and kept, so that a second start can read what the first one sealed."""

    identity_key: str
    api_keys: dict[str, str]
    partners: dict[str, PartnerKeys] = field(default_factory=dict[str, PartnerKeys])


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where a running stack answers."""

    api: str
    temporal: str
    temporal_ui: str
    worker_metrics: str
    database: str
    partners: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class DataDir:
    """Paths inside the folder, and who may use it."""

    path: Path

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def temporal_file(self) -> Path:
        return self.path / "temporal.db"

    @property
    def partners(self) -> Path:
        return self.path / "partners"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @contextmanager
    def claimed(self) -> Generator[None]:
        """Hold the folder for this process, making it when it is new.

        Raises StackProblem when another stack holds it, when it cannot be written, or when it holds things that no
        stack has put there.
        """
        try:
            self._make()
            lock = (self.path / "lock").open("a+", encoding="ascii")
        except OSError as error:
            raise StackProblem(
                f"{self.path} cannot be written ({(error.strerror or str(error)).lower()}); "
                "choose another folder with --data-dir."
            ) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                lock.seek(0)
                holder = lock.read().strip() or "unknown"
                raise StackProblem(
                    f"Another Huying stack (process {holder}) is using {self.path}; "
                    "stop it first or choose another folder with --data-dir."
                ) from error
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            try:
                yield
            finally:
                (self.path / "running.json").unlink(missing_ok=True)
                lock.truncate(0)

    def empty(self) -> None:
        """Remove all data of former starts. Call it while the folder is claimed and nothing runs on it."""
        for entry in self.path.iterdir():
            if entry.name in {"lock", "huying.json"}:
                continue
            try:
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry)
                else:
                    entry.unlink()
            except OSError as error:
                raise StackProblem(
                    f"{entry} cannot be removed ({(error.strerror or str(error)).lower()})."
                ) from error

    def credentials(self) -> Credentials:
        """The demo's secrets, made at the first call and the same ever after."""
        file = self.path / "credentials.json"
        kept = _credentials(_read(file)) if file.exists() else None
        if kept is not None and kept.partners:
            return kept
        # A folder made before there were partners gets their keys added to what it has.
        made = replace(kept or _new_credentials(), partners={each.value: _new_keys() for each in Partner})
        _write(file, asdict(made))
        return made

    def announce(self, addresses: Addresses) -> None:
        """Write down where the running stack answers, for the commands that talk to it."""
        _write(self.path / "running.json", {"process": os.getpid(), **asdict(addresses)})

    def addresses(self) -> Addresses | None:
        """Where the stack on this folder answers; None when none runs."""
        if self.holder() is None:
            return None
        try:
            found = _read(self.path / "running.json")
        except FileNotFoundError:
            return None
        found.pop("process", None)
        return Addresses(**found)

    def holder(self) -> int | None:
        """The process that holds the folder; None when nobody does."""
        try:
            with (self.path / "lock").open("r", encoding="ascii") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError:
                    return int(lock.read().strip() or 0)
        except OSError:
            pass
        return None

    def _make(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "permission denied")
        mark = self.path / "huying.json"
        if mark.exists():
            return
        strangers = sorted(entry.name for entry in self.path.iterdir())
        if strangers:
            raise StackProblem(
                f"{self.path} already holds other things ({strangers[0]} ...) and was not made by Huying; "
                "choose another folder with --data-dir."
            )
        _write(mark, _MARK)


def _new_credentials() -> Credentials:
    random = secrets.token_bytes(IDENTITY_KEY_BYTES - len(DEMO_IDENTITY_PREFIX))
    return Credentials(
        identity_key=base64.b64encode(DEMO_IDENTITY_PREFIX + random).decode(),
        api_keys={role: f"{DEMO_KEY_PREFIX}{role}-{secrets.token_urlsafe(24)}" for role in DEMO_ROLES},
    )


def _new_keys() -> PartnerKeys:
    secret = base64.b64encode(secrets.token_bytes(_CALLBACK_SECRET_BYTES)).decode()
    return PartnerKeys(
        token=f"{DEMO_KEY_PREFIX}partner-{secrets.token_urlsafe(24)}", callback_secret=f"whsec_{secret}"
    )


def _credentials(found: dict[str, Any]) -> Credentials:
    keys = {name: PartnerKeys(**each) for name, each in found.pop("partners", {}).items()}
    return Credentials(**found, partners=keys)


def _read(file: Path) -> dict[str, Any]:
    try:
        return cast("dict[str, Any]", json.loads(file.read_text(encoding="utf-8")))
    except ValueError as error:
        raise StackProblem(f"{file} is damaged; start over with --fresh or restore it.") from error


def _write(file: Path, content: dict[str, Any]) -> None:
    """Written beside and renamed, so that it is whole or not there; readable by the owner alone."""
    beside = file.with_name(file.name + ".new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(content, out, indent=2, ensure_ascii=False)
        out.write("\n")
        out.flush()
        os.fsync(out.fileno())
    beside.replace(file)
