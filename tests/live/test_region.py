"""What a clip plays of its file, and its times counted from there: worked by hand, and for clips of every kind."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.node import call

RATE = 44100


def markers(*pairs):
    """Warp markers of (beat, seconds)."""
    return [{"beat_time": beat, "sample_time": seconds} for beat, seconds in pairs]


def clip(**changed):
    """A warped clip of a file of 4 s at 120 beats a minute, not looping, of which all 8 beats are played."""
    made = {
        "name": "Loop 1",
        "warping": True,
        "looping": False,
        "start_marker": 0,
        "end_marker": 8,
        "loop_start": 0,
        "loop_end": 8,
        "sample_length": 4 * RATE,
        "sample_rate": RATE,
        "markers": markers((0, 0), (0.03125, 0.015625)),
        "is_arrangement": False,
        "start_time": 0,
        "end_time": 8,
    }
    made |= changed
    if not made["looping"]:  # Live shows the part that is played as its loop, too.
        made["loop_start"] = changed.get("loop_start", made["start_marker"])
        made["loop_end"] = changed.get("loop_end", made["end_marker"])
    return made


def cut(**changed):
    return call("region", "cut", clip(**changed))


# Three markers that are seen: 120 beats a minute up to beat 4, half of that up to beat 8, and the hidden one at 120.
THREE = markers((0, 0.1), (4, 2.1), (8, 6.1), (8.03125, 6.115625))


@pytest.mark.parametrize(
    ("beat", "seconds"),
    [(0, 0.1), (2, 1.1), (4, 2.1), (6, 4.1), (8, 6.1), (10, 7.1), (-1, -0.4), (8.03125, 6.115625)],
)
def test_a_beat_is_heard_where_the_markers_around_it_say(beat, seconds):
    assert call("region", "seconds_of_beat", THREE, beat) == pytest.approx(seconds)
    assert call("region", "beat_of_seconds", THREE, seconds) == pytest.approx(beat)


def test_markers_in_frames_are_taken_for_what_they_are():
    frames = markers((0, 0), (4, 2 * RATE), (8, 6 * RATE), (8.03125, 6 * RATE + 690))
    read = call("region", "markers", frames, RATE)
    assert [one["sample_time"] for one in read] == pytest.approx([0, 2, 6, 6 + 690 / RATE])


def test_markers_in_seconds_stay_as_they_are():
    assert call("region", "markers", THREE, RATE) == THREE


@pytest.mark.parametrize(
    "broken",
    [
        [],
        None,
        markers((0, 0)),
        markers((0, 0), (0, 1)),
        markers((0, 1), (4, 1)),
        markers((4, 1), (0, 2)),
        [{"beat_time": 0}, {"beat_time": 1}],
    ],
)
def test_no_timing_follows_from_markers_that_do_not_rise(broken):
    assert call("region", "markers", broken, RATE) is None


def test_a_clip_that_plays_its_whole_file_is_the_whole_file():
    plan = cut()
    assert (plan["region_start"], plan["region_frames"]) == (0, 4 * RATE)
    assert plan["region_seconds"] == 4
    assert plan["region_beats"] == 8
    assert plan["markers"] == markers((0, 0), (8, 4))


def test_half_tempo_takes_twice_the_frames():
    # At 60 beats a minute, beat 1 to beat 4.
    plan = cut(markers=markers((0, 0), (0.03125, 0.03125)), start_marker=1, end_marker=4)
    assert (plan["region_start"], plan["region_frames"]) == (RATE, 3 * RATE)
    assert plan["markers"] == markers((0, 0), (3, 3))


def test_inner_markers_are_counted_from_the_start_of_the_region():
    plan = cut(markers=THREE, sample_length=8 * RATE, start_marker=2, end_marker=7)
    # From 1.1 s to 5.1 s; the marker at beat 4 lies inside, those at 0 and 8 do not.
    assert (plan["region_start"], plan["region_frames"]) == (round(1.1 * RATE), 4 * RATE)
    assert [one["beat_time"] for one in plan["markers"]] == [0, 2, 5]
    assert [one["sample_time"] for one in plan["markers"]] == pytest.approx([0, 1, 4])


def test_markers_that_do_not_reach_the_region_still_time_it():
    # The markers lie between 0.1 s and 6.1 s; from beat 9 to 11 the hidden one's 120 beats a minute hold.
    plan = cut(markers=THREE, sample_length=10 * RATE, start_marker=9, end_marker=11)
    assert plan["region_start"] == round(6.6 * RATE)
    assert plan["region_frames"] == RATE
    assert plan["markers"] == markers((0, 0), (2, 1))


def test_a_clip_that_is_not_warped_counts_in_seconds():
    plan = cut(warping=False, markers=[], start_marker=0.5, end_marker=1.75)
    assert (plan["region_start"], plan["region_frames"]) == (RATE // 2, round(1.25 * RATE))
    assert (plan["region_beats"], plan["markers"]) == (0, [])
    assert (plan["start_marker"], plan["end_marker"]) == (0, 1.25)


def test_a_loop_with_the_start_before_it_plays_from_the_start():
    plan = cut(looping=True, start_marker=1, loop_start=2, loop_end=6)
    assert (plan["region_start"], plan["region_frames"]) == (RATE // 2, round(2.5 * RATE))
    assert (plan["start_marker"], plan["loop_start"], plan["loop_end"]) == (0, 1, 5)


def test_a_loop_with_the_start_inside_it_plays_all_of_the_loop():
    plan = cut(looping=True, start_marker=3, loop_start=2, loop_end=6)
    assert (plan["region_start"], plan["region_frames"]) == (RATE, 2 * RATE)
    assert (plan["start_marker"], plan["loop_start"], plan["loop_end"]) == (1, 0, 4)


def test_a_start_behind_the_loop_never_comes_round():
    plan = cut(looping=True, start_marker=5, loop_start=0, loop_end=4)
    assert plan["looping"] is False
    assert (plan["region_start"], plan["region_frames"]) == (round(2.5 * RATE), round(1.5 * RATE))


def test_silence_before_the_file_stays_silence_before_the_result():
    # Beat -2 would lie a second before the file begins.
    plan = cut(start_marker=-2, end_marker=4)
    assert (plan["region_start"], plan["region_frames"]) == (0, 2 * RATE)
    assert plan["start_marker"] == -2
    assert plan["markers"] == markers((0, 0), (4, 2))


def test_negative_beats_inside_the_file_are_beats_like_any_other():
    shifted = markers((0, 2), (0.03125, 2.015625))
    plan = cut(markers=shifted, start_marker=-2, end_marker=2)
    assert (plan["region_start"], plan["region_frames"]) == (RATE, 2 * RATE)
    assert plan["markers"] == markers((0, 0), (2, 1), (4, 2))


def test_a_loop_that_ends_behind_the_file_keeps_its_length():
    plan = cut(looping=True, loop_start=4, loop_end=12, start_marker=4)
    assert (plan["region_start"], plan["region_frames"]) == (2 * RATE, 2 * RATE)
    assert plan["region_beats"] == 4
    assert plan["loop_end"] == 8


def test_of_an_arrangement_clip_that_does_not_loop_only_what_is_seen_is_taken():
    plan = cut(is_arrangement=True, start_time=16, end_time=19)
    assert plan["region_frames"] == round(1.5 * RATE)
    assert plan["end_marker"] == 3


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"looping": True, "loop_start": 4, "loop_end": 4}, "empty"),
        ({"looping": True, "loop_start": 6, "loop_end": 2}, "empty"),
        ({"start_marker": 4, "end_marker": 4}, "ends where it starts"),
        ({"start_marker": 20, "end_marker": 24}, "nothing of its file"),
        ({"start_marker": 0, "end_marker": 0.00001}, "nothing of its file"),
        ({"is_arrangement": True, "start_time": 8, "end_time": 8}, "ends where it starts"),
    ],
)
def test_a_clip_that_plays_nothing_gets_a_sentence(changed, said):
    sentence = cut(**changed)["sentence"]
    assert said in sentence
    assert "'Loop 1'" in sentence


@pytest.mark.parametrize("warping", [True, False])
def test_a_clip_that_does_not_loop_plays_its_brace_though_a_marker_stands_elsewhere(warping):
    plan = cut(warping=warping, loop_start=1, loop_end=2, start_marker=1, end_marker=4)
    assert plan["region_seconds"] == (0.5 if warping else 1)
    assert (plan["start_marker"], plan["end_marker"], plan["loop_start"], plan["loop_end"]) == (0, 1, 0, 1)


def pieces(plan):
    return [(one["position"], one["from"], one["to"]) for one in call("region", "repetitions", plan)]


LOOP = {"warping": True, "looping": True, "start_time": 8, "start_marker": 0, "loop_start": 0, "loop_end": 4}


def test_a_loop_that_is_drawn_out_is_one_piece_a_repetition_the_last_one_trimmed():
    assert pieces({**LOOP, "end_time": 18}) == [(8, 0, 4), (12, 0, 4), (16, 0, 2)]


def test_the_first_piece_plays_from_the_start_marker():
    assert pieces({**LOOP, "start_marker": 3, "end_time": 14}) == [(8, 3, 4), (9, 0, 4), (13, 0, 1)]
    before = {**LOOP, "loop_start": 2, "loop_end": 6, "end_time": 16}
    assert pieces(before) == [(8, 0, 6), (14, 2, 4)]


def test_a_loop_shorter_than_drawn_is_one_piece():
    assert pieces({**LOOP, "end_time": 11}) == [(8, 0, 3)]


def test_a_loop_in_seconds_lies_at_beats_of_the_song():
    plan = {**LOOP, "warping": False, "tempo": 90, "loop_end": 2, "end_time": 15.5}
    assert pieces(plan) == [(8, 0, 2), (11, 0, 2), (14, 0, 1)]


def test_a_clip_that_does_not_loop_is_one_piece():
    plan = {**LOOP, "looping": False, "end_marker": 5, "end_time": 13}
    assert pieces(plan) == [(8, 0, 5)]


def test_of_a_loop_of_almost_no_length_there_is_an_end():
    assert len(pieces({**LOOP, "loop_end": 0.001, "end_time": 10_000})) == 100


@st.composite
def clips(draw):
    """Warped clips with one to five markers seen, of tempos Live allows, looping or not, reaching beyond the file."""
    beat, seconds = draw(st.floats(-8, 8)), draw(st.floats(0, 2))
    warp = [(beat, seconds)]
    for _ in range(draw(st.integers(1, 5))):
        step = draw(st.floats(0.25, 8))
        beat, seconds = beat + step, seconds + step * 60 / draw(st.floats(20, 400))
        warp.append((beat, seconds))
    start, end = sorted([draw(st.floats(-16, 40)), draw(st.floats(-16, 40))])
    looping = draw(st.booleans())
    return clip(
        markers=markers(*warp),
        looping=looping,
        start_marker=draw(st.floats(start, end)) if looping else start,
        end_marker=end,
        loop_start=start,
        loop_end=end,
        sample_length=draw(st.integers(1, 20 * RATE)),
    )


def beat_at(warp, seconds):
    """The beat that is heard at a place of the file, by markers."""
    pairs = list(pairwise(warp))
    left, right = next((pair for pair in pairs if seconds <= pair[1]["sample_time"]), pairs[-1])
    part = (seconds - left["sample_time"]) / (right["sample_time"] - left["sample_time"])
    return left["beat_time"] + part * (right["beat_time"] - left["beat_time"])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(clips())
def test_each_sample_of_the_result_is_heard_at_its_beat_in_the_source(source):
    plan = call("region", "cut", source)
    if "sentence" in plan:
        assert source["name"] in plan["sentence"]
        return
    start, count = plan["region_start"], plan["region_frames"]
    assert start >= 0 and count >= 1 and start + count <= source["sample_length"]
    zero = source["start_marker"] - plan["start_marker"]
    for part in (0, 0.1, 0.37, 0.5, 0.93, 1):
        seconds = part * count / RATE
        in_source = beat_at(source["markers"], start / RATE + seconds)
        in_result = beat_at(plan["markers"], seconds) + zero
        # Half a frame, and what markers near the region's edge are left out for, at the fastest tempo here.
        assert math.isclose(in_source, in_result, abs_tol=0.0006 * 400 / 60)
