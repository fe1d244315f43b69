"""A disk that is really full: a small file system in memory, filled up under a service that works, then freed."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager, suppress

from bridge.harness import kill
from faults.disk_service import ENGINE, end_of, ended, service
from retone_bridge.client import Client
from retone_bridge.protocol import Ack, Done

LEFT_BYTES = (0, 4096, 20_000, 65_536)  # what is left of the disk when it is said to be full


def missing():
    """Why there can be no such disk here, or an empty text."""
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("mount"):
        return "only root may mount a file system"
    tried = subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/tmp"], capture_output=True)
    return "" if tried.returncode == 0 else "a file system may not be mounted here"


class SmallDisk:
    """The file system at ``path``."""

    def __init__(self, path):
        self.path = path
        self._filler = path / "filler"

    def fill(self, left_bytes):
        """Takes all room but ``left_bytes``; others may write meanwhile, so it is tried until that holds."""
        with self._filler.open("ab") as file:
            while (free := self._free() - left_bytes) > 0:
                with suppress(OSError):
                    os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), free)

    def _free(self):
        pages = os.statvfs(self.path)
        return pages.f_bavail * pages.f_frsize

    def empty(self):
        self._filler.unlink(missing_ok=True)


@contextmanager
def small_disk(path, mib=96):
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(path)], check=True)
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def under_results(folder, clip, turns=1):
    """The disk of the output folder fills up while the real engine works on a job."""
    found = Counter(full=0, wrong_codes=0, partial_files=0, lost_after=0, done_after=0, refused_when_full=0)
    with (
        small_disk(folder / "results disk") as disk,
        service(folder / "results state", None, ENGINE) as (process, port),
        Client(port=port) as client,
    ):
        settings = {"steps": 2, "output_folder": str(disk.path)}
        end_of(client.edit(clip, "flute", id="first", **settings))
        for number in range(turns * len(LEFT_BYTES)):
            disk_before = _results(disk)
            _, end = end_of(_filling(client.edit(clip, "flute", id=f"r{number}", **settings), disk, number))
            found["full"] += 1
            found["wrong_codes"] += getattr(end, "code", "") != "disk_full"
            found["partial_files"] += len(_results(disk) - disk_before)
            acked, end = end_of(client.edit(clip, "flute", id=f"refused{number}", **settings))
            found["refused_when_full"] += not acked and getattr(end, "code", "") == "disk_full"
            disk.empty()
            _, end = end_of(client.edit(clip, "flute", id=f"after{number}", **settings))
            found["done_after"] += isinstance(end, Done)
            found["lost_after"] += not isinstance(end, Done)
        found["deaths"] = int(process.poll() is not None)
    return dict(found)


def _filling(events, disk, number):
    """The events of a job, during which the disk fills up."""
    for event in events:
        if isinstance(event, Ack):
            disk.fill(LEFT_BYTES[number % len(LEFT_BYTES)])
        yield event


def _results(disk):
    return {path.name for path in disk.path.iterdir()} - {"filler"}


def under_the_journal(folder, clip, turns=1):
    """The disk of the state folder fills up while jobs come; then the service is killed, and started on a full disk."""
    found, acked, out = Counter(full=0, refused=0, wrong_codes=0, lost=0, lost_after=0), set(), folder / "results"
    out.mkdir()
    with small_disk(folder / "state disk") as disk:
        state = disk.path / "state"
        for turn in range(turns * len(LEFT_BYTES)):
            with service(state, None) as (process, port), Client(port=port, patience_seconds=20) as client:
                disk.fill(LEFT_BYTES[turn % len(LEFT_BYTES)])
                found["full"] += 1
                for number in range(60):
                    id = f"t{turn}-{number}"
                    words = {"prompt": "strings", "negative_prompt": "n" * 500, "output_folder": str(out)}
                    said, end = end_of(client.edit(clip, id=id, **words))
                    if said:
                        acked.add(id)
                        found["lost"] += not isinstance(end, Done)
                    else:
                        found["refused"] += 1
                        found["wrong_codes"] += end.code != "disk_full"
                found["deaths"] += process.poll() is not None
                kill(process)
            found["started_when_full"] += _starts(state)
            disk.empty()
            with service(state, None) as (_, port), Client(port=port) as client:
                id = f"after{turn}"
                _, end = end_of(client.edit(clip, "strings", id=id, output_folder=str(out)))
                found["lost_after"] += not isinstance(end, Done)
                found["done_after"] += isinstance(end, Done)
                acked.add(id)
        logs = list((state / "logs").iterdir())
        found["acked"], found["log_files"] = len(acked), len(logs)
        found["without_an_end_in_the_journal"] = len(acked - ended(state))
        results = {path.stem.removeprefix(f"{clip.stem}-") for path in out.iterdir()}
        found["lost"] += len(acked - results)
        found["left_by_refused"] = len(results - acked)
        found["torn_log_lines"] = sum(not _is_json(line) for path in logs for line in path.read_text().splitlines())
    return dict(found)


def _is_json(line):
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _starts(state):
    """Whether a service starts there; where it does not, it must say so and end."""
    try:
        with service(state, None):
            return True
    except ValueError:  # no port was printed
        return False
