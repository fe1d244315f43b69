"""Somebody who asks /retone/status over and over while things go wrong, and notes how long each answer takes."""

import threading
import time

from faults.figures import spread
from retone_bridge.client import Client
from retone_bridge.protocol import StatusReply, read_reply
from retone_bridge.requests import Status

EVERY_SECONDS = 0.01
PATIENCE_SECONDS = 2.0


class Watch:
    """A context manager: asks the service at ``port`` every 10 ms, one question at a time, from a thread of its own."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="watch")
        self.seconds: list[float] = []
        self.unanswered = 0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._stop.set()
        self._thread.join()

    def figures(self):
        return {"unanswered": self.unanswered, **spread(self.seconds)}

    def _ask(self):
        with Client(port=self._port) as client:
            due = time.monotonic()
            while not self._stop.wait(max(0.0, due - time.monotonic())):
                asked = time.monotonic()
                due = max(due + EVERY_SECONDS, asked)
                client.send(Status().to_osc())
                message = client.listen(PATIENCE_SECONDS)
                if message is None or not isinstance(read_reply(message), StatusReply):
                    self.unanswered += 1
                else:
                    self.seconds.append(time.monotonic() - asked)
