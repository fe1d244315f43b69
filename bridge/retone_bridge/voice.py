"""How replies leave the service: to one asker, or to all who listen, each by the way that it came."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from retone_bridge.askers import Subscribers, client_of
from retone_bridge.logs import note
from retone_bridge.osc import OscError, encode
from retone_bridge.replies import Reply
from retone_bridge.spool import Spool
from retone_bridge.udp import Endpoint, Udp

log = logging.getLogger(__name__)


class Voice:
    """Speaks through ``udp``, and through files to those who came so."""

    def __init__(self, udp: Udp, spool: Spool | None, subscribers: Subscribers) -> None:
        self._udp = udp
        self._spool = spool
        self._subscribers = subscribers

    def answer(self, reply: Reply, asker: Endpoint | None) -> None:
        """To the asker alone; to nobody where there is none any more."""
        if asker is not None:
            self._send(reply, (asker,))

    def announce(self, reply: Reply, asker: Endpoint | None = None) -> None:
        """To the asker and to every subscriber, to each once."""
        self._send(reply, dict.fromkeys((*((asker,) if asker else ()), *self._subscribers)))

    def _send(self, reply: Reply, to: Iterable[Endpoint]) -> None:
        try:
            data = encode(reply.to_osc())
        except OscError as error:
            note(log, logging.ERROR, "reply not sent", address=reply.address, error=error)
            return
        for endpoint in to:
            client = client_of(endpoint.host)
            if client is None:
                self._udp.send(data, endpoint)
            elif self._spool is not None:
                self._spool.put(client, data)
