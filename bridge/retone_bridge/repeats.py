"""Ends of jobs that nobody has confirmed yet: UDP loses packets, so that they are said again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from retone_bridge.protocol import Reply
from retone_bridge.udp import Endpoint

RESEND_SECONDS = (0.5, 1, 2, 4, 8, 15)  # between one time and the next


@dataclass
class _Repeat:
    reply: Reply
    asker: Endpoint
    due: float
    turn: int = 0


class Repeats:
    """Replies by job, each said through ``answer`` until it is dropped or its turns are over."""

    def __init__(self, answer: Callable[[Reply, Endpoint], None]) -> None:
        self._answer = answer
        self._waiting: dict[str, _Repeat] = {}

    def add(self, id: str, reply: Reply, asker: Endpoint) -> None:
        """``reply`` has been said once; the next time is due after the first of ``RESEND_SECONDS``."""
        self._waiting[id] = _Repeat(reply, asker, time.monotonic() + RESEND_SECONDS[0])

    def drop(self, id: str) -> None:
        """It has arrived."""
        self._waiting.pop(id, None)

    def tick(self) -> None:
        """Says what is due."""
        now = time.monotonic()
        for id, repeat in list(self._waiting.items()):
            if now >= repeat.due:
                self._answer(repeat.reply, repeat.asker)
                repeat.turn += 1
                if repeat.turn == len(RESEND_SECONDS):
                    del self._waiting[id]
                else:
                    repeat.due = now + RESEND_SECONDS[repeat.turn]
