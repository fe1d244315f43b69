"""What is seen of a sound: its level by time and frequency, on a logarithmic axis."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from retone_engine.audio.files import Samples

LOW_HZ, HIGH_HZ = 40.0, 16_000.0
# Seconds of a window, and the frequencies from which it and the next, shorter one take over within an octave.
_WINDOWS = ((0.185, 1.0, 250.0), (0.093, 250.0, 1_000.0), (0.046, 1_000.0, 1e6))
_COLUMNS_AT_ONCE = 64

Numbers = NDArray[np.float64]


def spectrogram(clip: Samples, rate: int, seconds: float, high: float, width: int, height: int) -> Samples:
    """Level in dB (height, width) of ``clip`` (channels, frames), over ``seconds`` and from ``high`` to LOW_HZ.

    The highest frequency is in the first row; what lies after the clip's end is silence. Long windows tell low notes
    apart, short ones place the attacks of high ones: each row takes the window that suits its frequency.
    """
    rows = high * (LOW_HZ / high) ** ((np.arange(height) + 0.5) / height)
    plane = np.zeros((height, width), np.float32)
    for window_seconds, since, until in _WINDOWS:
        share = _risen(rows, since) - _risen(rows, until)
        used = np.flatnonzero(share)
        if not used.size:
            continue
        size = 2 ** max(4, round(np.log2(window_seconds * rate)))
        reading = _reading(rows, rate, size)[used]
        bins = int(np.flatnonzero(reading.any(axis=0))[-1]) + 1
        for first, power in _powers(clip, rate, seconds, size, width):
            # The square of a Hann window's sum is size^2 / 4: a tone reads the same in each window.
            level = 10 * np.log10(reading[:, :bins] @ power[:, :bins].T * (4 / size**2) + 1e-12)
            plane[used, first : first + level.shape[1]] += share[used, None] * level
    return plane


def _risen(rows: Numbers, hertz: float) -> Numbers:
    """0 below ``hertz``, 1 from an octave above."""
    risen: Numbers = np.clip(np.log2(rows / hertz), 0, 1)
    return risen


def _powers(clip: Samples, rate: int, seconds: float, size: int, columns: int) -> Iterator[tuple[int, Samples]]:
    """Power spectra (columns, bins) of Hann windows, meaned over the channels: blocks, and the first column of each.

    A column of a long clip is the mean of as many windows as leave no gap in it.
    """
    frames = clip.shape[1]
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    many = max(1, round(2 * seconds * rate / columns / size))
    for first in range(0, columns, _COLUMNS_AT_ONCE):
        last = min(first + _COLUMNS_AT_ONCE, columns)
        centres = (np.arange(first * many, last * many) + 0.5) / (columns * many) * seconds * rate
        begins = np.round(centres).astype(np.int64) - size // 2
        places = begins[:, None] + np.arange(size)
        inside = (places >= 0) & (places < frames)
        power = np.zeros((len(begins), size // 2 + 1), np.float32)
        for channel in clip:
            cut = channel[np.clip(places, 0, frames - 1)] * inside
            power += np.abs(np.fft.rfft(cut * window)) ** 2 / len(clip)
        yield first, power.reshape(last - first, many, -1).mean(axis=1)


def _reading(rows: Numbers, rate: int, size: int) -> Samples:
    """Weights (rows, bins): a way between two bins where rows lie closer, the mean of several where they do not."""
    places = rows * size / rate
    reach = np.maximum(1, np.abs(np.gradient(places)))
    weights = np.maximum(0, 1 - np.abs(np.arange(size // 2 + 1) - places[:, None]) / reach[:, None])
    reading: Samples = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return reading
