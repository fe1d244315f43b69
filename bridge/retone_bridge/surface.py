"""What control surfaces hold: one value a parameter, the same for every surface, and what their buttons do with it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping

from retone_bridge.jobs import Jobs
from retone_bridge.osc import Argument
from retone_bridge.protocol import HELD, ParamReply
from retone_bridge.udp import Endpoint
from retone_engine.request import KINDS, Asked, ClipRequest, Push, RetoneError, SteerRequest, taken_by

_SEEDS = 2**31
# The kind of request that each action is; cancel is none.
_ASKED_BY: Mapping[str, Asked] = {"edit": "edit", "again": "edit", "directions": "directions", "steer": "steer"}


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


class Actions:
    """Buttons: each begins a job of the held values, or cancels the newest one that a button began."""

    def __init__(self, held: HeldValues, jobs: Jobs, announce: Callable[[ParamReply], None]) -> None:
        self._held = held
        self._jobs = jobs
        self._announce = announce
        self._begun: list[str] = []  # the newest last

    def act(self, action: str, asker: Endpoint) -> None:
        """Does one of ``protocol.ACTIONS``; raises RetoneError(bad_request, unknown_job)."""
        if action == "cancel":
            if not self._begun:
                raise RetoneError("unknown_job", "No action has begun a job yet.")
            self._jobs.cancel(self._begun[-1], asker)
            return
        if action == "again":
            self._announce(self._held.next_seed())
        request = self._held.request(_ASKED_BY[action])
        id = f"live-{secrets.token_hex(6)}"
        self._begun = [*self._begun[-9:], id]
        self._jobs.admit(id, request, asker, waits=False)
