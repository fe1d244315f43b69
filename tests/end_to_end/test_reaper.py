"""From a selected item in REAPER to the edit on the track below: the shipped scripts, the spool, a real service.

The engine copies the clip (tests/bridge/scripted_worker.py), so that what lands is what the scripts read of the item.
"""

import json

import numpy as np
import pytest
import soundfile
from scipy.signal import resample_poly

from reaper.at_work import CANCEL, assert_in_place, begin, below, finish, landed, sound_of
from reaper.fake_routing import Effect
from reaper.fake_sources import Source
from reaper.scene import EDIT, close, edit
from reaper.sounds import clip, played

RATE = 44100


@pytest.mark.parametrize("about", [{"lua": "5.3", "version": "6.80"}, {"lua": "5.4", "version": "7.60"}], ids=str)
def test_the_edit_of_an_item_lands_below_it_and_nothing_else_changes(make, reaper_service, wav, about):
    reaper = make(reaper_service.home, **about)
    item = reaper.project.add_track("Piano").add_item(wav, position=1.25).select()
    reaper.project.add_track("Bass")
    reaper.project.cursor = 0.75
    bytes_before, before = wav.read_bytes(), reaper.project.plain()
    run = edit(reaper, "a church organ")
    result = landed(reaper, item)
    assert_in_place(result, item)
    assert (result.take.source.rate, result.take.source.channels) == (RATE, 2)
    assert np.max(np.abs(sound_of(result) - soundfile.read(wav)[0])) < 1e-6
    assert "a church organ" in result.track.name
    assert json.loads(result.ext["retone_recipe"])["kind"] == "retone recipe"
    assert result.take.source.file.startswith(str(reaper.project.media_folder))
    assert reaper.project.selected_items == [item]
    assert reaper.project.cursor == 0.75
    assert wav.read_bytes() == bytes_before
    assert len(reaper.project.undo.names) == 1
    assert reaper.project.undo.loose == []
    assert reaper.open_accessors == reaper.loose_sources == []
    reaper.project.undo.back()
    assert reaper.project.plain() == before
    assert run.ended


def test_the_new_track_goes_where_the_source_track_goes(reaper, wav):
    reverb = reaper.project.add_track("Reverb")
    piano = reaper.project.add_track("Piano", D_VOL=0.5, D_PAN=-0.25, B_MAINSEND=0, I_NCHAN=4)
    piano.add_send(reverb, D_VOL=0.3, I_SENDMODE=3)
    piano.add_send(None, I_DSTCHAN=2)
    piano.add_effect("ReaEQ", gain=2)
    item = piano.add_item(wav, D_VOL=0.7, D_FADEINLEN=0.2, C_FADEINSHAPE=3, D_SNAPOFFSET=0.1).select()
    item.take["D_PAN"] = 0.5
    edit(reaper, copy_track_effects="yes", mute_original="yes")
    result = landed(reaper, item)
    track = result.track
    assert [track[name] for name in ("D_VOL", "D_PAN", "B_MAINSEND")] == [0.5, -0.25, 0]
    assert [(send.target, send.values) for send in track.sends] == [(send.target, send.values) for send in piano.sends]
    assert [effect.plain() | {"guid": 0} for effect in track.effects] == [
        effect.plain() | {"guid": 0} for effect in piano.effects
    ]
    for name in ("D_VOL", "D_FADEINLEN", "C_FADEINSHAPE", "D_FADEOUTLEN", "D_SNAPOFFSET"):
        assert result[name] == item[name]
    assert result.take["D_PAN"] == 0.5
    assert (item["B_MUTE"], result["B_MUTE"]) == (1, 0)
    # All these are heard of the item, none is in the file.
    assert np.max(np.abs(sound_of(result) - soundfile.read(wav)[0])) < 1e-6


def test_variations_may_land_in_lanes_of_which_one_plays(reaper, wav):
    item = reaper.project.add_track("Piano").add_item(wav).select()
    edit(reaper, variations="3", variations_in_lanes="yes")
    results = below(reaper, item)
    assert [result["I_FIXEDLANE"] for result in results] == [0, 1, 2]
    assert results[0].track["I_FREEMODE"] == 2
    assert results[0].track.lane_plays == {0: 1}
    for result in results:
        assert_in_place(result, item)


def test_a_play_rate_is_heard_in_the_result(reaper, tmp_path):
    playrate = 1.37
    # The rate divides this length, which is shorter than the item: it goes round.
    wav = clip(tmp_path / "loop.wav", seconds=137 * 400 / RATE)
    item = reaper.project.add_track().add_item(wav, position=2, length=2.0, playrate=playrate).select()
    edit(reaper)
    result = landed(reaper, item)
    assert_in_place(result, item)
    error = sound_of(result) - played(wav, playrate, 2.0)
    assert np.sqrt(np.mean(error**2)) < 0.002


def test_a_reversed_section_is_heard_backwards(reaper, wav):
    section = Source.section(wav, offset_s=0.2, length_s=0.5, reversed=True)
    item = reaper.project.add_track().add_item(section, position=3, name="backwards").select()
    edit(reaper)
    result = landed(reaper, item)
    assert_in_place(result, item)
    assert np.max(np.abs(sound_of(result) - soundfile.read(wav)[0][8820 : 8820 + 22050][::-1])) < 1e-6


@pytest.mark.parametrize("looped", [True, False])
def test_an_item_longer_than_its_source_goes_round_or_falls_silent(reaper, wav, looped):
    item = reaper.project.add_track().add_item(wav, position=0.1, length=2.6, B_LOOPSRC=looped).select()
    edit(reaper)
    result = landed(reaper, item)
    assert_in_place(result, item)
    sound = soundfile.read(wav)[0]
    rest = np.vstack([sound, sound])[: round(1.6 * RATE)] if looped else np.zeros((round(1.6 * RATE), 2))
    assert np.max(np.abs(sound_of(result) - np.vstack([sound, rest]))) < 1e-6


def test_a_time_selection_half_over_the_item_is_what_is_edited(reaper, wav):
    item = reaper.project.add_track().add_item(wav, position=1).select()
    reaper.project.time_selection = (1.5, 9.0)
    edit(reaper)
    result = landed(reaper, item)
    assert_in_place(result, item, start=1.5, length=0.5)
    assert np.max(np.abs(sound_of(result) - soundfile.read(wav)[0][22050:])) < 1e-6
    assert reaper.project.time_selection == (1.5, 9.0)


def test_a_time_selection_elsewhere_leaves_the_whole_item(reaper, wav):
    item = reaper.project.add_track().add_item(wav, position=1).select()
    reaper.project.time_selection = (7.0, 9.0)
    edit(reaper)
    assert_in_place(landed(reaper, item), item)


@pytest.mark.parametrize(("rate", "channels"), [(48000, 1), (22050, 4)])
def test_a_result_has_the_rate_and_channels_of_its_source_whatever_the_projects(reaper, tmp_path, rate, channels):
    assert reaper.project.rate == 48000
    wav = clip(tmp_path / "loop.wav", seconds=0.5, rate=rate, channels=min(channels, 2))
    if channels == 4:
        soundfile.write(wav, np.hstack([soundfile.read(wav)[0]] * 2), rate)
    item = reaper.project.add_track().add_item(wav).select()
    edit(reaper)
    source = landed(reaper, item).take.source
    assert (source.rate, source.channels, source.frames) == (rate, channels, rate // 2)


@pytest.mark.parametrize(("mode", "heard"), [(1, [1, 0]), (2, "mixed")])
def test_the_channel_mode_of_a_take_is_heard(reaper, wav, mode, heard):
    item = reaper.project.add_track().add_item(wav, channel_mode=mode).select()
    edit(reaper)
    sound = soundfile.read(wav)[0]
    expected = sound.mean(axis=1, keepdims=True) if heard == "mixed" else sound[:, heard]
    assert sound_of(landed(reaper, item)).shape == expected.shape
    assert np.max(np.abs(sound_of(landed(reaper, item)) - expected)) < 1e-6


def test_media_that_was_offline_keeps_its_rate(reaper, wav):
    item = reaper.project.add_track().add_item(wav, length=1 / 3).select()
    item.take.source.online = False
    edit(reaper)
    assert_in_place(landed(reaper, item), item)
    assert landed(reaper, item).take.source.rate == RATE
    assert reaper.loose_sources == []


NASTY = """It's "my" song, é ü 漢字 $HOME; `ls` & {1}"""


def test_paths_and_names_may_hold_quotes_spaces_and_accents(reaper, tmp_path):
    wav = clip(tmp_path / NASTY / f"{NASTY}.wav")
    reaper.project.save_as(tmp_path / f"{NASTY} 2" / f"{NASTY}.rpp")
    item = reaper.project.add_track(NASTY).add_item(wav, name=NASTY).select()
    edit(reaper, NASTY)
    result = landed(reaper, item)
    assert_in_place(result, item)
    assert result.take.source.file.startswith(str(tmp_path / f"{NASTY} 2"))
    assert NASTY[:20] in result.track.name


def test_take_effects_are_rendered_first_when_the_user_wants_that(reaper, wav):
    item = reaper.project.add_track("Piano").add_item(wav).select()
    item.take.effects.append(Effect("Gain", settings={"gain": 0.5}))
    reaper.answer_inputs(prompt="a choir")
    reaper.answer_message("yes", containing="take effects")
    finish(reaper, reaper.run(EDIT))
    # REAPER renders them at the project's rate.
    rendered = resample_poly(np.tile(soundfile.read(wav)[0], (3, 1)), 160, 147, axis=0)[48000:96000]
    error = sound_of(landed(reaper, item)) - rendered / 2
    assert np.sqrt(np.mean(error**2)) < 0.001
    assert reaper.project.selected_items == [item]


def test_scripts_leave_reaper_its_time(reaper, tmp_path):
    reaper.pace = 1
    wav = clip(tmp_path / "long.wav", seconds=10)
    reaper.project.add_track().add_item(wav).select()
    run = begin(reaper, "slow")
    reaper.until(lambda: run.window and "reading" in run.window.text)
    first = len(run.ticks)
    reaper.until(lambda: "inverting" in run.window.text)
    reading = [script for script, _fake in run.ticks[first:]]
    assert len(reading) > 10
    # One of them all may meet a collection of garbage.
    assert sorted(reading)[-2] < 0.015
    polling = len(run.ticks)
    end = reaper.clock() + 1
    reaper.until(lambda: reaper.clock() > end)
    assert sorted(script for script, _fake in run.ticks[polling:])[-2] < 0.005
    reaper.run(CANCEL)
    close(reaper, run)


@pytest.mark.parametrize(("source", "says"), [(Source.midi(), "MIDI"), (None, "empty")])
def test_what_holds_no_audio_is_refused_with_a_sentence(reaper, source, says):
    reaper.project.add_track().add_item(source, length=2, name="x").select()
    reaper.answer_message("ok", containing=says)
    finish(reaper, reaper.run(EDIT))
    assert len(reaper.project.tracks) == 1
    assert not reaper.dialogs.inputs_shown
