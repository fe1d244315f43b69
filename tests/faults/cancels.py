"""Renders of the real engine are cancelled at any moment: how soon they end, and what they leave.

    python -m faults.cancels [--small] [--cancels N] [--seconds N] [--steps N] [--seed N] [--figures PATH]

``seconds`` is the clip's length. The network calls are timed inside the engine's process, in the same run.
"""

import random
import sys
import time
import zlib
from pathlib import Path

from faults.clips import tiled_demo
from faults.figures import Row, main, milliseconds, spread
from faults.witness import Witness, folder_with_clip, service
from retone_bridge.protocol import Done, Fail, Progress, Queued

SMALL = {"cancels": 6, "seconds": 8, "steps": 12, "seed": 1}
LONG = {"cancels": 200, "seconds": 60, "steps": 50, "seed": 2}

ENGINE = str(Path(__file__).with_name("faulty_engine.py"))


def campaign(cancels, seconds, steps, seed):
    """One job runs and the next one waits; each is cancelled at a moment drawn from the time that a whole one takes."""
    chance = random.Random(seed)
    with folder_with_clip() as (folder, _):
        calls = folder / "calls"
        worker = (sys.executable, ENGINE, "none", str(folder / "never"), str(calls))
        line = _Line(tiled_demo(folder, seconds), {"steps": steps, "strength": 1.0})
        with service(folder / "state", worker) as (_, port):
            line.ask(port, "warm").to_the_end()  # loads the model
            whole = line.ask(port, "whole").to_the_end()
            before = len(calls.read_text().split())
            ended, began, late, wrong = [], [], 0, []
            running = line.ask(port, "r0")
            for k in range(cancels):
                running.until_begun()
                following = line.ask(port, f"r{k + 1}")
                time.sleep(chance.uniform(0, whole))
                end, took = running.cancel()
                if isinstance(end, Done):
                    late += 1  # it had just ended by itself
                    line.finished.append(end.first_path)
                elif end.code == "cancelled":
                    ended.append(took)
                else:
                    wrong.append(f"{end}")
                at = time.monotonic()
                following.until_begun()
                began.append(time.monotonic() - at)
                running = following
            running.cancel()
            left = sorted(str(path) for path in (folder / "state" / "renders").iterdir())
            answers = _answers(port)
        took = [float(word) for word in calls.read_text().split()[before:]]
        return {
            "cancels": cancels,
            "clip_seconds": seconds,
            "steps": steps,
            "whole_job_seconds": round(whole, 2),
            "cancelled": len(ended),
            "done_before": late,
            "wrong": [*wrong, *answers],
            "files_left": len(set(left) - set(line.finished)),
            "to_the_fail": spread(ended),
            "network_call": spread(took),
            "next_begins_after": spread(began),
        }


class _Line:
    """Asks for jobs of one clip, each by a client of its own."""

    def __init__(self, clip, settings):
        self.clip, self.settings = clip, settings
        self.finished = []

    def ask(self, port, id):
        job = _Job(self, port, id)
        job.step()  # the ack
        return job


class _Job:
    def __init__(self, line, port, id):
        self._line, self._id = line, id
        self._client = Witness(port=port)
        # Another seed for each, so that none finds its inversion in the engine's cache.
        seed = zlib.crc32(id.encode()) % 2**31
        self._events = self._client.edit(line.clip, "strings", id=id, seed=seed, **line.settings)
        self._begun = False

    def step(self):
        event = next(self._events)
        begins = isinstance(event, Progress) or (isinstance(event, Queued) and event.position == 0)
        self._begun = self._begun or begins or isinstance(event, Done | Fail)
        return event

    def until_begun(self):
        while not self._begun:
            self.step()

    def cancel(self):
        """Its end, and how many seconds after the cancel that came."""
        asked = time.monotonic()
        self._client.cancel(self._id)
        while not isinstance(event := self.step(), Done | Fail):
            pass
        took = time.monotonic() - asked
        self._client.close()
        return event, took

    def to_the_end(self):
        """How many seconds it took; it must be done."""
        started = time.monotonic()
        while not isinstance(event := self.step(), Done | Fail):
            pass
        if not isinstance(event, Done):
            raise RuntimeError(f"{event}")
        self._line.finished.append(event.first_path)
        self._client.close()
        return time.monotonic() - started


def _answers(port):
    """What is wrong with the answers to the cancel of a job that is done, that was cancelled, that is not known."""
    wrong = []
    for id, expected in (("whole", ""), ("r0", "cancelled"), ("nobody", "unknown_job")):
        with Witness(port=port) as client:
            client.cancel(id)
            *_, end = client.follow(id)
        if getattr(end, "code", "") != expected and not (id == "r0" and isinstance(end, Done)):
            wrong.append(f"the cancel of {id} is answered with {end}")
    return wrong


def rows(figures):
    return [
        Row(
            "A cancel ends the render and leaves no file",
            f"renders of the pocket model ({figures['clip_seconds']} s of audio, {figures['steps']} steps, "
            f"{figures['whole_job_seconds']:.1f} s when left alone), each at a random moment",
            figures["cancels"],
            f"{figures['cancelled']} cancelled after {milliseconds(figures['to_the_fail'])} (one network call: "
            f"{milliseconds(figures['network_call'])}), {figures['done_before']} had just ended, "
            f"{figures['files_left']} files left; the next job began after: "
            + milliseconds(figures["next_begins_after"]),
        )
    ]


if __name__ == "__main__":
    sys.exit(main(campaign, SMALL, LONG))
