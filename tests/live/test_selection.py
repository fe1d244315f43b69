"""The clip that is meant: the audio clip that was selected last; and what is asked of the service for it."""

import pytest

from live.editing import RATE, SLOT, Editing, sound
from live.scene import audio_clip, audio_track, markers, midi_clip, midi_track


def test_the_selected_clip_is_shown_with_its_seconds_and_its_place(tmp_path, loop):
    clip = audio_clip(loop, name="Loop 1", warped=True, tempo=60, end_marker=3)
    in_arrangement = audio_clip(loop, name="Loop 2", start_time=8)
    drums = audio_track("Drums", [clip], [in_arrangement])
    with Editing(tmp_path, drums) as editing:
        editing.select(SLOT)
        assert editing.device.text("clip") == "Loop 1 · 3.00 s · Session"
        editing.select("live_set tracks 0 arrangement_clips 0")
        assert editing.device.text("clip") == "Loop 2 · 4.00 s · Arrangement"


def test_using_the_device_keeps_the_clip_that_was_selected(tmp_path, loop):
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)])) as editing:
        editing.select(SLOT)
        editing.device.turn("Strength", "50 %")
        editing.live.advance(0.2)
        assert editing.live.get("live_set view", "detail_clip") is None
        assert editing.device.text("clip").startswith("loop · 4.00 s")
        assert editing.ask()["path"] == loop


def test_a_clip_in_the_row_of_the_device_does_not_take_the_place_of_the_one_selected(tmp_path, loop):
    other = sound(tmp_path / "other.wav", RATE)
    drums = audio_track("Drums", [audio_clip(loop)])
    with Editing(tmp_path, drums, audio_track("Bass", [audio_clip(other)]), on="live_set tracks 1") as editing:
        editing.select(SLOT)
        editing.device.press("New Seed")
        assert editing.live.get("live_set view", "highlighted_clip_slot") == "live_set tracks 1 clip_slots 0"
        assert editing.ask()["path"] == loop


def test_a_midi_clip_does_not_take_the_place_of_an_audio_clip(tmp_path, loop):
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)]), midi_track("Keys", [midi_clip()])) as editing:
        editing.select(SLOT)
        editing.select("live_set tracks 1 clip_slots 0 clip")
        assert editing.ask()["path"] == loop


def test_a_midi_clip_alone_gets_a_sentence(tmp_path):
    with Editing(tmp_path, midi_track("Keys", [midi_clip("A tune")])) as editing:
        editing.select(SLOT)
        editing.device.control("Edit")
        assert "'A tune' is a MIDI clip. Select an audio clip." in editing.status
        assert editing.requests == []


def test_no_clip_at_all_gets_a_sentence(tmp_path):
    with Editing(tmp_path, audio_track("Drums")) as editing:
        editing.device.press("Edit")
        assert "Select an audio clip" in editing.status
        assert editing.requests == []


def test_a_clip_that_was_deleted_is_not_kept(tmp_path, loop):
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)])) as editing:
        editing.select(SLOT)
        editing.live.delete_clip(SLOT)
        editing.device.press("Edit")
        assert "Select an audio clip" in editing.status


def test_a_midi_clip_gets_its_sentence_when_the_clip_before_it_was_deleted(tmp_path, loop):
    keys = midi_track("Keys", [midi_clip("A tune")])
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)]), keys) as editing:
        editing.select(SLOT)
        editing.live.delete_clip(SLOT)
        editing.select("live_set tracks 1 clip_slots 0 clip")
        editing.device.control("Edit")
        assert "'A tune' is a MIDI clip. Select an audio clip." in editing.status


def test_the_clip_in_the_highlighted_slot_will_do(tmp_path, loop):
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)])) as editing:
        editing.live.select("live_set tracks 0")
        editing.device.control("Edit")
        editing.live.advance(0.2)
        assert editing.requests[-1][1][1] == loop


def test_a_loop_is_asked_for_as_frames_of_its_file(tmp_path):
    file = sound(tmp_path / "a läng file.wav", 8 * 22050, 22050)
    three = markers((0, 0.1), (4, 2.1), (8, 6.1))
    clip = audio_clip(file, warped=True, looping=True, markers=three, start_marker=2, loop_start=2, loop_end=6)
    with Editing(tmp_path, audio_track("Drums", [clip])) as editing:
        asked = editing.ask(SLOT)
        assert asked["path"] == file
        assert (asked["region_start"], asked["region_frames"]) == (round(1.1 * 22050), 3 * 22050)


def test_files_go_below_the_folder_of_the_set_from_the_moment_it_is_saved(tmp_path, loop):
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)])) as editing:
        assert "output_folder" not in editing.ask(SLOT)
        editing.live.save(tmp_path / "My set.als")
        editing.device.press("New Seed")
        assert editing.ask()["output_folder"] == str(tmp_path)


@pytest.mark.parametrize("path", ["C:\\Sets\\Ä set\\My set.als", "/Users/me/Sets/My set.als"])
def test_a_sets_folder_is_read_from_either_kind_of_path(tmp_path, loop, path):
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)]), options={"path": path}) as editing:
        assert editing.ask(SLOT)["output_folder"] == path[: -len("/My set.als")]


def test_a_live_that_does_not_tell_where_its_set_lies_is_not_asked(tmp_path, loop):
    path = tmp_path / "My set.als"
    drums = audio_track("Drums", [audio_clip(loop)])
    with Editing(tmp_path, drums, version="11.3.20", options={"path": path}) as editing:
        assert "output_folder" not in editing.ask(SLOT)


@pytest.mark.parametrize(
    ("clip", "said"),
    [
        ({"looping": True, "loop_start": 2, "loop_end": 2, "warped": True}, "The loop of 'Loop 1' is empty."),
        ({"warped": True, "start_marker": 40, "end_marker": 44}, "plays nothing of its file"),
    ],
)
def test_a_clip_that_plays_nothing_gets_a_sentence(tmp_path, loop, clip, said):
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop, name="Loop 1", **clip)])) as editing:
        editing.select(SLOT)
        editing.device.control("Edit")
        assert said in editing.status
        assert editing.requests == []


def test_nothing_goes_on_when_the_device_is_removed(tmp_path, loop):
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)])) as editing:
        asked = editing.ask(SLOT)
        editing.device.hear("/retone/result", asked["id"], 1, sound(tmp_path / "made.wav", RATE))
        editing.device.hear("/retone/done", asked["id"], 1, str(tmp_path / "made.wav"))
        editing.device.remove()
        calls = len(editing.live.calls)
        editing.live.advance(5)
        assert len(editing.live.calls) == calls
