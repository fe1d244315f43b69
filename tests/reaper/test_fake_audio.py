"""What the fake's take accessor gives, against tones whose every sample is known."""

import numpy as np
import pytest
import soundfile

from reaper.fake import Fault, Reaper
from reaper.fake_audio import heard
from reaper.fake_routing import Effect
from reaper.fake_sources import Source

RATE = 44100


def tone(seconds, hertz=(440.0, 1000.0)):
    """One tone a channel, at these seconds of its source."""
    return 0.5 * np.sin(2 * np.pi * np.asarray(seconds)[:, None] * np.array(hertz))


@pytest.fixture
def reaper(tmp_path):
    return Reaper(tmp_path)


@pytest.fixture
def wav(tmp_path):
    """A second of two tones that go round without a seam."""
    path = tmp_path / "tones.wav"
    soundfile.write(path, tone(np.arange(RATE) / RATE), RATE, subtype="DOUBLE")
    return path


def take_of(reaper, source, **about):
    return reaper.project.add_track().add_item(source, **about).take


@pytest.mark.parametrize("rate", [44100, 48000, 22050])
@pytest.mark.parametrize("playrate", [1, 0.5, 1.37])
def test_a_play_rate_takes_the_source_along_faster_and_past_its_end(reaper, wav, playrate, rate):
    take = take_of(reaper, wav, playrate=playrate, offset=0.25, length=3)
    seconds = 1.5 + np.arange(2000) / rate
    expected = tone(0.25 + seconds * playrate)
    assert np.max(np.abs(heard(take, rate, 2, 1.5, 2000) - expected)) < 1e-3


def test_what_does_not_loop_is_silent_past_its_end(reaper, wav):
    take = take_of(reaper, wav, length=2, B_LOOPSRC=0)
    sound = heard(take, RATE, 2, 0.9, 9000)
    assert np.allclose(sound[:4410], tone(0.9 + np.arange(4410) / RATE))
    assert not sound[4410:].any()


def test_a_reversed_section_plays_backwards(reaper, wav):
    take = take_of(reaper, Source.section(wav, offset_s=0.2, length_s=0.5, reversed=True))
    frames = np.arange(22050)
    assert take.item["D_LENGTH"] == 0.5
    assert np.allclose(heard(take, RATE, 2, 0, 22050), tone((0.7 * RATE - 1 - frames) / RATE))


def test_stretch_markers_bend_the_time_between_them(reaper, wav):
    take = take_of(reaper, wav)
    take.stretch_markers = [(0.0, 0.0), (0.5, 0.25), (1.0, 1.0)]
    expected = tone(0.2 * 0.5 + np.arange(1000) / RATE * 0.5)
    assert np.max(np.abs(heard(take, RATE, 2, 0.2, 1000) - expected)) < 1e-3


@pytest.mark.parametrize(("mode", "channels"), [(1, (1, 0)), (3, (0, 0)), (4, (1, 1)), (67, (0, 1))])
def test_channel_modes(reaper, wav, mode, channels):
    take = take_of(reaper, wav, channel_mode=mode)
    source = soundfile.read(wav)[0][:, list(channels)]
    assert np.array_equal(heard(take, RATE, 2, 0, RATE), source)


def test_mixed_to_mono(reaper, wav):
    take = take_of(reaper, wav, channel_mode=2)
    assert np.allclose(heard(take, RATE, 1, 0, RATE)[:, 0], soundfile.read(wav)[0].mean(axis=1))


def read(reaper, item, **about):
    about = {"start": 0.0, "frames": 1000, "around": "read()", **about}
    code = f"""
    local item = ...
    local accessor = reaper.CreateTakeAudioAccessor(reaper.GetActiveTake(item))
    reaper.AudioAccessorValidateState(accessor)
    local buffer = reaper.new_array(2 * {about["frames"]})
    buffer.clear(7)
    local said
    local function read()
      said = reaper.GetAudioAccessorSamples(accessor, {RATE}, 2, {about["start"]}, {about["frames"]}, buffer)
    end
    {about["around"]}
    local changed = reaper.AudioAccessorStateChanged(accessor)
    reaper.DestroyAudioAccessor(accessor)
    return said == nil and "nil" or said, buffer.table(), changed"""
    said, samples, changed = reaper.lua_values(code, item)
    return said, np.reshape(samples, (-1, 2)), changed


def test_nothing_is_written_past_the_items_end(reaper, wav):
    item = reaper.project.add_track().add_item(wav, position=3, length=0.5)
    said, samples, changed = read(reaper, item, start=0.49, frames=1000)
    assert (said, changed) == (1, False)
    assert np.array_equal(samples[:441], soundfile.read(wav, start=21609, frames=441)[0])
    assert np.all(samples[441:] == 7)
    assert reaper.open_accessors == []


def test_nothing_comes_inside_a_coroutine_or_past_the_end(reaper, wav):
    item = reaper.project.add_track().add_item(wav)
    said, samples, _changed = read(reaper, item, around="coroutine.wrap(read)()")
    assert said == "nil"
    assert np.all(samples == 7)
    said, samples, _changed = read(reaper, item, start=1.0)
    assert said == 0
    assert np.all(samples == 7)


def test_nothing_is_written_where_a_source_that_does_not_loop_is_over(reaper, wav):
    item = reaper.project.add_track().add_item(wav, length=3, B_LOOPSRC=0)
    said, samples, _changed = read(reaper, item, start=0.99)
    assert said == 1
    assert not samples[441:].any()
    said, samples, _changed = read(reaper, item, start=1.01)
    assert said == 0
    assert np.all(samples == 7)


def test_an_accessor_tells_that_the_take_was_changed(reaper, wav):
    item = reaper.project.add_track().add_item(wav)
    change = "reaper.SetMediaItemTakeInfo_Value(reaper.GetActiveTake(item), 'D_PLAYRATE', 0.5) read()"
    assert read(reaper, item, around=change)[2]


def test_a_buffer_that_is_too_small_is_refused(reaper, wav):
    item = reaper.project.add_track().add_item(wav)
    with pytest.raises(Fault, match="into an array of 2000"):
        read(reaper, item, around="buffer.clear() reaper.GetAudioAccessorSamples(accessor, 8000, 2, 0, 1001, buffer)")


def test_the_rate_of_a_source_that_was_offline_is_known_of_a_fresh_one_only(reaper, wav):
    item = reaper.project.add_track().add_item(wav)
    item.take.source.online = False
    code = """
    local source = reaper.GetMediaItemTake_Source(reaper.GetActiveTake(...))
    local fresh = reaper.PCM_Source_CreateFromFile(reaper.GetMediaSourceFileName(source))
    local rates = { reaper.GetMediaSourceSampleRate(source), reaper.GetMediaSourceSampleRate(fresh) }
    reaper.PCM_Source_Destroy(fresh)
    return rates"""
    assert reaper.lua_values(code, item) == [0, RATE]
    assert reaper.loose_sources == []


def test_a_source_in_use_must_not_be_destroyed(reaper, wav):
    item = reaper.project.add_track().add_item(wav)
    with pytest.raises(Fault, match="is in use"):
        reaper.lua_run("reaper.PCM_Source_Destroy(reaper.GetMediaItemTake_Source(reaper.GetActiveTake(...)))", item)


def test_sections_tell_of_their_parents_and_have_no_file(reaper, wav):
    item = reaper.project.add_track().add_item(Source.section(wav, 0.1, 0.3))
    code = """
    local source = reaper.GetMediaItemTake_Source(reaper.GetActiveTake(...))
    local parent = reaper.GetMediaSourceParent(source)
    return reaper.GetMediaSourceType(source), reaper.GetMediaSourceFileName(source),
      reaper.GetMediaSourceFileName(parent), reaper.GetMediaSourceParent(parent) == nil"""
    assert reaper.lua_values(code, item) == ["SECTION", "", str(wav), True]


def test_effects_are_heard_only_once_they_are_applied(reaper, wav):
    item = reaper.project.add_track().add_item(wav).select()
    other = item.track.add_item(wav, position=2)
    item.take.effects.append(Effect("Gain", settings={"gain": 0.5}))
    before = heard(item.take, RATE, 2, 0, 100)
    reaper.lua_run("reaper.Main_OnCommandEx(40209, 0, 0)")
    assert len(item.takes) == 2
    assert len(other.takes) == 1
    assert np.allclose(heard(item.take, RATE, 2, 0, 100), before / 2, atol=1e-3)
    assert item.take.source.rate == reaper.project.rate == 48000


def test_peaks_are_built_in_their_order(reaper, wav):
    item = reaper.project.add_track().add_item(wav)
    code = """
    local source, mode = reaper.GetMediaItemTake_Source(reaper.GetActiveTake(...)), 0
    assert(reaper.PCM_Source_BuildPeaks(source, 0) ~= 0)
    while reaper.PCM_Source_BuildPeaks(source, 1) > 0 do end
    reaper.PCM_Source_BuildPeaks(source, 2)
    return reaper.PCM_Source_BuildPeaks(source, 0)"""
    assert reaper.lua_values(code, item) == 0
    assert item.take.source.peaks == "built"
    with pytest.raises(Fault, match="mode 2"):
        reaper.lua_run(
            "reaper.PCM_Source_BuildPeaks(reaper.GetMediaItemTake_Source(reaper.GetActiveTake(...)), 2)", item
        )
