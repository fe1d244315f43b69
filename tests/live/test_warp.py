"""A new clip's timing is its source's, whatever Live made of the file by itself; where it is not, that is said."""

import pytest

from live.editing import RATE, RESULT, SLOT, Editing, assert_in_time, sound
from live.scene import audio_clip, audio_track, markers

THREE = markers((-1, 0.2), (4, 2.1), (8, 6.1))


def warped(tmp_path, **more):
    file = sound(tmp_path / "played.wav", 8 * RATE)
    return audio_track("Drums", [audio_clip(file, warped=True, markers=THREE, **more)])


@pytest.mark.parametrize(
    "guess",
    [
        [(0, 0)],
        [(0, 0.4)],
        [(-3, 0.4), (0, 2), (1, 3.3), (7, 5)],
        [(0, 0), (1.5, 2.1), (9, 5.9)],
        [(40, 0.05), (41, 0.1)],
    ],
)
def test_what_live_guessed_of_the_timing_is_gone(tmp_path, guess):
    new_clips = {"markers": markers(*guess), "warped": True, "looping": False}
    drums = warped(tmp_path, start_marker=1, end_marker=9)
    with Editing(tmp_path, drums, new_clips=new_clips) as editing:
        asked = editing.edit(SLOT)
        landed = editing.session(RESULT)[0]
        assert_in_time(editing.session("Drums")[0], landed, asked)
        assert [one["beat_time"] for one in landed["warp_markers"][:-1]] == pytest.approx([0, 3, 7, 8])
        assert "Live did not take" not in editing.status


def test_a_clip_that_begins_before_its_file_lands_in_time(tmp_path):
    drums = warped(tmp_path, start_marker=-4, end_marker=6)
    with Editing(tmp_path, drums) as editing:
        asked = editing.edit(SLOT)
        assert asked["region_start"] == 0
        assert_in_time(editing.session("Drums")[0], editing.session(RESULT)[0], asked)


@pytest.mark.parametrize("late_ms", [1, 20, 150])
def test_markers_that_live_writes_later_than_it_is_asked_to_land_in_time(tmp_path, late_ms):
    guess = {"markers": markers((0, 0.3), (1, 0.7), (2, 1.2)), "markers_late_ms": late_ms}
    with Editing(tmp_path, warped(tmp_path, start_marker=0, end_marker=8), new_clips=guess) as editing:
        asked = editing.edit(SLOT)
        editing.live.advance(2)
        assert_in_time(editing.session("Drums")[0], editing.session(RESULT)[0], asked)
        assert "Live did not take" not in editing.status


def test_a_file_that_ends_a_frame_early_lands_in_time(tmp_path):
    with Editing(tmp_path, warped(tmp_path, start_marker=0, end_marker=8)) as editing:
        editing.live.expect_error("lies outside the sample")
        asked = editing.ask(SLOT)
        editing.answer(asked, frames=asked["region_frames"] - 1)
        assert_in_time(editing.session("Drums")[0], editing.session(RESULT)[0], asked)
        assert "Live did not take" not in editing.status


def test_a_file_too_short_for_its_timing_is_told(tmp_path):
    with Editing(tmp_path, warped(tmp_path, start_marker=0, end_marker=8)) as editing:
        editing.live.expect_error("lies outside the sample")
        asked = editing.ask(SLOT)
        editing.answer(asked, frames=RATE)
        editing.live.advance(1)
        assert f"On track '{RESULT}', scene 1." in editing.status
        assert "Live did not take the warp markers (check its timing)." in editing.status


def test_a_clip_that_goes_while_it_is_dressed_holds_nothing_up(tmp_path):
    with Editing(tmp_path, warped(tmp_path), new_clips={"warped": False}) as editing:
        editing.answer(editing.ask(SLOT), wait=False)
        editing.live.delete_clip("live_set tracks 1 clip_slots 0 clip")
        editing.live.advance(3)
        assert editing.status == "A clip was taken away while it landed."
        editing.device.press("New Seed")
        editing.edit(SLOT)
        assert editing.session(RESULT)[0]["warping"] == 1


def test_a_landing_writes_no_more_than_it_must(tmp_path):
    with Editing(tmp_path, warped(tmp_path, start_marker=0, end_marker=8)) as editing:
        before = editing.live.undo_steps
        editing.edit(SLOT)
        # The track: made, named, coloured, the device shown again; the clip: made, named, coloured, warped, three
        # markers of ours, one of Live's less, no loop, start and end.
        assert editing.live.undo_steps - before <= 15


@pytest.mark.parametrize("version", ["11.3.25", "11.3.43", "12.0.5"])
def test_clips_land_in_the_oldest_live_that_takes_them(tmp_path, version):
    with Editing(tmp_path, warped(tmp_path), version=version) as editing:
        asked = editing.edit(SLOT)
        assert_in_time(editing.session("Drums")[0], editing.session(RESULT)[0], asked)


def test_a_live_before_them_is_told_so(tmp_path):
    with Editing(tmp_path, warped(tmp_path), version="11.2.11") as editing:
        editing.edit(SLOT)
        assert editing.tracks == ["Drums"]
        assert "Live 11.2.11 lets no device insert audio; 11.3.25 does." in editing.status
