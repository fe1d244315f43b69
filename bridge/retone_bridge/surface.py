"""What control surfaces hold: one value a parameter, the same for every surface, and who listens."""

from __future__ import annotations

import time
from collections.abc import Iterator

from retone_bridge.osc import Argument
from retone_bridge.protocol import HELD, ParamReply
from retone_bridge.udp import Endpoint
from retone_engine.request import KINDS, Asked, ClipRequest, Push, SteerRequest, taken_by

LEASE_SECONDS = 3600
SUBSCRIBERS_LIMIT = 32
_SEEDS = 2**31


class HeldValues:
    """The values that actions work with; they begin as the parameters' defaults."""

    def __init__(self) -> None:
        self._values = {name: parameter.default for name, parameter in HELD.items()}

    def put(self, name: str, value: Argument) -> ParamReply:
        """Holds ``value`` and gives the echo of it; raises RetoneError(bad_request) when it is not right."""
        self._values[name] = HELD[name].coerce(value)
        return self.reply(name)

    def reply(self, name: str) -> ParamReply:
        return ParamReply(name, self._values[name])

    def dump(self) -> Iterator[ParamReply]:
        return map(self.reply, self._values)

    def next_seed(self) -> ParamReply:
        return self.put("seed", (int(self._values["seed"] or 0) + 1) % _SEEDS)

    def request(self, kind: Asked) -> ClipRequest:
        """What the held values ask for, of those that ``kind`` takes.

        Raises RetoneError(bad_request) when there is no clip, an edit has no prompt, or values do not go together.
        """
        values = {parameter.name: self._values[parameter.name] for parameter in taken_by(kind) if parameter.live}
        path = str(self._values["path"])
        if kind == "steer":
            along = Push(int(self._values["direction"] or 1), (float(self._values["amount"] or 0),))
            return SteerRequest.of(path, values, pushes=(along,))
        return KINDS[kind].of(path, values)


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
