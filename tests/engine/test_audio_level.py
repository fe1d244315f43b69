import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sounds import clip, decibels, full, noise, notes, plain
from retone_engine.audio import fit, prepare
from retone_engine.audio.level import loudness
from retone_engine.request import DirectionsRequest


def through(source, change, request, stereo="each"):
    prepared = prepare(source, 16000, 1, stereo)
    return fit(source, prepared, change(prepared.signals), request)


def meter(samples, rate):
    return pyloudnorm.Meter(rate).integrated_loudness(samples.T.astype(np.float64))


@pytest.mark.parametrize("rate", [8000, 44100])
@pytest.mark.parametrize("seconds", [0.4, 3.03, 27.21])
def test_loudness_measured_in_pieces_is_the_loudness_of_the_whole(rate, seconds):
    frames = round(rate * seconds)
    swell = 0.5 + 0.5 * np.sin(np.arange(frames) / rate)
    samples = noise(frames, 2) * swell.astype(np.float32) + 2  # an offset, which the filters must settle on
    assert abs(loudness(samples, rate) - meter(samples, rate)) < 1e-6


def test_the_gates_are_those_of_the_standard():
    samples = noise(48000 * 30, 2)
    samples[:, 48000 * 10 :] *= 10 ** (-15 / 20)  # under the relative gate
    samples[:, 48000 * 20 :] *= 1e-5  # under the absolute one
    assert abs(loudness(samples, 48000) - meter(samples, 48000)) < 0.05
    assert loudness(samples[:, 48000 * 20 :], 48000) is None


@pytest.mark.parametrize("gain", [0.1, 0.5, 2.0, 8.0])
@pytest.mark.parametrize("channels", [1, 2])
def test_an_edit_is_as_loud_as_the_clip(gain, channels):
    source = clip(np.tile(notes(44100, 3), (channels, 1)) * 0.6, 44100)

    def change(signals):
        return gain * notes(16000, 3.1, brightness=2)[: signals.shape[2]] * np.ones_like(signals)

    fitted = through(source, change, full())
    assert abs(meter(fitted.samples, 44100) - meter(source.samples, 44100)) < 0.5
    assert fitted.warnings == ()
    assert fitted.figures["gain_db"] == pytest.approx(
        fitted.figures["loudness_source"] - fitted.figures["loudness"], abs=0.02
    )


def test_unasked_the_level_is_the_models():
    source = clip(notes(44100, 1), 44100)
    fitted = through(source, lambda x: 0.25 * x, full(match_loudness=False, crossfade=False))
    assert np.allclose(fitted.samples, 0.25 * source.samples, atol=1e-5)
    assert "gain_db" not in fitted.figures


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 8000), st.floats(0.1, 10))
def test_a_clip_too_short_for_the_gates_is_matched_by_its_plain_level(frames, gain):
    source = clip(noise(frames), 44100)
    fitted = through(source, lambda x: gain * x, plain(match_loudness=True, highs=True))
    assert abs(decibels(np.sqrt(np.mean(fitted.samples**2)) / np.sqrt(np.mean(source.samples**2)))) < 0.5


def test_a_clip_too_soft_for_the_gates_is_matched_by_its_plain_level():
    source = clip(noise(88200, level=1e-5), 44100)
    fitted = through(source, lambda x: 5 * x, full(crossfade=False))
    assert np.allclose(fitted.samples, source.samples, atol=1e-8)


def test_the_peak_limit_wins_and_is_reported():
    source = clip(noise(96000, level=0.3).clip(-0.5, 0.5), 48000)

    def clicks(signals):
        out = 1e-3 * signals
        out[..., ::4000] = 1
        return out

    fitted = through(source, clicks, full(crossfade=False))
    assert np.abs(fitted.samples).max() == pytest.approx(10 ** (-0.1 / 20), rel=1e-3)
    [(code, message)] = fitted.warnings
    assert code == "level"
    assert "peaks" in message


def test_a_clip_that_peaks_over_full_scale_may_stay_there():
    source = clip(notes(44100, 2) * 24, 44100)
    peak = np.abs(source.samples).max()
    assert peak > 1
    fitted = through(source, lambda x: 0.1 * x, full())
    assert fitted.warnings == ()
    assert fitted.figures["peak"] == pytest.approx(peak, rel=1e-3)


def test_a_whisper_is_not_raised_to_a_roar():
    source = clip(noise(96000), 48000)
    fitted = through(source, lambda x: 1e-4 * x, full())
    assert fitted.figures["gain_db"] == 24
    [(code, message)] = fitted.warnings
    assert code == "level"
    assert "24 dB" in message


def test_inside_a_mask_the_edit_is_as_loud_as_what_it_replaces():
    samples = notes(44100, 4)
    samples[88200:] *= 0.05
    source = clip(samples, 44100)

    def change(signals):
        return np.concatenate([3 * signals[..., :32000], 0.3 * signals[..., 32000:]], axis=-1)

    fitted = through(source, change, full(mask_start=88200, mask_frames=88200))
    # What the model made of the loud half outside the mask does not count.
    assert abs(meter(fitted.samples[:, 88200:], 44100) - meter(source.samples[:, 88200:], 44100)) < 0.5


def test_a_direction_may_change_the_level_but_not_blow_it_up():
    source = clip(notes(44100, 1), 44100)
    for gain, heard in ((0.5, 0.5), (1.5, 1.5), (40.0, 10 ** (6 / 20))):
        asked = DirectionsRequest("clip.wav", highs=False, crossfade=False)
        fitted = through(source, lambda x, gain=gain: gain * x, asked)
        assert np.abs(fitted.samples).max() == pytest.approx(heard * np.abs(source.samples).max(), rel=0.02)
