"""Half of all packets get lost, others come twice, and the service is killed: each edit still lands once."""

import random

import pytest

from live.desk import Desk
from live.editing import RATE, sound

STEP = 0.25
LOSS, TWICE = 0.4, 0.2
JOBS = 6


class Service:
    """What a service does with jobs, as PROTOCOL.md has it, at the far end of a bad network."""

    def __init__(self, desk, seed):
        self.desk, self.chance = desk, random.Random(seed)
        self.read = 0
        self.is_up = True
        self.jobs = {}  # by id: the steps done, or "received"; they outlive the service
        self.uptime = 0

    def tell(self, word, *arguments):
        for _ in range(1 + (self.chance.random() < TWICE)):
            if self.is_up and self.chance.random() >= LOSS:
                self.desk.hear(word, *arguments)

    def turn(self):
        """Time goes on by a step: what came is answered, and each job comes a step further."""
        self.desk.live.advance(STEP)
        self.uptime += STEP
        sent, self.read = self.desk.device.sent[self.read :], len(self.desk.device.sent)
        for address, arguments in sent:
            if self.is_up and self.chance.random() >= LOSS:
                getattr(self, "hear_" + address.rsplit("/", 1)[1])(*arguments)
        for id, steps in self.jobs.items() if self.is_up else ():
            if steps != "received" and self.chance.random() < 0.5:
                self.jobs[id] = steps + 1
                self.state(id)

    def hear_here(self, nonce):
        pass

    def hear_hello(self, *_):
        self.tell("welcome", "1.0.0", 1, "cpu", "pocket", 3600)

    def hear_status(self, port):
        self.tell("status.reply", "", 0, 0, 0, "cpu", "pocket", int(self.uptime), "")

    def hear_edit(self, id, *_):
        self.jobs.setdefault(id, 0)
        self.tell("ack", id)

    def hear_job(self, id, port):
        if id in self.jobs:
            self.state(id)
        else:
            self.tell("fail", id, "unknown_job", "No job of this id is known.")

    def hear_received(self, id):
        self.jobs[id] = "received"

    def state(self, id):
        steps = self.jobs[id]
        if steps == "received" or steps >= 4:
            path = sound(self.desk.folder / f"{id}.wav", 4 * RATE)
            self.tell("result", id, 1, path)
            self.tell("done", id, 1, path)
        else:
            self.tell("progress", id, steps / 4, "replay", 4.0 - steps)

    def kill(self):
        self.is_up = False
        self.uptime = 0


@pytest.mark.parametrize("seed", range(4))
def test_each_edit_lands_once(tmp_path, seed):
    with Desk(tmp_path, answers=False) as desk:
        service = Service(desk, seed)
        for _ in range(JOBS):
            desk.device.press("New Seed")
            desk.device.press("Edit")
            for _ in range(service.chance.randrange(6)):
                service.turn()
        service.kill()
        for _ in range(service.chance.randrange(120)):
            service.turn()
        service.is_up = True
        turns = 0
        while list(service.jobs.values()) != ["received"] * JOBS:
            service.turn()
            turns += 1
            assert turns * STEP < 300, desk.status
        assert desk.landed() == ["Loop 1 · a flute"] * JOBS
        files = [clip["file_path"] for clip in desk.live.clips(1)["session"] if clip]
        assert sorted(files) == sorted(str(tmp_path / f"{id}.wav") for id in service.jobs)
        desk.live.advance(1)
        assert desk.device.bar == -1
