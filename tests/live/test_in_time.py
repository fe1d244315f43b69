"""Clips of all kinds, drawn by chance: whenever a place of the source is heard, the same place of the result is."""

import random

from live.editing import RATE, RESULT, Editing, sound
from live.scene import audio_clip, audio_track, markers

SECONDS = 12


def seconds_at(clip, beat):
    """The place of a warped clip's file that is heard at a beat of the clip."""
    told = clip["warp_markers"]
    at = next((at for at in range(1, len(told)) if beat <= told[at]["beat_time"]), len(told) - 1)
    left, right = told[at - 1], told[at]
    part = (beat - left["beat_time"]) / (right["beat_time"] - left["beat_time"])
    return left["sample_time"] + part * (right["sample_time"] - left["sample_time"])


def heard(clip, beats):
    """The place of its file that a clip plays so many beats after its start, or None where it has ended."""
    beat = clip["start_marker"] + beats
    if clip["looping"]:
        length = clip["loop_end"] - clip["loop_start"]
        if beat >= clip["loop_end"]:
            beat = clip["loop_start"] + (beat - clip["loop_end"]) % length
    elif beat >= clip["end_marker"]:
        return None
    return seconds_at(clip, beat)


def drawn(chance, path):
    """A warped clip with up to five markers, of which it plays some beats, perhaps in a loop."""
    beat, seconds = chance.uniform(-4, 4), chance.uniform(0, 1)
    pairs = [(beat, seconds)]
    for _ in range(chance.randint(1, 4)):
        beat += chance.choice([0.5, 1, 2, 3.3])
        seconds += chance.uniform(0.3, 2)
        pairs.append((beat, seconds))
    begin = pairs[0][0] + chance.uniform(-1, 2)
    length = chance.choice([0.75, 2, 4, 5.1])
    loop = {"looping": chance.random() < 0.6, "loop_start": begin, "loop_end": begin + length}
    start = begin + chance.choice([0, 0, -0.5, 0.3]) * loop["looping"]
    return audio_clip(path, warped=True, markers=markers(*pairs), start_marker=start, end_marker=begin + length, **loop)


def assert_heard_alike(source, play, asked, beats, rate):
    """``play(beats)`` gives what is heard of the result so many beats after the source's start."""
    for part in range(60):
        at = beats * (part + 0.437) / 60  # never on a loop's very end
        wanted, got = heard(source, at), play(at)
        assert (wanted is None) == (got is None), f"after {at} beats"
        if wanted is not None:
            in_result = wanted - asked["region_start"] / rate
            assert abs(in_result - got) < 0.002, f"after {at} beats {in_result} s should be heard, not {got} s"


def test_in_the_session(tmp_path):
    chance = random.Random(1)
    rates = [22050, RATE, 48000]
    files = [sound(tmp_path / f"{rate}.wav", SECONDS * rate, rate) for rate in rates]
    clips = [drawn(chance, chance.choice(files)) for _ in range(24)]
    with Editing(tmp_path, audio_track("Drums", clips), options={"scenes": 24}) as editing:
        for scene in range(24):
            asked = editing.edit(f"live_set tracks 0 clip_slots {scene} clip")
            assert f"scene {scene + 1}." in editing.status and "Live did not" not in editing.status
            source, landed = editing.session("Drums")[scene], editing.session(RESULT)[scene]
            rate = source["sample_rate"]
            assert_heard_alike(source, lambda at, clip=landed: heard(clip, at), asked, 16, rate)


def test_in_the_arrangement(tmp_path):
    chance = random.Random(2)
    file = sound(tmp_path / "played.wav", SECONDS * RATE)
    clips = []
    for number in range(16):
        clip = drawn(chance, file)
        seen = chance.uniform(0.5, 14) if clip["looping"] else clip["end_marker"] - clip["start_marker"]
        clips.append({**clip, "start_time": 16.0 * number, "end_time": 16.0 * number + seen})
    chance.shuffle(clips)
    with Editing(tmp_path, audio_track("Drums", arrangement=clips)) as editing:
        for number in range(16):
            asked = editing.edit(f"live_set tracks 0 arrangement_clips {number}")
            assert "Live did not" not in editing.status
            source = editing.arrangement("Drums")[number]
            pieces = [one for one in editing.arrangement(RESULT) if source["start_time"] <= one["start_time"] + 1e-6]

            def play(at, source=source, pieces=pieces):
                now = source["start_time"] + at
                playing = [one for one in pieces if one["start_time"] <= now < one["end_time"]]
                return heard(playing[0], now - playing[0]["start_time"]) if playing else None

            assert_heard_alike(source, play, asked, source["end_time"] - source["start_time"], RATE)
        assert editing.tracks == ["Drums", RESULT]
        assert editing.live.destroyed == []
