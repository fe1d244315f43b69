"""Who is answered where, and who hears everything."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator

from retone_bridge.udp import Endpoint

# The host of askers that talk through files; no socket has one of that name.
_SPOOL = "spool:"

LEASE_SECONDS = 3600
SUBSCRIBERS_LIMIT = 32
REPLY_PORTS_LIMIT = 256


def spooled(client: str) -> Endpoint:
    """Where a client of the spool folder is answered."""
    return Endpoint(f"{_SPOOL}{client}", 0)


def client_of(host: str) -> str | None:
    """The client of the spool folder that this host stands for; None for one of the network."""
    return host.removeprefix(_SPOOL) if host.startswith(_SPOOL) else None


class ReplyPorts:
    """The ports that askers named for their replies; the oldest is forgotten when there are too many.

    One that talks through files has no port, whatever it names.
    """

    def __init__(self) -> None:
        self._ports: OrderedDict[Endpoint, int] = OrderedDict()

    def of(self, source: Endpoint, port: int | None = None) -> Endpoint:
        """Where packets of ``source`` are answered; one that itself names a ``port`` is answered there."""
        if client_of(source.host) is not None:
            return source
        return Endpoint(source.host, port or self._ports.get(source, source.port))

    def remember(self, source: Endpoint, port: int | None) -> None:
        """``port`` None is no news."""
        if port is not None and client_of(source.host) is None:
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
