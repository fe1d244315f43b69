"""What the service says of itself: which engine it has, how its jobs stand, what is wrong."""

from __future__ import annotations

import functools
import importlib.metadata
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from retone_bridge.askers import LEASE_SECONDS
from retone_bridge.pipe import Ready
from retone_bridge.protocol import PROTOCOL, Heartbeat, StatusReply, VersionReply, Welcome
from retone_bridge.runs import Runs

_TROUBLE_CHARACTERS = 400


@functools.cache
def version() -> str:
    """Retone's version, as it is installed."""
    return importlib.metadata.version("retone")


class Vitals:
    """``runs`` are the jobs that have not ended, ``counts()`` gives how many are in each state.

    ``engine`` is the one that was ready last; its texts are empty while the first one starts.
    """

    def __init__(self, runs: Runs, counts: Callable[[], Mapping[str, int]]) -> None:
        self.engine = Ready("", "", "")
        self._runs = runs
        self._counts = counts
        self._started = time.monotonic()

    def version(self) -> VersionReply:
        return VersionReply("retone", version(), PROTOCOL)

    def welcome(self) -> Welcome:
        return Welcome(version(), PROTOCOL, self.engine.device, Path(self.engine.model).name, LEASE_SECONDS)

    def heartbeat(self) -> Heartbeat:
        seconds, model = str(int(time.time())), Path(self.engine.model).name
        return Heartbeat(seconds, version(), PROTOCOL, self.engine.device, model, self._trouble)

    def status(self) -> StatusReply:
        counts = self._counts()
        return StatusReply(
            running=self._runs.running,
            waiting=self._runs.waiting,
            done=counts.get("done", 0),
            failed=counts.get("failed", 0),
            device=self.engine.device,
            model=self.engine.model,
            uptime_seconds=int(time.monotonic() - self._started),
            trouble=self._trouble,
        )

    @property
    def _trouble(self) -> str:
        return self._runs.trouble[:_TROUBLE_CHARACTERS]
