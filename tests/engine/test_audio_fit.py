import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.sounds import clip, decibels, full, lag, noise, notes, plain
from retone_engine.audio import fit, prepare, resample
from retone_engine.request import RetoneError

RATES = [8000, 11025, 22050, 44100, 48000, 96000, 192000]
MODELS = pytest.mark.parametrize(
    "model", [(16000, 1), (44100, 2), (48000, 2)], ids=["16k-mono", "44k-pair", "48k-pair"]
)


def unchanged(source, model, stereo=None, request=None):
    prepared = prepare(source, *model, stereo)
    return fit(source, prepared, prepared.signals, request or full())


@MODELS
@pytest.mark.parametrize("channels", [1, 2, 3, 8])
@pytest.mark.parametrize("rate", RATES)
def test_an_edit_that_changes_nothing_gives_the_clip_back(rate, channels, model):
    source = clip(noise(rate // 4 + 13, channels), rate)
    fitted = unchanged(source, model)
    assert fitted.samples.shape == source.samples.shape
    assert fitted.samples.dtype == np.float32
    # 110 dB under the clip's own level: float32 rounding in the resampler and the spectra.
    assert decibels(np.abs(fitted.samples - source.samples).max() / 0.1) < -110
    assert fitted.warnings == ()


@settings(max_examples=60, deadline=None)
@given(
    frames=st.integers(1, 6000),
    rate=st.sampled_from([*RATES, 32000, 47999, 12345]),
    channels=st.integers(1, 8),
    model=st.sampled_from([(16000, 1), (44100, 2)]),
    stereo=st.sampled_from([None, "mid", "each", "mono"]),
    more=st.integers(0, 700),
)
@example(frames=1, rate=8000, channels=1, model=(16000, 1), stereo=None, more=0)
@example(frames=1, rate=192000, channels=8, model=(16000, 1), stereo="mid", more=0)
def test_frames_out_are_frames_in(frames, rate, channels, model, stereo, more):
    source = clip(noise(frames, channels), rate)
    prepared = prepare(source, *model, stereo)
    assert prepared.signals.shape[1] == model[1]
    # Models work in whole hops: what comes back may be longer than what they were given, and is another sound.
    edited = noise(prepared.frames + more, prepared.signals.shape[0] * model[1], seed=1)
    fitted = fit(source, prepared, edited.reshape(*prepared.signals.shape[:2], -1), full())
    assert fitted.samples.shape == (channels, frames)
    assert np.isfinite(fitted.samples).all()
    assert np.abs(fitted.samples).max() <= max(10 ** (-0.1 / 20), np.abs(source.samples).max()) * (1 + 1e-6)


@pytest.mark.parametrize("rate", [*RATES, 47999])
@pytest.mark.parametrize("model_rate", [16000, 44100])
def test_the_edit_lies_in_time_to_a_fraction_of_a_frame(rate, model_rate):
    # Without what is given back: what is heard has been down and up again.
    source = clip(notes(rate, 0.6), rate)
    fitted = unchanged(source, (model_rate, 1), request=plain())
    assert abs(lag(source.samples[0], fitted.samples[0])) < 0.05


@pytest.mark.parametrize("rate", RATES)
def test_a_click_is_where_the_model_put_it(rate):
    source = clip(noise(rate, 1, level=1e-3), rate)
    prepared = prepare(source, 16000, 1, None)
    edited = np.zeros_like(prepared.signals)
    edited[0, 0, 6400] = 0.5
    fitted = fit(source, prepared, edited, plain())
    assert abs(int(np.argmax(np.abs(fitted.samples[0]))) / rate - 0.4) <= 0.5 / rate


def test_the_ends_of_a_clip_are_not_lost_on_the_way():
    source = clip(np.full((1, 4410), 0.3), 44100)
    low = resample(source.samples, 44100, 16000)
    assert np.abs(low - 0.3).max() < 1e-4
    assert np.abs(resample(low, 16000, 44100, 4410) - 0.3).max() < 1e-4


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5000), st.sampled_from(RATES), st.sampled_from(RATES))
def test_resampling_gives_exactly_the_frames_asked_for(frames, rate, to_rate):
    samples = noise(frames, 2)
    there = resample(samples, rate, to_rate)
    assert there.shape == (2, -(-frames * to_rate // rate))
    assert resample(there, to_rate, rate, frames).shape == samples.shape


@MODELS
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_silence_stays_silence_whatever_the_model_makes_of_it(channels, model):
    source = clip(np.zeros((channels, 20_000)), 44100)
    prepared = prepare(source, *model, None)
    fitted = fit(source, prepared, prepared.signals + 0.3, full())
    assert not fitted.samples.any()


def test_a_mask_over_silence_leaves_it_silent():
    samples = noise(20_000)
    samples[:, 8_000:] = 0
    source = clip(samples, 44100)
    prepared = prepare(source, 16000, 1, None)
    fitted = fit(source, prepared, prepared.signals + 0.3, full(mask_start=8_000))
    assert np.array_equal(fitted.samples, source.samples)


def test_a_silent_edit_is_silent_and_says_so():
    source = clip(noise(44100, 2), 44100)
    prepared = prepare(source, 16000, 1, "mid")
    fitted = fit(source, prepared, np.zeros_like(prepared.signals), full(crossfade=False))
    assert np.abs(fitted.samples).max() < 1e-3
    assert [code for code, _ in fitted.warnings] == ["level"]


@pytest.mark.parametrize("stereo", ["mid", "each"])
def test_a_channel_that_is_silent_stays_silent(stereo):
    samples = np.stack([noise(40_000)[0], np.zeros(40_000, np.float32)])
    source = clip(samples, 48000)
    prepared = prepare(source, 16000, 1, stereo)
    edited = prepared.signals * 0.5
    fitted = fit(source, prepared, edited, full())
    assert decibels(np.abs(fitted.samples[1]).max() / np.abs(fitted.samples[0]).max()) < -60


@pytest.mark.parametrize(
    "samples",
    [np.full((2, 9000), 1e5), np.full((2, 9000), 1e-20), np.eye(2, 9000), noise(9000, 2) + 0.7],
    ids=["enormous", "denormal", "clicks", "offset"],
)
def test_strange_clips_come_through_as_numbers(samples):
    source = clip(samples, 44100)
    prepared = prepare(source, 16000, 1, "mid")
    for edited in (prepared.signals, prepared.signals * 0, np.full_like(prepared.signals, 3.0)):
        assert np.isfinite(fit(source, prepared, edited, full()).samples).all()


def test_a_model_that_gives_no_numbers_is_found_out():
    source = clip(noise(9000), 44100)
    prepared = prepare(source, 16000, 1, None)
    edited = prepared.signals.copy()
    edited[0, 0, 5] = np.nan
    with pytest.raises(RetoneError) as caught:
        fit(source, prepared, edited, full())
    assert caught.value.code == "bad_samples"
    with pytest.raises(RetoneError, match="shape"):
        fit(source, prepared, prepared.signals[..., :-1], full())


def test_memory_does_not_grow_with_the_clip_beyond_the_clip_itself():
    def extra(seconds):
        """Bytes that the way takes at its peak beyond what it returns."""
        source = clip(noise(48000 * seconds, 2), 48000)
        tracemalloc.start()
        prepared = prepare(source, 16000, 1, "mid")
        edited = prepared.signals * 0.9
        fitted = fit(source, prepared, edited, full())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak - fitted.samples.nbytes - prepared.low.nbytes - 2 * edited.nbytes, source.samples.nbytes

    unchanged(clip(noise(48000), 48000), (16000, 1))  # imports what is imported late
    short, long = extra(10), extra(30)
    grown = (long[0] - short[0]) / (long[1] - short[1])
    assert grown < 1, f"each byte of the clip costs {grown:.2f} more"
