"""A living service whose disk fails under its journal, and under its engine's results, at every call in turn."""

import errno
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from bridge.harness import SCRIPT
from faults.failing import MODES
from retone_bridge.client import Client
from retone_bridge.ends import WRITE_AGAIN_SECONDS
from retone_bridge.protocol import Ack, Done, Fail
from retone_engine.request import RetoneError

ENGINE = (sys.executable, "-m", "retone_engine.worker", "--device", "cpu")
_SERVE = """
import sys, threading
from pathlib import Path
from retone_bridge.closing import on_closing
from retone_bridge.logs import kept
from retone_bridge.server import Server, Settings
state = Path(sys.argv[1])
with kept(state / "logs"):
    server = Server(Settings(port=0, state=state, worker=tuple(sys.argv[2:])))
    on_closing(server.stop, threading.Event())
    print(server.endpoint.port, flush=True)
    server.run()
"""


@contextmanager
def service(state, disk, worker=SCRIPT):
    """A service as a process of its own on a failing disk; gives the process and its port, and ends it in order."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(state), *worker],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **(disk.environment if disk else {})},
    )
    try:
        yield process, int(process.stdout.readline())
        process.terminate()
        process.wait(20)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def journal(disk, folder, clip):
    """Jobs while every call on the journal fails in turn: each is refused, or acked and comes to its end."""
    found, state = Counter(faults=0, lost=0, left_by_refused=0, wrong_codes=0, lost_after=0), folder / "state"
    acked, refused = set(), set()
    with service(state, disk) as (process, port), Client(port=port, patience_seconds=20) as client:
        end_of(client.edit(clip, "count", id="first"))
        acked.add("first")
        for error in (errno.ENOSPC, errno.EIO):
            for name, mode in MODES.items():
                spared = 0
                for at in range(1, 1000):
                    id = f"{errno.errorcode[error]}-{mode}-{at}"
                    disk.fail(at, error, mode, state / "journal.sqlite")
                    said, end = end_of(client.edit(clip, "count", id=id))
                    time.sleep(0.02)  # what is noted after the end meets the fault, too
                    met = disk.failed
                    disk.heal()
                    (acked if said else refused).add(id)
                    found["lost"] += said and not isinstance(end, Done)
                    found["wrong_codes"] += not said and end.code not in ("disk_full", "cannot_write")
                    _, after = end_of(client.edit(clip, "count", id=f"after-{id}"))
                    found["lost_after"] += not isinstance(after, Done)
                    acked.add(f"after-{id}")
                    found["done_after"] += isinstance(after, Done)
                    found["faults"] += met > 0
                    found[f"faults, {name}"] += met > 0
                    # What a tick writes comes now to this job, now to the next: one without a fault may be chance.
                    spared = 0 if met else spared + 1
                    if spared == 3:
                        break
        time.sleep(WRITE_AGAIN_SECONDS + 0.5)  # what could not be noted is noted soon after the disk is well
        found["acked"], found["refused"] = len(acked), len(refused)
        found["deaths"] = int(process.poll() is not None)
    return dict(_checked(found, state, clip, acked, refused))


def on_the_way_out(disk, folder, clip, times=5):
    """The journal fails while a job ends, and the service is stopped at once when the disk is well again."""
    found, state = Counter(without_an_end_in_the_journal=0), folder / "state"
    for id in (f"r{number}" for number in range(times)):
        with service(state, disk) as (_, port), Client(port=port) as client:
            for event in client.edit(clip, "strings", id=id):
                if isinstance(event, Ack):
                    disk.fail(1, errno.EIO, MODES["from then on"], state / "journal.sqlite")
            disk.heal()
        found["without_an_end_in_the_journal"] += id not in ended(state)
    return dict(found)


def _checked(found, state, clip, acked, refused):
    """What the journal, the folder and the starts say afterwards; and after another start, which has nothing to do."""
    found["without_an_end_in_the_journal"] = len(acked - ended(state))
    with service(state, None) as (_, port), Client(port=port) as client:
        end_of(client.edit(clip, "strings", id="last"))
        found["not_told_afterwards"] = sum(not isinstance(end_of(client.follow(id))[1], Done) for id in acked)
        status = client.status(5)
        found["taken_up_again"] = status.waiting + bool(status.running)
    starts = Counter((clip.parent / "starts").read_text().split())
    found["rendered_twice"] = sum(count > 1 for count in starts.values())
    found["never_rendered"] = len(acked - set(starts))
    results = {path.stem.removeprefix(f"{clip.stem}-") for path in (state / "renders").iterdir()}
    found["left_by_refused"] = len(results & refused) + len(ended(state) & refused)
    found["partial_files"] = len(results - acked - refused - {"last"})
    found["lost"] += len(acked - results)
    return found


def ended(state):
    with sqlite3.connect(state / "journal.sqlite") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = {id for (id,) in connection.execute("SELECT id FROM jobs WHERE state IN ('done', 'failed')")}
    connection.close()
    return found


def end_of(events):
    """Whether the job was acknowledged, and its last reply: a Fail without an ack refuses it."""
    acked, last = False, None
    try:
        for last in events:
            acked = acked or isinstance(last, Ack)
    except RetoneError as error:
        last = Fail("", error.code, error.message)
    return acked, last


def engine(disk, folder, clip, at_most=1000):
    """Real edits by the real engine while every call on its output folder fails in turn."""
    found, out = Counter(faults=0, partial_files=0, wrong_codes=0, lost_after=0, missing_files=0), folder / "out"
    out.mkdir()
    settings = {"steps": 2, "output_folder": str(out)}
    with service(folder / "engine", disk, ENGINE) as (process, port), Client(port=port) as client:
        for error, code in ((errno.ENOSPC, "disk_full"), (errno.EIO, "cannot_write")):
            for at in range(1, at_most):
                id = f"{errno.errorcode[error]}-{at}"
                disk.fail(at, error, MODES["from then on"], out)
                _, end = end_of(client.edit(clip, "flute", id=id, **settings))
                met = disk.failed
                disk.heal()
                there = {path.name for path in out.iterdir()}
                if isinstance(end, Done):
                    found["missing_files"] += there != {Path(end.first_path).name}
                else:
                    found["failed"] += 1
                    found["wrong_codes"] += end.code != code
                    found["partial_files"] += len(there)
                for path in out.iterdir():
                    path.unlink()
                _, after = end_of(client.edit(clip, "flute", id=f"after-{id}", **settings))
                found["lost_after"] += not isinstance(after, Done)
                found["done_after"] += isinstance(after, Done)
                for path in out.iterdir():
                    path.unlink()
                if not met:
                    break
                found["faults"] += 1
        found["deaths"] = int(process.poll() is not None)
    return dict(found)


def starts(disk, folder, every=1):
    """``retone serve`` while calls below its state folder fail in turn: it runs, or says in a sentence why not."""
    found, state = Counter(faults=0, tracebacks=0, refused=0, started=0, lost_after=0), folder / "started"
    for error in (errno.ENOSPC, errno.EIO):
        for mode in (MODES["once"], MODES["from then on"]):
            for at in range(1, 1000, every):
                shutil.rmtree(state, ignore_errors=True)
                disk.fail(at, error, mode, state)
                started, said = _serve(state, disk)
                met = disk.failed
                disk.heal()
                found["started" if started else "refused"] += 1
                found["tracebacks"] += "Traceback" in said or not (started or said.startswith("retone: "))
                again, _ = _serve(state, disk)
                found["lost_after"] += not again
                if not met:
                    break
                found["faults"] += 1
    return dict(found)


def _serve(state, disk):
    """Whether a service starts, and ends in order when it is told to; and what it says on stderr beside its log."""
    command = (sys.executable, "-m", "retone_bridge.cli", "serve", "--port", "0", "--state", str(state))
    environment = {**os.environ, **disk.environment, "HOME": str(state.parent)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        first = process.stdout.readline()
        process.terminate()
        _, said = process.communicate(timeout=20)
    words = [line for line in said.splitlines() if not re.match(r"\d\d:\d\d:\d\d |The log ", line)]
    return first.startswith("Retone listens") and process.returncode == 0, "\n".join(words)
