"""What a person sees while a job runs, and how a program learns its end."""

from __future__ import annotations

import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TextIO

from retone_bridge.protocol import Busy, Progress, Queued, Reply, Warned
from retone_engine.request import CODES, RetoneError

# The exit status by the kind of trouble; --help lists them.
EXITS: dict[int, tuple[str, tuple[str, ...]]] = {
    1: ("the engine or Retone itself failed", ("worker_crashed", "worker_hung", "internal")),
    2: (
        "the request is wrong",
        (
            *("bad_request", "id_reused", "unknown_job", "bad_region", "bad_mask", "outside_roots", "not_allowed"),
            *("unknown_preset", "preset_exists"),
        ),
    ),
    3: (
        "the clip cannot be used",
        ("no_such_file", "not_a_file", "unreadable_audio", "empty_audio", "bad_samples", "clip_changed"),
    ),
    4: ("the output cannot be written", ("no_such_folder", "output_exists", "cannot_write", "disk_full")),
    5: ("the model or the device", ("unknown_model", "bad_model", "unsupported", "out_of_memory", "device_error")),
    6: ("no service, or no room in it", ("not_running", "port_in_use", "busy")),
    130: ("cancelled", ("cancelled",)),
}
STATUS = {code: status for status, (_, codes) in EXITS.items() for code in codes}
assert STATUS.keys() == CODES.keys(), "every error code has its exit status"

_BAR = 30
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LINE_SECONDS = 5.0  # between two plain lines of one stage

STAGES = {
    "load": "loading the model",
    "read": "reading the clip",
    "encode": "encoding",
    "invert": "inverting",
    "find": "finding directions",
    "replay": "editing",
    "decode": "decoding",
    "write": "writing",
}


class Display:
    """Progress on a terminal as a bar, in a pipe as plain lines; warnings as they come."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._live = self._out.isatty()
        self._shown = ("", 0.0)
        self._width = 0

    def show(self, event: Reply) -> None:
        match event:
            case Progress():
                self._progress(event)
            case Queued(position=position) if position:
                self.say(f"waiting, number {position}")
            case Busy():
                self.say("the service is busy; trying again")
            case Warned():
                self.say(f"note: {event.message}")

    def say(self, line: str) -> None:
        """One line that stays."""
        self.clear()
        self._out.write(f"{line}\n")
        self._out.flush()

    def clear(self) -> None:
        """Takes the bar away."""
        if self._width:
            self._out.write("\r" + " " * self._width + "\r")
            self._out.flush()
            self._width = 0

    def _progress(self, event: Progress) -> None:
        stage = STAGES.get(event.stage, event.stage)
        left = f", {_time(event.seconds_left)} left" if event.seconds_left >= 0 else ""
        percent = f"{round(event.fraction * 100):3d} %"
        if self._live:
            full = round(event.fraction * _BAR)
            line = f"[{'#' * full}{'.' * (_BAR - full)}] {percent} {stage}{left}"
            self._out.write("\r" + line.ljust(self._width))
            self._width = len(line)
            self._out.flush()
            return
        now = time.monotonic()
        if stage != self._shown[0] or now - self._shown[1] >= _LINE_SECONDS:
            self._shown = (stage, now)
            self.say(f"{percent} {stage}{left}")


@contextmanager
def interrupt_calls(cancel: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C, or a polite end from outside, calls ``cancel`` once; a second Ctrl-C interrupts for good."""

    def first(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        cancel()

    before = {number: signal.signal(number, first) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def table(rows: Sequence[Sequence[object]]) -> str:
    """Columns as wide as they need to be."""
    texts = [[shown(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in texts)
    return "\n".join(line.rstrip() for line in lines)


def shown(text: str) -> str:
    """``text`` without what a terminal would obey: names of folders are anybody's."""
    return _CONTROL.sub("?", text)


def complain(error: RetoneError) -> int:
    """Says the error's sentence and gives the exit status."""
    sys.stderr.write(f"retone: {error.message}\n")
    return STATUS[error.code]


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
