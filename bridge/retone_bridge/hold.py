"""While there is no engine, or no model in it: why, and when to try again. The jobs wait; none is failed for it."""

from __future__ import annotations

import time

FIRST_SECONDS, LONGEST_SECONDS = 1.0, 60.0


class Hold:
    """Is on from ``take`` until it is tried again; ``why`` stays until ``release``. The pauses between tries double."""

    def __init__(self) -> None:
        self.why = ""
        self._is_on = False
        self._pause = FIRST_SECONDS
        self._due = 0.0

    def __bool__(self) -> bool:
        return self._is_on

    def take(self, why: str) -> bool:
        """It went wrong; gives whether the reason is news."""
        is_news = self.why != why
        self.why, self._is_on = why, True
        self._due = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, LONGEST_SECONDS)
        return is_news

    def is_due(self) -> bool:
        """Whether to try again; says so once for each pause."""
        if not self._is_on or time.monotonic() < self._due:
            return False
        self._due = float("inf")  # until the try has come to something
        return True

    def lift(self) -> None:
        """A try is made: a job may begin."""
        self._is_on = False

    def release(self) -> None:
        """All is well."""
        self.why, self._is_on, self._pause = "", False, FIRST_SECONDS
