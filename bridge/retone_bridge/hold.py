"""While no engine can be had: why, and when to try again. The jobs wait meanwhile; none is failed for it."""

from __future__ import annotations

import time

from retone_bridge.pipe import Unusable

FIRST_SECONDS, LONGEST_SECONDS = 1.0, 60.0


class Hold:
    """Is on from ``take`` to ``release``; the pauses between two tries double."""

    def __init__(self) -> None:
        self._unusable: Unusable | None = None
        self._pause = FIRST_SECONDS
        self._due = 0.0

    def __bool__(self) -> bool:
        return self._unusable is not None

    @property
    def why(self) -> str:
        """What the engine said; empty when it is not on."""
        return self._unusable.message if self._unusable else ""

    def take(self, unusable: Unusable) -> bool:
        """The engine could not start; gives whether that is news."""
        is_news = self.why != unusable.message
        self._unusable = unusable
        self._due = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, LONGEST_SECONDS)
        return is_news

    def is_due(self) -> bool:
        """Whether to try again; says so once for each pause."""
        if self._unusable is None or time.monotonic() < self._due:
            return False
        self._due = float("inf")  # until the try has come to something
        return True

    def release(self) -> None:
        """An engine is there."""
        self._unusable, self._pause = None, FIRST_SECONDS
