"""Edits from Live with the real service over real UDP, while it is killed: each lands once, or its end is told.

    python -m faults.live_kills [--small] [--edits N] [--kills N] [--seed N] [--figures PATH]

The shipped device runs in the fake of Live and Max by real time; the service's worker follows a script, and takes its
time where a kill would hurt. What else a day may bring is in live_landings.py.
"""

import random
import re
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from bridge.harness import kill, serve
from end_to_end.in_live import at_work, select
from faults.figures import Row, main
from live.editing import sound
from live.host import Live
from live.scene import a_set, audio_clip, audio_track

SMALL = {"edits": 4, "kills": 1, "seed": 3}
LONG = {"edits": 400, "kills": 200, "seed": 2}

CLIPS, FRAMES = 3, 8820
ROUND_SECONDS, END_SECONDS = 0.5, 120
NEVER = ("landed_twice", "never_ended", "done_and_not_landed", "landed_and_not_done", "files_stray", "mistakes")


def campaign(edits, kills, seed):
    """Edits of clips drawn by chance, and kills between and under them."""
    chance = random.Random(seed)
    started = time.monotonic()
    rounds = ["edit"] * edits + ["kill"] * kills
    chance.shuffle(rounds)
    # A worker that is left by a killed service may still write while it ends.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        state, song = Path(folder) / "state", Path(folder) / "A song Project"
        song.mkdir()
        clips = [audio_clip(sound(song / f"{place}.wav", FRAMES), name=f"clip {place}") for place in range(CLIPS)]
        process, port = serve(state)
        held = a_set(audio_track("Drums", clips), scenes=CLIPS, path=song / "A song.als")
        try:
            with Live(set=held, clock="real", service_port=port) as live:
                device = at_work(live)
                device.type("Prompt", "linger")
                for each in ["edit", *rounds[1:]]:
                    if each == "edit":
                        select(live, device, f"live_set tracks 0 clip_slots {chance.randrange(CLIPS)} clip")
                        device.press("New Seed")
                        device.press("Edit")
                    else:
                        kill(process)
                        time.sleep(chance.uniform(0, ROUND_SECONDS))
                        process, _ = serve(state, port)
                    time.sleep(chance.uniform(0, ROUND_SECONDS))
                _wait_until_idle(device)
                kill(process)  # it lets nobody read its journal
                books = _books(live, device, state, song)
        finally:
            kill(process)
    return {"kills": rounds[1:].count("kill"), **books, "seconds": round(time.monotonic() - started, 1)}


def _wait_until_idle(device):
    end = time.monotonic() + END_SECONDS
    while device.bar >= 0 and time.monotonic() < end:
        time.sleep(0.05)


def _books(live, device, state, song):
    """What became of every job that the device asked for."""
    asked = {values[0] for address, values in device.sent if address == "/retone/edit"}
    ended = {values[0] for address, values in device.sent if address == "/retone/received"}
    landed = Counter(re.search(r"m[0-9a-f]{12}", path)[0] for path in live.made)
    journal = sqlite3.connect(state / "journal.sqlite")
    states = dict(journal.execute("SELECT id, state FROM jobs"))
    codes = Counter(code for (code,) in journal.execute("SELECT code FROM jobs WHERE code != ''"))
    journal.close()
    done = {job for job, at in states.items() if at == "done"}
    files = {str(path) for path in song.glob("Samples/Processed/Retone/*")}
    return {
        "asked": len(asked),
        "landed": len(landed),
        "codes": dict(codes),
        "landed_twice": sum(count > 1 for count in landed.values()),
        "never_ended": len(asked - ended) + sum(at in ("queued", "running") for at in states.values()),
        "done_and_not_landed": len((done & asked) - landed.keys()),
        "landed_and_not_done": len(landed.keys() - done),
        "files_stray": len(files ^ set(live.made)),
        "mistakes": len(live.unexpected),
    }


def rows(figures):
    codes = ", ".join(f"{count} {code}" for code, count in sorted(figures["codes"].items())) or "none failed"
    return [
        Row(
            "An edit from Live lands once, or its end is told, though the service is killed",
            f"the shipped device in the stand-in for Live and Max over UDP; kill -9 {figures['kills']} times",
            figures["asked"],
            f"{figures['landed']} landed, {figures['landed_twice']} twice; {codes}; "
            f"{figures['done_and_not_landed']} done and not landed, {figures['never_ended']} without an end, "
            f"{figures['files_stray']} stray files",
        )
    ]


if __name__ == "__main__":
    sys.exit(main(campaign, SMALL, LONG))
