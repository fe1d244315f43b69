"""How far a job is, and whether it should go on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from retone_engine.request import RetoneError

# A report every network call would flood a slow reader; one in half a second is what an eye follows.
INTERVAL_S = 0.5


@dataclass(frozen=True)
class Progress:
    """``fraction`` 0..1 of the job, the ``stage`` it is in, and the seconds it should still take, if known."""

    fraction: float
    stage: str
    seconds_left: float | None


class Reporter:
    """Counts the work of a job in units of network rows and tells ``send`` where it stands.

    ``cancelled`` is looked at on every call; RetoneError(cancelled) is raised when it says so.
    """

    def __init__(self, send: Callable[[Progress], None], cancelled: Callable[[], bool]) -> None:
        self._send = send
        self._cancelled = cancelled
        self._total = 1.0
        self._done = 0.0
        self._stage = "load"
        self._stage_work = 0.0
        self._started = self._reported = time.monotonic()

    def plan(self, total: float) -> None:
        """``total`` units are ahead from now on; the time until now (a model's loading) foretells nothing."""
        self._total = max(total, 1.0)
        self._done = 0.0
        self._started = time.monotonic()

    def stage(self, name: str, work: float = 0.0) -> None:
        """The stage before is finished; ``name`` with ``work`` units begins."""
        self._done += self._stage_work
        self._stage, self._stage_work = name, work
        self._report(0.0, force=True)

    def step(self, done: float, total: float) -> None:
        """``done`` of ``total`` of this stage is behind."""
        self._report(self._stage_work * done / max(total, 1e-9), force=False)

    def look(self) -> None:
        """Raise RetoneError(cancelled) where the job should not go on."""
        if self._cancelled():
            raise RetoneError("cancelled", "The job was cancelled; nothing was written.")

    def _report(self, within: float, force: bool) -> None:
        self.look()
        now = time.monotonic()
        if not force and now - self._reported < INTERVAL_S:
            return
        self._reported = now
        fraction = min(1.0, (self._done + within) / self._total)
        spent = now - self._started
        left = None if fraction < 0.02 else spent / fraction * (1 - fraction)
        self._send(Progress(fraction, self._stage, left))
