"""Disks that are full or broken, at every call: the job fails with the right code, nothing is left, the service lives.

python -m faults.disk [--small] [--start-every N] [--turns N] [--figures PATH]     from tests/; needs Linux, gcc, root
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import soundfile

from faults import disk_room, disk_service, failing
from faults.failing import FailingDisk
from faults.figures import Row, main

SMALL = {"start_every": 17, "turns": 1}
LONG = {"start_every": 1, "turns": 8}


def campaign(start_every, turns):
    """All parts; ``start_every``: one call of so many fails while a service starts, ``turns``: rounds of full disks."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        disk, clip = FailingDisk(folder), a_clip(folder)
        parts = [folder / f"part {number}" for number in range(5)]
        for part in parts:
            part.mkdir()
        return {
            **writes(folder),
            "journal": disk_service.journal(disk, parts[0], clip),
            "engine": disk_service.engine(disk, parts[1], clip),
            "starts": disk_service.starts(disk, parts[2], start_every),
            "full under results": disk_room.under_results(parts[3], clip, turns),
            "full under the journal": disk_room.under_the_journal(parts[4], clip, turns),
        }


def writes(folder):
    """``results`` and ``openings``: the figures of faults.disk_writes, in a process on a failing disk."""
    disk = FailingDisk(folder)
    command = (sys.executable, "-m", "faults.disk_writes", str(folder))
    environment = {**os.environ, **disk.environment}
    here = Path(__file__).parents[1]
    return json.loads(subprocess.run(command, env=environment, cwd=here, check=True, capture_output=True).stdout)


def a_clip(folder):
    """A second and a half of a saw, longer than what is left of a disk that is said to be full."""
    path = folder / "clip" / "loop.wav"
    path.parent.mkdir()
    soundfile.write(path, [(n % 100) / 100 - 0.5 for n in range(66_000)], 44100)
    return path


def rows(figures):
    """The table's lines."""
    parts = {name: figures[name] for name in ("results", "openings", "journal", "engine", "starts")}
    full = [figures["full under results"], figures["full under the journal"]]
    every = [*parts.values(), *full]
    bad = {
        "partial files": sum(part.get("partial_files", 0) + part.get("left_by_refused", 0) for part in every),
        "acknowledged jobs lost": sum(part.get("lost", 0) + part.get("lost_jobs", 0) for part in every),
        "ends that the journal lacks": sum(part.get("without_an_end_in_the_journal", 0) for part in every),
        "wrong codes": sum(part.get("wrong_codes", 0) for part in every),
        "deaths of the service": sum(part.get("deaths", 0) for part in every),
        "failures once the disk was well": sum(part.get("lost_after", 0) for part in every),
    }
    outcome = ", ".join(f"{count} {what}" for what, count in bad.items())
    faults = sum(part["faults"] for part in parts.values())
    return [
        Row(
            "A disk that is full or fails costs the job that met it, and leaves nothing behind",
            "ENOSPC, EDQUOT, EFBIG or EIO at each open, write, fsync, link, rename and truncate in turn",
            faults,
            outcome,
        ),
        Row(
            "The same on a file system that is really full",
            "tmpfs filled up under a job that runs, and under the journal; freed again",
            sum(part["full"] for part in full),
            f"{sum(part.get('done_after', 0) for part in full)} jobs done after room was made",
        ),
    ]


def missing():
    """Why the failing disk cannot be had here, or an empty text."""
    return failing.missing()


if __name__ == "__main__":
    sys.exit(main(campaign, SMALL, LONG))
