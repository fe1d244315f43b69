"""Engine processes: start, watch, replace.

``Executor`` is what the jobs need of an engine; ``WorkerProcess`` is the one there is: a child process that
speaks the language of ``pipe``. It is started when it is first needed and again after it died or was retired. Events
reach ``emit`` from a thread of its own.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from retone_bridge.logs import note
from retone_bridge.paths import INVERSIONS
from retone_bridge.pipe import Crashed, Finished, Ready, Render, Unusable, WorkerEvent, read_event
from retone_bridge.protocol import Fail

log = logging.getLogger(__name__)

GRACE_SECONDS = 5.0
# At the service's own end, which is to take no more than five seconds in all.
STOP_SECONDS = 3.0
# For an engine that has said its last word to end.
LAST_SECONDS = 2.0
# One network call of a large model on a slow processor may take minutes; nothing that lives is silent for longer.
SILENCE_SECONDS = 900.0


class Executor(Protocol):
    """What the jobs need of an engine. One order at a time; its events end with Finished, Fail, Unusable or Crashed."""

    @property
    def pid(self) -> int: ...
    @property
    def ready(self) -> bool: ...
    def start(self) -> None: ...
    def give(self, order: Render) -> None: ...
    def cancel(self, id: str) -> None: ...
    def retire(self) -> None: ...
    def tick(self) -> None: ...
    def stop(self) -> None: ...


def engine_command(device: str = "auto", model: str | None = None, *more: str) -> tuple[str, ...]:
    """The command line of the engine's process, with ``more`` options of the engine's own."""
    named = ("--model", model) if model else ()
    return (sys.executable, "-m", "retone_engine.worker", "--device", device, *named, *more)


def keeping(state: Path, gigabytes: float) -> tuple[str, ...]:
    """The options of an engine that keeps inversions in the ``state`` folder between its runs."""
    return ("--inversions", str(state / INVERSIONS), "--keep-inversions", str(gigabytes))


class WorkerProcess:
    """The engine as a child process of ``command``.

    A cancelled job is given ``grace_seconds`` to end, a job may be silent for ``silence_seconds``; then the
    process is killed and Crashed is emitted.
    """

    def __init__(
        self,
        command: Sequence[str],
        emit: Callable[[WorkerEvent], None],
        *,
        grace_seconds: float = GRACE_SECONDS,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        self._command = tuple(command)
        self._emit = emit
        self._grace_seconds = grace_seconds
        self._silence_seconds = silence_seconds
        self._child: _Child | None = None
        self._cancel_until: float | None = None
        self._job: str | None = None  # the order that is not answered yet

    @property
    def pid(self) -> int:
        """The process's number; 0 when there is none."""
        return self._child.process.pid if self._child else 0

    @property
    def ready(self) -> bool:
        """Whether there is one that can take orders."""
        return self._child is not None and self._child.ready and self._child.alive()

    def start(self) -> None:
        """Starts a process unless one is alive; Ready or Unusable follows."""
        if self._child is None or not self._child.alive():
            if self._child is not None:
                self._child.dismiss()
            try:
                self._child = _Child(self._command, self._heard)
            except OSError as error:  # too many processes, or too little memory for one more
                self._child = None
                self._emit(Unusable("internal", f"The engine's process cannot be started: {error.strerror or error}."))
            else:
                self._child.listen()

    def give(self, order: Render) -> None:
        self.start()
        if self._child is None:
            return
        self._job, self._cancel_until = order.id, None
        self._child.heard_at = time.monotonic()
        self._child.say(order.line())

    def cancel(self, id: str) -> None:
        if self._child is not None and self._cancel_until is None:
            self._child.say({"do": "cancel", "job": id})
            self._cancel_until = time.monotonic() + self._grace_seconds

    def retire(self) -> None:
        """Ends this process at once, since its device is no longer to be trusted; the next is a fresh one."""
        if self._child is not None:
            self._child.end(0.0)
            self._child = None

    def tick(self) -> None:
        """Looks at the time; call it often."""
        child, now = self._child, time.monotonic()
        if child is None or (child.ready and self._job is None):
            return
        if self._cancel_until is not None and now > self._cancel_until:
            child.kill("It did not stop in time.")
            self._cancel_until = None
        elif now - child.heard_at > self._silence_seconds:
            child.kill(f"It was silent for {self._silence_seconds:g} seconds.", "worker_hung")
            child.heard_at = now

    def stop(self) -> None:
        """Ends the process: asked first, killed after the grace time."""
        if self._child is not None:
            if self._job is not None:
                self._child.say({"do": "cancel", "job": self._job})
            # One that still starts has nothing to lose.
            self._child.end(STOP_SECONDS if self._child.ready else 0.0)
            self._child = None

    def _heard(self, child: _Child, event: WorkerEvent) -> None:
        if child is not self._child:
            return  # the last words of one that was replaced
        if isinstance(event, Finished | Fail | Unusable | Crashed):
            self._job = self._cancel_until = None
        self._emit(event)


# A DAW keeps the cores busy. An engine thread that spins while it waits for another one, which has lost its core,
# takes that core's time: an edit then takes ten times as long and more. Set before the child loads OpenMP.
_ENVIRONMENT = {"OMP_WAIT_POLICY": "passive"}


# Windows: a group of its own there, too, and less urgent than a DAW; elsewhere the engine sees to that itself.
_WINDOWS_FLAGS = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(
    subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0
)


class _Child:
    """One process and the threads that read it."""

    def __init__(self, command: Sequence[str], heard: Callable[[_Child, WorkerEvent], None]) -> None:
        self._heard = heard
        self._last_words: deque[str] = deque(maxlen=12)
        self._why, self._code = "", "worker_crashed"
        self._dismissed = False
        self._unusable: Unusable | None = None
        self.ready = False
        self.heard_at = time.monotonic()
        # A group of its own: Ctrl-C in the terminal is for the bridge, which then ends the engine in order.
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=sys.platform != "win32",
            creationflags=_WINDOWS_FLAGS,
            env=_ENVIRONMENT | dict(os.environ),
        )
        self._log_reader = threading.Thread(target=self._read_log, name="engine log", daemon=True)

    def listen(self) -> None:
        """From now on it is heard: not before its owner knows it, or its first word would be taken for a stranger's."""
        self._log_reader.start()
        threading.Thread(target=self._read, name="engine", daemon=True).start()

    def alive(self) -> bool:
        return self.process.poll() is None

    def say(self, line: Mapping[str, Any]) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(line) + "\n")
            self.process.stdin.flush()
        except (OSError, ValueError):
            note(log, logging.DEBUG, "engine is gone; its reader will say so")

    def kill(self, why: str, code: str = "worker_crashed") -> None:
        self._why, self._code = why, code
        self.process.kill()

    def dismiss(self) -> None:
        """Nothing more is heard of it."""
        self._dismissed = True

    def end(self, grace_seconds: float) -> None:
        """Asks the process to quit and kills it after ``grace_seconds``; nothing more is heard of it."""
        self.dismiss()
        self.say({"do": "quit"})
        self._close_input()
        try:
            self.process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _close_input(self) -> None:
        assert self.process.stdin is not None
        with suppress(OSError):  # what was still to be said has nobody to hear it
            self.process.stdin.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.heard_at = time.monotonic()
                event = read_event(line)
                self.ready = self.ready or isinstance(event, Ready)
                if event is None:
                    note(log, logging.DEBUG, "engine said what is no event", line=line[:200])
                elif isinstance(event, Unusable):
                    self._unusable = event  # told when the process has ended, so that the next is a fresh one
                elif not self._dismissed:
                    self._heard(self, event)
        try:
            status = self.process.wait(LAST_SECONDS)
        except subprocess.TimeoutExpired:  # it cannot be heard any more, so that it is of no use
            self.process.kill()
            status = self.process.wait()
        self._close_input()
        self._log_reader.join(1)
        if not self._dismissed:
            words = " ".join(self._last_words)[-500:]
            how = f"signal {-status}" if status < 0 else f"exit code {status}"
            sentence = " ".join(filter(None, [f"The engine ended with {how}.", self._why, words]))
            if self.ready:
                self._heard(self, Crashed(sentence, self.process.pid, self._code))
            else:
                unusable = self._unusable or Unusable(self._code, sentence)
                self._heard(self, replace(unusable, pid=self.process.pid))

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            for line in lines:
                self._last_words.append(line.strip())
                note(log, logging.DEBUG, "engine", line=line.rstrip())
