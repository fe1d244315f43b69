import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sounds import clip, full, noise, notes, plain
from retone_engine.audio import Mask, fit, mask_of, prepare
from retone_engine.audio.joins import acting
from retone_engine.request import EditRequest, RetoneError
from retone_engine.segments import FADE_SECONDS

RATE = 44100


def other(source, request, seed=5):
    """An edit that is another sound from beginning to end."""
    prepared = prepare(source, 16000, 1, "each")
    edited = noise(prepared.frames, source.channels, seed, level=0.3)[:, None]
    return fit(source, prepared, edited, request).samples


def jumps(samples):
    return np.abs(np.diff(samples))


def test_a_loop_still_joins():
    turns = 440 * np.arange(RATE) / RATE
    source = clip(0.3 * np.sin(2 * np.pi * turns), RATE)  # whole periods: a loop without a click
    edited = other(source, full())
    assert np.array_equal(edited[:, [0, -1]], source.samples[:, [0, -1]])
    assert abs(edited[0, 0] - edited[0, -1]) == abs(source.samples[0, 0] - source.samples[0, -1])


def test_a_region_still_joins_its_neighbours():
    whole = notes(RATE, 3)[None]
    start, stop = 30_001, 100_003
    region = clip(whole[:, start:stop], RATE, start)
    laid = whole.copy()
    laid[:, start:stop] = other(region, full())
    for edge in (start, stop):
        assert jumps(laid)[0, edge - 1] <= jumps(whole)[0, edge - 1] + 1e-7


def test_the_fades_are_over_after_5_milliseconds():
    source = clip(notes(RATE, 1), RATE)
    faded, cut = other(source, plain(crossfade=True)), other(source, plain())
    fade = round(0.005 * RATE)
    assert np.array_equal(faded[:, fade:-fade], cut[:, fade:-fade])
    assert not np.array_equal(faded[:, :fade], cut[:, :fade])
    assert not np.array_equal(faded[:, -fade:], cut[:, -fade:])


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_outside_the_mask_the_clip_is_untouched_bit_for_bit(data):
    frames = data.draw(st.integers(1, 9000))
    first = data.draw(st.integers(0, frames - 1))
    length = data.draw(st.integers(1, frames - first))
    start = data.draw(st.integers(0, 2**40))
    crossfade = data.draw(st.booleans())
    source = clip(noise(frames, 2), RATE, start)
    edited = other(source, full(mask_start=start + first, mask_frames=length, crossfade=crossfade))
    outside = np.ones(frames, bool)
    outside[first : first + length] = False
    assert edited[:, outside].tobytes() == source.samples[:, outside].tobytes()
    assert not np.array_equal(edited[:, ~outside], source.samples[:, ~outside]), "nothing of the edit is left"


def test_the_mask_is_entered_and_left_without_a_jump():
    source = clip(notes(RATE, 2), RATE)
    edited = other(source, plain(mask_start=20_000, mask_frames=40_000))
    # The first and last frames of the mask are the source's, and 1 ms further the edit is faint.
    assert np.array_equal(edited[:, [20_000, 59_999]], source.samples[:, [20_000, 59_999]])
    assert np.abs(edited[:, 20_000:20_044] - source.samples[:, 20_000:20_044]).max() < 0.05
    whole = other(source, plain())
    inside = slice(20_000 + 441, 60_000 - 441)
    assert np.array_equal(edited[:, inside], whole[:, inside])


def test_a_fade_between_equal_sounds_is_that_sound():
    source = clip(noise(30_000, 2), 16000)  # the model's own rate: nothing is lost on the way
    prepared = prepare(source, 16000, 1, "each")
    fitted = fit(source, prepared, prepared.signals, full(mask_start=500, mask_frames=20_000, match_loudness=False))
    assert np.abs(fitted.samples - source.samples).max() < 1e-7


@pytest.mark.parametrize(
    ("start", "frames"), [(99, 10), (100, 1001), (1100, None), (1099, 2), (0, None)], ids=lambda value: str(value)
)
def test_a_mask_outside_the_region_is_refused(start, frames):
    with pytest.raises(RetoneError) as caught:
        mask_of(clip(noise(1000), RATE, start=100), full(mask_start=start, mask_frames=frames))
    assert caught.value.code == "bad_mask"


def test_a_mask_counts_frames_of_the_file():
    region = clip(noise(1000), RATE, start=100)
    assert mask_of(region, full()) == Mask(0, 1000)
    assert mask_of(region, full(mask_start=150)) == Mask(50, 1000)
    assert mask_of(region, full(mask_start=150, mask_frames=50)) == Mask(50, 100)
    assert mask_of(region, full(mask_frames=50)) == Mask(0, 50)


def test_between_segments_the_clip_stays_to_the_bit_and_its_loudness_is_not_asked():
    source = clip(notes(4 * RATE, 2), RATE, start=RATE)
    request = EditRequest.of("clip.wav", {"segments": "1-2 an organ | 3.5- a flute", "crossfade": "off"})
    # The region begins at the file's second 1; half a fade reaches into what lies beside a segment.
    fade = FADE_SECONDS / 2 * RATE
    first, second = acting(source, request)
    assert (first.start, first.stop) == (0, pytest.approx(RATE + fade, abs=1))
    assert (second.start, second.stop) == (pytest.approx(2.5 * RATE - fade, abs=1), source.frames)
    prepared = prepare(source, 16000, 1, None)
    edited = fit(source, prepared, 0.1 * prepared.signals, request).samples
    between = slice(first.stop, second.start)
    assert np.array_equal(edited[:, between], source.samples[:, between])
    assert not np.array_equal(edited[:, : first.stop], source.samples[:, : first.stop])
    inside = slice(1000, first.stop - 1000)
    ratio = np.abs(edited[:, inside]).mean() / np.abs(source.samples[:, inside]).mean()
    assert ratio == pytest.approx(1, abs=0.05)


def test_segments_beside_a_prompt_leave_nothing_out():
    source = clip(noise(4 * RATE), RATE)
    assert acting(source, EditRequest.of("clip.wav", {"segments": "1-2 organ", "prompt": "flute"})) == (
        Mask(0, 4 * RATE),
    )
