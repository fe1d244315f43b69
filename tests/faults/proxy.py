"""A bad network between clients and a service: it loses, doubles and delays packets, both ways, by a seeded chance."""

import heapq
import itertools
import random
import selectors
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

LOST = 0.3
DOUBLED = 0.2
DELAYED = 0.5  # of those that go on; what is not delayed overtakes them
DELAY_SECONDS = 0.03


@dataclass(order=True)
class _Late:
    due: float
    number: int
    way: socket.socket = field(compare=False)
    data: bytes = field(compare=False)
    to: tuple[str, int] = field(compare=False)


class BadNetwork:
    """A port that stands for the service's; a context manager. Each client is seen by the service as one of its own.

    ``counts``: packets "taken", "lost", "doubled", "delayed" and "overtaken" (delivered after a younger one).
    """

    def __init__(self, service: tuple[str, int], seed: int, lost: float = LOST, doubled: float = DOUBLED) -> None:
        self._service = service
        self._chance = random.Random(seed)
        self._lost, self._doubled = lost, doubled
        self._front = _socket()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._front, selectors.EVENT_READ)
        self._backs: dict[tuple[str, int], socket.socket] = {}
        self._clients: dict[socket.socket, tuple[str, int]] = {}
        self._late: list[_Late] = []
        self._number = itertools.count()
        self._newest: dict[tuple[socket.socket, tuple[str, int]], int] = {}
        self._open = True
        self.counts: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._carry, name="bad network")

    @property
    def port(self) -> int:
        return self._front.getsockname()[1]

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._open = False
        self._thread.join()
        self._selector.close()
        for each in (self._front, *self._clients):
            each.close()

    def _carry(self):
        while self._open:
            wait = self._late[0].due - time.monotonic() if self._late else 0.1
            for key, _ in self._selector.select(min(0.1, max(0.0, wait))):
                self._take(key.fileobj)
            while self._late and self._late[0].due <= time.monotonic():
                self._deliver(heapq.heappop(self._late))

    def _take(self, source):
        for _ in range(64):
            try:
                data, sender = source.recvfrom(65536)
            except BlockingIOError:
                return
            except ConnectionRefusedError:  # of an earlier packet, whose client has gone
                continue
            way = (self._back(sender), self._service) if source is self._front else (self._front, self._clients[source])
            self._pass_on(data, *way)

    def _pass_on(self, data, way, to):
        self.counts["taken"] += 1
        if self._chance.random() < self._lost:
            self.counts["lost"] += 1
            return
        copies = 2 if self._chance.random() < self._doubled else 1
        self.counts["doubled"] += copies - 1
        number = next(self._number)
        for _ in range(copies):
            delay = self._chance.uniform(0, DELAY_SECONDS) if self._chance.random() < DELAYED else 0.0
            self.counts["delayed"] += delay > 0
            heapq.heappush(self._late, _Late(time.monotonic() + delay, number, way, data, to))

    def _deliver(self, late):
        newest = self._newest.get((late.way, late.to), -1)
        self.counts["overtaken"] += late.number < newest
        self._newest[late.way, late.to] = max(newest, late.number)
        try:
            late.way.sendto(late.data, late.to)
        except OSError:
            self.counts["refused"] += 1

    def _back(self, client):
        if client not in self._backs:
            back = _socket()
            self._backs[client], self._clients[back] = back, client
            self._selector.register(back, selectors.EVENT_READ)
        return self._backs[client]


def _socket():
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.setblocking(False)
    return made
