"""What several tests of the scripts ask for."""

import pytest

from reaper.scene import serving


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A HOME whose scripts find a service."""
    home = tmp_path_factory.mktemp("home")
    with serving(home):
        yield home
