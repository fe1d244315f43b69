"""Who may ask what. This machine may ask everything; the others show that they have the token, or are paired, or may
only learn that a Retone is here.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import stat
import time
from collections.abc import Callable, Iterable, Mapping

from retone_bridge.askers import client_of
from retone_bridge.logs import note
from retone_bridge.osc import Message
from retone_bridge.protocol import (
    ACTION,
    PARAM,
    Challenge,
    Hello,
    Notify,
    Sealed,
    Status,
    Sync,
    Version,
)
from retone_bridge.said import fill
from retone_bridge.seal import Sessions
from retone_bridge.udp import Endpoint
from retone_engine.request import RetoneError

log = logging.getLogger(__name__)

TOKEN_VARIABLE = "RETONE_TOKEN"
TOKEN_CHARACTERS = 16
HOW_TO_MAKE_ONE = (
    "(umask 077; python3 -c 'import secrets; print(secrets.token_urlsafe(24))' > retone-token), "
    "then --token-file retone-token"
)
# Where a source can be forged, every answer to it may hit somebody else: they are few.
ANSWERS_A_SECOND = 32
LINES_A_MINUTE = 1
# More than faders and clients send; reading what is dropped costs little.
PACKETS_A_SECOND = 1000
HOSTS_LIMIT = 256

ANYONE = (Version.address, Sync.address, Hello.address, Challenge.address)
PAIRED = (Status.address, Notify.address)
# Held values that name a file or a folder, which takes the token.
NAMES_A_FILE = (f"{PARAM}path", f"{PARAM}model")


class Guard:
    """Lets requests in, or not. ``host`` is what the service listens on, ``paired`` are addresses of surfaces.

    Raises RetoneError(not_allowed) when others could come in and there is no token, bad_request when a paired host is
    no address.
    """

    def __init__(
        self, host: str, token: str | None, paired: Iterable[str], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if token is None and not alone(host):
            raise RetoneError(
                "not_allowed",
                f"{host} lets other machines in, which takes a token: set {TOKEN_VARIABLE}, or make a file of it with "
                f"{HOW_TO_MAKE_ONE}; or use --host 127.0.0.1.",
            )
        self._sessions = None if token is None else Sessions(token, clock=clock)
        self._paired = frozenset(map(_address, paired))
        self._answers = PerHost(ANSWERS_A_SECOND, 1.0, clock)
        # Apart, so that a program which asks in vain does not keep another of its host from asking rightly.
        self._challenges = PerHost(ANSWERS_A_SECOND, 1.0, clock)
        self._lines = PerHost(LINES_A_MINUTE, 60.0, clock)
        self._packets = PerHost(PACKETS_A_SECOND, 1.0, clock)

    def hears(self, host: str) -> bool:
        """Whether a packet of ``host`` is looked at: of another's so many that this machine's are not crowded out."""
        return is_this_machine(host) or self._packets.allows(host)

    def admitted(self, message: Message, source: Endpoint) -> Message | None:
        """What to do of ``message``, unsealed; None when it is to be dropped without an answer.

        Raises RetoneError: not_allowed, or bad_request when a seal cannot be read.
        """
        address = message.address[:60]
        try:
            return self._admitted(message, source)
        except RetoneError as error:
            if is_this_machine(source.host):
                raise
            if self.worth_a_line(source.host):
                note(log, logging.WARNING, "request refused", host=source.host, address=address, code=error.code)
            if self._answers.allows(source.host):
                raise
            return None

    def challenge(self, source: Endpoint) -> str:
        """A nonce for ``source``; raises RetoneError(unsupported) when there is no token."""
        if self._sessions is None:
            raise RetoneError("unsupported", "This service has no token; it takes what its own machine asks, unsealed.")
        return self._sessions.challenge(source)

    def worth_a_line(self, host: str) -> bool:
        """Whether something odd of ``host`` may be logged: one line a minute for others, so that none can fill it."""
        return is_this_machine(host) or self._lines.allows(host)

    def _admitted(self, message: Message, source: Endpoint) -> Message | None:
        address = message.address
        if address == Sealed.address:
            if self._sessions is None:
                raise RetoneError("not_allowed", "This service has no token, so it opens no seal.")
            return self._sessions.open(source, fill(Sealed, message.arguments, address))
        if is_this_machine(source.host):
            return message
        if source.host in self._paired and _turns(address):
            return message
        if address in ANYONE:
            # A hello of anybody's moves no replies and puts no words into the log.
            plain = Message(address) if address == Hello.address else message
            answers = self._challenges if address == Challenge.address else self._answers
            return plain if answers.allows(source.host) else None
        if source.host in self._paired:
            raise RetoneError("not_allowed", "A paired host turns parameters and actions; this takes the token.")
        raise RetoneError("not_allowed", f"This takes the service's token, {TOKEN_VARIABLE}; see {Challenge.address}.")


class PerHost:
    """Counts for each host: ``limit`` in ``seconds`` are allowed, to so many hosts that memory stays bounded."""

    def __init__(self, limit: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._seconds = seconds
        self._clock = clock
        self._counts: dict[str, int] = {}
        self._until = 0.0

    def allows(self, host: str) -> bool:
        now = self._clock()
        if now >= self._until:
            self._counts = {}
            self._until = now + self._seconds
        if host not in self._counts and len(self._counts) >= HOSTS_LIMIT:
            return False
        self._counts[host] = self._counts.get(host, 0) + 1
        return self._counts[host] <= self._limit


def is_this_machine(source_host: str) -> bool:
    """Whether a packet from there was sent on this machine: systems let no such source in from outside.

    So were those of the spool folder, which only this user writes; no packet of the network has such a source.
    """
    return source_host.startswith("127.") or client_of(source_host) is not None


def alone(host: str) -> bool:
    """Whether only this machine reaches what listens on ``host``."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_token(file: str | None, environment: Mapping[str, str]) -> str | None:
    """The token in ``file``, else in ``environment``, else None.

    Raises RetoneError: no_such_file, or not_allowed for one that others can read or guess.
    """
    if file is None:
        found, where = environment.get(TOKEN_VARIABLE), TOKEN_VARIABLE
    else:
        found, where = _private_text(file), file
    if found is None:
        return None
    token = found.strip()
    if len(token) < TOKEN_CHARACTERS or not token.isprintable():
        raise RetoneError(
            "not_allowed",
            f"The token in {where} is no line of at least {TOKEN_CHARACTERS} characters; make one with "
            f"{HOW_TO_MAKE_ONE}.",
        )
    return token


def _private_text(path: str) -> str:
    try:
        # Not to wait for somebody to write into a pipe of that name.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise RetoneError("no_such_file", f"The token file {path} cannot be read: {error.strerror}.") from error
    try:
        kind = os.fstat(handle)
        if not stat.S_ISREG(kind.st_mode):
            raise RetoneError("not_allowed", f"{path} is no regular file; make one with {HOW_TO_MAKE_ONE}.")
        if os.name == "posix" and kind.st_mode & 0o077:
            raise RetoneError("not_allowed", f"Others on this machine can use {path}; run: chmod 600 {path}")
        return os.read(handle, 4096).decode(errors="surrogateescape")
    finally:
        os.close(handle)


def _turns(address: str) -> bool:
    held = address.startswith((PARAM, ACTION)) and address not in NAMES_A_FILE
    return held or address in (*ANYONE, *PAIRED)


def _address(host: str) -> str:
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError:
        raise RetoneError("bad_request", f"--pair takes an address such as 192.168.0.20, not {host[:60]!r}.") from None
