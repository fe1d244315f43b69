"""The service as a device in the fake of Live meets it on a bad day, by manual time: a script, and a network between.

It keeps to PROTOCOL.md in what it means, and to nothing in when and how often it is heard.
"""

import heapq
import math
from itertools import count

from live.editing import sound

REQUESTS = ("/retone/edit", "/retone/directions", "/retone/steer")
FAILS = ("bad_request", "no_such_file", "unreadable_audio", "out_of_memory", "disk_full", "worker_crashed")
FRAMES = 8820
REPEAT_SECONDS = (0.5, 1, 2, 4, 8, 16, 30)
SAID_SECONDS = 0.5  # between two words of progress


class Network:
    """Packets on their way, both ways; ``is_bad``: some are lost, some come twice, some late."""

    def __init__(self, chance):
        self._chance, self._order, self._packets = chance, count(), []
        self.is_bad = True
        self.blows = {"lost": 0, "doubled": 0, "late": 0}

    def send(self, now, deliver):
        """``deliver()`` brings the packet, as often as it comes."""
        copies = [now]
        if self.is_bad:
            fate = self._chance.random()
            if fate < 0.12:
                copies = []
                self.blows["lost"] += 1
            elif fate < 0.24:
                copies = [now, now + self._chance.uniform(0, 2)]
                self.blows["doubled"] += 1
            elif fate < 0.4:
                copies = [now + self._chance.uniform(0, 1.5)]
                self.blows["late"] += 1
        for at in copies:
            heapq.heappush(self._packets, (at, next(self._order), deliver))

    def bring(self, now):
        while self._packets and self._packets[0][0] <= now:
            heapq.heappop(self._packets)[2]()


class _Job:
    def __init__(self, id, request, device, seconds):
        self.id, self.request, self.device, self.left = id, request, device, seconds
        self.paths, self.end, self.repeated, self.tell_at, self.is_received = [], None, 0, 0.0, False

    @property
    def settings(self):
        words = self.request[1][2:]
        return dict(zip(words[::2], words[1::2], strict=True))


class Service:
    """``jobs`` are what it knows, ``done`` those that it ever did, by their ids, ``failed`` the ids of others."""

    def __init__(self, chance, network, folder, port):
        self._chance, self._network, self._folder = chance, network, folder
        self.port, self.is_up, self.is_kind = port, True, False
        self.jobs, self.done, self.failed, self._started, self._said_at = {}, {}, set(), 0.0, 0.0

    def kill(self):
        self.is_up = False

    def start(self, now, keeps=True):
        """Starts again; ``keeps``: with its jobs, else its journal is gone."""
        self.is_up, self._started = True, now
        if not keeps:
            self.jobs = {}

    def hear(self, device, address, values, now):
        """Takes in a packet of the device's."""
        word = address.rpartition("/")[2]
        if self.is_up and word in ("hello", "status", "edit", "directions", "steer", "cancel", "job", "received"):
            act = self._ask if address in REQUESTS else getattr(self, f"_{word}")
            act(device, values, now, address) if act == self._ask else act(device, values, now)

    def work(self, now, seconds):
        """Goes on with the first job that has not ended, and repeats the ends that nobody confirmed."""
        if not self.is_up:
            return
        waiting = [job for job in self.jobs.values() if job.end is None]
        if waiting:
            job = waiting[0]
            job.left -= seconds
            if job.left <= 0:
                self._finish(job, now)
            elif now >= self._said_at + SAID_SECONDS:
                self._said_at = now
                self._say(job.device, now, "progress", job.id, self._chance.random(), "replay", job.left)
        for job in self.jobs.values():
            if job.end is not None and not job.is_received and now >= job.tell_at:
                job.tell_at = now + REPEAT_SECONDS[min(job.repeated, len(REPEAT_SECONDS) - 1)]
                job.repeated += 1
                self._tell(job, now)

    def _say(self, device, now, word, *values):
        self._network.send(now, lambda: device.hear(f"/retone/{word}", *values))

    def _hello(self, device, values, now):
        self._say(device, now, "welcome", "1.0.0", 1, "cpu", "/models/pocket", 3600)

    def _status(self, device, values, now):
        ended = [job.end[0] for job in self.jobs.values() if job.end is not None]
        waiting = len(self.jobs) - len(ended)
        self._say(
            device, now, "status.reply", "", waiting, ended.count("done"), ended.count("fail"), "cpu", "/models/pocket",
            math.floor(now - self._started), "",
        )  # fmt: skip

    def _ask(self, device, values, now, address):
        id = values[0]
        if id not in self.jobs and not self.is_kind and self._chance.random() < 0.1:
            self._say(device, now, "busy", id, self._chance.choice((200, 500, 2000)))
        else:
            self.jobs.setdefault(id, _Job(id, (address, values), device, self._chance.uniform(0.1, 1.5)))
            self._job(device, values, now)

    def _job(self, device, values, now):
        job = self.jobs.get(values[0])
        if job is None:
            self._say(device, now, "fail", values[0], "unknown_job", "No job of this id is known.")
        elif job.end is None:
            self._say(device, now, "ack", job.id)
            waiting = [one.id for one in self.jobs.values() if one.end is None]
            if waiting.index(job.id):
                self._say(device, now, "queued", job.id, waiting.index(job.id))
        else:
            self._tell(job, now)

    def _cancel(self, device, values, now):
        job = self.jobs.get(values[0])
        if job is not None and job.end is None:
            job.end, job.tell_at = ("fail", job.id, "cancelled", "The job was cancelled."), now + 0.5
        self._job(device, values, now)

    def _received(self, device, values, now):
        if values[0] in self.jobs:
            self.jobs[values[0]].is_received = True

    def _finish(self, job, now):
        job.tell_at = now
        if self._chance.random() < (0 if self.is_kind else 0.15):
            code = self._chance.choice(FAILS)
            job.end = ("fail", job.id, code, f"The script says {code}.")
            self.failed.add(job.id)
            return
        finds = job.request[0] == "/retone/directions"
        number = 2 * job.settings["count"] if finds else job.settings.get("variations", 1)
        job.paths = [f"{self._folder}/clip-{job.id}-{len(self.done)}-{index}.wav" for index in range(1, number + 1)]
        if self._chance.random() < 0.97:  # else somebody has taken them away again
            for path in job.paths:
                sound(path, FRAMES)
        self.done.setdefault(job.id, []).append(job)
        job.end = ("done", job.id, number, job.paths[0])

    def _tell(self, job, now):
        if job.end[0] == "done":
            for index, path in enumerate(job.paths, 1):
                if job.request[0] == "/retone/directions" and index % 2:
                    self._say(job.device, now, "direction", job.id, (index + 1) // 2, 0.3, 0, 4410, 100.0, 2000.0)
                self._say(job.device, now, "result", job.id, index, path)
        self._say(job.device, now, *job.end)
