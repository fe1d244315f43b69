"""The job that is under way: what the engine has said of it, and what of that is told when."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TypeVar

from retone_bridge.journal import Job, State
from retone_bridge.protocol import Direction, Progress, Reply, Result, Warned

PROGRESS_SECONDS = 0.1  # the least time between two reports of one stage
REPEAT_SECONDS = 2.0  # the most time between two reports

T = TypeVar("T")


class UnderWay:
    """``job`` with an engine at work on it; ``cancelling``: it has been asked to stop."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.cancelling = False
        self._progress = Progress(job.id, 0.0, "load", -1.0)
        self._directions: dict[int, Direction] = {}
        self._results: dict[int, Result] = {}
        self._heard_at = self._told_at = time.monotonic()

    def take(self, event: Progress | Direction | Result | Warned) -> Reply | None:
        """Keeps what the engine says; gives what is to be told now, as progress may come too often."""
        match event:
            case Progress():
                return self._take_progress(event)
            case Direction():
                self._directions[event.direction] = event
            case Result():
                self._results[event.index] = event
        return event

    def overdue(self) -> Progress | None:
        """The last report again, with the time that has passed, when nothing was told for too long.

        One slow call, or a model that loads, must not look like silence.
        """
        now = time.monotonic()
        if now - self._told_at < REPEAT_SECONDS:
            return None
        self._told_at = now
        left = self._progress.seconds_left
        return replace(self._progress, seconds_left=left if left < 0 else max(0.0, left - (now - self._heard_at)))

    def told(self) -> tuple[Reply, ...]:
        """What somebody who asks now has to know."""
        return (*_in_order(self._directions), *_in_order(self._results), self._progress)

    def ended(self, state: State, code: str = "", message: str = "") -> Job:
        """The job with what came of it."""
        directions = _in_order(self._directions)
        results = tuple(result.path for result in _in_order(self._results))
        return replace(self.job, state=state, directions=directions, results=results, code=code, message=message)

    def _take_progress(self, event: Progress) -> Progress | None:
        now = time.monotonic()
        event = replace(event, fraction=max(event.fraction, self._progress.fraction))
        waited = now - self._told_at >= PROGRESS_SECONDS or event.stage != self._progress.stage
        self._progress, self._heard_at = event, now
        if not waited:
            return None
        self._told_at = now
        return event


def _in_order(numbered: dict[int, T]) -> tuple[T, ...]:
    return tuple(numbered[number] for number in sorted(numbered))
