"""The real engine's own process, with one thing broken inside it while the file FLAG exists.

    python faulty_engine.py FAULT FLAG [CALLS]

"killed"    the process gets a SIGKILL in the middle of a network call, as the system's out-of-memory killer sends it
"segfault"  the network's call reads where nothing is
"memory"    the call needs 256 MiB while the system gives this process no more than 32
"device"    everything lies on torch's "meta" device, which is no CPU and holds no values: the first look at one fails
"stuck"     a network call never returns
"none"      nothing is broken

``CALLS`` is a file to which the length of every network call is added, in seconds, one a line.
"""

import ctypes
import os
import resource
import signal
import sys
import time
from pathlib import Path

import torch

from retone_engine import models, worker

ROOM_BYTES, NEEDED_BYTES = 32 * 1024 * 1024, 256 * 1024 * 1024


def _memory():
    (pages, *_) = Path("/proc/self/statm").read_text().split()
    bound = int(pages) * resource.getpagesize() + ROOM_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (bound, resource.RLIM_INFINITY))
    try:
        torch.empty(NEEDED_BYTES, dtype=torch.uint8)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


FAULTS = {
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "segfault": lambda: ctypes.string_at(0),
    "memory": _memory,
    "stuck": lambda: time.sleep(3600),
}


def broken(load, fault, flag, note):
    """``models.load`` whose models meet ``fault`` in their network, and ``note`` how long each call took."""

    def loaded(*arguments):
        model = load(*arguments)
        predict_clean = model.predict_clean

        def called(*given):
            if flag.exists() and fault in FAULTS:
                FAULTS[fault]()
            started = time.monotonic()
            found = predict_clean(*given)
            note(time.monotonic() - started)
            return found

        object.__setattr__(model, "predict_clean", called)  # a frozen dataclass, too
        return model

    return loaded


def _calls_to(path):
    def note(seconds):
        with path.open("a") as file:
            file.write(f"{seconds}\n")

    return note


if __name__ == "__main__":
    fault, flag, *calls = sys.argv[1:-2]
    note = _calls_to(Path(calls[0])) if calls else lambda seconds: None
    models.load = broken(models.load, fault, Path(flag), note)
    if fault == "device" and Path(flag).exists():
        worker.choose = lambda name: torch.device("meta")
    sys.exit(worker.main(["--device", "cpu", *sys.argv[-2:]]))  # and the lock
