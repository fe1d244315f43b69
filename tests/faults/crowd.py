"""Many clients in one process, so that measuring disturbs the service no more than it must.

    python -m faults.crowd PORT CLIP MODE CLIENTS EACH PREFIX

MODE "turns": each of the clients asks again as soon as it is answered; "rush": each sends all its requests at once.
What is not answered is sent again after 0.25 s. Prints, as JSON, how each request was answered and after which time
since it was first sent, in seconds.
"""

import json
import selectors
import socket
import sys
import time
from collections import deque

from retone_bridge.osc import OscError, decode, encode
from retone_bridge.protocol import Ack, Busy, Fail, asking
from retone_engine.request import EditRequest

RESEND_SECONDS = 0.25
PATIENCE_SECONDS = 60.0
_WORDS = {Ack.address: "ack", Busy.address: "busy", Fail.address: "fail"}


class _One:
    """A client with its socket: what it still has to ask, and what it has asked."""

    def __init__(self, port, packets, at_once):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setblocking(False)
        self._packets = packets
        self._ahead = deque(packets)
        self._at_once = at_once
        self._first, self._last = {}, {}
        self.answers = {}
        self.sent_again = 0

    def ask(self, now):
        """Sends what it may send now, and again what was not answered."""
        while self._ahead and len(self._last) < self._at_once:
            id = self._ahead.popleft()
            self._first[id] = self._last[id] = now
            self._send(id)
        for id, last in self._last.items():
            if now - last >= RESEND_SECONDS:
                self._last[id] = now
                self.sent_again += 1
                self._send(id)

    def hear(self):
        while True:
            try:
                (message, *_) = decode(self.socket.recv(65536))
            except BlockingIOError:
                return
            except (OscError, ConnectionRefusedError):
                continue
            word = _WORDS.get(message.address)
            id = message.arguments[0] if message.arguments else None
            if word and id in self._last:
                del self._last[id]
                self.answers[id] = word, time.monotonic() - self._first[id]

    @property
    def done(self):
        return not self._ahead and not self._last

    def _send(self, id):
        try:
            self.socket.send(self._packets[id])
        except OSError:
            return  # its turn to be sent again comes


def crowd(port, clip, mode, clients, each, prefix):
    """Answers by id as (word, seconds), and what was sent again, of ``clients`` times ``each`` requests."""
    request = EditRequest.of(clip, {"prompt": "strings"})
    selector = selectors.DefaultSelector()
    all_of_them = []
    for k in range(clients):
        ids = [f"{prefix}{k}-{number}" for number in range(each)]
        packets = {id: encode(asking(id, request).to_osc()) for id in ids}
        one = _One(port, packets, 1 if mode == "turns" else each)
        all_of_them.append(one)
        selector.register(one.socket, selectors.EVENT_READ, one)
    started = time.monotonic()
    looked = 0.0
    waiting = set(all_of_them)
    for one in all_of_them:
        one.ask(time.monotonic())
    while waiting and time.monotonic() - started < PATIENCE_SECONDS:
        for key, _ in selector.select(0.02):
            key.data.hear()
            key.data.ask(time.monotonic())
        if time.monotonic() - looked > 0.02:
            looked = time.monotonic()
            for one in waiting:
                one.ask(looked)
            waiting = {one for one in waiting if not one.done}
    for one in all_of_them:
        one.socket.close()
    return {
        "seconds": time.monotonic() - started,
        "answers": {id: answer for one in all_of_them for id, answer in one.answers.items()},
        "sent_again": sum(one.sent_again for one in all_of_them),
    }


if __name__ == "__main__":
    port, clip, mode, clients, each, prefix = sys.argv[1:]
    json.dump(crowd(int(port), clip, mode, int(clients), int(each), prefix), sys.stdout)
