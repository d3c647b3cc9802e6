"""A simulated partner's memory: one SQLite file, which outlives a restart and a kill -9.

Everything that belongs together is written in one transaction. The file is used from one thread only.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

_TABLES = """
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answers (
    operation TEXT NOT NULL, key TEXT NOT NULL, asked TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (operation, key)
);
CREATE TABLE IF NOT EXISTS dossiers (
    id TEXT PRIMARY KEY, number TEXT NOT NULL, handed TEXT NOT NULL, notes TEXT NOT NULL, last TEXT NOT NULL,
    sequence INTEGER NOT NULL, opened_at REAL NOT NULL, changed_at REAL NOT NULL, due_at REAL,
    ended INTEGER NOT NULL, withdrawn INTEGER NOT NULL, confirmed INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS dossiers_due ON dossiers (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS dossiers_number ON dossiers (number);
CREATE INDEX IF NOT EXISTS dossiers_changed ON dossiers (changed_at, id);
CREATE TABLE IF NOT EXISTS messages (
    id TEXT PRIMARY KEY, dossier TEXT NOT NULL REFERENCES dossiers (id), sequence INTEGER NOT NULL,
    kind TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (dossier, sequence)
);
CREATE TABLE IF NOT EXISTS outbox (
    copy INTEGER PRIMARY KEY, message TEXT NOT NULL REFERENCES messages (id), due_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, delivered_at REAL, answer TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (due_at) WHERE delivered_at IS NULL;
CREATE TABLE IF NOT EXISTS effects (
    effect TEXT NOT NULL, subject TEXT NOT NULL, times INTEGER NOT NULL, PRIMARY KEY (effect, subject)
);
CREATE TABLE IF NOT EXISTS calls (
    call TEXT NOT NULL, outcome TEXT NOT NULL, times INTEGER NOT NULL, PRIMARY KEY (call, outcome)
);
"""


@dataclass(slots=True, kw_only=True)
class Dossier:
    """What the partner knows of one matter that was handed to it.

    ``id`` is our correlation id, ``number`` the partner's own, ``last`` the kind of the last message about it (empty
    before the first), ``due_at`` when the next step happens by itself; None when only a hand moves it on.
    """

    id: str
    number: str
    handed: dict[str, Any]
    opened_at: datetime
    changed_at: datetime
    notes: dict[str, Any] = field(default_factory=dict[str, Any])
    last: str = ""
    sequence: int = 0
    due_at: datetime | None = None
    ended: bool = False
    withdrawn: bool = False
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was answered to a key, and a digest of what had been asked under it."""

    asked: str
    status: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Posting:
    """One copy of a message on its way to the service."""

    copy: int
    message: str
    body: str
    attempts: int


class Storage:
    """The file of one partner."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._base = sqlite3.connect(file, isolation_level=None)
        self._base.row_factory = sqlite3.Row
        self._base.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")
        self._base.executescript(_TABLES)

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All of it or nothing."""
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")

    def keep(self, name: str, value: Any) -> None:
        """Keep one thing under a name."""
        self._base.execute("REPLACE INTO kept VALUES (?, ?)", (name, json.dumps(value)))

    def kept(self, name: str) -> Any:
        """What is kept under a name; None when nothing is."""
        row = self._one("SELECT value FROM kept WHERE name = ?", name)
        return None if row is None else json.loads(row["value"])

    def count_up(self, name: str) -> int:
        """The next whole number of a series, from 1 on."""
        number = int(self.kept(name) or 0) + 1
        self.keep(name, number)
        return number

    def keep_answer(self, operation: str, key: str, answer: KeptAnswer) -> None:
        """Remember what was answered to a key."""
        body = json.dumps(answer.body, ensure_ascii=False)
        self._base.execute(
            "INSERT INTO answers VALUES (?, ?, ?, ?, ?)", (operation, key, answer.asked, answer.status, body)
        )

    def answer_to(self, operation: str, key: str) -> KeptAnswer | None:
        """What was answered to a key before."""
        row = self._one("SELECT * FROM answers WHERE operation = ? AND key = ?", operation, key)
        return None if row is None else KeptAnswer(row["asked"], row["status"], json.loads(row["body"]))

    def save(self, dossier: Dossier) -> None:
        """Write a dossier as it is now."""
        self._base.execute(
            "INSERT INTO dossiers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
            "number = excluded.number, notes = excluded.notes, last = excluded.last, sequence = excluded.sequence, "
            "changed_at = excluded.changed_at, due_at = excluded.due_at, ended = excluded.ended, "
            "withdrawn = excluded.withdrawn, confirmed = excluded.confirmed",
            (
                dossier.id,
                dossier.number,
                json.dumps(dossier.handed, ensure_ascii=False),
                json.dumps(dossier.notes, ensure_ascii=False),
                dossier.last,
                dossier.sequence,
                dossier.opened_at.timestamp(),
                dossier.changed_at.timestamp(),
                None if dossier.due_at is None else dossier.due_at.timestamp(),
                dossier.ended,
                dossier.withdrawn,
                dossier.confirmed,
            ),
        )

    def dossier(self, case: str) -> Dossier | None:
        """A dossier by our correlation id."""
        row = self._one("SELECT * FROM dossiers WHERE id = ?", case)
        return None if row is None else _dossier(row)

    def is_open(self, number: str) -> bool:
        """Whether something under this number of the partner's own is not over yet."""
        return self._one("SELECT 1 FROM dossiers WHERE number = ? AND NOT ended LIMIT 1", number) is not None

    def dossiers(self, *, since: datetime | None = None, skip: int = 0, limit: int = -1) -> list[Dossier]:
        """Dossiers in the order they came: every one, or those still open or changed since an instant."""
        rows = self._all(
            "SELECT * FROM dossiers WHERE NOT ended OR changed_at >= ? ORDER BY opened_at, id LIMIT ? OFFSET ?",
            0.0 if since is None else since.timestamp(),
            limit,
            skip,
        )
        return [_dossier(row) for row in rows]

    def newest(self, limit: int) -> list[Dossier]:
        """The dossiers that came last, the newest first."""
        rows = self._all("SELECT * FROM dossiers ORDER BY opened_at DESC, id DESC LIMIT ?", limit)
        return [_dossier(row) for row in rows]

    def due(self, now: datetime, limit: int = 100) -> list[Dossier]:
        """Dossiers whose next step has come, the longest due first."""
        rows = self._all(
            "SELECT * FROM dossiers WHERE due_at <= ? ORDER BY due_at, id LIMIT ?", now.timestamp(), limit
        )
        return [_dossier(row) for row in rows]

    def next_step_at(self) -> datetime | None:
        """When the next step of a case is due."""
        row = self._one("SELECT min(due_at) AS first FROM dossiers")
        return None if row is None else _instant(row["first"])

    def next_posting_at(self) -> datetime | None:
        """When the next copy of a message is to be sent."""
        row = self._one("SELECT min(due_at) AS first FROM outbox WHERE delivered_at IS NULL")
        return None if row is None else _instant(row["first"])

    def add_message(self, *, id: str, dossier: str, sequence: int, kind: str, body: str) -> None:  # noqa: A002
        """Keep what is said of a case, whether it is ever sent or not."""
        self._base.execute("INSERT INTO messages VALUES (?, ?, ?, ?, ?)", (id, dossier, sequence, kind, body))

    def messages(self, case: str) -> list[str]:
        """The bodies of everything said of a case, in its order."""
        return [
            row["body"]
            for row in self._all("SELECT body FROM messages WHERE dossier = ? ORDER BY sequence", case)
        ]

    def post(self, message: str, due_at: datetime) -> None:
        """Put a copy of a message into the outbox."""
        self._base.execute(
            "INSERT INTO outbox (message, due_at) VALUES (?, ?)", (message, due_at.timestamp())
        )

    def postings(self, now: datetime, limit: int = 50) -> list[Posting]:
        """The copies that are to be sent now, in the order they became due."""
        rows = self._all(
            "SELECT copy, message, body, attempts FROM outbox JOIN messages ON messages.id = outbox.message "
            "WHERE delivered_at IS NULL AND due_at <= ? ORDER BY due_at, copy LIMIT ?",
            now.timestamp(),
            limit,
        )
        return [Posting(row["copy"], row["message"], row["body"], row["attempts"]) for row in rows]

    def delivered(self, copy: int, at: datetime, answer: str) -> None:
        """A copy has arrived."""
        self._base.execute(
            "UPDATE outbox SET attempts = attempts + 1, delivered_at = ?, answer = ? WHERE copy = ?",
            (at.timestamp(), answer, copy),
        )

    def put_off(self, copy: int, due_at: datetime, answer: str) -> None:
        """A copy has not arrived and is sent again later."""
        self._base.execute(
            "UPDATE outbox SET attempts = attempts + 1, due_at = ?, answer = ? WHERE copy = ?",
            (due_at.timestamp(), answer, copy),
        )

    def deliveries(self, case: str) -> dict[int, list[str]]:
        """What became of the copies of each message of a case, by its sequence; empty for one that is lost."""
        found: dict[int, list[str]] = {}
        for row in self._all(
            "SELECT sequence, copy, delivered_at, attempts, answer FROM messages LEFT JOIN outbox "
            "ON outbox.message = messages.id WHERE dossier = ? ORDER BY sequence, copy",
            case,
        ):
            copies = found.setdefault(row["sequence"], [])
            if row["copy"] is not None:
                copies.append(row["answer"] or "waiting")
        return found

    def effect(self, name: str, subject: str) -> None:
        """Note that something has really happened in the partner's world."""
        self._base.execute(
            "INSERT INTO effects VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET times = times + 1",
            (name, subject),
        )

    def effects(self) -> list[dict[str, Any]]:
        """What has really happened, to what, and how often."""
        return [dict(row) for row in self._all("SELECT * FROM effects ORDER BY effect, subject")]

    def called(self, call: str, outcome: str) -> None:
        """Note a call and what became of it."""
        self._base.execute(
            "INSERT INTO calls VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET times = times + 1", (call, outcome)
        )

    def times_called(self, call: str) -> int:
        """How often a call was made before."""
        row = self._one("SELECT coalesce(sum(times), 0) AS times FROM calls WHERE call = ?", call)
        return 0 if row is None else int(row["times"])

    def outcomes(self) -> dict[str, int]:
        """How often calls ended in which way."""
        rows = self._all("SELECT outcome, sum(times) AS times FROM calls GROUP BY outcome ORDER BY outcome")
        return {row["outcome"]: row["times"] for row in rows}

    def _one(self, query: str, *values: Any) -> sqlite3.Row | None:
        return cast("sqlite3.Row | None", self._base.execute(query, values).fetchone())

    def _all(self, query: str, *values: Any) -> Sequence[sqlite3.Row]:
        return cast("list[sqlite3.Row]", self._base.execute(query, values).fetchall())


def _dossier(row: sqlite3.Row) -> Dossier:
    return Dossier(
        id=row["id"],
        number=row["number"],
        handed=json.loads(row["handed"]),
        notes=json.loads(row["notes"]),
        last=row["last"],
        sequence=row["sequence"],
        opened_at=datetime.fromtimestamp(row["opened_at"], UTC),
        changed_at=datetime.fromtimestamp(row["changed_at"], UTC),
        due_at=_instant(row["due_at"]),
        ended=bool(row["ended"]),
        withdrawn=bool(row["withdrawn"]),
        confirmed=bool(row["confirmed"]),
    )


def _instant(stamp: float | None) -> datetime | None:
    return None if stamp is None else datetime.fromtimestamp(stamp, UTC)
