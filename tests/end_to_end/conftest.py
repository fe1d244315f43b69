"""A REAPER whose scripts find a service, for the tests of the way from there and back."""

import pytest

from reaper.fake import Reaper
from reaper.scene import PACE
from reaper.service import Service
from reaper.sounds import clip

FAULT = "fault of Retone's own"


@pytest.fixture(scope="module")
def reaper_service(tmp_path_factory):
    """The one that ``reaper`` finds: its engine copies the clip, see tests/bridge/scripted_worker.py."""
    with Service(tmp_path_factory.mktemp("home")) as service:
        yield service


@pytest.fixture
def make(tmp_path):
    """Makes a REAPER with a saved project and this HOME; afterwards no script has met a fault of its own."""
    made = []

    def make(home, **about):
        reaper = Reaper(tmp_path, pace=PACE, **about)
        reaper.environment["HOME"] = str(home)
        reaper.project.save_as(tmp_path / "A song.rpp")
        made.append(reaper)
        return reaper

    yield make
    for reaper in made:
        windows = [run.window.text for run in reaper.runs if run.window]
        assert FAULT not in "\n".join([reaper.console, *windows])


@pytest.fixture
def reaper(make, reaper_service):
    return make(reaper_service.home)


@pytest.fixture
def wav(tmp_path):
    """A second of stereo at 44.1 kHz."""
    return clip(tmp_path / "clips" / "loop.wav")
