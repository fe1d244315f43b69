import numpy as np
import pytest

from engine.sounds import clip, decibels, full, lag, noise, notes, plain
from retone_engine.audio import fit, prepare

RATE = 44100


def level(channel):
    return float(np.sqrt(np.mean(np.square(channel, dtype=np.float64))))


def through(samples, change, stereo="mid", **settings):
    """``samples`` with each of the signals that a 16 kHz mono model edits changed by ``change``."""
    source = clip(samples, RATE)
    prepared = prepare(source, 16000, 1, stereo)
    edited = np.stack([change(signal[0])[None] for signal in prepared.signals])
    return fit(source, prepared, edited, plain(**settings))


def other_notes(signal):
    """Another instrument altogether, of the same length."""
    made = notes(16000, len(signal) / 16000 + 1, brightness=0.4, pitches=(196, 247, 392))
    return made[: len(signal)]


def middle(samples):
    """Away from the ends and fades."""
    return samples[:, RATE // 4 : -RATE // 4]


@pytest.mark.parametrize("decibel", [0, 3, -6, 12, -20])
def test_a_panned_sound_keeps_its_place_through_a_changed_middle(decibel):
    mono = notes(RATE, 3)
    source = np.stack([mono, mono * 10 ** (decibel / 20)])
    fitted = through(source, other_notes, highs=True, match_loudness=True, crossfade=True)
    left, right = middle(fitted.samples)
    assert np.corrcoef(left, right)[0, 1] >= 0.99
    assert abs(decibels(level(right) / level(left)) - decibel) < 0.5


def test_two_sounds_in_two_places_keep_theirs():
    low, high = notes(RATE, 3, pitches=(110, 110)), noise(3 * RATE, level=0.05)[0]
    high = np.diff(high, prepend=0)  # towards the highs
    source = np.stack([low + 0.1 * high, 0.1 * low + high])
    fitted = through(source, lambda signal: -0.7 * signal)
    spectrum = np.abs(np.fft.rfft(middle(fitted.samples))) ** 2
    before = np.abs(np.fft.rfft(middle(source))) ** 2
    hertz = np.fft.rfftfreq(middle(source).shape[1], 1 / RATE)
    for span in [(hertz > 80) & (hertz < 250), (hertz > 3000) & (hertz < 7000)]:
        image = [10 * np.log10(sums[0, span].sum() / sums[1, span].sum()) for sums in (spectrum, before)]
        assert abs(image[0] - image[1]) < 1.0


@pytest.mark.parametrize("width", [0.05, 0.15, 0.3])
def test_a_wide_sound_stays_as_wide(width):
    mid, side = noise(3 * RATE, 2)
    source = np.stack([mid + width * side, mid - width * side])
    fitted = through(source, lambda signal: noise(len(signal), seed=7)[0])
    before, after = (np.corrcoef(*middle(_below(samples, 7000)))[0, 1] for samples in (source, fitted.samples))
    assert abs(after - before) < 0.05


def _below(samples, hertz):
    spectrum = np.fft.rfft(samples)
    spectrum[:, np.fft.rfftfreq(samples.shape[1], 1 / RATE) > hertz] = 0
    return np.fft.irfft(spectrum, samples.shape[1])


def test_a_sound_that_reaches_one_channel_later_still_does():
    mono = noise(3 * RATE)[0]
    source = np.stack([mono, np.roll(mono, 5)])  # 0.11 ms: a pair of microphones
    fitted = through(source, other_notes)
    assert lag(*middle(_below(source, 3000))) == pytest.approx(5, abs=0.1)
    assert lag(*middle(_below(fitted.samples, 3000))) == pytest.approx(5, abs=1)


def test_the_mean_of_a_pair_is_the_edited_middle():
    mid, side = noise(2 * RATE, 2)
    source = clip(np.stack([mid + 0.2 * side, mid - 0.2 * side]), 16000)
    prepared = prepare(source, 16000, 1, "mid")
    edited = noise(prepared.frames, seed=3)[None]
    fitted = fit(source, prepared, edited, plain())
    assert np.abs(fitted.samples.mean(axis=0) - edited[0, 0]).max() < 1e-5


def test_the_old_sounds_side_is_not_heard_in_a_new_one():
    mid, side = notes(RATE, 3), notes(RATE, 3, pitches=(523, 523, 523))
    source = np.stack([mid + 0.3 * side, mid - 0.3 * side])
    fitted = through(source, other_notes)
    old = middle(np.stack([side]))[0]
    for channel in middle(fitted.samples):
        assert abs(np.corrcoef(channel, old)[0, 1]) < 0.1


def test_a_tail_that_rings_into_silence_keeps_its_place():
    mono = notes(RATE, 3)
    mono[RATE:] = 0
    source = np.stack([mono, 0.5 * mono])
    fitted = through(source, lambda signal: notes(16000, 3.1)[: len(signal)])
    tail = fitted.samples[:, int(1.5 * RATE) : int(2.8 * RATE)]
    assert level(tail) > 1e-3
    assert abs(decibels(level(tail[1]) / level(tail[0])) + 6) < 0.5


def test_the_way_is_chosen_by_what_the_middle_can_say():
    mono = notes(RATE, 2)
    mid, side = noise(2 * RATE, 2)

    def way(left, right):
        return prepare(clip(np.stack([left, right]), RATE), 16000, 1, None).way

    assert way(mono, mono) == "mid"
    assert way(mono, 0 * mono) == "mid"
    assert way(mid + 0.2 * side, mid - 0.2 * side) == "mid"
    assert way(mid, side) == "each"
    assert way(mono, -mono) == "each"


def test_the_middle_of_opposed_channels_is_warned_about():
    mono = notes(RATE, 1)
    fitted = through(np.stack([mono, -mono]), lambda signal: signal, stereo="mid")
    assert [code for code, _ in fitted.warnings] == ["mono"]
    assert np.isfinite(fitted.samples).all()


@pytest.mark.parametrize("channels", [1, 2, 3, 5, 8])
def test_each_channel_is_edited_on_its_own_where_asked(channels):
    source = clip(noise(RATE, channels), RATE)
    prepared = prepare(source, 16000, 1, "each")
    assert prepared.signals.shape[:2] == (channels, 1)
    scale = np.arange(1, channels + 1, dtype=np.float32)[:, None, None]
    fitted = fit(source, prepared, prepared.signals * scale, plain())
    ratio = [level(channel) for channel in _below(fitted.samples, 7000)] / np.array(
        [level(channel) for channel in _below(source.samples, 7000)]
    )
    assert np.allclose(ratio, scale[:, 0, 0], rtol=1e-2)


def test_mono_is_the_same_in_all_channels():
    source = clip(noise(RATE, 3), RATE)
    prepared = prepare(source, 16000, 1, "mono")
    fitted = fit(source, prepared, prepared.signals, plain())
    assert np.array_equal(fitted.samples[0], fitted.samples[1])
    assert np.array_equal(fitted.samples[0], fitted.samples[2])


@pytest.mark.parametrize(("channels", "pairs"), [(1, 1), (2, 1), (3, 2), (4, 2), (7, 4)])
def test_a_stereo_model_takes_pairs(channels, pairs):
    source = clip(noise(RATE, channels), RATE)
    prepared = prepare(source, RATE, 2, None)
    assert prepared.signals.shape == (pairs, 2, RATE)
    assert np.array_equal(prepared.signals[0, 0], source.samples[0])
    assert np.array_equal(prepared.signals[-1, 1], source.samples[-1])
    fitted = fit(source, prepared, prepared.signals, full())
    assert np.array_equal(fitted.samples, source.samples)
