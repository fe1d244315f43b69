"""What several tests of the scripts ask for."""

import pytest

from reaper.scene import noise, saved, serving


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A HOME whose scripts find a service."""
    home = tmp_path_factory.mktemp("home")
    with serving(home):
        yield home


@pytest.fixture
def reaper(tmp_path, home):
    """With a saved project, and a service within reach."""
    return saved(tmp_path, home=home)


@pytest.fixture
def wav(tmp_path):
    """A second of stereo under a name that is not plain."""
    return noise(tmp_path / "a 'loop' é.wav")


@pytest.fixture
def item(reaper, wav):
    """The selected item of that on a track."""
    return reaper.project.add_track("Piano").add_item(wav, position=1.0).select()
