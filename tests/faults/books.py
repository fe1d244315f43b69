"""The books after a kill, and at the end: the journal, the folders and what the clients heard must agree."""

import json
import shutil
import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory

from bridge.scripted_worker import stamped
from retone_bridge.paths import JOURNAL
from retone_bridge.protocol import Done
from retone_engine.audio.wav import read_text


class Books:
    """Of a service with its state in ``folder / "state"``, and of jobs of ``clip``."""

    def __init__(self, folder, clip):
        self._state = folder / "state"
        self._clip = clip
        named = [folder / name for name in ("one", "two")]
        for each in named:
            each.mkdir()
        self.folders = ["", *map(str, named)]
        self._named = named
        self._ended = {}
        self.checks = self.bad = self.forgotten = self.changed = 0

    def look(self, acked):
        """After a kill: the journal is whole, holds every job that was ``acked`` before, and no end has changed."""
        rows = self._journal()
        self.checks += 1
        self.forgotten += len(acked - rows.keys())
        ended = {id: row for id, row in rows.items() if row[0] in ("done", "failed")}
        self.changed += sum(ended.get(id) != row for id, row in self._ended.items())
        self._ended = ended

    def settle(self, customers):
        """At the end, when the service has gone: figures, of which all that count faults should be 0."""
        rows = self._journal()
        jobs = {id: job for id, job in customers.jobs.items() if job.acked}
        states = {id: rows.get(id, ("none", "", ()))[0] for id in jobs}
        expected, strays, missing, damaged = {}, [], [], []
        for id, (state, _, results) in rows.items():
            if state == "done":
                expected |= dict.fromkeys(results, id)
        found = {str(path) for folder in self._places() for path in folder.iterdir()}
        strays += sorted(found - expected.keys())
        missing += sorted(expected.keys() - found)
        damaged += sorted(path for path in found & expected.keys() if not self._whole(path, expected[path]))
        return {
            "clients": customers.count,
            "asked": len(customers.jobs),
            "acked": len(jobs),
            "done": sum(state == "done" for state in states.values()),
            "failed": sum(state == "failed" for state in states.values()),
            "codes": _counted(rows[id][1] for id, state in states.items() if state == "failed"),
            "cancels": customers.counts["cancels"],
            "asked_anew": customers.counts["asked_anew"],
            "lost": sum(state not in ("done", "failed") for state in states.values()),
            "ends_other_than_one": sum(len(customers.ends.get(id, ())) != 1 for id in jobs),
            "heard_otherwise": sum(not _agree(job, rows.get(id)) for id, job in jobs.items()),
            "ends_changed": self.changed,
            "forgotten_at_a_kill": self.forgotten,
            "integrity_checks": self.checks,
            "integrity_bad": self.bad,
            "files": len(found),
            "stray_files": len(strays),
            "missing_files": len(missing),
            "damaged_files": len(damaged),
            "faults": [
                *customers.faults,
                *(f"stray: {path}, of {_of(path, rows)}" for path in strays),
                *(f"missing: {path}, of {_of(path, rows)}" for path in missing),
                *(f"damaged: {path}, of {_of(path, rows)}" for path in damaged),
                *(
                    f"{id}: heard {job.end}, kept {rows.get(id)}"
                    for id, job in jobs.items()
                    if not _agree(job, rows[id])
                ),
            ],
        }

    def _places(self):
        folders = (*self._named, self._state / "renders", self._state / "previews")
        return [folder for folder in folders if folder.is_dir()]

    def _journal(self):
        """State, code and results by id, of a copy, so that the service itself repairs what the kill left."""
        with TemporaryDirectory() as folder:
            for file in self._state.glob(f"{JOURNAL}*"):
                shutil.copy(file, folder)
            journal = sqlite3.connect(Path(folder) / JOURNAL)
            try:
                self.bad += journal.execute("PRAGMA integrity_check").fetchone() != ("ok",)
                rows = journal.execute("SELECT id, state, code, results FROM jobs").fetchall()
            finally:
                journal.close()
        return {id: (state, code, tuple(json.loads(results))) for id, state, code, results in rows}

    def _whole(self, path, id):
        """Whether the file is a result of this very job: the script's copy, or the engine's with its recipe."""
        data = Path(path).read_bytes()
        if data == stamped(self._clip.read_bytes(), id):
            return True
        text = read_text(path)
        return text is not None and json.loads(text).get("job") == id and json.loads(text).get("engine") is not None


def _agree(job, row):
    """Whether a client heard of its job what the journal says."""
    if row is None or job.end is None:
        return False
    state, code, results = row
    if isinstance(job.end, Done):
        heard = tuple(job.results[index] for index in sorted(job.results))
        return state == "done" and heard == results and len(results) == job.files
    return state == "failed" and code == job.end.code


def _of(path, rows):
    """The job that a file's name names, as the journal has it."""
    return next((f"{id} {row[:2]}" for id, row in rows.items() if f"-{id}." in path or f"-{id}-" in path), "no job")


def _counted(words):
    found = {}
    for word in words:
        found[word] = found.get(word, 0) + 1
    return dict(sorted(found.items()))
