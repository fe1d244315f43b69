"""What the scripts read of a take: the very samples that the user hears."""

import numpy as np
import pytest
import soundfile

from reaper.fake import Reaper
from reaper.fake_audio import heard
from reaper.fake_sources import Source
from reaper.reading import RATE, noise, ranged, read


@pytest.fixture(params=["5.3", "5.4"])
def reaper(tmp_path, request):
    return Reaper(tmp_path, lua=request.param)


@pytest.fixture
def wav(tmp_path):
    path = tmp_path / "a 'clip' é.wav"
    soundfile.write(path, noise(1.0, 2), RATE, subtype="FLOAT")
    return path


def expected(item, rate, channels, start_s, frames):
    """What is heard of the whole item, silence after its end."""
    return heard(item.take, rate, channels, start_s, frames).astype(np.float32)


def section(source, **about):
    return Source.section(source, 0.25, 0.5, **about)


CASES = {
    "as it is": {},
    "half as fast": {"playrate": 0.5},
    "a little faster": {"playrate": 1.37},
    "beyond its source, looping": {"length": 2.6},
    "beyond its source, silent": {"length": 1.7, "B_LOOPSRC": 0},
    "from the middle": {"offset": 0.3, "length": 0.5},
}


@pytest.mark.parametrize("about", CASES.values(), ids=CASES)
def test_the_file_holds_what_is_heard(reaper, wav, tmp_path, about):
    item = reaper.project.add_track().add_item(wav, position=1.5, **about)
    said, _run = read(reaper, item, tmp_path / "out.wav")
    assert said == "done"
    samples, rate = soundfile.read(tmp_path / "out.wav", dtype="float32")
    frames = round(item["D_LENGTH"] * RATE)
    assert (rate, samples.shape) == (RATE, (frames, 2))
    # Where a resampler begins shows in its last digits.
    assert np.abs(samples - expected(item, RATE, 2, 0.0, frames)).max() < 1e-6


@pytest.mark.parametrize("backwards", [False, True])
def test_of_a_section_the_section_is_read(reaper, wav, tmp_path, backwards):
    item = reaper.project.add_track().add_item(section(wav, reversed=backwards), name="part", length=0.8)
    assert read(reaper, item, tmp_path / "out.wav")[0] == "done"
    samples, _rate = soundfile.read(tmp_path / "out.wav", dtype="float32")
    part = soundfile.read(wav, dtype="float32")[0][2000:6000]
    once = part[::-1] if backwards else part
    assert np.array_equal(samples, np.concatenate([once, once[:2400]]))


@pytest.mark.parametrize(("mode", "channels"), [(0, 2), (1, 2), (2, 1), (3, 1), (4, 1), (5, 1), (66, 1), (67, 2)])
def test_a_channel_mode_gives_its_channels(reaper, wav, tmp_path, mode, channels):
    item = reaper.project.add_track().add_item(wav, channel_mode=mode)
    assert read(reaper, item, tmp_path / "out.wav")[0] == "done"
    samples, _rate = soundfile.read(tmp_path / "out.wav", dtype="float32", always_2d=True)
    assert samples.shape == (RATE, channels)
    assert np.array_equal(samples, expected(item, RATE, channels, 0.0, RATE))


def test_more_than_two_channels_are_kept_in_their_order(reaper, tmp_path):
    soundfile.write(tmp_path / "six.wav", noise(0.5, 6), RATE, subtype="FLOAT")
    item = reaper.project.add_track().add_item(tmp_path / "six.wav")
    assert read(reaper, item, tmp_path / "out.wav")[0] == "done"
    assert np.array_equal(soundfile.read(tmp_path / "out.wav", dtype="float32")[0], noise(0.5, 6))


def test_the_rate_is_the_files_not_the_projects(reaper, tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(0.5, 1, 44100), 44100, subtype="FLOAT")
    item = reaper.project.add_track().add_item(tmp_path / "a.wav")
    assert read(reaper, item, tmp_path / "out.wav")[0] == "done"
    samples, rate = soundfile.read(tmp_path / "out.wav", dtype="float32", always_2d=True)
    assert rate == 44100
    assert np.array_equal(samples, noise(0.5, 1, 44100))


def test_the_time_selection_is_read_where_it_meets_the_item(reaper, wav, tmp_path):
    item = reaper.project.add_track().add_item(wav, position=10.0)
    found = ranged(reaper, item, (10.5, 12.0))
    assert (found["start_s"], found["length_s"], found["frames"], found["clipped"]) == (10.5, 0.5, RATE // 2, True)
    assert read(reaper, item, tmp_path / "out.wav", (10.5, 12.0))[0] == "done"
    assert np.array_equal(
        soundfile.read(tmp_path / "out.wav", dtype="float32")[0], expected(item, RATE, 2, 0.5, RATE // 2)
    )


@pytest.mark.parametrize("selection", [(0, 0), (10.2, 10.2), (2, 10), (11, 12), (9, 12)])
def test_else_the_whole_item_is_read(reaper, wav, selection):
    item = reaper.project.add_track().add_item(wav, position=10.0, length=0.77777)
    found = ranged(reaper, item, selection)
    assert (found["start_s"], found["length_s"], found["clipped"]) == (10.0, 0.77777, False)
    assert found["frames"] == round(0.77777 * RATE)


def test_the_accessors_own_time_is_asked_for(reaper, wav, tmp_path):
    reaper.accessor_start_s = 7.25
    item = reaper.project.add_track().add_item(wav, position=3.0)
    assert read(reaper, item, tmp_path / "out.wav", (3.25, 3.75))[0] == "done"
    assert np.array_equal(soundfile.read(tmp_path / "out.wav", dtype="float32")[0], noise(1.0, 2)[2000:6000])


def test_a_rate_that_reads_0_is_asked_of_the_file(reaper, wav, tmp_path):
    item = reaper.project.add_track().add_item(section(wav), length=0.5, name="part")
    item.take.source.online = item.take.source.parent.online = False
    assert read(reaper, item, tmp_path / "out.wav")[0] == "done"
    assert soundfile.info(tmp_path / "out.wav").samplerate == RATE


def test_a_long_item_is_read_within_the_budget_of_a_tick(reaper, tmp_path):
    soundfile.write(tmp_path / "long.wav", noise(60, 2), RATE, subtype="FLOAT")
    item = reaper.project.add_track().add_item(tmp_path / "long.wav")
    item.take.source.samples  # noqa: B018 - read before it is timed
    said, run = read(reaper, item, tmp_path / "out.wav")
    assert said == "done"
    assert len(run.ticks) > 3
    spent = sorted(script for script, _fake in run.ticks)
    # Other programs may have the processor now and then.
    assert spent[len(spent) // 2] < 0.015, spent
