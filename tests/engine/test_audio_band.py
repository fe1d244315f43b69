import numpy as np
import pytest
from scipy.signal import lfilter

from engine.sounds import clip, decibels, energy_above, full, noise, notes, plain
from retone_engine.audio import fit, prepare, resample

RATE = 48000


def fitted(source, change, **settings):
    prepared = prepare(source, 16000, 1, "each")
    return fit(source, prepared, change(prepared.signals), plain(**settings)).samples


def darker(signals):
    """One pole at 0.9 and the level brought back: about 26 dB less at 5 kHz than below 100 Hz."""
    out = lfilter([0.1], [1, -0.9], signals).astype(np.float32)
    return out * (np.abs(signals).mean() / np.abs(out).mean())


def kept_db(before, after, hertz=9000):
    return 10 * np.log10(energy_above(after, RATE, hertz) / energy_above(before, RATE, hertz))


@pytest.fixture(scope="module")
def source():
    return clip(notes(RATE, 2, brightness=0.5), RATE)


def test_the_highs_of_an_unchanged_clip_are_kept_whole(source):
    assert abs(kept_db(source.samples, fitted(source, lambda x: x, highs=True))) < 0.01


def test_without_highs_nothing_is_above_the_model(source):
    assert kept_db(source.samples, fitted(source, lambda x: x, highs=False)) < -60


def test_a_darker_edit_has_darker_highs(source):
    low = prepare(source, 16000, 1, "each").low
    change = 10 * np.log10(_presence(darker(low)) / _presence(low))
    kept = kept_db(source.samples, fitted(source, darker, highs=True))
    assert change < -6
    # They follow what was done just below the cut-off.
    assert abs(kept - change) < 3


def _presence(low):
    return energy_above(low, 16000, 4000) - energy_above(low, 16000, 7000)


def test_a_brighter_edit_raises_the_highs_by_6_decibels_at_most(source):
    def brighter(signals):
        edges = np.diff(signals, axis=-1, prepend=0)
        return edges * (np.sqrt(np.mean(signals**2)) / np.sqrt(np.mean(edges**2)))

    assert 1 < kept_db(source.samples, fitted(source, brighter, highs=True)) <= 6.1


@pytest.mark.parametrize("gain", [0.01, 0.5, 4.0])
def test_a_models_overall_level_is_no_brightness(source, gain):
    assert abs(kept_db(source.samples, fitted(source, lambda x: x * gain, highs=True)) - decibels(gain)) < 0.1


def test_the_highs_fall_silent_where_the_edit_does(source):
    def gap(signals):
        signals = signals.copy()
        signals[..., 8000:12000] = 0
        return signals

    samples = fitted(source, gap, highs=True)
    # 50 ms into the half second, where the smoothing ends.
    inside = slice(int(0.55 * RATE), int(0.7 * RATE))
    assert decibels(np.abs(samples[:, inside]).max() / np.abs(source.samples[:, inside]).max()) < -30


def test_a_clip_without_highs_is_given_none():
    low = prepare(clip(noise(RATE), RATE), 16000, 1, "each").signals[0]
    source = clip(resample(low, 16000, RATE), RATE)
    samples = fitted(source, lambda x: np.diff(x, axis=-1, append=0), highs=True)
    assert energy_above(samples, RATE, 8500) < 1e-6 * energy_above(samples, RATE, 0)


def test_each_channel_has_its_own_brightness():
    source = clip(noise(RATE, 2), RATE)
    prepared = prepare(source, 16000, 1, "each")
    edited = prepared.signals.copy()
    edited[0] = darker(edited[0:1])[0]
    samples = fit(source, prepared, edited, plain(highs=True)).samples
    change = [kept_db(source.samples[c : c + 1], samples[c : c + 1]) for c in range(2)]
    assert change[0] < -6
    assert abs(change[1]) < 0.2


def test_a_stereo_model_gives_back_what_lies_above_it_too():
    source = clip(noise(192000, 2), 192000)
    prepared = prepare(source, 44100, 2, None)
    samples = fit(source, prepared, prepared.signals, full()).samples
    assert np.isclose(energy_above(samples, 192000, 30_000), energy_above(source.samples, 192000, 30_000), rtol=1e-2)
