"""The jobs that survive: one SQLite file, written before anything is promised.

Write-ahead log, every commit flushed to the disk, one connection that holds the file exclusively: a second
service on the same folder is kept out. Only the thread that owns the jobs calls this.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from retone_bridge.protocol import Direction
from retone_engine.request import ClipRequest, RetoneError, request_of

State = Literal["queued", "running", "done", "failed"]

KEPT_DAYS = 30

_MIGRATIONS = (
    """
    CREATE TABLE jobs (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        asked TEXT NOT NULL,
        clip TEXT NOT NULL,
        outputs TEXT NOT NULL,
        host TEXT,
        port INTEGER,
        state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed')),
        starts INTEGER NOT NULL DEFAULT 0,
        crashes INTEGER NOT NULL DEFAULT 0,
        results TEXT NOT NULL DEFAULT '[]',
        code TEXT NOT NULL DEFAULT '',
        message TEXT NOT NULL DEFAULT '',
        received INTEGER NOT NULL DEFAULT 0,
        changed REAL NOT NULL
    );
    CREATE INDEX jobs_by_state ON jobs (state, number);
    """,
    """
    ALTER TABLE jobs ADD COLUMN directions TEXT NOT NULL DEFAULT '[]';
    """,
    """
    ALTER TABLE jobs ADD COLUMN clip_state TEXT NOT NULL DEFAULT '';
    """,
)

_CLIPS_LIMIT = 100


@dataclass(frozen=True)
class Job:
    """One job as the journal has it.

    ``asked``: the request as it came; ``clip``: the file's real path then, and ``clip_state`` its size and time of
    change, by which another file in its place is seen; ``outputs``: the names that this job
    may write; ``asker``: where replies go; ``received``: nobody has to be told the end again; ``starts``: how often
    an engine has begun it; ``crashes``: how often the service died meanwhile; ``results``: the files in place;
    ``directions``: those it found.
    """

    id: str
    asked: ClipRequest
    clip: str
    outputs: tuple[str, ...]
    asker: tuple[str, int] | None = None
    state: State = "queued"
    starts: int = 0
    crashes: int = 0
    results: tuple[str, ...] = ()
    code: str = ""
    message: str = ""
    received: bool = False
    changed: float = 0.0
    directions: tuple[Direction, ...] = ()
    clip_state: str = ""

    @property
    def ended(self) -> bool:
        return self.state in ("done", "failed")


class Journal:
    """The open journal at ``path``; raises RetoneError(busy, cannot_write or internal) when it cannot be opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)  # also in a folder that others may read
        except OSError as error:
            raise RetoneError("cannot_write", f"{path} cannot be made: {error.strerror}.") from error
        with self._told():
            # Autocommit: every statement here is one transaction, except where BEGIN says otherwise.
            self._connection = sqlite3.connect(path, timeout=0.2, isolation_level=None, check_same_thread=False)
            self._connection.row_factory = sqlite3.Row
            try:
                self._open()
            except BaseException:
                self._connection.close()
                raise

    def _open(self) -> None:
        run = self._connection.execute
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("PRAGMA fullfsync = ON")  # macOS only: there a plain fsync leaves it in the drive's own memory
        (version,) = run("PRAGMA user_version").fetchone()
        if version > len(_MIGRATIONS):
            sentence = f"{self.path} was written by a newer Retone; use that one, or another --state."
            raise RetoneError("internal", sentence)
        for number in range(version, len(_MIGRATIONS)):
            step = f"BEGIN IMMEDIATE; {_MIGRATIONS[number]} PRAGMA user_version = {number + 1}; COMMIT;"
            self._connection.executescript(step)
        self.prune()

    def prune(self) -> None:
        """Forgets jobs that ended more than ``KEPT_DAYS`` ago."""
        oldest = time.time() - KEPT_DAYS * 86400
        self._run("DELETE FROM jobs WHERE state IN ('done', 'failed') AND changed < ?", (oldest,))

    def close(self) -> None:
        self._connection.close()

    def add(self, jobs: Sequence[Job]) -> None:
        """Keeps new jobs, all or none; they are on the disk when this returns.

        Raises RetoneError(disk_full, cannot_write or internal).
        """
        with self._told():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.executemany(_INSERT, map(_row, jobs))
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk may have ended it
                    self._connection.execute("ROLLBACK")
                raise

    def find(self, id: str) -> Job | None:
        return next(self._jobs("WHERE id = ?", (id,)), None)

    def unfinished(self) -> list[Job]:
        """Every job that has not ended, in the order of arrival."""
        return list(self._jobs("WHERE state IN ('queued', 'running') ORDER BY number"))

    def unreceived(self, seconds: float) -> list[Job]:
        """Jobs that ended within the last ``seconds`` and whose asker has not said that it knows."""
        since = time.time() - seconds
        ended = "WHERE state IN ('done', 'failed') AND NOT received AND host IS NOT NULL AND changed > ?"
        return list(self._jobs(ended, (since,)))

    def clips(self, name: str) -> list[str]:
        """Where clips of this file name lay when jobs were made of them, each once, the newest first."""
        end = os.sep + name
        sentence = "SELECT clip FROM jobs WHERE substr(clip, -?) = ? GROUP BY clip ORDER BY max(number) DESC LIMIT ?"
        return [clip for (clip,) in self._run(sentence, (len(end), end, _CLIPS_LIMIT))]

    def counts(self) -> dict[str, int]:
        """How many jobs are in each state."""
        return dict(self._run("SELECT state, count(*) FROM jobs GROUP BY state").fetchall())

    def asked_by(self, id: str, asker: tuple[str, int]) -> None:
        self._run("UPDATE jobs SET host = ?, port = ? WHERE id = ?", (*asker, id))

    def start(self, id: str) -> None:
        self._run("UPDATE jobs SET state = 'running', starts = starts + 1, changed = ? WHERE id = ?", (time.time(), id))

    def put_back(self, id: str) -> None:
        """A running job that the service gives up on its own way out."""
        self._run("UPDATE jobs SET state = 'queued' WHERE id = ?", (id,))

    def crashed(self, id: str) -> None:
        """A running job whose service died is queued again."""
        self._run("UPDATE jobs SET state = 'queued', crashes = crashes + 1 WHERE id = ?", (id,))

    def end(self, job: Job) -> None:
        """Keeps how ``job`` came to its end: its state, results, directions, code and message."""
        found = _text([asdict(direction) for direction in job.directions])
        self._run(
            "UPDATE jobs SET state = ?, results = ?, directions = ?, code = ?, message = ?, changed = ? WHERE id = ?",
            (job.state, _text(job.results), found, job.code, job.message, time.time(), job.id),
        )

    def received(self, id: str) -> None:
        self._run("UPDATE jobs SET received = 1 WHERE id = ?", (id,))

    def _jobs(self, where: str, values: Sequence[object] = ()) -> Iterator[Job]:
        for row in self._run(f"SELECT * FROM jobs {where}", values).fetchall():
            yield _job(row)

    def _run(self, sentence: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        with self._told():
            return self._connection.execute(sentence, values)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """SQLite's errors in words that the asker can act on."""
        try:
            yield
        except sqlite3.OperationalError as error:
            words = str(error)
            if "locked" in words:
                raise RetoneError(
                    "busy", f"Another Retone service works in {self.path.parent}; stop it, or choose another --state."
                ) from error
            if "full" in words:
                raise RetoneError("disk_full", f"The disk of {self.path.parent} is full; make room.") from error
            raise RetoneError("cannot_write", f"The journal {self.path} cannot be used: {words}.") from error
        except sqlite3.DatabaseError as error:
            raise RetoneError(
                "internal", f"The journal {self.path} is damaged ({error}); move it away and start again."
            ) from error


_INSERT = (
    "INSERT INTO jobs (id, asked, clip, outputs, host, port, received, changed, clip_state)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def _row(job: Job) -> tuple[object, ...]:
    host, port = job.asker or (None, None)
    asked, outputs = _text(job.asked.values()), _text(job.outputs)
    return job.id, asked, job.clip, outputs, host, port, job.received, time.time(), job.clip_state


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _job(row: sqlite3.Row) -> Job:
    kept = dict(row)
    _, host, port = kept.pop("number"), kept.pop("host"), kept.pop("port")
    return Job(
        **kept
        | {
            "asked": request_of(json.loads(kept["asked"])),
            "outputs": tuple(json.loads(kept["outputs"])),
            "asker": None if host is None else (host, port),
            "results": tuple(json.loads(kept["results"])),
            "received": bool(kept["received"]),
            "directions": tuple(Direction(**found) for found in json.loads(kept["directions"])),
        }
    )
