"""The child process: requests in, progress and results out, one JSON object a line.

The bridge starts it (``python -m retone_engine.worker``) and restarts it when it dies. One job runs at a time, in the
main thread; a second thread reads, so that a cancel is seen between two network calls.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout

from retone_engine.bounds import Bounds
from retone_engine.describe import Described
from retone_engine.device import choose, is_out_of_memory
from retone_engine.kept import Shelf
from retone_engine.memory import full
from retone_engine.progress import Progress, Reporter
from retone_engine.render import Engine, render
from retone_engine.request import RetoneError, request_of

Send = Callable[[Mapping[str, Any]], None]

# How long a job may go on to stop by itself when the bridge has died.
DESERTED_SECONDS = 2.0
# The DAW's sound and the bridge's answers come first; an idle machine gives the engine all it has nevertheless.
NICENESS = 10
LOCK_SECONDS = 60.0


def main(arguments: list[str] | None = None) -> int:
    """Run until ``quit`` or the end of stdin; returns the exit status (3: a device not to be trusted, 4: deserted)."""
    parser = argparse.ArgumentParser(prog="python -m retone_engine.worker")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--model", default="pocket")
    parser.add_argument("--lock", help="a file: of the engines that name it only one works at a time")
    parser.add_argument("--inversions", metavar="DIR", help="where inversions are kept between runs")
    parser.add_argument("--keep-inversions", type=float, default=0.0, metavar="GB", help="how much room they may take")
    parser.add_argument("--warm", action="store_true", help="load the model before the first job")
    options = parser.parse_args(arguments)
    os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")  # whatever the libraries would look up or tell
    if hasattr(os, "nice"):  # on Windows the bridge starts the process so
        os.nice(NICENESS)
    send = _own_stdout()
    try:
        held = _only_one(options.lock)  # noqa: F841  # until this process ends
        engine = Engine(choose(options.device), options.model, _shelf(options.inversions, options.keep_inversions))
    except RetoneError as error:
        send({"event": "unusable", "code": error.code, "message": error.message})
        return 1
    inbox = Inbox(sys.stdin)
    send({"event": "ready", "device": str(engine.device), "model": options.model, "version": version("retone")})
    if options.warm:
        _warm(engine)
    for order in inbox:
        if not _serve(order, engine, inbox, send):
            return 3
    return 0


def _only_one(lock: str | None) -> FileLock | None:
    """Waits until no other engine holds ``lock``, and holds it until this process ends, however it does.

    One that has lost its service lives on for a moment: until it has gone, its device is not free and its files may
    still come. Raises RetoneError(device_error).
    """
    if lock is None:
        return None
    held = FileLock(lock, timeout=LOCK_SECONDS)
    try:
        held.acquire()
    except Timeout:
        raise RetoneError(
            "device_error", f"An engine of an earlier service still runs and does not end; end it. It holds {lock}."
        ) from None
    except (OSError, NotImplementedError) as error:
        sys.stderr.write(f"No lock can be had here, so none is held: {error}\n")
    return held


def _shelf(folder: str | None, gigabytes: float) -> Shelf | None:
    return Shelf(Path(folder), int(1e9 * gigabytes)) if folder and gigabytes else None


def _warm(engine: Engine) -> None:
    """What goes wrong here is said again, to somebody who asked, by the first job."""
    try:
        engine.warm()
    except Exception as error:
        engine.forget()
        sys.stderr.write(f"Not warm: {type(error).__name__}: {error}\n")


class Inbox:
    """Orders as they come, and which jobs are cancelled."""

    def __init__(self, lines: IO[str]) -> None:
        self._orders: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._cancelled: set[str] = set()
        self._deserted = False
        threading.Thread(target=self._read, args=(lines,), daemon=True).start()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        while (order := self._orders.get()) is not None:
            yield order

    def cancelled(self, job: str) -> bool:
        return self._deserted or job in self._cancelled

    def forget(self, job: str) -> None:
        self._cancelled.discard(job)

    def _read(self, lines: IO[str]) -> None:
        for line in lines:
            order = json.loads(line)
            if order["do"] == "cancel":
                self._cancelled.add(order["job"])
            elif order["do"] == "quit":
                self._orders.put(None)
                return
            else:
                self._orders.put(order)
        # The bridge is gone without a word: nobody waits for what is under way, and the next service begins it again,
        # on the same device. One network call of a large model may take minutes: it is not waited for.
        self._deserted = True
        self._orders.put(None)
        time.sleep(DESERTED_SECONDS)
        os._exit(4)


def _serve(order: Mapping[str, Any], engine: Engine, inbox: Inbox, send: Send) -> bool:
    """Do one order and answer it; False where the device cannot be trusted afterwards."""
    job = order["job"]

    def report(progress: Progress) -> None:
        send(
            {
                "event": "progress",
                "job": job,
                "fraction": round(progress.fraction, 4),
                "stage": progress.stage,
                "seconds_left": None if progress.seconds_left is None else round(progress.seconds_left, 1),
            }
        )

    def fail(code: str, message: str) -> None:
        send({"event": "fail", "job": job, "code": code, "message": message})

    try:
        figures = _render(order, engine, Reporter(report, lambda: inbox.cancelled(job)), send)
        send({"event": "done", "job": job, "count": len(order["outputs"]), "figures": figures})
    except RetoneError as error:
        if error.code == "out_of_memory":
            engine.forget()
        fail(error.code, error.message)
    except Exception as error:
        if is_out_of_memory(error):
            engine.forget()
            fail("out_of_memory", full(engine.device, "the model").message)
            return True
        # The bridge learns of it in any case; the whole story goes to the log.
        traceback.print_exc()
        device_failed = engine.device.type != "cpu" and isinstance(error, RuntimeError)
        code = "device_error" if device_failed else "internal"
        fail(code, f"{type(error).__name__}: {error} (the log has the details).")
        return not device_failed
    finally:
        inbox.forget(job)
    return True


def _render(order: Mapping[str, Any], engine: Engine, reporter: Reporter, send: Send) -> dict[str, Any]:
    job = order["job"]
    return render(
        request_of(order["request"]),
        [Path(path) for path in order["outputs"]],
        engine,
        reporter,
        overwrite=order["overwrite"],
        bounds=Bounds.of(order.get("bounds") or {}),
        on_warning=lambda code, message: send({"event": "warning", "job": job, "code": code, "message": message}),
        on_direction=lambda described: send(_direction(job, described)),
        on_result=lambda index, path: send({"event": "result", "job": job, "index": index, "path": str(path)}),
    )


def _direction(job: str, described: Described) -> dict[str, Any]:
    """What is said of a direction, rounded to what its numbers are good for."""
    return {
        "event": "direction",
        "job": job,
        "direction": described.number,
        "share": round(described.share, 6),
        "start": described.start,
        "frames": described.frames,
        "low_hz": round(described.low_hz, 1),
        "high_hz": round(described.high_hz, 1),
    }


def _own_stdout() -> Send:
    """A way to write lines to the bridge that no library's stray print can spoil."""
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def send(event: Mapping[str, Any]) -> None:
        pipe.write(json.dumps(event) + "\n")
        pipe.flush()

    return send


if __name__ == "__main__":
    sys.exit(main())
