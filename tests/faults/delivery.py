"""Thousands of requests over a network that loses, doubles and reorders: none lost, none rendered twice, one end each.

python -m faults.delivery [--small] [--requests N] [--at-once N] [--seed N] [--figures PATH]
"""

import random
import sys
import threading
import time
from collections import Counter

from faults.figures import Row, main, milliseconds, spread
from faults.proxy import BadNetwork
from faults.witness import Witness, folder_with_clip, service
from retone_bridge.client import Client
from retone_bridge.protocol import Ack, Direction, Done, Fail, Result

SMALL = {"requests": 240, "at_once": 48, "seed": 1}
LONG = {"requests": 20000, "at_once": 48, "seed": 2}
QUESTIONS_EVERY = 10  # one request in so many is asked about again in every way


def campaign(requests, at_once, seed):
    """``requests`` jobs by ``at_once`` clients through one bad network; the scripted worker notes each start."""
    with folder_with_clip() as (folder, clip), service(folder / "state") as (_, port):
        started = time.monotonic()
        with BadNetwork(("127.0.0.1", port), seed) as network:
            tally = _Tally(clip, seed)
            numbers = iter(range(requests))
            lock = threading.Lock()
            threads = [threading.Thread(target=tally.work, args=(network.port, numbers, lock)) for _ in range(at_once)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        starts = Counter((clip.parent / "starts").read_text().split())
        wanted = {f"r{number}" for number in range(requests)}
        return {
            "requests": requests,
            "clients": at_once,
            "seconds": round(time.monotonic() - started, 1),
            "lost": len(wanted - tally.done),
            "rendered_twice": sum(count > 1 for count in starts.values()),
            "never_begun": len(wanted - set(starts)),
            "ends_other_than_one": sum(len(tally.ends[id]) != 1 for id in wanted),
            "results_missing_or_twice": tally.wrong_results,
            "wrong_answers": tally.wrong_answers,
            "questions": tally.questions,
            "faults": tally.faults,
            "packets": dict(network.counts),
            "time_to_the_end": spread(tally.seconds),
        }


class _Tally:
    """What the clients met, all together."""

    def __init__(self, clip, seed):
        self._clip = clip
        self._seed = seed
        self.ends = {}
        self.done = set()
        self.seconds = []
        self.wrong_results = self.wrong_answers = self.questions = 0
        self.faults = []

    def work(self, port, numbers, lock):
        with Witness(port=port) as client:
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                try:
                    self._ask(client, port, number, lock)
                except Exception as error:  # a campaign tells of every fault at its end
                    self.faults.append(f"r{number}: {type(error).__name__}: {error}")

    def _ask(self, client, port, number, lock):
        id, chance = f"r{number}", random.Random(f"{self._seed} {number}")
        variations, directions = chance.choice(((1, 0), (1, 0), (1, 0), (3, 0), (1, 2)))
        started = time.monotonic()
        events = list(self._events(client, id, variations, directions))
        took = time.monotonic() - started
        expected = [*range(1, 2 * directions + 1)] if directions else [*range(1, variations + 1)]
        results = sorted(event.index for event in events if isinstance(event, Result))
        found = sorted(event.direction for event in events if isinstance(event, Direction))
        acks = sum(isinstance(event, Ack) for event in events)
        with lock:
            self.seconds.append(took)
            self.wrong_results += results != expected or found != [*range(1, directions + 1)] or acks > 1
            if [type(event) for event in events if isinstance(event, Done | Fail)] == [Done]:
                self.done.add(id)
        if number % QUESTIONS_EVERY == 0:
            wrong = self._question(port, id, variations, directions, events[-1])
            with lock:
                self.questions += 4
                self.wrong_answers += wrong
        with lock:
            self.ends[id] = client.ends.pop(id)

    def _events(self, client, id, variations, directions, prompt="count"):
        if directions:
            return client.directions(self._clip, source_prompt=prompt, id=id, count=directions)
        return client.edit(self._clip, prompt, id=id, variations=variations)

    def _question(self, port, id, variations, directions, end):
        """How many of four answers about a job that is done are wrong."""

        def answer(ask):
            with Client(port=port) as client:  # the others may still be told what they were told before
                *_, last = ask(client)
            return last

        again = answer(lambda client: self._events(client, id, variations, directions))
        state = answer(lambda client: client.follow(id))
        other = answer(lambda client: self._events(client, id, variations, directions, prompt="strings"))
        unknown = answer(lambda client: client.follow(f"{id}-never"))
        codes = [getattr(each, "code", "") for each in (other, unknown)]
        return (again != end) + (state != end) + (codes[0] != "id_reused") + (codes[1] != "unknown_job")


def rows(figures):
    packets = figures["packets"]
    share = {
        name: f"{100 * packets.get(name, 0) / packets['taken']:.0f} %" for name in ("lost", "doubled", "overtaken")
    }
    failures = [
        f"{figures[name]} {name.replace('_', ' ')}" for name in ("lost", "rendered_twice", "ends_other_than_one")
    ]
    return [
        Row(
            "A request arrives, and is done once",
            f"{figures['clients']} clients over a network that lost {share['lost']}, doubled {share['doubled']} and "
            f"reordered {share['overtaken']} of {packets['taken']} packets",
            figures["requests"],
            ", ".join(failures),
        ),
        Row(
            "A job can always be asked about",
            "over the same network: the same request again, the same id with other contents, its state, an unknown id",
            figures["questions"],
            f"{figures['wrong_answers']} wrong answers; a request's way to its end: "
            + milliseconds(figures["time_to_the_end"]),
        ),
    ]


if __name__ == "__main__":
    sys.exit(main(campaign, SMALL, LONG))
