"""What was edited lands beside its source, in time with it, and over nothing."""

import pytest

from live.editing import RATE, RESULT, SLOT, Editing, assert_in_time, sound
from live.scene import audio_clip, audio_track, group_track, markers, midi_track

THREE = markers((0, 0.1), (4, 2.1), (8, 6.1))


def test_an_edited_clip_lies_in_the_same_scene_of_a_track_beside_its_own(tmp_path, loop):
    clip = audio_clip(loop, name="Loop 1", pitch_coarse=3, pitch_fine=-20, gain=0.6, color=0x3399FF)
    drums = audio_track("Drums", {2: clip}, color=0xFF0000)
    with Editing(tmp_path, drums, midi_track("Keys")) as editing:
        editing.edit("live_set tracks 0 clip_slots 2 clip")
        assert editing.tracks == ["Drums", RESULT, "Keys"]
        landed = editing.session(RESULT)[2]
        assert landed["name"] == "Loop 1 · a flute"
        assert landed["file_path"] == str(tmp_path / "made 1.wav")
        assert (landed["pitch_coarse"], landed["pitch_fine"], landed["gain"]) == (3, -20, 0.6)
        assert landed["color"] == 0x3399FF
        assert editing.live.get("live_set tracks 1", "color") == 0xFF0000
        assert editing.live.get("live_set tracks 0", "mute") == 0, "that is an option"
        assert f"On track '{RESULT}', scene 3." in editing.status


def test_a_clip_that_is_not_warped_plays_just_its_seconds(tmp_path, loop):
    clip = audio_clip(loop, start_marker=0.5, end_marker=2.50001)
    with Editing(tmp_path, audio_track("Drums", [clip])) as editing:
        asked = editing.edit(SLOT)
        assert (asked["region_start"], asked["region_frames"]) == (RATE // 2, 2 * RATE)
        landed = editing.session(RESULT)[0]
        assert (landed["warping"], landed["looping"]) == (0, 0)
        assert (landed["start_marker"], landed["end_marker"]) == (0, pytest.approx(2))


def test_a_clip_warped_by_three_markers_lands_in_time(tmp_path):
    file = sound(tmp_path / "played.wav", 8 * RATE)
    clip = audio_clip(file, warped=True, markers=THREE, warp_mode=4, start_marker=1, end_marker=9)
    with Editing(tmp_path, audio_track("Drums", [clip])) as editing:
        asked = editing.edit(SLOT)
        source, landed = editing.session("Drums")[0], editing.session(RESULT)[0]
        assert (landed["warping"], landed["warp_mode"], landed["looping"]) == (1, 4, 0)
        assert landed["end_marker"] - landed["start_marker"] == pytest.approx(8)
        assert_in_time(source, landed, asked)


def test_a_clip_at_half_tempo_lands_in_time_whatever_tempo_live_guesses(tmp_path, loop):
    clip = audio_clip(loop, warped=True, tempo=60, start_marker=1, end_marker=3)
    guess = {"markers": markers((0, 0.3), (1, 0.7), (2, 1.2)), "warped": False, "looping": True}
    with Editing(tmp_path, audio_track("Drums", [clip]), new_clips=guess) as editing:
        asked = editing.edit(SLOT)
        assert (asked["region_start"], asked["region_frames"]) == (RATE, 2 * RATE)
        assert_in_time(editing.session("Drums")[0], editing.session(RESULT)[0], asked)


def test_a_file_at_44100_lands_in_time_in_a_set_at_48000(tmp_path):
    file = sound(tmp_path / "a file.wav", 4 * 44100, 44100)
    clip = audio_clip(file, warped=True, tempo=120, start_marker=2, end_marker=6)
    with Editing(tmp_path, audio_track("Drums", [clip])) as editing:
        asked = editing.edit(SLOT)
        assert (asked["region_start"], asked["region_frames"]) == (44100, 88200)
        assert_in_time(editing.session("Drums")[0], editing.session(RESULT)[0], asked)


@pytest.mark.parametrize("start", [1, 3])
def test_a_loop_loops_as_it_did_with_its_start_before_or_inside_it(tmp_path, loop, start):
    clip = audio_clip(loop, warped=True, looping=True, start_marker=start, loop_start=2, loop_end=6)
    with Editing(tmp_path, audio_track("Drums", [clip])) as editing:
        asked = editing.edit(SLOT)
        source, landed = editing.session("Drums")[0], editing.session(RESULT)[0]
        assert landed["looping"] == 1
        assert landed["loop_end"] - landed["loop_start"] == pytest.approx(4)
        assert landed["start_marker"] - landed["loop_start"] == pytest.approx(start - 2)
        assert_in_time(source, landed, asked)


def test_a_max_that_parts_texts_at_their_spaces_gets_them_in_quotes(tmp_path):
    folder = tmp_path / "My Set Project"
    folder.mkdir()
    clip = audio_clip(sound(folder / "a loop.wav", 4 * RATE), name='Loop "1"')
    with Editing(folder, audio_track("Drums", [clip]), parts_texts=True) as editing:
        editing.live.expect_error("too many arguments")
        editing.edit(SLOT)
        assert editing.tracks == ["Drums", RESULT]
        landed = editing.session(RESULT)[0]
        assert (landed["name"], landed["file_path"]) == ('Loop "1" · a flute', str(folder / "made 1.wav"))
        assert "Live did not take" not in editing.status


def test_a_place_too_near_to_0_for_max_to_tell_live_is_0(tmp_path, loop):
    clip = audio_clip(loop, warped=True, looping=True, start_marker=2.00005, loop_start=2, loop_end=6)
    with Editing(tmp_path, audio_track("Drums", [clip])) as editing:
        editing.edit(SLOT)
        assert editing.session(RESULT)[0]["start_marker"] == pytest.approx(0, abs=1e-4)
        assert "Live did not take" not in editing.status


def test_the_signature_of_the_clip_stays(tmp_path, loop):
    clip = audio_clip(loop, warped=True, numerator=7, denominator=8)
    with Editing(tmp_path, audio_track("Drums", [clip])) as editing:
        editing.edit(SLOT)
        landed = editing.session(RESULT)[0]
        assert (landed["signature_numerator"], landed["signature_denominator"]) == (7, 8)


def test_variations_lie_in_the_slots_below(tmp_path, loop):
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)])) as editing:
        editing.edit(SLOT, count=3)
        landed = editing.session(RESULT)
        assert {scene: clip["name"] for scene, clip in landed.items()} == {
            0: "loop · a flute 1",
            1: "loop · a flute 2",
            2: "loop · a flute 3",
        }
        assert "scenes 1, 2 and 3." in editing.status


def test_a_later_edit_takes_the_next_free_slot_and_covers_nothing(tmp_path, loop):
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)]), options={"scenes": 2}) as editing:
        for _ in range(3):
            editing.edit(SLOT)
            editing.device.press("New Seed")
        files = [clip["file_path"] for clip in editing.session(RESULT).values()]
        assert files == [str(tmp_path / f"made {number}.wav") for number in (1, 2, 3)]
        assert editing.tracks == ["Drums", RESULT]
        assert "scene 3." in editing.status


def test_the_retone_track_of_a_set_that_was_loaded_anew_is_found_by_its_name(tmp_path, loop):
    kept = audio_track(RESULT, [audio_clip(loop, name="kept")])
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)]), midi_track("Keys"), kept) as editing:
        editing.edit(SLOT)
        assert [clip["name"] for clip in editing.session(RESULT).values()] == ["kept", "loop · a flute"]
        assert editing.tracks == ["Drums", "Keys", RESULT]


def test_an_arrangement_clip_lands_at_its_position(tmp_path, loop):
    clip = audio_clip(loop, warped=True, tempo=90, start_time=16, start_marker=1, end_marker=5)
    with Editing(tmp_path, audio_track("Drums", arrangement=[clip])) as editing:
        asked = editing.edit("live_set tracks 0 arrangement_clips 0")
        (source,), (landed,) = editing.arrangement("Drums"), editing.arrangement(RESULT)
        assert (landed["start_time"], landed["end_time"]) == (16, 20)
        assert_in_time(source, landed, asked)
        assert editing.session(RESULT) == {}
        assert f"On track '{RESULT}', at the clip's place." in editing.status


def test_a_clip_that_is_not_warped_lands_at_its_position(tmp_path, loop):
    clip = audio_clip(loop, start_time=8, start_marker=1, end_marker=2.5)
    with Editing(tmp_path, audio_track("Drums", arrangement=[clip])) as editing:
        editing.edit("live_set tracks 0 arrangement_clips 0")
        (landed,) = editing.arrangement(RESULT)
        assert (landed["start_time"], landed["end_time"]) == (8, pytest.approx(11))


def test_a_loop_in_the_arrangement_lands_as_a_clip_a_repetition(tmp_path, loop):
    clip = audio_clip(
        loop, warped=True, looping=True, start_marker=3, loop_start=2, loop_end=6, start_time=4, end_time=13
    )
    with Editing(tmp_path, audio_track("Drums", arrangement=[clip])) as editing:
        editing.edit("live_set tracks 0 arrangement_clips 0")
        landed = editing.arrangement(RESULT)
        places = [(one["start_time"], one["end_time"], one["start_marker"]) for one in landed]
        assert places == [(4, 7, 1), (7, 11, 0), (11, 13, 0)]
        assert editing.live.destroyed == []


def test_in_the_arrangement_further_tracks_take_what_would_cover_another(tmp_path, loop):
    clip = audio_clip(loop, start_time=8)
    with Editing(tmp_path, audio_track("Drums", arrangement=[clip]), midi_track("Keys")) as editing:
        editing.edit("live_set tracks 0 arrangement_clips 0", count=3)
        assert editing.tracks == ["Drums", RESULT, RESULT, RESULT, "Keys"]
        names = [[clip["name"] for clip in editing.live.clips(at)["arrangement"]] for at in (1, 2, 3)]
        assert names == [["loop · a flute 1"], ["loop · a flute 2"], ["loop · a flute 3"]]
        assert editing.live.destroyed == []
        assert f"On 3 tracks named '{RESULT}'" in editing.status


def test_the_arrangement_is_reached_through_the_only_free_slot(tmp_path, loop):
    drums = audio_track("Drums", arrangement=[audio_clip(loop, start_time=8)])
    with Editing(tmp_path, drums, options={"scenes": 1}) as editing:
        editing.edit("live_set tracks 0 arrangement_clips 0")
        assert editing.tracks == ["Drums", RESULT]
        assert len(editing.arrangement(RESULT)) == 1


def test_two_devices_that_land_at_one_place_at_once_cover_nothing(tmp_path, loop):
    drums = audio_track("Drums", arrangement=[audio_clip(loop, warped=True, start_time=8)])
    with Editing(tmp_path, drums, audio_track(RESULT), new_clips={"warped": False}) as editing:
        clip = "live_set tracks 0 arrangement_clips 0"
        one, first = editing.device, editing.ask(clip)
        editing.add_device()
        editing.answer(editing.ask(clip), wait=False)
        editing.device = one
        editing.answer(first)
        assert editing.tracks == ["Drums", RESULT, RESULT]
        assert [len(editing.live.clips(at)["arrangement"]) for at in (1, 2)] == [1, 1]
        assert [any(editing.live.clips(at)["session"]) for at in (1, 2)] == [False, False]
        assert editing.live.destroyed == []


def test_pieces_that_lie_apart_in_the_loop_are_all_there(tmp_path, loop):
    clip = audio_clip(
        loop, warped=True, looping=True, start_marker=5, loop_start=0, loop_end=8, start_time=4, end_time=9
    )
    drums = audio_track("Drums", arrangement=[clip])
    with Editing(tmp_path, drums, new_clips={"tempo": 30}) as editing:
        editing.edit("live_set tracks 0 arrangement_clips 0")
        landed = editing.arrangement(RESULT)
        assert [(one["start_marker"], one["end_marker"]) for one in landed] == [(5, 8), (0, 2)]


def test_neighbours_in_the_arrangement_share_a_track(tmp_path, loop):
    bars = [audio_clip(loop, warped=True, start_time=at, start_marker=at, end_marker=at + 2) for at in (0, 2, 4)]
    with Editing(tmp_path, audio_track("Drums", arrangement=bars)) as editing:
        for at in (1, 0, 2):
            editing.edit(f"live_set tracks 0 arrangement_clips {at}")
        assert [(one["start_time"], one["end_time"]) for one in editing.arrangement(RESULT)] == [(0, 2), (2, 4), (4, 6)]
        assert editing.tracks == ["Drums", RESULT]
        assert editing.live.destroyed == []


def test_a_track_that_was_deleted_meanwhile_leaves_its_result_at_the_end(tmp_path, loop):
    drums = audio_track("Drums", [audio_clip(loop)])
    with Editing(tmp_path, drums, midi_track("Keys")) as editing:
        asked = editing.ask(SLOT)
        editing.live.remove_track(0)
        editing.answer(asked)
        assert editing.tracks == ["Keys", RESULT]
        assert list(editing.session(RESULT)) == [0]
        assert "The track 'Drums' is gone." in editing.status


def test_a_result_follows_its_scene(tmp_path, loop):
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)])) as editing:
        asked = editing.ask(SLOT)
        editing.device.run('new LiveAPI("live_set").call("create_scene", 0);')
        editing.answer(asked)
        assert list(editing.session("Drums")) == list(editing.session(RESULT)) == [1]


def test_a_clip_that_was_deleted_meanwhile_still_gets_its_result(tmp_path, loop):
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)])) as editing:
        asked = editing.ask(SLOT)
        editing.live.delete_clip(SLOT)
        editing.answer(asked)
        assert list(editing.session(RESULT)) == [0]


def test_a_result_that_is_edited_again_stays_on_its_track(tmp_path, loop):
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)])) as editing:
        editing.edit(SLOT)
        editing.edit("live_set tracks 1 clip_slots 0 clip")
        assert editing.tracks == ["Drums", RESULT]
        assert [clip["name"] for clip in editing.session(RESULT).values()] == [
            "loop · a flute",
            "loop · a flute · a flute",
        ]


def test_the_device_stays_in_sight(tmp_path, loop):
    inner = audio_track("Drums", [audio_clip(loop)])
    with Editing(tmp_path, group_track("Band", inner)) as editing:
        editing.edit("live_set tracks 1 clip_slots 0 clip")
        assert editing.live.get("live_set view", "selected_track") == "live_set master_track"
