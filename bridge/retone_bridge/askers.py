"""Who is answered where, and who hears everything."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator

from retone_bridge.udp import Endpoint

LEASE_SECONDS = 3600
SUBSCRIBERS_LIMIT = 32
REPLY_PORTS_LIMIT = 256


class ReplyPorts:
    """The ports that askers named for their replies; the oldest is forgotten when there are too many."""

    def __init__(self) -> None:
        self._ports: OrderedDict[Endpoint, int] = OrderedDict()

    def of(self, source: Endpoint) -> Endpoint:
        """Where packets of ``source`` are answered."""
        return Endpoint(source.host, self._ports.get(source, source.port))

    def remember(self, source: Endpoint, port: int | None) -> None:
        """``port`` None is no news."""
        if port is not None:
            self._ports[source] = port
            self._ports.move_to_end(source)
            while len(self._ports) > REPLY_PORTS_LIMIT:
                self._ports.popitem(last=False)


class Subscribers:
    """Who hears everything: several at once, each until its lease ends. Any packet of theirs renews it."""

    def __init__(self, limit: int = SUBSCRIBERS_LIMIT, lease_seconds: float = LEASE_SECONDS) -> None:
        self._limit = limit
        self._lease_seconds = lease_seconds
        self._until: dict[Endpoint, float] = {}  # the one heard longest ago comes first

    def __iter__(self) -> Iterator[Endpoint]:
        now = time.monotonic()
        self._until = {who: until for who, until in self._until.items() if until > now}
        return iter(tuple(self._until))

    def add(self, who: Endpoint) -> None:
        """Adds a subscriber; the one heard longest ago makes room when there are too many."""
        self.remove(who)
        while len(self._until) >= self._limit:
            del self._until[next(iter(self._until))]
        self._until[who] = time.monotonic() + self._lease_seconds

    def renew(self, who: Endpoint) -> None:
        if who in self._until:
            self.add(who)

    def remove(self, who: Endpoint) -> None:
        self._until.pop(who, None)
