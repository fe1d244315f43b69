"""What the tests of the actions share: a project with items, and a real service whose engine copies what it gets."""

from contextlib import contextmanager

import numpy as np
import pytest
import soundfile

from bridge import harness
from reaper.fake import Reaper

RATE = 8000
EDIT = "Retone - edit selected items with a prompt"
SPOOL = ".local/share/retone/spool"

both_luas = pytest.mark.parametrize("lua", ["5.3", "5.4"])


def noise(path, seconds=1.0, channels=2):
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, (round(seconds * RATE), channels))
    soundfile.write(path, samples.astype(np.float32), RATE, subtype="FLOAT")
    return path


@contextmanager
def scene(folder, lua="5.4", version="7.60", **settings):
    """A REAPER with a saved project "song", and a service that it reaches through the spool."""
    reaper = Reaper(folder, lua=lua, version=version)
    reaper.project.save_as(folder / "song" / "song.rpp")
    with harness.running(folder / "state", spool=reaper.home / SPOOL, **settings) as service:
        yield reaper, service


def finished(reaper, *runs, seconds=20):
    """Ticks until the runs have ended."""
    reaper.until(lambda: all(run.ended for run in runs), seconds=seconds)


def edit(reaper, prompt="a flute", **answers):
    """Runs the action with a dialog on what is selected, to its end."""
    reaper.answer_inputs(prompt=prompt, **answers)
    run = reaper.run(EDIT)
    finished(reaper, run)
    return run
