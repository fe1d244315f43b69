"""Clients that have jobs done while the service is killed under them: they ask again until each has come to its end."""

import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from faults.witness import Witness
from retone_bridge.protocol import Ack, Done, Fail, Result
from retone_engine.request import RetoneError


@dataclass(frozen=True)
class Scene:
    """``worker``: the engine's command; ``settings`` of every edit; kills are up to ``pause_seconds`` apart."""

    worker: tuple[str, ...]
    settings: dict[str, Any]
    pause_seconds: float


@dataclass
class Asked:
    """A job as its client has it: ``files`` are how many it asked for, ``results`` those it heard of."""

    id: str
    files: int
    folder: str
    acked: bool = False
    end: Done | Fail | None = None
    results: dict[int, str] = field(default_factory=dict)


class Customers:
    """``count`` threads with a client each; ``jobs``: all that was asked for, by id."""

    def __init__(self, scene, clip, folders, port, count, seed):
        self._scene, self._clip, self._folders, self._port = scene, clip, folders, port
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.jobs: dict[str, Asked] = {}
        self.ends: dict[str, set] = {}
        self.count = count
        self.counts = Counter()
        self.faults = []
        self._threads = [threading.Thread(target=self._live, args=(k, seed)) for k in range(count)]

    def start(self):
        for thread in self._threads:
            thread.start()

    def stop(self):
        """No new jobs; waits until those under way have ended."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def acked(self):
        """The ids of all jobs that the service has promised by now."""
        with self._lock:
            return {job.id for job in self.jobs.values() if job.acked}

    def _live(self, k, seed):
        chance = random.Random(f"{seed} {k}")
        with Witness(port=self._port, patience_seconds=120) as client:
            number = 0
            while not self._stop.is_set():
                number += 1
                try:
                    self._have_done(client, f"c{k}-{number}", chance)
                except Exception as error:  # a campaign tells of every fault at its end
                    self.faults.append(f"c{k}-{number}: {type(error).__name__}: {error}")
        with self._lock:
            self.ends.update(client.ends)

    def _have_done(self, client, id, chance):
        files, directions = chance.choice(((1, 0), (2, 0), (3, 0), (1, 0), (2, 1)))
        folder = chance.choice(self._folders)
        job = Asked(id, files, folder)
        cancel_at = chance.randrange(8) if chance.random() < 0.2 else None
        with self._lock:
            self.jobs[id] = job
        while job.end is None:
            try:
                for number, event in enumerate(self._events(client, id, files, directions, folder)):
                    self._take(job, event)
                    if number == cancel_at:
                        client.cancel(id)
                        self.counts["cancels"] += 1
            except RetoneError as error:
                if error.code != "not_running":
                    raise
                self.counts["asked_anew"] += 1

    def _take(self, job, event):
        if isinstance(event, Ack):
            with self._lock:
                job.acked = True
        elif isinstance(event, Result):
            job.results[event.index] = event.path
        elif isinstance(event, Done | Fail):
            job.end = event

    def _events(self, client, id, files, directions, folder):
        settings = {**self._scene.settings, "output_folder": folder}
        if not directions:
            return client.edit(self._clip, id=id, variations=files, **{"prompt": "strings", **settings})
        settings["source_prompt"] = settings.pop("prompt", "")
        return client.directions(self._clip, id=id, count=directions, **settings)
