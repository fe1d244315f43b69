"""The device in Live, over real UDP, with the real service: what is edited of which clip, and where its result lies."""

from math import isclose
from pathlib import Path

import pytest
import soundfile

from end_to_end.in_live import (
    SUBFOLDER,
    UNDO_STEPS,
    ask,
    assert_in_time,
    assert_same_sound,
    at_work,
    edit,
    ended,
    files_of,
    landed,
    press,
    region,
    seconds_at,
    select,
)
from live.scene import audio_clip, audio_track, group_track, markers
from reaper.sounds import clip

SECOND = "live_set tracks 1 clip_slots 0 clip"

# How a clip of one second may lie in the Session: what differs from one that plays all of its file, unwarped.
SESSION = {
    "unwarped": {},
    "unwarped, a part": {"start_marker": 0.2501, "end_marker": 0.75},
    "unwarped, by its brace": {"loop_start": 0.25, "loop_end": 0.8},
    "warped with three markers": {
        "warped": True, "markers": markers((0, 0.1), (1, 0.5), (1.5, 0.6)), "start_marker": 0.25, "end_marker": 2.0,
        "warp_mode": 4,
    },
    "warped and looped": {
        "warped": True, "markers": markers((0, 0.1), (1, 0.5), (1.5, 0.6)), "looping": True, "start_marker": 0.5,
        "loop_start": 0.25, "loop_end": 1.75,
    },
    "a start before the loop": {
        "warped": True, "tempo": 120.0, "looping": True, "start_marker": 0.0, "loop_start": 1.0, "loop_end": 1.5,
    },
    "half-tempo": {"warped": True, "tempo": 60.0, "looping": True, "loop_start": 0.25, "loop_end": 0.75},
    "pitched and quiet": {"pitch_coarse": -5, "pitch_fine": 12.5, "gain": 0.25, "color": 0x10A4EE},
}  # fmt: skip


@pytest.mark.parametrize("how", SESSION)
def test_a_clip_of_the_session_gets_its_result_beside_it_in_time(open_live, tmp_path, how):
    wav = clip(tmp_path / "loop.wav")
    before = wav.read_bytes()
    live = open_live(audio_track("Piano", {2: audio_clip(wav, **SESSION[how])}))
    edit(live, at_work(live), clip="live_set tracks 0 clip_slots 2 clip")
    assert live.tracks() == ["Piano", "Piano · Retone"]
    source, results = live.clips(0)["session"][2], landed(live)
    assert list(results) == [2]
    assert_same_sound(source, results[2])
    assert_in_time(source, results[2])
    assert results[2]["name"] == "loop · a flute"
    assert wav.read_bytes() == before
    assert live.undo_steps <= UNDO_STEPS


# In the Arrangement each lies at beat 9.5; the set's tempo is 120.
ARRANGEMENT = {
    "unwarped": {"start_marker": 0.1, "end_marker": 0.9},
    "warped": {"warped": True, "markers": markers((0, 0.1), (1, 0.5), (1.5, 0.6)), "start_marker": 0.25},
    "half-tempo, its end hidden": {"warped": True, "tempo": 60.0, "end_marker": 1.0, "end_time": 10.25},
}


@pytest.mark.parametrize("how", ARRANGEMENT)
def test_a_clip_of_the_arrangement_gets_its_result_at_its_time(open_live, tmp_path, how):
    wav = clip(tmp_path / "loop.wav")
    live = open_live(audio_track("Piano", arrangement=[audio_clip(wav, start_time=9.5, **ARRANGEMENT[how])]))
    edit(live, at_work(live), clip="live_set tracks 0 arrangement_clips 0")
    (source,), (result,) = live.clips(0)["arrangement"], live.clips(1)["arrangement"]
    assert result["start_time"] == 9.5
    assert isclose(result["end_time"], source["end_time"], abs_tol=0.01)
    seen = source["end_time"] - 9.5
    if how.endswith("hidden"):
        source = {**source, "loop_end": source["loop_start"] + seen}
    assert_same_sound(source, result)
    assert_in_time(source, result)


def test_a_loop_of_the_arrangement_comes_as_often_as_it_is_heard(open_live, tmp_path):
    wav = clip(tmp_path / "loop.wav")
    loop = {"warped": True, "tempo": 120.0, "looping": True, "start_marker": 0.5, "loop_start": 0.0, "loop_end": 1.0}
    live = open_live(
        audio_track("Piano", arrangement=[audio_clip(wav, start_time=4.0, end_time=6.25, **loop)]),
    )
    edit(live, at_work(live), clip="live_set tracks 0 arrangement_clips 0")
    (source,), results = live.clips(0)["arrangement"], live.clips(1)["arrangement"]
    assert [one["start_time"] for one in results] == [4.0, 4.5, 5.5]
    assert isclose(results[-1]["end_time"], 6.25, abs_tol=0.01)
    assert len({one["file_path"] for one in results}) == 1
    for one, start, length in zip(results, (0.5, 0.0, 0.0), (0.5, 1.0, 0.75), strict=True):
        assert isclose(one["end_time"] - one["start_time"], length, abs_tol=0.01)
        assert_in_time(source, one, start, length)
    assert_same_sound(source, results[0])


@pytest.mark.parametrize("version", ["11.3.43", "12.3.0"])
def test_lives_that_take_clips_from_a_device_are_given_them(open_live, tmp_path, version):
    wav = clip(tmp_path / "loop.wav", seconds=0.3)
    live = open_live(audio_track("Piano", [audio_clip(wav)]), version=version)
    device = at_work(live)
    edit(live, device)
    assert_same_sound(live.clips(0)["session"][0], landed(live)[0])
    assert device.text("status").startswith("On track 'Piano · Retone', scene 1.")


def test_an_older_live_is_told_where_the_file_is(open_live, song, tmp_path):
    live = open_live(audio_track("Piano", [audio_clip(clip(tmp_path / "loop.wav", seconds=0.3))]), version="12.0.0")
    device = at_work(live)
    id = edit(live, device)
    status = device.text("status")
    assert f"{SUBFOLDER}/loop-{id}.wav: drag it" in status and status.endswith(
        "Live 12.0.0 lets no device insert audio; 12.0.5 does."
    )
    assert files_of(song) == [f"loop-{id}.wav"]
    assert live.tracks() == ["Piano"]
    device.press("Show File")
    (opened,) = live.launched
    assert opened.startswith("file:///") and opened.rstrip("/").endswith("Samples/Processed/Retone")


def test_files_of_several_rates_and_names_keep_theirs(open_live, song, tmp_path):
    """A set of 48 kHz with a file of 44.1, among others; spaces, accents and letters of two halves in their paths."""
    paths = [
        clip(tmp_path / "Überleitung, die 2te" / "été à 44.1 – 🎻.wav", seconds=0.3, rate=44100),
        clip(tmp_path / "a b  c" / "n° 1 (48 kHz).wav", seconds=0.3, rate=48000, channels=1),
        clip(tmp_path / "'quoted'" / "100 %.wav", seconds=0.3, rate=96000),
    ]
    live = open_live(audio_track("Klänge", [audio_clip(path) for path in paths]))
    device = at_work(live)
    for scene, path in enumerate(paths):
        edit(live, device, "très doux", clip=f"live_set tracks 0 clip_slots {scene} clip")
        result = landed(live)[scene]
        assert_same_sound(live.clips(0)["session"][scene], result)
        assert result["name"] == f"{path.stem} · très doux"
        assert Path(result["file_path"]).parent == song / SUBFOLDER
    assert live.tracks() == ["Klänge", "Klänge · Retone"]


def test_variations_lie_in_the_free_slots_below(open_live, song, tmp_path):
    wav = clip(tmp_path / "loop.wav", seconds=0.3)
    live = open_live(audio_track("Piano", [audio_clip(wav)]), scenes=3)
    device = at_work(live)
    device.turn("Variations", 3)
    id = edit(live, device)
    assert {scene: Path(one["file_path"]).name for scene, one in landed(live).items()} == {
        scene: f"loop-{id}-{scene + 1}.wav" for scene in range(3)
    }
    device.turn("Variations", 1)
    again = edit(live, device)
    assert Path(landed(live)[3]["file_path"]).name == f"loop-{again}.wav"
    assert live.tracks() == ["Piano", "Piano · Retone"]
    assert len(files_of(song)) == 4


def test_variations_in_the_arrangement_lie_on_tracks_of_their_own(open_live, tmp_path):
    wav = clip(tmp_path / "loop.wav", seconds=0.3)
    live = open_live(audio_track("Piano", arrangement=[audio_clip(wav, start_time=1.0)]))
    device = at_work(live)
    device.turn("Variations", 2)
    edit(live, device, clip="live_set tracks 0 arrangement_clips 0")
    assert live.tracks() == ["Piano", "Piano · Retone", "Piano · Retone"]
    assert [[one["start_time"] for one in live.clips(track)["arrangement"]] for track in (1, 2)] == [[1.0], [1.0]]
    assert live.destroyed == []


def test_the_new_track_is_beside_its_source_in_the_same_group(open_live, tmp_path):
    wav = clip(tmp_path / "loop.wav", seconds=0.3)
    inner = audio_track("Piano", [audio_clip(wav)], volume=0.5, panning=-0.25, sends=[0.25, 0.75], color=0x5480E4)
    live = open_live(group_track("Keys", inner, audio_track("Organ")), audio_track("Voice"))
    device = at_work(live)
    device.press("Mute Source")
    edit(live, device, clip=SECOND)
    assert live.tracks() == ["Keys", "Piano", "Piano · Retone", "Organ", "Voice"]
    source, made = "live_set tracks 1", "live_set tracks 2"
    assert live.get(made, "group_track") == "live_set tracks 0"
    assert live.get(made, "color") == live.get(source, "color")
    for name in ("volume", "panning", "sends 0", "sends 1"):
        assert live.get(f"{made} mixer_device {name}", "value") == live.get(f"{source} mixer_device {name}", "value")
    assert (live.get(source, "mute"), live.get(made, "mute")) == (1, 0)


def test_an_unsaved_set_keeps_its_files_with_the_service(open_live, song, tmp_path):
    wav = clip(tmp_path / "loop.wav", seconds=0.3)
    live = open_live(audio_track("Piano", [audio_clip(wav)]), path="")
    device = at_work(live)
    edit(live, device)
    first = Path(landed(live)[0]["file_path"])
    assert first.parent.name == "renders" and first.is_file()
    assert "Collect All and Save" in device.text("status")
    assert files_of(song) == []
    # From the moment it is saved, its folder is taken.
    live.save(song / "Été.als")
    edit(live, device)
    assert Path(landed(live)[1]["file_path"]).parent == song / SUBFOLDER
    assert "Collect All" not in device.text("status")


def test_directions_are_found_told_and_steered_along(open_live, song, tmp_path):
    wav = clip(tmp_path / "loop.wav", seconds=0.5)
    live = open_live(audio_track("Piano", [audio_clip(wav)]))
    device = at_work(live)
    select(live, device)
    device.turn("Tab", "Directions")
    device.turn("Count", 2)
    device.turn("Seed", 7)
    ended(live, device, press(live, device, "Find", "/retone/directions"))
    assert landed(live, 0).keys() == {0} and live.tracks() == ["Piano"]
    assert [device.text(f"direction{k}") for k in (1, 2, 3)] == [
        "50 % 0.0-0.0 s 125-1000 Hz", "25 % 0.0-0.0 s 250-1000 Hz", "",
    ]  # fmt: skip
    device.turn("Direction 2", -0.5)
    device.turn("Seed", 8)  # the directions are those of the search, all the same
    id = ended(live, device, press(live, device, "Steer", "/retone/steer"))
    (words,) = [words for name, words in device.sent if name == "/retone/steer"]
    assert words[2:6] == ["direction", 2, "amount", -0.5]
    settings = dict(zip(words[6::2], words[7::2], strict=True))
    assert (settings["seed"], settings["count"]) == (7, 2)
    assert_same_sound(live.clips(0)["session"][0], landed(live)[0])
    assert landed(live)[0]["name"] == "loop · direction 2 -0.50"
    assert f"loop-{id}.wav" in files_of(song)


def test_two_devices_at_once_land_each_its_own(open_live, tmp_path):
    # By other names, as it is by its name that a clip is seen to be selected.
    paths = [clip(tmp_path / name, seconds=0.3, seed=seed) for seed, name in enumerate(("a.wav", "b.wav"))]
    live = open_live(*(audio_track(path.stem, [audio_clip(path)]) for path in paths))
    devices = [at_work(live, track=f"live_set tracks {number}") for number in (0, 1)]
    assert devices[0].port != devices[1].port
    # The one to the right first: its result moves no other clip, however soon it lands.
    right = ask(live, devices[1], "late", SECOND)
    left = ask(live, devices[0], "a flute")
    for device, id in zip(devices, (left, right), strict=True):
        ended(live, device, id)
    assert live.tracks() == ["a", "a · Retone", "b", "b · Retone"]
    for number in (0, 2):
        assert_same_sound(live.clips(number)["session"][0], landed(live, number + 1)[0])


def test_an_edit_of_an_edit_goes_on_from_what_was_heard(open_live, tmp_path):
    """A result is a clip like any other: its region is counted in its own file."""
    wav = clip(tmp_path / "loop.wav")
    source = audio_clip(wav, warped=True, markers=markers((0, 0.1), (1, 0.5), (1.5, 0.6)), start_marker=0.5)
    live = open_live(audio_track("Piano", [source]))
    device = at_work(live)
    edit(live, device)
    edit(live, device, "a choir", clip=SECOND)
    first, second = landed(live)[0], landed(live)[1]
    assert region(first)[0] == 0
    assert_same_sound(first, second)
    assert_in_time(first, second)
    assert isclose(seconds_at(second, second["end_marker"]), soundfile.info(second["file_path"]).duration, abs_tol=1e-4)
    assert live.tracks() == ["Piano", "Piano · Retone"]
