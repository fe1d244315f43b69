"""kill -9 of the service, of its worker, of both, at any moment: every job that was acknowledged comes to one end.

    python -m faults.kills [--small] [--kills N] [--engine-kills N] [--clients N] [--seed N] [--figures PATH]

``engine_kills`` are those with the real engine and the pocket model, the others hit the scripted worker, which takes
its time where a kill would hurt.
"""

import random
import sys
import time
from collections import Counter
from contextlib import suppress

import psutil

from bridge.harness import SCRIPT, kill, serve
from faults.books import Books
from faults.customers import Customers, Scene
from faults.figures import Row, main
from faults.witness import folder_with_clip
from retone_bridge.client import Client
from retone_bridge.protocol import Ack, Quit
from retone_bridge.workers import engine_command

SMALL = {"kills": 24, "engine_kills": 0, "clients": 6, "seed": 1}
LONG = {"kills": 1000, "engine_kills": 40, "clients": 6, "seed": 2}

SCRIPTED = Scene(SCRIPT, {"prompt": "linger"}, pause_seconds=0.5)
ENGINE = Scene(engine_command("cpu"), {"steps": 8}, pause_seconds=6.0)


def campaign(kills, engine_kills, clients, seed):
    """Kills at moments drawn by chance while clients ask for jobs, cancel some, and ask on after each restart."""
    found = {"scripted": _killed(SCRIPTED, kills, clients, seed)}
    if engine_kills:
        found["engine"] = _killed(ENGINE, engine_kills, 2, seed)
    return found


def _killed(scene, kills, clients, seed):
    chance = random.Random(seed)
    victims = Counter()
    with folder_with_clip() as (folder, clip):
        books = Books(folder, clip)
        house = _House(folder / "state", scene.worker)
        customers = Customers(scene, clip, books.folders, house.port, clients, seed)
        started = time.monotonic()
        try:
            customers.start()
            for _ in range(kills):
                time.sleep(chance.uniform(0, scene.pause_seconds))
                acked = customers.acked()
                victim = house.strike(chance)
                victims[victim] += 1
                if victim != "worker":
                    books.look(acked)
                    house.open()
            customers.stop()
            leaving = house.leave()
        finally:
            house.close()
        found = books.settle(customers)
        return {
            "kills": dict(victims),
            "seconds": round(time.monotonic() - started, 1),
            "seconds_to_quit": round(leaving, 2),
            "processes_left": house.left(),
            **found,
        }


class _House:
    """A service that is killed and started again at the same port, and the workers that it had."""

    def __init__(self, state, worker):
        self._state, self._worker = state, worker
        self._workers = {}
        self._process, self.port = serve(state, worker=worker)

    def open(self):
        self._process, _ = serve(self._state, self.port, self._worker)

    def strike(self, chance):
        """Kills somebody; says whom: the service, its worker, or both in either order."""
        workers = psutil.Process(self._process.pid).children(recursive=True)
        self._workers.update((worker.pid, worker) for worker in workers)
        victim = chance.choice(("service", "worker", "both")) if workers else "service"
        blows = {"service": [self._process.kill], "worker": [each.kill for each in workers]}
        order = blows["service"] + blows["worker"] if victim == "both" else blows[victim]
        chance.shuffle(order)
        for blow in order:
            with suppress(psutil.NoSuchProcess):  # it has just ended by itself
                blow()
        if victim != "worker":
            kill(self._process)
        return victim

    def leave(self):
        """Asks the service to quit; how many seconds it took."""
        started = time.monotonic()
        workers = psutil.Process(self._process.pid).children(recursive=True)
        self._workers.update((worker.pid, worker) for worker in workers)
        with Client(port=self.port) as client:
            client.ask(Quit(), Ack, 5)
        self._process.wait(30)
        return time.monotonic() - started

    def close(self):
        kill(self._process)

    def left(self):
        """How many workers still live, after the time that a call of theirs may take."""
        psutil.wait_procs(self._workers.values(), timeout=5)
        return sum(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in self._workers.values())


def rows(figures):
    named = {"scripted": "a worker that follows a script", "engine": "the real engine and the pocket model"}
    return [_row(named[part], found) for part, found in figures.items()]


def _row(worker, found):
    struck = ", ".join(f"{who} {count} times" for who, count in sorted(found["kills"].items()))
    return Row(
        f"kill -9 at any moment loses no job, with {worker}",
        f"{struck}, while {found['clients']} clients had jobs done and cancelled some",
        sum(found["kills"].values()),
        f"{found['acked']} jobs acknowledged ({found['done']} done, {found['failed']} failed or cancelled): "
        f"{found['lost']} lost, {found['ends_other_than_one']} without exactly one end, {found['stray_files']} stray, "
        f"{found['missing_files']} missing, {found['damaged_files']} damaged of {found['files']} files; "
        f"integrity_check bad {found['integrity_bad']} of {found['integrity_checks']} times",
    )


if __name__ == "__main__":
    sys.exit(main(campaign, SMALL, LONG))
