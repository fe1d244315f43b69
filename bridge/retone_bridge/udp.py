"""The socket: packets in, packets out."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from collections.abc import Callable
from typing import NamedTuple

from retone_bridge.logs import note
from retone_engine.request import RetoneError

# Above what is read, so that a packet that is too long is seen as such, and not cut.
_READ_BYTES = 65536
_RECEIVE_BYTES = 1 << 20

log = logging.getLogger(__name__)


class Endpoint(NamedTuple):
    """Where packets come from and go to."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Udp:
    """One bound socket, whose packets a thread of its own hands to ``on_packet``.

    Raises RetoneError(port_in_use or bad_request) when the socket cannot be had.
    """

    def __init__(self, host: str, port: int, on_packet: Callable[[bytes, Endpoint], None]) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            # Room for what many clients send at once; the system gives as much of it as it may.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BYTES)
            if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows lets two programs share a port otherwise.
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            self._socket.bind((host, port))
        except (OSError, OverflowError) as error:
            self._socket.close()
            raise _refused(host, port, error) from error
        self._socket.settimeout(0.2)  # how long close() waits at most
        self._on_packet = on_packet
        self._open = True
        self._reader = threading.Thread(target=self._read, name=f"udp {port}", daemon=True)

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(*self._socket.getsockname())

    def start(self) -> None:
        self._reader.start()

    def send(self, data: bytes, to: Endpoint) -> None:
        """Sends one packet; like UDP itself, it says nothing when that fails."""
        try:
            self._socket.sendto(data, to)
        except OSError as error:
            note(log, logging.DEBUG, "packet not sent", to=str(to), error=error)

    def close(self) -> None:
        self._open = False
        if self._reader.is_alive():
            self._reader.join()
        self._socket.close()

    def _read(self) -> None:
        while self._open:
            try:
                data, source = self._socket.recvfrom(_READ_BYTES)
            except TimeoutError:
                continue
            except OSError as error:
                # Windows reports here that an earlier packet found nobody.
                note(log, logging.DEBUG, "nothing read", error=error)
                continue
            self._on_packet(data, Endpoint(*source))


def _refused(host: str, port: int, error: OSError | OverflowError) -> RetoneError:
    code = getattr(error, "errno", None)
    if code == errno.EADDRINUSE or getattr(error, "winerror", None) == 10013:
        return RetoneError(
            "port_in_use",
            f"Port {port} on {host} is in use, maybe by a Retone that runs already; choose another with --port.",
        )
    if code == errno.EACCES:
        return RetoneError("port_in_use", f"Port {port} may not be used; choose one above 1023 with --port.")
    return RetoneError("bad_request", f"{host}:{port} cannot be listened on: {error}.")
