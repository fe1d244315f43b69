"""Ends of jobs that nobody has confirmed yet: UDP loses packets, so that they are said again, less and less often."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from retone_bridge.askers import LEASE_SECONDS
from retone_bridge.protocol import Reply
from retone_bridge.udp import Endpoint

FIRST_SECONDS, LONGEST_SECONDS = 0.5, 60.0  # between one time and the next, each pause twice the one before


@dataclass
class _Repeat:
    reply: Reply
    asker: Endpoint
    due: float
    pause: float
    until: float


class Repeats:
    """Replies by job, each said through ``answer`` until it is dropped or ``lease_seconds`` are over."""

    def __init__(self, answer: Callable[[Reply, Endpoint], None], lease_seconds: float = LEASE_SECONDS) -> None:
        self._answer = answer
        self._lease_seconds = lease_seconds
        self._waiting: dict[str, _Repeat] = {}

    def add(self, id: str, reply: Reply, asker: Endpoint) -> None:
        """``reply`` has been said once; the next time is due after the first pause."""
        now = time.monotonic()
        self._waiting[id] = _Repeat(reply, asker, now + FIRST_SECONDS, FIRST_SECONDS, now + self._lease_seconds)

    def drop(self, id: str) -> None:
        """It has arrived."""
        self._waiting.pop(id, None)

    def tick(self) -> None:
        """Says what is due."""
        now = time.monotonic()
        for id, repeat in list(self._waiting.items()):
            if now >= repeat.due:
                self._answer(repeat.reply, repeat.asker)
                repeat.pause = min(2 * repeat.pause, LONGEST_SECONDS)
                repeat.due = now + repeat.pause
                if repeat.due > repeat.until:
                    del self._waiting[id]
