"""Edits from REAPER while everything between it and the engine dies: what was asked for lands once, or its end is told.

    python -m faults.landings [--small] [--edits N] [--blows N] [--seed N] [--figures PATH]

The shipped scripts run in the fake of REAPER and speak through the spool with a service whose worker follows a script.
Blows, drawn by chance: the service is killed -9 and started again, all scripts are ended without a word, REAPER is
quit and started again.
"""

import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from faults.figures import Row, main
from reaper.at_work import CANCEL, PROGRESS, REPEAT
from reaper.scene import EDIT, noise, saved
from reaper.service import Service

SMALL = {"edits": 12, "blows": 7, "seed": 1}
LONG = {"edits": 1000, "blows": 500, "seed": 2}

ITEMS, TRACKS = 3, 2
CANCELLED = 0.1  # of the edits
ROUND_SECONDS, END_SECONDS = 0.5, 120
JOB = "job."


def campaign(edits, blows, seed):
    """Edits of items drawn by chance, one action after the other, with blows between them."""
    chance = random.Random(seed)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        user = _User(Path(folder), chance)
        rounds = ["edit"] * edits + ["blow"] * blows
        chance.shuffle(rounds)
        with user.service:
            user.edit()
            for each in rounds[1:]:
                user.edit() if each == "edit" else user.blow()
                user.work(chance.uniform(0, ROUND_SECONDS))
            user.finish()
        return {**user.books(), "seconds": round(time.monotonic() - started, 1)}


class _User:
    """Somebody who edits in REAPER, whatever happens."""

    def __init__(self, folder, chance):
        self._chance = chance
        self._reaper = saved(folder)
        for number in range(TRACKS):
            track = self._reaper.project.add_track(f"track {number}")
            for place in range(ITEMS):
                track.add_item(noise(folder / f"{number}-{place}.wav", 0.2), position=float(place))
        self._sources = list(self._reaper.project.items)
        self.service = Service(self._reaper.home)
        self._blows, self._asked, self._edited = Counter(), set(), False

    def edit(self):
        """Selects one or two items and edits them: by the dialog the first time, then again and again."""
        for item in self._sources:
            item.select(False)
        for item in self._chance.sample(self._sources, self._chance.choice((1, 1, 2))):
            item.select()
        if self._edited:
            self._reaper.run(REPEAT)
        else:
            self._reaper.answer_inputs(prompt="linger")
            self._reaper.run(EDIT)
            self._edited = True
            self.work(2 * ROUND_SECONDS)
        if self._chance.random() < CANCELLED:
            self.work(ROUND_SECONDS / 5)
            self._reaper.run(CANCEL)

    def blow(self):
        blow = self._chance.choice(("service killed", "scripts ended", "REAPER restarted"))
        self._blows[blow] += 1
        if blow == "service killed":
            self.service.kill()
            self.work(self._chance.uniform(0, ROUND_SECONDS))  # scripts go on without it
            self.service.start()
        elif blow == "scripts ended":
            self._reaper.lose_scripts()
        else:
            self._reaper.restart()

    def work(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._tick()
            time.sleep(0.005)

    def finish(self):
        """Opens the progress window, whose script takes over what others left, until nothing is under way."""
        self._reaper.run(PROGRESS)
        end = time.monotonic() + END_SECONDS
        while self._under_way() and time.monotonic() < end:
            self._tick()
            time.sleep(0.005)

    def books(self):
        """What became of every job that a script began."""
        project = self._reaper.project
        results = [item for item in project.items if "retone_jobs" in item.ext]
        landed = Counter(job for item in results for job in item.ext["retone_jobs"].split())
        files = [take.source.file for item in results for take in item.takes]
        journal = sqlite3.connect(self.service.state / "journal.sqlite")
        states = dict(journal.execute("SELECT id, state FROM jobs"))
        codes = Counter(code for (code,) in journal.execute("SELECT code FROM jobs WHERE code != ''"))
        journal.close()
        done = {job for job, state in states.items() if state == "done"}
        media = {str(path) for path in project.media_folder.iterdir()}
        return {
            "blows": dict(self._blows),
            "begun": len(self._asked),
            "landed": len(landed),
            "landed_twice": sum(count > 1 for count in landed.values()),
            "codes": dict(codes),
            "never_ended": len(self._under_way()) + sum(state in ("queued", "running") for state in states.values()),
            "done_and_not_landed": len((done & self._asked) - landed.keys()),
            "landed_and_not_done": len(landed.keys() - done),
            "takes_of_one_file": len(files) - len(set(files)),
            "files_missing": len(set(files) - media),
            "files_stray": len(media - set(files)),
        }

    def _tick(self):
        self._reaper.tick()
        self._asked |= self._under_way()

    def _under_way(self):
        return {key[1].removeprefix(JOB) for key in self._reaper.ext_state if key[1].startswith(JOB)}


def rows(figures):
    blows = ", ".join(f"{blow} {count} times" for blow, count in sorted(figures["blows"].items()))
    codes = ", ".join(f"{count} {code}" for code, count in sorted(figures["codes"].items())) or "none failed"
    return [
        Row(
            "An edit from REAPER lands once, or its end is told, whatever dies on the way",
            f"the shipped scripts in the stand-in for REAPER; {blows}",
            figures["begun"],
            f"{figures['landed']} landed, {figures['landed_twice']} twice; {codes}; "
            f"{figures['done_and_not_landed']} done and not landed, {figures['never_ended']} without an end, "
            f"{figures['files_stray']} stray and {figures['files_missing']} missing files",
        )
    ]


if __name__ == "__main__":
    sys.exit(main(campaign, SMALL, LONG))
