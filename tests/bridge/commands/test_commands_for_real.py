"""The commands with nothing replaced: a service, the engine, the pocket model and the bundled clip."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

import retone_bridge
from bridge.command_line import Retone, files
from bridge.harness import running
from retone_bridge.workers import engine_command
from retone_engine.recipe import Recipe

DEMO = Path(retone_bridge.__file__).parent / "data" / "demo.flac"
QUICK = ("--steps", 6, "--strength", 0.5)
FIND = ("--steps", 20, "--strength-end", 0.3, "--count", 1)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with running(tmp_path_factory.mktemp("state"), worker=engine_command("cpu")) as service:
        yield service


@pytest.fixture
def retone(capsys, service):
    command = Retone(None, capsys)
    return lambda *given: command(*given, "--port", service.port)


@pytest.fixture
def clip(tmp_path):
    """A second of the bundled clip, in stereo."""
    samples, rate = soundfile.read(DEMO, start=66150, frames=44100, always_2d=True)
    (tmp_path / "music").mkdir()
    soundfile.write(tmp_path / "music" / "piano.wav", samples, rate, subtype="PCM_16")
    return tmp_path / "music" / "piano.wav"


def samples(path):
    return soundfile.read(path)[0].tobytes()


def test_a_preview_and_a_steer_are_made_again_bit_by_bit(retone, clip):
    status, out, err = retone("directions", clip, *FIND)
    assert status == 0, err
    folder = clip.parent / "piano-directions"
    assert files(folder) == ["1-minus.wav", "1-plus.wav", "directions.json", "directions.png"]
    (direction,) = json.loads((folder / "directions.json").read_text())["directions"]
    assert 0 < direction["share"] < 1
    assert 0 <= direction["start"] < direction["start"] + direction["frames"] <= 44100
    assert 0 < direction["low_hz"] < direction["high_hz"] < 22050
    assert samples(folder / "1-plus.wav") != samples(folder / "1-minus.wav")

    status, out, err = retone("again", folder / "1-minus.wav", "--no-picture")
    assert (status, "note:" in err) == (0, False), err
    assert samples(out.strip()) == samples(folder / "1-minus.wav")

    along = ("--direction", 1, "--amount", "-1,0.5")
    status, out, err = retone("steer", clip, *along, *FIND)
    assert status == 0, err
    first, second, picture = out.splitlines()
    assert samples(first) != samples(second)
    assert Path(picture).name == "piano-retone.png"
    status, out, err = retone("again", second, "--no-picture")
    assert (status, "note:" in err) == (0, False), err
    assert samples(out.strip()) == samples(second)


def test_prompts_over_time_change_their_own_time_and_are_made_again(retone, clip):
    segments = "0.6- church organ strength=0.8"
    status, out, err = retone("edit", clip, "--segments", segments, "--match-loudness", "off", "--no-picture", *QUICK)
    assert status == 0, err
    result = Path(out.strip())
    change = np.abs(soundfile.read(clip)[0] - soundfile.read(result)[0])
    assert change[:8820].max() < 0.01 < 0.1 < change[30870:].max()
    assert Recipe.from_file(result).request["segments"] == segments
    status, out, _ = retone("again", result, "--no-picture")
    assert status == 0
    assert samples(out.strip()) == samples(result)


def test_a_variation_is_made_again_alone(retone, clip):
    assert retone("edit", clip, "choir", "--variations", 3, "--no-picture", *QUICK)[0] == 0
    second = clip.parent / "piano-retone-2.wav"
    status, out, _ = retone("again", second, "--no-picture")
    assert status == 0
    assert samples(out.strip()) == samples(second)
    assert samples(second) != samples(clip.parent / "piano-retone-1.wav")


def test_a_model_that_is_gone_is_named(retone, clip):
    assert retone("edit", clip, "choir", "--no-picture", *QUICK)[0] == 0
    status, out, err = retone("again", clip.parent / "piano-retone.wav", "--model", "nonesuch")
    assert (status, out) == (5, "")
    assert "nonesuch" in err
