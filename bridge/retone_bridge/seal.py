"""The seal: a request shows that its sender has the token, which is never sent itself, and counts only once.

A client asks for a challenge, a nonce that is good for its own host and port; each request goes as ``Sealed`` with a
counter that only rises and the HMAC-SHA256 of nonce, counter and packet under the token. Both sides stand here and
do no I/O. Nothing is encrypted, and replies carry no seal.
"""

from __future__ import annotations

import hmac
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from retone_bridge.osc import Message, OscError, decode, encode
from retone_bridge.protocol import Challenge, Challenged, Fail, Sealed, read_reply
from retone_bridge.udp import Endpoint
from retone_engine.request import CODES, RetoneError

COUNTER_LIMIT = 2**31 - 1  # what every OSC program can send as a number
SESSIONS_LIMIT = 256
# A session unused for so long is forgotten, and with it whatever somebody recorded and kept back.
IDLE_SECONDS = 600.0

_NONCE = re.compile(r"[0-9a-f]{32}")
_PENDING_LIMIT = 16
_REFUSALS_LIMIT = 4


def mac(token: str, nonce: str, counter: int, packet: bytes) -> str:
    """The seal in hex: HMAC-SHA256 under ``token`` of nonce, counter as 8 bytes (the highest first) and packet."""
    return hmac.new(token.encode(), nonce.encode() + counter.to_bytes(8, "big") + packet, "sha256").hexdigest()


def seal(token: str, nonce: str, counter: int, message: Message) -> Sealed:
    """``message`` sealed; raises OscError when it cannot become a packet."""
    packet = encode(message)
    return Sealed(counter, mac(token, nonce, counter, packet), packet)


@dataclass
class _Session:
    """``counter``: the last that was accepted; ``until``: when it is forgotten, by the sessions' clock."""

    nonce: str
    until: float
    counter: int = 0


class Sessions:
    """The service's side: who was challenged, and how far each has counted. Bounded, whoever asks how often.

    Sessions that were never used stand apart, so that a flood of challenges cannot push out one that is in use.
    """

    def __init__(self, token: str, limit: int = SESSIONS_LIMIT, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._token = token
        self._limit = limit
        self._clock = clock
        self._fresh: OrderedDict[Endpoint, _Session] = OrderedDict()
        self._proven: OrderedDict[Endpoint, _Session] = OrderedDict()

    def __len__(self) -> int:
        return len(self._fresh) + len(self._proven)

    def challenge(self, source: Endpoint) -> str:
        """The nonce for ``source``: until it is used the same one, as the question or its answer may come twice."""
        session = self._alive(self._fresh, source) or _Session(secrets.token_hex(16), 0.0)
        self._keep(self._fresh, source, session)
        return session.nonce

    def open(self, source: Endpoint, sealed: Sealed) -> Message | None:
        """The request inside; None for a forgery in the name of a session in use, which had better not be answered.

        Raises RetoneError: not_allowed when a new challenge is needed, bad_request when the counter was used before
        or the packet is not one message.
        """
        if not 0 < sealed.counter <= COUNTER_LIMIT:
            raise RetoneError("bad_request", f"The counter goes from 1 to {COUNTER_LIMIT}.")
        held = [self._alive(kept, source) for kept in (self._fresh, self._proven)]
        session = next((one for one in held if one is not None and self._fits(one, sealed)), None)
        if session is None:
            if held[1] is not None:
                return None
            raise RetoneError("not_allowed", f"The seal is not right; ask {Challenge.address} again.")
        if sealed.counter <= session.counter:
            raise RetoneError("bad_request", "This counter was used already; count on.")
        session.counter = sealed.counter
        if session is held[0]:
            del self._fresh[source]
        self._keep(self._proven, source, session)
        return _inside(sealed.packet)

    def _fits(self, session: _Session, sealed: Sealed) -> bool:
        expected = mac(self._token, session.nonce, sealed.counter, sealed.packet)
        # As bytes: of text it compares ASCII only.
        return hmac.compare_digest(expected.encode(), sealed.mac.encode())

    def _alive(self, kept: OrderedDict[Endpoint, _Session], source: Endpoint) -> _Session | None:
        session = kept.get(source)
        return session if session is not None and self._clock() < session.until else None

    def _keep(self, kept: OrderedDict[Endpoint, _Session], source: Endpoint, session: _Session) -> None:
        session.until = self._clock() + IDLE_SECONDS
        kept[source] = session
        kept.move_to_end(source)
        while len(kept) > self._limit:
            kept.popitem(last=False)


def _inside(packet: bytes) -> Message:
    try:
        messages = decode(packet)
    except OscError as error:
        raise RetoneError("bad_request", f"The sealed packet cannot be read: {error}") from error
    if packet.startswith(b"#bundle") or messages[0].address == Sealed.address:
        raise RetoneError("bad_request", "Seal one message, no bundle and nothing sealed.")
    return messages[0]


class Sealer:
    """The client's side: what goes out instead of a message, and what of that which comes in is only about seals.

    It asks for a challenge when it has none or is told that its own is good no more; what waits for one goes out as
    soon as it is there. May be used by several threads.
    """

    def __init__(self, token: str) -> None:
        self._token = token
        self._lock = threading.Lock()
        self._nonce: str | None = None
        self._counter = 0  # never set back, as a nonce may be told twice
        self._pending: dict[Message, None] = {}
        self._unanswered: Message | None = None
        self._refusals = 0

    def outgoing(self, message: Message) -> bytes:
        """The packet to send now for ``message``; raises OscError when it is too long once sealed."""
        with self._lock:
            sealed = self._sealed(message)
            return self._ask_for_challenge(message) if self._nonce is None else sealed

    def incoming(self, message: Message) -> tuple[bytes, ...] | None:
        """What to send because ``message`` came; None when it is for the caller.

        Raises RetoneError when the service has no use for seals, or refuses ours time after time.
        """
        with self._lock:
            reply = _read(message)
            match reply:
                case Challenged():
                    return self._challenged(reply.nonce)
                case Fail(id=Sealed.address):
                    return self._refused(reply)
                case Fail(id=Challenge.address):
                    raise RetoneError(reply.code if reply.code in CODES else "not_allowed", reply.message)
            self._unanswered = None
            self._refusals = 0
            return None

    def _sealed(self, message: Message) -> bytes:
        self._counter += 1
        self._unanswered = message
        return encode(seal(self._token, self._nonce or "", self._counter, message).to_osc())

    def _ask_for_challenge(self, *waiting: Message) -> bytes:
        self._nonce = None
        self._pending |= dict.fromkeys(waiting)
        while len(self._pending) > _PENDING_LIMIT:
            del self._pending[next(iter(self._pending))]
        return encode(Challenge().to_osc())

    def _challenged(self, nonce: str) -> tuple[bytes, ...]:
        if self._nonce is not None or not _NONCE.fullmatch(nonce):
            return ()  # the answer to a question that was sent twice, or none of Retone's
        self._nonce = nonce
        waiting, self._pending = tuple(self._pending), {}
        return tuple(map(self._sealed, waiting))

    def _refused(self, fail: Fail) -> tuple[bytes, ...]:
        # A counter that was used already: the network doubled a packet, and the first of the two was taken.
        if fail.code != "not_allowed" or self._nonce is None:
            return ()
        self._refusals += 1
        if self._refusals >= _REFUSALS_LIMIT:
            raise RetoneError("not_allowed", "The service refuses the token; both sides need the same RETONE_TOKEN.")
        return (self._ask_for_challenge(*filter(None, [self._unanswered])),)


def _read(message: Message) -> object:
    try:
        return read_reply(message)
    except RetoneError:
        return None
