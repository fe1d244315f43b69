"""What stands when a write fails at any of its calls; run by faults.disk in a process whose disk is a failing one.

python -m faults.disk_writes FOLDER   (prints its figures as JSON)
"""

import errno
import json
import shutil
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from faults.failing import MODES, FailingDisk
from retone_bridge.journal import Job, Journal
from retone_engine import audio
from retone_engine.request import EditRequest, RetoneError

CODES = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EFBIG: "disk_full",
    errno.EIO: "cannot_write",
}
TEXT = "a recipe " * 1000
# Of several blocks, so that a write can fail in the middle of the samples.
SAMPLES = np.linspace(-1, 1, 300_000, dtype=np.float32).reshape(2, -1)


def results(disk, folder):
    """``audio.write`` with every call failing in turn, to a new name and over an old one."""
    found = Counter()
    for overwrite in (False, True):
        for error, code in CODES.items():
            for mode in MODES.values():
                for at in range(1, 1000):
                    shutil.rmtree(folder, ignore_errors=True)
                    folder.mkdir()
                    target = folder / "loop-r1.wav"
                    if overwrite:
                        target.write_bytes(b"what stood here")
                    disk.fail(at, error, mode, folder)
                    said = _write(target, overwrite)
                    met = disk.failed
                    disk.heal()
                    _judge(found, folder, target, said, code)
                    found["lost_after"] += _write(target, overwrite or target.exists()) != "" or not _whole(target)
                    if not met:
                        break
                    found["faults"] += 1
    return dict(found)


def _write(target, overwrite):
    try:
        audio.write(target, SAMPLES, 44100, TEXT, overwrite)
    except RetoneError as error:
        return error.code
    return ""


def _judge(found, folder, target, said, code):
    """A failed write leaves what was there before, or, of a name to overwrite, a whole file; a good one its file."""
    found["failed" if said else "done"] += 1
    found["wrong_codes"] += said not in ("", code)
    there = [path.name for path in folder.iterdir()]
    found["partial_files"] += sum(name != target.name for name in there)
    if target.exists():
        old = target.stat().st_size == len(b"what stood here")
        found["partial_files"] += not (_whole(target) or (old and said))
    else:
        found["missing_files"] += not said


def _whole(path):
    if not path.exists() or path.stat().st_size < SAMPLES.nbytes:
        return False
    return audio.read_text(path) == TEXT and np.array_equal(audio.read(path).samples, SAMPLES)


def openings(disk, folder):
    """The journal opened with every call failing in turn: new, and as a killed service leaves it."""
    found = Counter()
    killed = _killed(folder / "killed")
    for left in (None, killed):
        for error in (errno.ENOSPC, errno.EIO):
            for mode in MODES.values():
                for at in range(1, 1000):
                    state = folder / "state"
                    shutil.rmtree(state, ignore_errors=True)
                    if left:
                        shutil.copytree(left, state)
                    disk.fail(at, error, mode, state)
                    said = _open(state, found)
                    met = disk.failed
                    disk.heal()
                    # SQLite tells a full disk from a broken one only where it writes.
                    found["wrong_codes"] += said not in ("", "disk_full", "cannot_write")
                    found["refused" if said else "opened"] += 1
                    found["lost_jobs"] += _jobs(state) != (["r0", "r1", "r2"] if left else [])
                    if not met:
                        break
                    found["faults"] += 1
    return dict(found)


def _open(state, found):
    try:
        Journal(state / "journal.sqlite").close()
    except RetoneError as error:
        return error.code
    except Exception as error:
        found["escapes"] += 1
        found[f"escaped {error!r}"] += 1
    return ""


def _jobs(state):
    journal = Journal(state / "journal.sqlite")
    try:
        ok = journal._connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return [job.id for job in journal.unfinished()] if ok else None
    finally:
        journal.close()


def _killed(folder):
    """What a service that was killed leaves, with a write-ahead log that is still to be taken up."""
    journal = Journal(folder / "open" / "journal.sqlite")
    for number in range(3):
        journal.add([Job(f"r{number}", EditRequest.of("/a.wav", {"prompt": "a" * 500}), "/a.wav", ("/b.wav",))])
    shutil.copytree(folder / "open", folder / "left")
    journal.close()
    assert (folder / "left" / "journal.sqlite-wal").stat().st_size > 0
    return folder / "left"


if __name__ == "__main__":
    where = Path(sys.argv[1])
    ordered = FailingDisk(where)
    found = {"results": results(ordered, where / "results"), "openings": openings(ordered, where / "journals")}
    sys.stdout.write(json.dumps(found))
