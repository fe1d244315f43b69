"""Where the edits of REAPER's items land, and what else the user asks of them: tracks, takes, lanes, turns, presets."""

import numpy as np
import pytest
import soundfile

from reaper.at_work import EDIT, REPEAT, assert_in_place, begin, below, edit, finish, landed, sound_of
from reaper.sounds import clip


def test_several_items_on_several_tracks_land_in_one_step(reaper, tmp_path):
    wavs = [clip(tmp_path / f"{number}.wav", seconds=0.3 + number / 10, seed=number) for number in range(3)]
    piano, bass = reaper.project.add_track("Piano"), reaper.project.add_track("Bass")
    items = [piano.add_item(wavs[0]), piano.add_item(wavs[1], position=5), bass.add_item(wavs[2], position=1)]
    for item in items:
        item.select()
    edit(reaper)
    assert [track.name for track in reaper.project.tracks][::2] == ["Piano", "Bass"]
    assert len(reaper.project.tracks) == 4
    results = [*below(reaper, items[0]), *below(reaper, items[2])]
    for result, item, wav in zip(results, items, wavs, strict=True):
        assert_in_place(result, item)
        assert np.max(np.abs(sound_of(result) - soundfile.read(wav)[0])) < 1e-6
    assert len(reaper.project.undo.names) == 1


@pytest.mark.parametrize("place", [0, 1, 2])
def test_folders_keep_their_structure(reaper, wav, place):
    tracks = [
        reaper.project.add_track("Band", I_FOLDERDEPTH=1),
        reaper.project.add_track("Kick"),
        reaper.project.add_track("Snare", I_FOLDERDEPTH=-1),
        reaper.project.add_track("Voice"),
    ]
    item = tracks[place].add_item(wav).select()
    parents = [track.parent for track in tracks]
    edit(reaper)
    result = landed(reaper, item)
    assert [track.parent for track in tracks] == parents
    assert result.track.parent is tracks[0]


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


def test_a_later_edit_of_the_same_item_is_a_further_take_of_its_result(reaper, wav):
    item = reaper.project.add_track("Piano").add_item(wav).select()
    edit(reaper)
    edit(reaper, "a choir", variations=2)
    result = landed(reaper, item)
    assert len(reaper.project.tracks) == 2
    assert len(result.takes) == 3
    assert result.take is result.takes[1]
    finish(reaper, reaper.run(REPEAT))
    assert len(result.takes) == 5
    assert len({take.source.file for take in result.takes}) == 5
    assert len(reaper.project.undo.names) == 3


def test_variations_may_land_in_lanes_of_which_one_plays(reaper, wav):
    item = reaper.project.add_track("Piano").add_item(wav).select()
    edit(reaper, variations="3", variations_in_lanes="yes")
    results = below(reaper, item)
    assert [result["I_FIXEDLANE"] for result in results] == [0, 1, 2]
    assert results[0].track["I_FREEMODE"] == 2
    assert results[0].track.lane_plays == {0: 1}
    for result in results:
        assert_in_place(result, item)


def test_original_and_edit_are_heard_by_turns(reaper, wav):
    item = reaper.project.add_track("Piano").add_item(wav).select()
    edit(reaper)
    result = landed(reaper, item)
    reaper.run("Retone - A-B original and edit")
    first = item["B_MUTE"], result["B_MUTE"]
    reaper.run("Retone - A-B original and edit")
    assert sorted([first, (item["B_MUTE"], result["B_MUTE"])]) == [(0, 1), (1, 0)]
    assert len(reaper.project.undo.names) == 3


def test_a_preset_is_kept_and_chosen_by_its_name(reaper, wav):
    item = reaper.project.add_track().add_item(wav).select()
    edit(reaper, "warm choir", strength="0.4", save_as="Warm")
    reaper.answer_inputs(preset="Warm")
    reaper.answer_inputs()
    finish(reaper, reaper.run(EDIT))
    again = reaper.dialogs.inputs_shown[-1]
    assert (again.value("prompt"), again.value("strength")) == ("warm choir", "0.4")
    assert len(landed(reaper, item).takes) == 2


def test_the_dialog_says_what_is_rendered_and_where(reaper, wav):
    track = reaper.project.add_track()
    track.add_item(wav).select()
    track.add_item(wav, position=3, length=0.5).select()
    reaper.cancel_inputs()
    finish(reaper, reaper.run(EDIT))
    title = reaper.dialogs.inputs_shown[0].title
    assert "2 items" in title
    assert "1.5 s" in title
    assert "cpu" in title
    assert len(reaper.project.tracks) == 1


def test_directions_are_found_and_steered_along(reaper, wav):
    item = reaper.project.add_track().add_item(wav).select()
    reaper.answer_inputs()
    finish(reaper, reaper.run("Retone - find directions in selected item"))
    found = below(reaper, item)
    assert [(len(one.takes), one.ext["retone_preview"]) for one in found] == [(2, item.guid)] * 3
    assert found[0].track["B_MUTE"] == 1
    reaper.answer_inputs(direction="2", amount="-0.5,0.5")
    finish(reaper, reaper.run("Retone - steer along a direction"))
    assert "2: " in reaper.dialogs.inputs_shown[-1].captions[0]
    (result,) = reaper.project.track("direction 2=-0.5,0.5").items
    assert_in_place(result, item)
    assert [take.name for take in result.takes] == ["direction 2=-0.5", "direction 2=0.5"]
    assert len(reaper.project.undo.names) == 2


def test_the_result_goes_to_the_project_that_was_asked_from(reaper, wav, tmp_path):
    first, item = reaper.project, reaper.project.add_track("Piano").add_item(wav).select()
    run = begin(reaper, "late")
    reaper.until(lambda: run.window and "write" in run.window.text)
    second = reaper.new_project(tmp_path / "other.rpp")
    finish(reaper, run)
    assert second.tracks == []
    assert reaper.project is second
    assert len(first.tracks) == 2
    (result,) = first.tracks[1].items
    assert_in_place(result, item)
