"""A blocking client, for the command line, the tests and anyone's script.

    with Client() as retone:
        for event in retone.edit("/music/loop.wav", "played by a string quartet", strength=0.6):
            print(event)

Requests are sent again until the service has them, and the ids that the client makes keep a job from being done
twice; so an edit survives lost packets and a service that is started again meanwhile.
"""

from __future__ import annotations

import itertools
import math
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias, TypeVar

from retone_bridge.asked_presets import AskedPresets
from retone_bridge.heard import Heard
from retone_bridge.osc import Message, OscError, decode, encode
from retone_bridge.protocol import (
    DEFAULT_PORT,
    Ack,
    Asking,
    Busy,
    Cancel,
    Clips,
    ClipsReply,
    Done,
    Fail,
    Job,
    Received,
    Reply,
    Request,
    Result,
    Status,
    StatusReply,
    asking,
    read_reply,
)
from retone_bridge.seal import Sealer
from retone_engine.request import (
    ClipRequest,
    DirectionsRequest,
    EditRequest,
    RetoneError,
    SteerRequest,
    steering,
)

RESEND_SECONDS = (0.25, 0.5, 1.0, 2.0, 4.0)
# A service that works says something every two seconds.
ASK_AGAIN_SECONDS = 5.0
PATIENCE_SECONDS = 60.0
CANCEL_AGAIN_SECONDS = 1.0

Clip: TypeAlias = str | os.PathLike[str]
ReplyT = TypeVar("ReplyT", bound=Reply)


def new_id() -> str:
    """A job id that nobody else has."""
    return f"r{secrets.token_hex(8)}"


class Client:
    """One socket to one service. ``patience_seconds``: how long a job may go unheard of before it is given up.

    With the service's ``token`` every request goes sealed, which a service on another machine asks for; paths are
    then those of that machine. Raises RetoneError(bad_request) when ``host`` is none.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        token: str | None = None,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._sealer = None if token is None else Sealer(token)
        self._patience_seconds = patience_seconds
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # Connected, so that the system tells when nobody listens, and nobody else is heard.
        try:
            self._socket.connect((host, port))
        except OSError as error:
            self._socket.close()
            raise RetoneError("bad_request", f"{host}:{port} cannot be reached: {error.strerror}.") from error
        self._name = f"{host}:{port}"
        self._cancelled: dict[str, float] = {}  # when that was said last

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def send(self, message: Message) -> None:
        """Sends one message and waits for nothing; raises RetoneError(bad_request) when it cannot become a packet."""
        try:
            data = self._sealer.outgoing(message) if self._sealer else encode(message)
        except OscError as error:
            raise RetoneError("bad_request", str(error)) from error
        self._put(data)

    def _put(self, data: bytes) -> None:
        # A refusal of an earlier packet shows here; the answers, or their lack, tell.
        with suppress(OSError):
            self._socket.send(data)

    def listen(self, seconds: float) -> Message | None:
        """The next message within ``seconds``, or None.

        Raises ConnectionRefusedError when the system says that nobody listens there, RetoneError(not_allowed) when
        the service does not know the token.
        """
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                (message, *_) = decode(self._socket.recv(65536))
            except TimeoutError:
                return None
            except ConnectionResetError as error:  # what Windows calls it
                raise ConnectionRefusedError from error
            except (OscError, ValueError):
                continue
            about_seals = self._sealer.incoming(message) if self._sealer else None
            if about_seals is None:
                return message
            for data in about_seals:
                self._put(data)
        return None

    def ask(
        self,
        request: Request,
        reply: type[ReplyT],
        seconds: float = 1.0,
        *,
        meant: Callable[[ReplyT], bool] = lambda reply: True,
    ) -> ReplyT:
        """Asks a question that is no job; ``meant`` tells its answer from a late one to an earlier question.

        Raises RetoneError when it fails, not_running when nobody answers.
        """
        until = time.monotonic() + seconds
        turns, again = _turns(), 0.0
        while (now := time.monotonic()) < until:
            if now >= again:
                self.send(request.to_osc())
                again = now + next(turns)
            try:
                heard = self._hear(min(again, until) - now)
            except ConnectionRefusedError:
                break
            if isinstance(heard, reply) and meant(heard):
                return heard
            if isinstance(heard, Fail) and heard.id == request.address:
                raise RetoneError(heard.code, heard.message)
        raise self._silence("Start it with: retone serve")

    def status(self, seconds: float = 0.5) -> StatusReply:
        """What the service does; raises RetoneError(not_running) when there is none."""
        return self.ask(Status(), StatusReply, seconds)

    def run(self, request: ClipRequest, id: str | None = None) -> Iterator[Reply]:
        """Has ``request`` done; gives every reply as it comes, the last one Done or Fail.

        Its path is a full one. Raises RetoneError(bad_request) when it cannot become a packet, and not_running when
        the service is not there or not heard of for too long.
        """
        directions = request.count if type(request) is DirectionsRequest and request.only is None else 0
        return self._run(asking(id or new_id(), request), directions)

    def edit(self, path: Clip, prompt: str = "", *, id: str | None = None, **settings: Any) -> Iterator[Reply]:
        """Edits a clip, as ``run`` does; ``settings`` are parameters by name.

        Raises RetoneError(bad_request) at once when something in them is wrong.
        """
        return self.run(EditRequest.of(_full(path), {"prompt": prompt, **settings}), id)

    def directions(self, path: Clip, *, id: str | None = None, **settings: Any) -> Iterator[Reply]:
        """Finds a clip's directions, as ``run`` does: a Direction for each and two short results."""
        return self.run(DirectionsRequest.of(_full(path), settings), id)

    def steer(
        self, path: Clip, pushes: Mapping[int, float | str | Sequence[float]], *, id: str | None = None, **settings: Any
    ) -> Iterator[Reply]:
        """Takes a clip along its directions, as ``run`` does.

        ``pushes`` gives each direction's amount, -1 to 1, or several for several results: ``{1: 0.5, 2: (-1, 1)}``.
        """
        pairs: list[object] = []
        for direction, amount in pushes.items():
            if isinstance(amount, Sequence) and not isinstance(amount, str):
                amount = ",".join(map(str, amount))
            pairs += ["direction", direction, "amount", amount]
        return self.run(SteerRequest.of(_full(path), settings, pushes=steering(pairs)[0]), id)

    def follow(self, id: str) -> Iterator[Reply]:
        """What happens to a job that was asked for earlier, to its end."""
        return self._run(Job(id))

    def clips(self, name: str, seconds: float = 1.0) -> tuple[str, ...]:
        """Where clips of this file name lay when jobs were made of them, the newest first."""
        return self.ask(Clips(name), ClipsReply, seconds).paths

    @property
    def presets(self) -> AskedPresets:
        """The named settings that the service keeps."""
        return AskedPresets(self.ask)

    def cancel(self, id: str) -> None:
        """Asks for a job's end; the job's own events tell when it has come. May be called from any thread."""
        self._cancelled[id] = time.monotonic()
        self.send(Cancel(id).to_osc())

    def _run(self, request: Asking | Job, directions: int = 0) -> Iterator[Reply]:
        acked = refused = ending = False
        known = Heard(directions)
        asked = request.to_osc()
        self.send(asked)
        heard_at = sent_at = time.monotonic()
        turns = _turns()
        wait = next(turns)
        while True:
            if time.monotonic() - self._cancelled.get(request.id, math.inf) > CANCEL_AGAIN_SECONDS:
                self.cancel(request.id)  # the first may be lost
            try:
                heard = self._hear(max(sent_at + wait - time.monotonic(), 0.001))
            except ConnectionRefusedError:
                # A service that is just being started again refuses for a moment.
                heard, refused = None, True
                time.sleep(max(0.0, sent_at + wait - time.monotonic()))
            now = time.monotonic()
            if heard is None or getattr(heard, "id", None) != request.id:
                if now - sent_at >= wait:
                    # Silence may be the network's; where nobody listens there is less to wait for.
                    patience = sum(RESEND_SECONDS) if refused and not acked else self._patience_seconds
                    if now - heard_at >= patience:
                        raise self._silence(f"The job is {request.id}; a service that has it goes on with it.")
                    self.send(Job(request.id).to_osc() if acked else asked)
                    wait, sent_at, refused = next(turns), now, False
                continue
            heard_at = sent_at = now
            if isinstance(heard, Busy):
                yield heard
                wait, turns = heard.retry_ms / 1000, _turns()
                continue
            first_ack, acked = not acked, True
            ending = ending or isinstance(heard, Result | Done)  # results come all together, and the end with them
            turns = _turns() if ending else itertools.repeat(ASK_AGAIN_SECONDS)
            wait = next(turns)
            if not known.new(heard):
                continue
            if isinstance(heard, Done) and known.lacks(heard):
                self.send(Job(request.id).to_osc())  # something was lost on the way
                continue
            if isinstance(heard, Done | Fail):
                self.send(Received(request.id).to_osc())
                self._cancelled.pop(request.id, None)
            if not isinstance(heard, Ack) or first_ack:
                yield heard
            if isinstance(heard, Done | Fail):
                return

    def _hear(self, seconds: float) -> Reply | None:
        message = self.listen(seconds)
        try:
            return None if message is None else read_reply(message)
        except RetoneError:
            return None

    def _silence(self, advice: str) -> RetoneError:
        return RetoneError("not_running", f"No Retone service answers at {self._name}. {advice}")


def _turns() -> Iterator[float]:
    """Seconds from one sending to the next, until an answer comes."""
    return itertools.chain(RESEND_SECONDS, itertools.repeat(RESEND_SECONDS[-1]))


def _full(path: Clip) -> str:
    return str(Path(path).expanduser().absolute())
