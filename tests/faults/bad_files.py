"""Files that are none, that lie, that cannot be had or that change meanwhile: each is done, or refused by its code.

python -m faults.bad_files [--small] [--rounds N] [--swaps N] [--looks N] [--figures PATH]
"""

import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import soundfile

from bridge.harness import running
from faults import strange_files as make
from faults.figures import Row, main
from faults.hostile import message, text
from faults.strange_cases import CASES, DONE, NO_TEXT, Case
from faults.swaps import at_the_doors, swapped
from retone_bridge.workers import engine_command

SMALL = {"rounds": 1, "swaps": 200, "looks": 1_500}
LONG = {"rounds": 10, "swaps": 5_000, "looks": 100_000}
REFUSED_SECONDS = 1.0  # from the request, or from its turn where it waits, to the fail
_QUICK = {"prompt": "organ", "steps": 4, "strength": 0.5}


@dataclass(frozen=True)
class Outcome:
    code: str
    message: str
    seconds: float
    result: Path | None
    left: tuple[str, ...]


@cache
def without_root():
    """What to put before a command so that permissions apply to it; None where root has no way to give itself up."""
    if os.geteuid() != 0:
        return ()
    dropped = "-dac_override,-dac_read_search"
    before = ("setpriv", f"--bounding-set={dropped}", f"--inh-caps={dropped}")
    try:
        subprocess.run([*before, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return before


class Bench:
    """A live service with the real engine, and the folder ``music`` that clips lie in."""

    def __init__(self, service, folder):
        self.service = service
        self.music = folder / "music"
        self._renders = folder / "state" / "renders"
        self._count = 0

    def judge(self, case):
        """What comes of ``case``."""
        self._count += 1
        id = f"case{self._count}"
        folder = self.music / id
        folder.mkdir()
        path = case.make(folder)
        settings = _QUICK | case.settings(folder)
        before = self._seen(folder)
        if case.meanwhile is None:
            peer, started = self._ask(id, path, settings), time.monotonic()
        else:
            peer, started = self._ask_and_change(id, folder, path, settings, case.meanwhile)
        *_, (word, _, *said) = peer.until("done", "fail", seconds=20)
        seconds = time.monotonic() - started
        peer.send("received", id)
        result = Path(said[1]) if word == "done" else None
        left = {name for name in self._seen(folder) - before if result is None or not name.endswith(result.name)}
        code, message = (DONE[0], "") if word == "done" else said
        # What a change itself left is no leftover of the service's.
        left = {name for name in left if ".retone-" in name or id in Path(name).name} if case.meanwhile else left
        return Outcome(code, message, seconds, result, tuple(sorted(left)))

    def warm(self):
        """One good edit: the engine is loaded, and lives."""
        return self.judge(Case(make.sound, DONE))

    def _ask(self, id, path, settings):
        peer = self.service.peer()
        # Not by the client's own codec, which refuses what is too long for every reader.
        arguments = [id, path, *(str(part) for pair in settings.items() for part in pair)]
        strings = b"".join(text(argument.encode()) for argument in arguments)
        peer.send_bytes(message("s" * len(arguments), strings, b"/retone/edit"))
        return peer

    def _ask_and_change(self, id, folder, path, settings, meanwhile):
        """Asks while another job runs, changes what is to be changed, and lets the turn come."""
        blocker = self._ask(f"{id}-before", make.sound(self.music, f"{id}.wav"), _QUICK | {"steps": 1000})
        blocker.until("progress")
        peer = self._ask(id, path, settings)
        peer.until("queued")
        meanwhile(folder, path)
        blocker.send("cancel", f"{id}-before")
        blocker.until("fail")
        started = time.monotonic()
        blocker.send("received", f"{id}-before")
        return peer, started

    def _seen(self, folder):
        return {str(path) for place in (folder, self._renders) for path in place.rglob("*")}


@contextmanager
def bench(folder):
    """A Bench in ``folder``; its service may use ``music``, /dev and /proc, and nothing else."""
    (folder / "music").mkdir()
    worker = (*(without_root() or ()), *engine_command("cpu"))
    roots = (str(folder / "music"), "/dev", "/proc")
    with running(folder / "state", worker=worker, roots=roots) as service:
        yield Bench(service, folder)


def wrong(case, outcome):
    """What is wrong with ``outcome``, in words; empty when it is as it must be."""
    if outcome.code not in case.codes:
        return f"{outcome.code} ({outcome.message}), not {' or '.join(case.codes)}"
    if outcome.left:
        return f"left {outcome.left}"
    if outcome.code == "done":
        return "" if outcome.result.is_file() and soundfile.info(outcome.result).frames > 0 else "no result is there"
    limit = REFUSED_SECONDS
    return "" if outcome.seconds < limit else f"refused after {outcome.seconds:.2f} s, more than {limit}"


def campaign(rounds, swaps, looks):
    """Every case ``rounds`` times, then ``swaps`` jobs and ``looks`` of their looks led astray by links."""
    found = {"cases": len(CASES) + len(NO_TEXT), "tried": 0, "done": 0, "refused": 0, "wrong": {}}
    slowest = (0.0, "")
    with _folder() as made, bench(made) as on:
        on.warm()
        for name, case in [*CASES.items(), *NO_TEXT.items()] * rounds:
            if case.needs_permissions and without_root() is None:
                continue
            outcome = on.judge(case)
            found["tried"] += 1
            found["done" if outcome.code == "done" else "refused"] += 1
            if words := wrong(case, outcome):
                found["wrong"][name] = words
            if outcome.code != "done":
                slowest = max(slowest, (round(outcome.seconds, 3), name))
        found["slowest_refusal"] = slowest
        found["swaps"] = swapped(on, swaps)
        found["alive_at_the_end"] = on.warm().code == "done"
    with _folder() as made:
        found["looks"] = at_the_doors(made, looks)
    return found


@contextmanager
def _folder():
    with tempfile.TemporaryDirectory(prefix="retone-faults-") as made:
        yield Path(made)


def rows(figures):
    seconds, name = figures["slowest_refusal"]
    swaps, looks = figures["swaps"], figures["looks"]
    return [
        Row(
            "A bad file is refused by its code, a good one is done",
            f"{figures['cases']} kinds of files, paths, changes, folders and regions at the real engine",
            figures["tried"],
            f"{len(figures['wrong'])} met a wrong end; longest refusal {1000 * seconds:.0f} ms ({name})",
        ),
        Row(
            "No link leads out of the roots",
            "jobs, and the looks of jobs without a model, while the clip, its folder or the output folder is exchanged "
            "with a link out of the roots all the time",
            swaps["jobs"] + looks["jobs"],
            f"{swaps['read_outside'] + looks['read_outside']} read outside, "
            f"{swaps['written_outside'] + looks['written_outside']} written outside "
            f"({swaps['done'] + looks['done']} done, {swaps['refused'] + looks['refused']} refused)",
        ),
    ]


if __name__ == "__main__":
    sys.exit(main(campaign, SMALL, LONG))
