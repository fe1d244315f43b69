"""Links laid out of the roots while jobs run: nothing outside is read, nothing outside is written.

A process of its own exchanges a clip, its folder or the output folder with a link out of the roots, as fast as it can.
What lies outside looks the same in name, size and time, and is another sound.
"""

import os
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from faults import exchanging
from faults import strange_files as make
from retone_bridge.paths import Places
from retone_bridge.subfolders import Subfolders
from retone_engine.audio import read, write
from retone_engine.recipe import Recipe, fingerprint
from retone_engine.request import EditRequest, RetoneError

PLACES = ("the clip", "the clip's folder", "the output folder")
# What may be said of a place that is there, then is a link, then is there again. Anything else is a fault.
CODES = {"outside_roots", "clip_changed", "no_such_file", "no_such_folder", "not_a_file", "cannot_write"}
_EACH = 20  # jobs before another place is swapped


class Scene:
    """``music`` is the root, with an album and a folder for results; ``outside`` has the same names."""

    def __init__(self, folder, music):
        self.outside = folder / "outside of it"
        self.album, self.results = music / "album", music / "results"
        for path in (self.outside / "results", self.album, self.results):
            path.mkdir(parents=True)
        self.clip = Path(make.sound(self.album, samples=make.tone(2_000)))
        self.secret = Path(make.sound(self.outside, samples=make.tone(2_000, hertz=1_000.0)))
        times = self.clip.stat().st_atime_ns, self.clip.stat().st_mtime_ns
        os.utime(self.secret, ns=times)
        self.sound = fingerprint(read(self.clip))
        self._before = self._listing()

    @contextmanager
    def swapping(self, place):
        """One of PLACES changes all the time; it is itself again afterwards."""
        path, target = {
            "the clip": (self.clip, self.secret),
            "the clip's folder": (self.album, self.outside),
            "the output folder": (self.results, self.outside / "results"),
        }[place]
        link = path.with_name("link")
        link.symlink_to(target)
        with subprocess.Popen([sys.executable, exchanging.__file__, path, link]) as process:
            try:
                yield
            finally:
                process.kill()
                process.wait()
                if path.is_symlink():
                    exchanging.exchange(path, link)
                link.unlink()

    def written_outside(self):
        """Files outside that were not there before."""
        return len(self._listing() - self._before)

    def _listing(self):
        return {str(path) for path in self.outside.rglob("*")}


def at_the_doors(folder, count):
    """``count`` times the service's looks and the engine's, one after another as for a job, without a model between."""
    (folder / "music").mkdir()
    scene = Scene(folder, folder / "music")
    places = Places.of(folder / "state", [folder / "music"])
    subfolders = Subfolders()
    found = Counter()

    def step(number):
        below = {"output_subfolder": f"takes/{number % _EACH}"} if number % 2 else {}
        request = EditRequest.of(str(scene.clip), {"prompt": "organ", "output_folder": str(scene.results), **below})
        path, state = places.clip(request.path)
        outputs = places.outputs(path, f"door{number}", request)
        if below:
            subfolders.make(f"door{number}", places.where(request))
        bounds = places.bounds(f"door{number}", str(path), state, list(map(str, outputs)))
        clip = read(path, stamp=bounds.clip)
        write(outputs[0], clip.samples, clip.rate, "", False, bounds)
        return fingerprint(clip)

    for place, numbers in _shares(count):
        with scene.swapping(place):
            for number in numbers:
                try:
                    found["read_outside"] += step(number) != scene.sound
                    found["done"] += 1
                except RetoneError as error:
                    found["refused" if error.code in CODES else f"refused as {error.code}"] += 1
                except OSError as error:
                    found[f"escaped: {type(error).__name__}"] += 1
    return _figures(found, scene, count)


def swapped(on, count):
    """``count`` jobs of a live service with the real engine (a Bench)."""
    scene = Scene(on.music.parent, on.music)
    found = Counter()
    peer = on.service.peer()
    for place, numbers in _shares(count):
        done = []
        with scene.swapping(place):
            for number in numbers:
                values = ("prompt", "organ", "steps", 2, "output_folder", str(scene.results))
                peer.send("edit", f"swap{number}", str(scene.clip), *values)
                *_, (word, _, *said) = peer.until("done", "fail")
                peer.send("received", f"swap{number}")
                if word == "done":
                    done.append(Path(said[1]))
                else:
                    found["refused" if said[0] in CODES else f"refused as {said[0]}"] += 1
        # What was written outside is not found here, but counted there.
        for result in filter(Path.is_file, done):
            found["done"] += 1
            found["read_outside"] += Recipe.from_file(result).source["sha256"] != scene.sound
    return _figures(found, scene, count)


def _shares(count):
    """Numbers up to ``count`` in pieces, the places in turn."""
    for start in range(0, count, _EACH):
        yield PLACES[start // _EACH % len(PLACES)], range(start, min(count, start + _EACH))


def _figures(found, scene, count):
    named = ("done", "refused", "read_outside")
    return {
        "jobs": count,
        **{name: found[name] for name in named},
        "written_outside": scene.written_outside(),
        "other_ends": {name: times for name, times in found.items() if name not in named},
    }
