"""A service and the real engine at work for a long time: memory, threads and handles must not grow.

    python -m faults.soak [--minutes N] [--seed N] [--figures PATH]

Two clients ask for everything that there is: edits of several clips and lengths, variations, directions, steering,
cancels and wrong requests, over and over, so that what the engine keeps for the next request (bounded by its bytes)
does not grow for being new; twice at the beginning the engine is killed. Flat means: between the first and the last
third of the samples after the warm-up, the median grows by no more than ``GROWTH_SHARE`` and ``GROWTH_MIB`` (memory)
or ``GROWTH_COUNT`` (threads, handles), whichever is more.
"""

import random
import statistics
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass

import psutil

from faults.clips import tiled_demo
from faults.figures import Row, main
from faults.pressure import retone_serve
from faults.witness import Witness, folder_with_clip
from retone_bridge.osc import Message
from retone_bridge.protocol import Ack, Fail, Queued
from retone_engine.request import RetoneError

SMALL = {"minutes": 0.25, "seed": 1}
LONG = {"minutes": 5.0, "seed": 2}

SAMPLE_SECONDS = 0.5
WARM_SHARE = 0.3  # of the time: models, caches and libraries are loaded when they are first needed
GROWTH_SHARE, GROWTH_MIB, GROWTH_COUNT = 0.1, 16, 4
KILL_SHARES = (0.1, 0.2)  # of the time: when the engine is killed, while all still warms up
QUICK, DIRECTED = {"steps": 8, "strength": 0.4}, {"steps": 8, "region_frames": 22050}
EXPECTED = {"edit done", "directions done", "steer done", "cancelled cancelled", "wrong no_such_file"}


@dataclass(frozen=True)
class Sample:
    """Of one process: when (seconds), memory in MiB (USS is what it alone holds), threads, open handles."""

    at: float
    pid: int
    rss_mib: float
    uss_mib: float
    threads: int
    handles: int


def campaign(minutes, seed):
    """Work for ``minutes``, with a sample of both processes every half second."""
    with folder_with_clip() as (folder, _), retone_serve(folder / "state") as (process, port):
        clips = [tiled_demo(folder, seconds) for seconds in (1, 3, 5)]
        work = _Work(port, clips, seed)
        samples = {"service": [], "engine": []}
        started = time.monotonic()
        until = started + 60 * minutes
        kills = [started + share * 60 * minutes for share in KILL_SHARES]
        work.start()
        while (now := time.monotonic()) < until:
            engine = _engine_of(process)
            for name, watched in (("service", psutil.Process(process.pid)), ("engine", engine)):
                if watched is not None and (sample := _sampled(watched, now - started)) is not None:
                    samples[name].append(sample)
            if engine is not None and kills and now > kills[0]:
                engine.kill()
                kills.pop(0)
            time.sleep(max(0.0, now + SAMPLE_SECONDS - time.monotonic()))
        work.stop()
        return {
            "minutes": minutes,
            "jobs": dict(sorted(work.ends.items())),
            "faults": [
                *work.faults,
                *(f"{count} times: {end}" for end, count in work.ends.items() if end not in EXPECTED),
            ],
            "engine_kills": len(KILL_SHARES) - len(kills),
            "service": _trend(samples["service"]),
            "engine": _trend(_of_the_longest(samples["engine"])),
        }


def _engine_of(process):
    """The service's child, or None while there is none."""
    try:
        return next(iter(psutil.Process(process.pid).children()), None)
    except psutil.NoSuchProcess:
        return None


def _sampled(watched, at):
    try:
        memory = watched.memory_full_info()
        mib = 1 << 20
        return Sample(at, watched.pid, memory.rss / mib, memory.uss / mib, watched.num_threads(), watched.num_fds())
    except (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied):
        return None


def _of_the_longest(samples):
    """Those of the process that lived longest: one that was killed takes its growth with it."""
    pids = Counter(sample.pid for sample in samples)
    longest = pids.most_common(1)[0][0] if pids else None
    return [sample for sample in samples if sample.pid == longest]


def _trend(samples):
    """By measure: the medians of the first and the last third after the warm-up, the slope an hour, whether flat."""
    warm = samples[round(WARM_SHARE * len(samples)) :]
    third = max(1, len(warm) // 3)
    found = {"samples": len(warm)}
    if len(warm) < 6:
        return found
    times = [sample.at / 3600 for sample in warm]
    for name, least in (
        ("rss_mib", GROWTH_MIB), ("uss_mib", GROWTH_MIB), ("threads", GROWTH_COUNT), ("handles", GROWTH_COUNT),
    ):  # fmt: skip
        values = [getattr(sample, name) for sample in warm]
        start, end = statistics.median(values[:third]), statistics.median(values[-third:])
        found[name] = {
            "start": round(start, 1),
            "end": round(end, 1),
            "slope_an_hour": round(statistics.linear_regression(times, values).slope, 1),
            "flat": end - start <= max(GROWTH_SHARE * start, least),
        }
    found["flat"] = all(found[name]["flat"] for name in ("rss_mib", "uss_mib", "threads", "handles"))
    return found


class _Work:
    """Two clients that are never idle; ``ends``: how their jobs ended, by kind and code."""

    def __init__(self, port, clips, seed):
        self._port, self._clips = port, clips
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._live, args=(f"{seed} {k}",)) for k in range(2)]
        self.ends = Counter()
        self.faults = []

    def start(self):
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _live(self, seed):
        chance = random.Random(seed)
        kinds = (self._edit, self._edit, self._edit, self._directions, self._steer, self._cancelled, self._wrong)
        with Witness(port=self._port) as client:
            while not self._stop.is_set():
                kind = chance.choice(kinds)
                try:
                    end = kind(client, chance.choice(self._clips), chance)
                    code = end.code if isinstance(end, Fail) else "done"
                    self.ends[f"{kind.__name__[1:]} {code}"] += 1
                    client.ends.clear()
                except RetoneError as error:
                    self.faults.append(f"{kind.__name__}: {error.code}: {error.message}")

    def _edit(self, client, clip, chance):
        prompt = chance.choice(("strings", "church organ", "a soft flute", "808"))
        settings = {"seed": chance.randrange(2), "variations": chance.choice((1, 1, 3)), **QUICK}
        return [*client.edit(clip, prompt, **settings)][-1]

    def _directions(self, client, clip, chance):
        return [*client.directions(clip, count=chance.choice((1, 2)), **DIRECTED)][-1]

    def _steer(self, client, clip, chance):
        return [*client.steer(clip, {1: chance.uniform(-1, 1)}, count=1, **DIRECTED)][-1]

    def _cancelled(self, client, clip, chance):
        for event in client.edit(clip, "strings", id=(id := f"x{chance.getrandbits(64):x}"), steps=200, seed=7):
            if not isinstance(event, Ack | Queued):
                client.cancel(id)
        return event

    def _wrong(self, client, clip, chance):
        client.send(Message("/retone/edit", (f"w{chance.getrandbits(64):x}", str(clip), "strength", 2.0)))
        client.send(Message("/retone/nothing", (1,)))
        return [*client.edit(clip.with_name("not there.wav"), "strings")][-1]


def rows(figures):
    jobs = sum(figures["jobs"].values())
    done = sum(count for name, count in figures["jobs"].items() if name.endswith(" done"))
    return [
        Row(
            "Memory, threads and handles stay flat",
            f"{figures['minutes']:g} minutes of edits, variations, directions, steering, cancels and wrong requests, "
            f"{figures['engine_kills']} kills of the engine",
            jobs,
            f"{done} done, {len(figures['faults'])} unexpected ends; "
            + "; ".join(f"the {who}: {_in_words(figures[who])}" for who in ("service", "engine")),
        )
    ]


def _in_words(trend):
    if "flat" not in trend:
        return "too few samples to say"
    memory, threads, handles = trend["uss_mib"], trend["threads"], trend["handles"]
    return (
        f"{'flat' if trend['flat'] else 'NOT flat'}, memory {memory['start']:g} to {memory['end']:g} MiB "
        f"({memory['slope_an_hour']:+g} an hour), threads {threads['start']:g} to {threads['end']:g}, "
        f"handles {handles['start']:g} to {handles['end']:g}"
    )


if __name__ == "__main__":
    sys.exit(main(campaign, SMALL, LONG))
