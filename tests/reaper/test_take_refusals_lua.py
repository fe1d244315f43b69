"""What cannot be read, or not to its end, is named with the way out, and nothing is left of it."""

import re

import numpy as np
import pytest
import soundfile

from reaper.fake import Reaper
from reaper.fake_sources import Source
from reaper.reading import RATE, noise, ranged, read
from retone_engine.audio import files


@pytest.fixture(params=["5.3", "5.4"])
def reaper(tmp_path, request):
    return Reaper(tmp_path, lua=request.param)


@pytest.fixture
def wav(tmp_path):
    path = tmp_path / "a 'clip' é.wav"
    soundfile.write(path, noise(1.0, 2), RATE, subtype="FLOAT")
    return path


def midi(track, _wav):
    return track.add_item(Source.midi(), name="notes", length=1.0)


def empty(track, _wav):
    return track.add_item(position=12.5, length=1.0)


def missing(track, wav):
    item = track.add_item(wav)
    wav.unlink()
    return item


def offline(track, wav):
    item = track.add_item(wav)
    item.take.source.type = "OFFLINEWAVE"
    return item


def unmended(track, wav):
    item = track.add_item(wav)
    item.take.source.online = False
    wav.write_bytes(b"no audio any more")
    return item


def too_short(track, wav):
    return track.add_item(wav, length=0.00001)


def too_long(track, wav):
    return track.add_item(wav, length=2.0**32 / 8 / RATE)


def too_fast(track, wav):
    soundfile.write(wav, noise(0.1, 2), 384_000, subtype="FLOAT")
    return track.add_item(wav)


def too_wide(track, wav):
    soundfile.write(wav, noise(0.1, 9), RATE, subtype="FLOAT")
    return track.add_item(wav)


SENTENCES = {
    midi: "'notes' is a MIDI item, .*41999.*40209",
    empty: "The item at 12.50 s is empty",
    missing: "'a 'clip' é.wav' cannot be read: its file .* is missing",
    offline: "is offline. Set its media online",
    unmended: "has no sample rate of its own",
    too_short: "is too short: it holds not one sample",
    too_fast: "has a sample rate of 384000 Hz; Retone takes 8000 to 192000 Hz. Render it first",
    too_wide: "has 9 channels; Retone takes up to 8. Choose fewer",
    too_long: "is too long. A WAV file holds 4 GB",
}


@pytest.mark.parametrize(("made", "sentence"), SENTENCES.items(), ids=[made.__name__ for made in SENTENCES])
def test_what_cannot_be_read_is_named_with_the_way_out(reaper, wav, made, sentence):
    refused, why = ranged(reaper, made(reaper.project.add_track(), wav))
    assert refused is None
    assert re.search(sentence, why), why
    assert reaper.loose_sources == []


def test_the_scripts_take_what_the_engine_reads(reaper):
    code = """
    local source = require("retone.take_source")
    return source.LOWEST_RATE, source.HIGHEST_RATE, source.MOST_CHANNELS"""
    assert reaper.lua_values(code) == [files.RATE_LOW, files.RATE_HIGH, files.CHANNEL_LIMIT]


def test_samples_that_are_no_numbers_are_refused(reaper, tmp_path):
    samples = noise(0.5, 2)
    samples[3000, 1] = np.nan
    soundfile.write(tmp_path / "bad.wav", samples, RATE, subtype="FLOAT")
    item = reaper.project.add_track().add_item(tmp_path / "bad.wav")
    said, _run = read(reaper, item, tmp_path / "out.wav")
    assert said == (
        "refused 'bad.wav' was not read. The audio holds samples that are no numbers; look for a broken effect or file."
    )
    assert list(tmp_path.glob("out*")) == []


def test_where_the_accessor_gives_nothing_nothing_is_edited(reaper, wav, tmp_path):
    item = reaper.project.add_track().add_item(wav)
    code = """
    local item, take, path = ...
    local take_audio = require("retone.take_audio")
    local range = take_audio.range(item, take, 0.0, 0.0)
    range.offset_s = 5.0
    local reader = take_audio.reader(item, take, range, path)
    return reader:step()"""
    refused, why = reaper.lua_values(code, item, item.take, tmp_path / "out.wav")
    assert (refused, why.startswith(f"'{wav.name}' holds no audio there.")) == (None, True)
    assert list(tmp_path.glob("out*")) == []
    assert reaper.open_accessors == []


class Slow:
    """A clock in whose world everything takes a fiftieth of a second."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 0.02
        return self.now


@pytest.fixture(params=["5.3", "5.4"])
def slow(tmp_path, request):
    return Reaper(tmp_path, lua=request.param, clock=Slow())


def test_a_slow_machine_reads_the_same_in_small_blocks(slow, wav, tmp_path):
    item = slow.project.add_track().add_item(wav)
    said, run = read(slow, item, tmp_path / "out.wav")
    assert said == "done"
    assert len(run.ticks) > 10
    assert np.array_equal(soundfile.read(tmp_path / "out.wav", dtype="float32")[0], noise(1.0, 2))


MEANWHILE = {
    "deleted": (lambda reaper, item: item.delete(), "was deleted while it was read."),
    "closed": (lambda reaper, item: reaper.close_project(), "was deleted while it was read."),
    "made longer": (lambda reaper, item: item.values.update(D_LENGTH=1.5), "was changed while it was read. "),
    "mixed": (lambda reaper, item: item.take.values.update(I_CHANMODE=2.0), "was changed while it was read. "),
    "not left in peace": (
        lambda reaper, item: vars(reaper).update(accessor_alarms=9),
        "was changed while it was read. ",
    ),
}


@pytest.mark.parametrize(("happens", "sentence"), MEANWHILE.values(), ids=MEANWHILE)
def test_an_item_that_changes_midway_is_given_up(slow, wav, tmp_path, happens, sentence):
    item = slow.project.add_track().add_item(wav)
    said, _run = read(slow, item, tmp_path / "out.wav", meanwhile=lambda: happens(slow, item))
    assert said.startswith(f"refused '{wav.name}' {sentence}")
    assert list(tmp_path.glob("out*")) == []


@pytest.mark.parametrize("alarm", [False, True])
def test_an_item_that_sounds_another_way_midway_is_read_anew(slow, wav, tmp_path, alarm):
    item = slow.project.add_track().add_item(wav, length=0.5)

    def meanwhile():
        slow.accessor_alarms = int(alarm)
        item.take["D_STARTOFFS"] = 0.25

    assert read(slow, item, tmp_path / "out.wav", meanwhile=meanwhile)[0] == "done"
    assert np.array_equal(soundfile.read(tmp_path / "out.wav", dtype="float32")[0], noise(1.0, 2)[2000:6000])


def test_what_is_abandoned_leaves_nothing(slow, wav, tmp_path):
    item = slow.project.add_track().add_item(wav)
    code = """
    local item, take, path = ...
    local take_audio = require("retone.take_audio")
    local reader = take_audio.reader(item, take, take_audio.range(item, take, 0.0, 0.0), path)
    local state = reader:step()
    reader:abandon()
    return state, reader.fraction, reader:step()"""
    state, fraction, after, _why = slow.lua_values(code, item, item.take, tmp_path / "out.wav")
    assert (state, 0 < fraction < 1, after) == ("reading", True, None)
    assert list(tmp_path.glob("out*")) == []
    assert slow.open_accessors == []


def test_a_full_disk_is_told(reaper, wav, tmp_path):
    (tmp_path / "out.wav.part").symlink_to("/dev/full")
    item = reaper.project.add_track().add_item(wav)
    said, _run = read(reaper, item, tmp_path / "out.wav")
    assert "refused " in said
    assert "No space left on device. Make room on the disk." in said
    assert list(tmp_path.glob("out*")) == []
