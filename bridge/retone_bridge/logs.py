"""What the service writes down: one line an event, with what it is about as fields beside it.

A file of JSON, one object a line, that turns over at a set size, and short plain lines for who looks on. Nothing here
may end or hold up the service: a disk that is full, a terminal that is gone and a pipe that nobody reads cost lines.
"""

from __future__ import annotations

import errno
import json
import logging
import math
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from retone_engine.request import RetoneError

log = logging.getLogger(__name__)

FOLDER, FILE = "logs", "retone.log"
FILE_BYTES = 1_000_000
FILES = 5
# What somebody who reads slowly is owed; beyond that, lines are dropped.
_UNREAD_LINES = 1000
_CLOSE_SECONDS = 1.0


def note(log: logging.Logger, level: int, event: str, **about: object) -> None:
    """Logs ``event``, a few words that are the same every time, and what it is ``about``: ``job``, ``code``, ...

    From INFO up no prompt and no path may be among them: a log is shown to strangers when help is asked for. An
    exception among them is written as its kind and the places it came through; its words only when all is logged.
    """
    log.log(level, event, extra={"about": about})


@contextmanager
def kept(folder: Path, *, verbose: bool = False, stream: TextIO | None = None) -> Iterator[None]:
    """While this lasts, everything that is logged goes to ``folder``/retone.log and, plainly, to ``stream`` (stderr).

    ``verbose`` logs everything, prompts and paths included. Raises nothing when the folder cannot be used.
    """
    watched = Watched(stream or sys.stderr)  # which pythonw and some services lack
    watched.setFormatter(Plain(verbose))
    file = LogFile(folder / FILE, watched.say)
    file.setFormatter(Lines(verbose))
    root, level, hook = logging.getLogger(), logging.getLogger().level, threading.excepthook
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    threading.excepthook = _thread_ended
    for handler in (file, watched):
        root.addHandler(handler)
    try:
        yield
    except RetoneError as error:
        note(log, logging.ERROR, "service refused", code=error.code)
        raise
    except Exception as error:
        note(log, logging.CRITICAL, "service died", error=error)
        raise
    finally:
        for handler in (file, watched):
            root.removeHandler(handler)
            handler.close()
        root.setLevel(level)
        threading.excepthook = hook


class Lines(logging.Formatter):
    """A record as one JSON object: time, level, event, then what it is about. ASCII alone, so that it is one line."""

    def __init__(self, verbose: bool = False) -> None:
        super().__init__()
        self._verbose = verbose

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")
        event, about = _told(record, self._verbose)
        head = {"time": time, "level": record.levelname.lower(), "event": event}
        return json.dumps({**head, **about, **head})


class Plain(logging.Formatter):
    """A record as a short line for a human: time, event, and what it is about."""

    def __init__(self, verbose: bool = False) -> None:
        super().__init__()
        self._verbose = verbose

    def format(self, record: logging.LogRecord) -> str:
        event, about = _told(record, self._verbose)
        words = [f"{datetime.fromtimestamp(record.created):%H:%M:%S} {_shown(event)}"]
        words += [f"{name}={_shown(value, quoted=True)}" for name, value in about.items()]
        return "  ".join(words)


class LogFile(logging.Handler):
    """Whole lines to the file ``path``, readable by its owner alone, and to ``path``.1 and on when it is full.

    When a line cannot be written it is lost, and ``complain`` is told once until one can be again.
    """

    def __init__(
        self, path: Path, complain: Callable[[str], None], *, limit_bytes: int = FILE_BYTES, files: int = FILES
    ) -> None:
        super().__init__()
        self._path = path
        self._complain = complain
        self._limit_bytes = limit_bytes
        self._files = files
        self._descriptor: int | None = None
        self._lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._write(self.format(record).encode("ascii", "backslashreplace") + b"\n")
        except Exception as error:
            # Whatever it is, the service has better things to do than to end for its log's sake.
            self._close()
            self._lost += 1
            if self._lost == 1:
                why = error.strerror if isinstance(error, OSError) else type(error).__name__
                self._complain(f"The log {self._path} cannot be written: {why}. Retone goes on without it.")
        else:
            self._lost = 0

    def close(self) -> None:
        self.acquire()
        self._close()
        self.release()
        super().close()

    def _write(self, line: bytes) -> None:
        if self._descriptor is None:
            self._descriptor = self._open()
        size = os.fstat(self._descriptor).st_size
        if size and size + len(line) > self._limit_bytes:
            self._close()
            self._turn_over()
            self._descriptor = self._open()
            size = os.fstat(self._descriptor).st_size
        try:
            if os.write(self._descriptor, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            # Half a line would spoil the next one, too.
            with suppress(OSError):
                os.ftruncate(self._descriptor, size)
            raise

    def _open(self) -> int:
        for folder in (self._path.parent.parent, self._path.parent):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        return os.open(self._path, flags, 0o600)

    def _turn_over(self) -> None:
        names = [self._path, *(Path(f"{self._path}.{number}") for number in range(1, self._files))]
        # A name that cannot be changed (Windows, while somebody reads) is tried again with the next line.
        with suppress(OSError):
            for older, newer in zip(reversed(names), reversed(names[:-1]), strict=False):
                if newer.exists():
                    newer.replace(older)

    def _close(self) -> None:
        if self._descriptor is not None:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None


class Watched(logging.Handler):
    """Lines to ``stream`` from a thread of its own: a pipe that nobody empties holds up that thread alone."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self._stream = stream
        self._lines: queue.Queue[str | None] = queue.Queue(_UNREAD_LINES)
        self._writer = threading.Thread(target=self._write, name="log to be watched", daemon=True)
        self._writer.start()

    def emit(self, record: logging.LogRecord) -> None:
        self.say(self.format(record))

    def say(self, line: str) -> None:
        """Shows a line that is no record."""
        with suppress(queue.Full):
            self._lines.put_nowait(line)

    def close(self) -> None:
        with suppress(queue.Full):
            self._lines.put(None, timeout=_CLOSE_SECONDS)
            self._writer.join(_CLOSE_SECONDS)
        super().close()

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            if self._stream is None:
                continue
            # The terminal may be gone (OSError), or the stream closed under us (ValueError).
            with suppress(OSError, ValueError):
                self._stream.write(line + "\n")
                self._stream.flush()


def _told(record: logging.LogRecord, verbose: bool) -> tuple[str, dict[str, Any]]:
    """The event and its fields. Of a record that is no ``note`` only the fixed words are sure to hold no secret."""
    about = getattr(record, "about", None)
    if isinstance(about, dict):
        event, fields = str(record.msg), {name: _field(value, verbose) for name, value in about.items()}
    else:
        event, fields = (record.getMessage() if verbose else str(record.msg)), {"logger": record.name}
    if record.exc_info and record.exc_info[1] is not None:
        fields["error"] = _error(record.exc_info[1], verbose)
    return event, fields


def _field(value: object, verbose: bool) -> str | float | bool | None:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)  # JSON has no word for the others
    return _error(value, verbose) if isinstance(value, BaseException) else str(value)


def _error(error: BaseException, verbose: bool) -> str:
    """An exception in one text: without ``verbose`` no words of its own, as they often name a path or a prompt."""
    if verbose:
        return "".join(traceback.format_exception(error))
    told, seen = [], set[int]()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        number = getattr(link, "errno", None)
        kind = type(link).__name__ + (f" {errno.errorcode.get(number, number)}" if isinstance(number, int) else "")
        places = [f"{Path(at.filename).name}:{at.lineno} {at.name}" for at in traceback.extract_tb(link.__traceback__)]
        told.append(" > ".join([*places, kind]))
        link = link.__cause__ or link.__context__
    return " | after ".join(told)


def _shown(value: object, quoted: bool = False) -> str:
    """Text that a terminal can do nothing with but show it; ``quoted`` where it could be taken for several."""
    text = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in str(value))
    if quoted and (not text or any(sign in text for sign in ' "=')):
        return '"' + text.replace('"', "'") + '"'
    return text


def _thread_ended(what: threading.ExceptHookArgs) -> None:
    if what.exc_value is not None and what.exc_type is not SystemExit:
        note(log, logging.ERROR, "thread died", thread=what.thread and what.thread.name, error=what.exc_value)
