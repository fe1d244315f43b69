"""Edits from Live on the worst of days: what was asked for lands once, or its end is told, and nothing else is touched.

    python -m faults.live_landings [--small] [--edits N] [--seed N] [--figures PATH]

The shipped device runs in the fake of Live and Max by manual time, in one small set after the other. By chance a user
edits, finds, steers, cancels, selects, moves and deletes clips, tracks and scenes, loads presets, adds and removes
devices; Live refuses what it is asked to make; a scripted service (live_service.py) dies and comes back with or without
its jobs, over a network that loses, doubles and reorders; other programs send what they like (live_hostile.py).
"""

import random
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from faults.figures import Row, main
from faults.live_day import PORT, Day
from faults.live_service import REQUESTS
from live.host import Live
from live.scene import a_set

SMALL = {"edits": 16, "seed": 3}
LONG = {"edits": 5000, "seed": 2}

EDITS_A_SET = 20
CALM_SECONDS, IDLE_SECONDS = 120, 20
MOST_BYTES = 2048
# What Live says where it refuses, which is no mistake of the device's.
REFUSALS = ("Live refuses it now", "Live allows no more than")
NOT_TAKEN = re.compile(r"Live did not take (?:(\d+) of \d+ files|the file)\.")
BROKEN = ("fault of Retone's own", "The landing broke off")


def campaign(edits, seed):
    """Sets with some twenty edits each, until there were so many."""
    started = time.monotonic()
    books = Counter()
    number = 0
    while books["edits"] < edits:
        number += 1
        with tempfile.TemporaryDirectory() as folder:
            books += _Day(Path(folder), random.Random(f"{seed} {number}")).live_through()
    books = {name: count for name, count in books.items() if not name.startswith("blow ")} | {
        "blows": {name[5:]: count for name, count in books.items() if name.startswith("blow ")}
    }
    return {**dict.fromkeys(COUNTED, 0), **books, "seconds": round(time.monotonic() - started, 1)}


NEVER = (
    "landed_twice", "never_ended", "not_told", "done_and_not_landed", "covered", "deleted_of_the_user", "mistakes",
    "too_long", "silent", "written_when_idle", "wrong_reply_port",
)  # fmt: skip
COUNTED = (*NEVER, "edits", "asked", "landed", "cancelled", "failed", "forged", "refused")


class _Day(Day):
    """One set, from its opening until nothing is under way any more."""

    def __init__(self, folder, chance):
        super().__init__(folder, chance)
        self._read, self._landed = Counter(), 0
        self._can_insert = chance.random() < 0.9

    def live_through(self):
        chance = self._chance
        scenes = chance.choice((1, 3, 6))
        about = {
            "version": chance.choice(("11.3.43", "12.3.0", "12.3.0")) if self._can_insert else "12.0.0",
            "edition": chance.choice(("full", "full", "full", "intro", "lite")),
            "new_clips": {"warped": chance.random() < 0.5},
        }
        path = self._folder / "A song.als" if chance.random() < 0.7 else ""
        with Live(set=a_set(*self._tracks(scenes), scenes=scenes, path=path), **about) as self.live:
            for text in REFUSALS:
                self.live.expect_error(text)
            self._add_device()
            for _ in range(2000):
                if self.books["edits"] >= EDITS_A_SET:
                    break
                self._act()
                self._work(chance.choice((0.02, 0.1, 0.3, 0.8)))
            self._calm_down()
            self._audit()
            for error in self.live.unexpected:
                self.live.expect_error(error)  # told in the books
        return self.books

    # Time.

    def _work(self, seconds, step_seconds=0.1):
        """Lets time go on, in steps; packets travel, and every device is looked at."""
        while seconds > 0:
            step = min(step_seconds, seconds)
            seconds -= step
            self.now += step
            self._service.work(self.now, step)
            self._network.bring(self.now)
            if len(self.live.made) > self._landed:
                self._landed = len(self.live.made)
                self._meddle(self.live.made[-1])
            self.live.advance(step)
            for device in self._devices:
                self._take(device)
                self.books["silent"] += not device.text("status")

    def _take(self, device):
        """Takes in what a device has sent since."""
        packets = device.packets_from(self._read[device.number])
        self._read[device.number] += len(packets)
        for packet in packets:
            address, values = packet["address"], packet["arguments"]
            self.books["too_long"] += packet["bytes"] >= MOST_BYTES
            if address in REQUESTS:
                self.books["edits"] += address == "/retone/edit" and values[0] not in self._asked
                self.books["wrong_reply_port"] += values[-1] != device.port
                self._asked[values[0]] = device.number
            elif address == "/retone/received":
                self._ended.add(values[0])
            elif address == "/retone/cancel":
                self._cancelled.add(values[0])
            if packet["port"] == self._service.port and address != "/retone/here":
                self._network.send(self.now, lambda a=address, v=values: self._service.hear(device, a, v, self.now))

    def _calm_down(self):
        """The sun comes out; everything comes to its end, and then nothing happens any more."""
        self._network.is_bad, self._service.is_kind = False, True
        self.live.refuse(0, 1)
        if not self._service.is_up:
            self._service.start(self.now)
        for device in self._devices:
            device.turn("Service Port", PORT)
        end = self.now + CALM_SECONDS
        while self.now < end and any(device.bar >= 0 for device in self._devices):
            self._work(1, 0.5)
        steps = self.live.undo_steps
        self._work(IDLE_SECONDS, 1)
        self.books["written_when_idle"] += self.live.undo_steps - steps

    # The books.

    def _audit(self):
        live, books = self.live, self.books
        mine = {id for id, number in self._asked.items() if number not in self._gone}
        books["asked"] += len(self._asked)
        books.update({f"blow packets {name}": count for name, count in self._network.blows.items()})
        books["never_ended"] += len(mine - self._ended) + sum(device.bar >= 0 for device in self._devices)
        made = Counter(live.made)
        books["landed"] += sum(self._id(path) in self._asked for path in made)
        books["landed_twice"] += sum(times > 1 for path, times in made.items() if path != self._other)
        told = self._told()
        books["not_told"] += max(0, len(mine & self._ended) - len(told))
        missed = sum(self._missed(id, made) for id in mine & self._ended - self._forged)
        said = sum(int(found[1] or 1) for text in told for found in NOT_TAKEN.finditer(text))
        books["refused"] += said
        books["done_and_not_landed"] += max(0, missed - said) if self._can_insert else 0
        books["cancelled"] += sum("Cancelled." in text for text in told)
        books["failed"] += sum("The script says" in text for text in told)
        books["forged"] += len(self._forged)
        books["covered"] += len(live.destroyed)
        theirs = {self._own}
        books["deleted_of_the_user"] += sum(path in theirs for path in live.deleted)
        mistakes = [*live.unexpected, *(text for text in live.console if any(word in text for word in BROKEN))]
        for text in mistakes:
            sys.stderr.write(f"console: {text}\n")
        books["mistakes"] += len(mistakes)

    def _told(self):
        """The ends that were told by devices that are still there; each stands in Max's window."""
        return [text for text in self.live.console if text.startswith("Retone: ") and "landing:" not in text]

    @staticmethod
    def _id(path):
        found = re.search(r"clip-(m[0-9a-f]{12})-", path)
        return found[1] if found else ""

    def _missed(self, id, made):
        """How many files of a job did not come into the set; a service that lost its journal may have made it twice."""
        if id in self._cancelled or id in self._service.failed:
            return 0
        jobs = [job for job in self._service.done.get(id, []) if job.request[0] != "/retone/directions"]
        return min((sum(path not in made for path in job.paths) for job in jobs), default=0)


def rows(figures):
    blows = ", ".join(f"{blow} {count} times" for blow, count in sorted(figures["blows"].items()))
    return [
        Row(
            "An edit from Live lands once, or its end is told, and nothing of the user's is touched",
            f"the shipped device in the stand-in for Live and Max; {blows}",
            figures["asked"],
            ", ".join(f"{figures[name]} {name.replace('_', ' ')}" for name in COUNTED if name != "asked"),
        )
    ]


if __name__ == "__main__":
    sys.exit(main(campaign, SMALL, LONG))
