"""What several tests of the Live device ask for."""

import numpy as np
import pytest
import soundfile

from live.editing import sound

RATE = 44100


def noise(path, seconds=4.0, rate=RATE):
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, (round(seconds * rate), 2))
    soundfile.write(path, samples.astype(np.float32), rate, subtype="PCM_16")
    return path


@pytest.fixture(scope="session")
def wav(tmp_path_factory):
    """Four seconds at 44.1 kHz, under a name that is not plain."""
    return noise(tmp_path_factory.mktemp("sounds") / "a loop é.wav")


@pytest.fixture(scope="session")
def short_wav(tmp_path_factory):
    """One second at 48 kHz."""
    return noise(tmp_path_factory.mktemp("sounds") / "short.wav", 1.0, 48000)


@pytest.fixture
def loop(tmp_path):
    """A file of four seconds, as the scripts in the set edit it."""
    return sound(tmp_path / "loop.wav", 4 * RATE)
