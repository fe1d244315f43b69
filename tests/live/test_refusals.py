"""What Live does not take is told, each thing once, and where the file lies; nothing hangs and nothing is lost."""

import pytest

from live.editing import RATE, RESULT, SLOT, Editing, sound
from live.scene import audio_clip, audio_track, markers, midi_track

THREE = markers((0, 0.1), (4, 2.1), (8, 6.1))


def test_a_file_that_live_cannot_read_does_not_land_and_its_path_is_told(tmp_path, loop):
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)])) as editing:
        asked = editing.ask(SLOT)
        editing.device.hear("/retone/result", asked["id"], 1, "/nowhere/made.wav")
        editing.device.hear("/retone/done", asked["id"], 1, "/nowhere/made.wav")
        editing.live.advance(3)
        assert "Live did not take the file." in editing.status
        assert "/nowhere/made.wav" in editing.status


def test_where_the_edition_allows_no_more_tracks_the_path_is_told(tmp_path, loop):
    others = [midi_track(f"Keys {number}") for number in range(7)]
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)]), *others, edition="lite") as editing:
        editing.live.expect_error("create_audio_track")
        editing.edit(SLOT)
        assert len(editing.tracks) == 8
        assert "its edition may allow no more" in editing.status
        assert "made 1.wav" in editing.status


def test_a_live_that_takes_no_clips_is_told_so(tmp_path, loop):
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)]), version="12.0.0") as editing:
        editing.edit(SLOT)
        assert editing.tracks == ["Drums"]
        assert "Live 12.0.0 lets no device insert audio; 12.0.5 does." in editing.status
        assert "made 1.wav" in editing.status


def test_a_fault_of_our_own_ends_the_landing_with_a_sentence(tmp_path, loop):
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop, warped=True)])) as editing:
        editing.device.run('retone_require("./clips").play_once = function () { throw new Error("no ideas"); }; 0;')
        asked = editing.ask(SLOT)
        editing.answer(asked, count=2)
        assert "The landing broke off (Error: no ideas)." in editing.status
        assert "Live did not take 1 of 2 files." in editing.status
        assert len([one for one in editing.device.sent if one[0] == "/retone/received"]) == 1
        assert any("no ideas" in line for line in editing.live.console)


def test_a_fault_that_comes_late_ends_the_landing_too(tmp_path):
    clip = audio_clip(sound(tmp_path / "played.wav", 8 * RATE), warped=True, markers=THREE)
    with Editing(tmp_path, audio_track("Drums", [clip])) as editing:
        editing.device.run(
            'var live = retone_require("./live"), call = live.call, seen = {};'
            "live.call = function (id, name, one, other) {"
            'if (name !== "add_warp_marker") { return call(id, name, one, other); }'
            'if (seen[one.get("beat_time")]) { throw new Error("no more"); } seen[one.get("beat_time")] = true; }; 0;'
        )
        editing.edit(SLOT)
        editing.live.advance(3)
        assert "The landing broke off (Error: no more)." in editing.status
        assert len([one for one in editing.device.sent if one[0] == "/retone/received"]) == 1


def test_a_repetition_that_live_refuses_is_told(tmp_path, loop):
    clip = audio_clip(loop, warped=True, looping=True, loop_end=4, start_time=0, end_time=12)
    with Editing(tmp_path, audio_track("Drums", arrangement=[clip])) as editing:
        editing.device.run(
            'var room = retone_require("./arrangement"), copy = room.copy, left = 2;'
            "room.copy = function () { left -= 1; return left < 0 ? 0 : copy.apply(null, arguments); }; 0;"
        )
        editing.edit("live_set tracks 0 arrangement_clips 0")
        assert [one["start_time"] for one in editing.arrangement(RESULT)] == [0, 4]
        assert "Live did not take repetition 3." in editing.status
        assert editing.session(RESULT) == {}


def test_a_copy_that_live_leaves_in_its_slot_is_told(tmp_path, loop):
    drums = audio_track("Drums", arrangement=[audio_clip(loop, start_time=8)])
    with Editing(tmp_path, drums, audio_track(RESULT, [audio_clip(loop)])) as editing:
        editing.device.run(
            'var live = retone_require("./live"), call = live.call; live.call = function (id, name, one, other) {'
            'return name === "delete_clip" ? undefined : call(id, name, one, other); }; 0;'
        )
        editing.edit("live_set tracks 0 arrangement_clips 0")
        assert "at the clip's place. A copy was left in scene 2; delete it." in editing.status


# What of a new track or clip cannot be written, and how that is told.
REFUSED = {
    "name": "the track's name and the clip's name",
    "color": "the track's colour and the clip's colour",
    "output_routing_type": "the output",
    "output_routing_channel": "the output's channel",
    "panning_mode": "the panning mode",
    "crossfade_assign": "the crossfader's side",
    "value": "the volume, the panning and the sends",
    "warp_mode": "the warp mode",
    "pitch_coarse": "the transposition",
    "pitch_fine": "the detuning",
    "gain": "the gain",
    "looping": "the loop and its start",
    "loop_end": "the loop's ends",
    "start_marker": "its start",
    "signature_denominator": "the signature",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_live_leaves_as_it_is_is_told_once(tmp_path, loop, name):
    clip = {"warp_mode": 4, "pitch_coarse": 3, "pitch_fine": -20, "gain": 0.6, "color": 0x3399FF, "denominator": 8}
    clip |= {"warped": True, "looping": True, "start_marker": 3, "loop_start": 2, "loop_end": 6}
    track = {"color": 0xFF0000, "volume": 0.5, "split": (-0.5, 0.5), "sends": [0.1, 0.7], "crossfade_assign": 2}
    drums = audio_track("Drums", [audio_clip(loop, **clip)], output="Ext. Out", channel="3/4", **track)
    with Editing(tmp_path, drums, new_clips={"warped": False}) as editing:
        editing.device.run(
            'var live = retone_require("./live"), set = live.set;'
            f'live.set = function (id, name, value) {{ if (name !== "{name}") {{ set(id, name, value); }} }}; 0;'
        )
        asked = editing.ask(SLOT)
        editing.answer(asked, count=2)
        editing.live.advance(4)
        assert len(editing.session("Drums")) == 1
        assert f"scenes 1 and 2. Live did not take {REFUSED[name]}." in editing.status


def test_a_clip_that_live_leaves_warped_is_told(tmp_path, loop):
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)]), new_clips={"warped": True}) as editing:
        editing.device.run(
            'var live = retone_require("./live"), set = live.set;'
            'live.set = function (id, name, value) { if (name !== "warping") { set(id, name, value); } }; 0;'
        )
        editing.edit(SLOT)
        editing.live.advance(2)
        assert "scene 1. Live did not take that it is not warped." in editing.status


def test_markers_that_live_puts_elsewhere_are_told(tmp_path):
    clip = audio_clip(sound(tmp_path / "played.wav", 8 * RATE), warped=True, markers=THREE)
    with Editing(tmp_path, audio_track("Drums", [clip])) as editing:
        editing.device.run(
            'var live = retone_require("./live"), call = live.call; live.call = function (id, name, one, other) {'
            'if (name === "add_warp_marker") { one.set("beat_time", one.get("beat_time") + 0.25); }'
            "return call(id, name, one, other); }; 0;"
        )
        editing.edit(SLOT)
        editing.live.advance(1)
        assert "Live did not take the warp markers (check its timing)." in editing.status


def test_several_files_that_do_not_land_are_named_by_the_first(tmp_path, loop):
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)])) as editing:
        asked = editing.ask(SLOT)
        for index in (1, 2):
            editing.device.hear("/retone/result", asked["id"], index, f"/nowhere/made {index}.wav")
        editing.device.hear("/retone/done", asked["id"], 2, "/nowhere/made 1.wav")
        editing.live.advance(3)
        assert "Live did not take 2 of 2 files. 2 files such as made 1.wav: drag them from the folder" in editing.status
