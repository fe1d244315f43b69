"""Clips to test with: made from a seed, and files of them."""

import numpy as np

from retone_engine.audio import Clip
from retone_engine.request import EditRequest


def clip(samples, rate, start=0):
    samples = np.atleast_2d(np.asarray(samples, np.float32))
    return Clip(samples, rate, start, start + samples.shape[1], "clip.wav")


def noise(frames, channels=1, seed=0, level=0.1):
    """White noise, independent in its channels: (channels, frames)."""
    return (level * np.random.default_rng(seed).standard_normal((channels, frames))).astype(np.float32)


def notes(rate, seconds, brightness=1.0, pitches=(220, 277.2, 329.6, 440)):
    """Plucked notes of harmonics up to 14 kHz that fall with 1 / n ** brightness: (frames,)."""
    time = np.arange(round(rate * seconds)) / rate
    sound = np.zeros_like(time)
    for index, pitch in enumerate(pitches):
        first = index * len(time) // len(pitches)
        own = time[: len(time) - first]
        for harmonic in range(1, int(min(0.45 * rate, 14_000) / pitch)):
            fall = np.exp(-own * (3 + 0.2 * harmonic))
            sound[first:] += 0.1 / harmonic**brightness * fall * np.sin(2 * np.pi * pitch * harmonic * own)
    return sound.astype(np.float32)


def plain(**settings):
    """A request that gives nothing back but what ``settings`` turns on."""
    off = {"highs": False, "match_loudness": False, "crossfade": False}
    return EditRequest("clip.wav", prompt="any", **{**off, **settings})


def full(**settings):
    """A request as it comes, with everything given back."""
    return EditRequest("clip.wav", prompt="any", **settings)


def decibels(ratio):
    return 20 * np.log10(np.maximum(ratio, 1e-12))


def energy_above(samples, rate, hertz):
    """Energy of ``samples`` (channels, frames) above a frequency."""
    # Windowed, or what the ends leak would count as highs.
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.shape[1]))) ** 2
    return float(spectrum[:, np.fft.rfftfreq(samples.shape[1], 1 / rate) >= hertz].sum())


def lag(a, b):
    """By how many frames, in fractions, ``b`` lies later than ``a``."""
    # Cross-correlation finds the whole frame, a parabola through its peak the fraction.
    size = 2 * len(a)
    across = np.fft.irfft(np.fft.rfft(b, size) * np.conj(np.fft.rfft(a, size)), size)
    top = int(np.argmax(across))
    left, middle, right = across[top - 1], across[top], across[(top + 1) % size]
    shift = top + 0.5 * (left - right) / (left - 2 * middle + right)
    return shift - size if shift > size / 2 else shift
