"""What the tests of the actions share: a project with items, and a real service whose engine copies what it gets."""

from contextlib import contextmanager
from itertools import count

import numpy as np
import pytest
import soundfile

from bridge import harness
from reaper.fake import Reaper

RATE = 8000
EDIT = "Retone - edit selected items with a prompt"
ESCAPE = 27
# Scripts wait by their own clock, which may run faster than the service's.
PACE = 5
SPOOL = ".local/share/retone/spool"

both_luas = pytest.mark.parametrize("lua", ["5.3", "5.4"])

_numbers = count(1)


def noise(path, seconds=1.0, channels=2):
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, (round(seconds * RATE), channels))
    soundfile.write(path, samples.astype(np.float32), RATE, subtype="FLOAT")
    return path


def saved(folder, lua="5.4", version="7.60", home=None):
    """A REAPER with a saved project "song"; ``home``: where a service has its spool already."""
    reaper = Reaper(folder, lua=lua, version=version, pace=PACE)
    reaper.project.save_as(folder / "song" / "song.rpp")
    if home:
        reaper.environment["HOME"] = str(home)
    return reaper


@contextmanager
def serving(home, state="state", **settings):
    """A service that the scripts of this HOME reach through the spool; it looks there as often as they do."""
    with pytest.MonkeyPatch.context() as meanwhile:
        meanwhile.setattr("retone_bridge.server.TICK_SECONDS", 0.1 / PACE)
        with harness.running(home / state, spool=home / SPOOL, **settings) as service:
            yield service


_LAND = """
local item, from, to, files, title, options, id, kind = ...
local take = reaper.GetActiveTake(item)
local projects = require("retone.projects")
local job = { id = id, state = "done", files = files, warnings = {}, directions = {} }
job.item, job.take, job.name = projects.guid(item), projects.take_guid(take), reaper.GetTakeName(take)
job.range = assert(require("retone.take_audio").range(item, take, from, to))
local batch = { title = title, options = options, jobs = { job }, request = {} }
return require("retone.results").land(batch, reaper.GetItemProjectContext(item))
"""


def land(reaper, item, *files, at=(0, 0), title="a flute", job=None, **options):
    """Lands files as the results of one job on an item; gives the new sentences and the items that are new."""
    before = set(reaper.project.items)
    job = job or f"r{next(_numbers)}"
    said = reaper.lua_values(_LAND, item, *map(float, at), list(files), title, options, job)
    return said or [], [new for new in item.project.items if new not in before]


def until_landed(reaper, steps=1, seconds=20):
    """Ticks until the project has so many undo steps."""
    reaper.until(lambda: len(reaper.project.undo.names) >= steps, seconds=seconds)


def edit(reaper, prompt="a flute", **answers):
    """Answers the dialog of the edit action, runs it on what is selected until it landed, and closes its window."""
    steps = len(reaper.project.undo.names)
    reaper.answer_inputs(prompt=prompt, **answers)
    run = reaper.run(EDIT)
    until_landed(reaper, steps + 1)
    close(reaper, run)
    return run


def close(reaper, run):
    """Closes the window of a run, which ends when it has nothing else to do."""
    run.window.press(ESCAPE)
    reaper.until(lambda: run.ended)


def until_shown(reaper, run, text, seconds=20):
    """Ticks until this text stands in the window of a run, on however many lines."""
    reaper.until(lambda: run.window and text in " ".join(run.window.texts), seconds=seconds)


def jobs(reaper):
    """What is under way, as the ledger has it: batches with their jobs."""
    return reaper.lua_values('return require("retone.ledger").batches()') or []


def asked(reaper):
    """Whether the first job was handed to the service, and is not done."""
    batches = jobs(reaper)
    return bool(batches) and batches[0]["jobs"][0]["state"] == "asked"
