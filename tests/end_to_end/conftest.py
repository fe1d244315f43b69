"""A REAPER and a Live that find a service, for the tests of the way from there and back."""

from contextlib import ExitStack

import pytest

from bridge.harness import running
from live.host import Live
from live.scene import a_set
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


@pytest.fixture(scope="module")
def live_service(tmp_path_factory):
    """The one that the device in Live finds: its engine cuts the region out of the clip."""
    with running(tmp_path_factory.mktemp("service")) as service:
        yield service


@pytest.fixture
def song(tmp_path):
    """The folder of a saved set."""
    folder = tmp_path / "Été à Köln Project"
    folder.mkdir()
    return folder


@pytest.fixture
def open_live(live_service, song):
    """Opens Live with a saved set of these tracks, by real time; what is wrong in Max's console fails the test."""
    with ExitStack() as stack:

        def open_live(*tracks, service=live_service, path=song / "Été.als", scenes=8, **about):
            held = a_set(*tracks, path=path, scenes=scenes)
            return stack.enter_context(Live(set=held, clock="real", service_port=service.port, **about))

        yield open_live
