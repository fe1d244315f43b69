"""Short-time spectra in blocks: analysis, and synthesis that gives an untouched signal back exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from retone_engine.audio.files import Samples

Spectrum = NDArray[np.complex64]
Sums = TypeVar("Sums", Samples, Spectrum)

_OVERLAP = 4
# Frames of spectra that are held at once.
_BLOCK = 256


@dataclass(frozen=True)
class Spectra:
    """Root-Hann windows of ``size`` samples, a quarter of it apart. Frame i is centred on sample (i - 1) * ``hop``."""

    size: int

    @staticmethod
    def of(rate: int, seconds: float) -> Spectra:
        """Windows of the power of two nearest to ``seconds`` at ``rate`` Hz."""
        return Spectra(2 ** max(4, round(np.log2(rate * seconds))))

    @property
    def hop(self) -> int:
        return self.size // _OVERLAP

    @property
    def bins(self) -> int:
        return self.size // 2 + 1

    @cached_property
    def window(self) -> Samples:
        turn = 2 * np.pi * np.arange(self.size) / self.size
        return np.sqrt(0.5 - 0.5 * np.cos(turn)).astype(np.float32)

    def count(self, length: int) -> int:
        """How many frames cover ``length`` samples, each of them fully."""
        return -(-length // self.hop) + _OVERLAP - 1

    def blocks(self, length: int) -> Iterator[tuple[int, int]]:
        """First and last (exclusive) frame of each block."""
        total = self.count(length)
        for first in range(0, total, _BLOCK):
            yield first, min(first + _BLOCK, total)

    def analyse(self, samples: Samples, first: int, last: int) -> Spectrum:
        """Frames ``first`` to ``last`` of ``samples`` (channels, n), zeros around: (channels, frames, bins)."""
        begin = (first - _OVERLAP + 1) * self.hop
        end = begin + (last - first - 1) * self.hop + self.size
        inside = samples[:, max(0, begin) : max(0, end)]
        before = max(0, -begin)
        padded = np.pad(inside, ((0, 0), (before, end - begin - before - inside.shape[1])))
        frames = np.lib.stride_tricks.sliding_window_view(padded, self.size, axis=1)[:, :: self.hop]
        return np.fft.rfft(frames * self.window).astype(np.complex64, copy=False)

    def add(self, spectrum: Spectrum, first: int, out: Samples) -> None:
        """Lay the frames ``spectrum`` (channels, frames, bins), the first of them ``first``, into ``out``."""
        channels, count, _ = spectrum.shape
        # The squared windows of a quarter's distance add up to 2.
        frames = np.fft.irfft(spectrum, self.size).astype(np.float32, copy=False) * (self.window / 2)
        quarters = frames.reshape(channels, count, _OVERLAP, self.hop)
        laid = np.zeros((channels, count + _OVERLAP - 1, self.hop), np.float32)
        for quarter in range(_OVERLAP):
            laid[:, quarter : quarter + count] += quarters[:, :, quarter]
        begin = (first - _OVERLAP + 1) * self.hop
        flat = laid.reshape(channels, -1)[:, max(0, -begin) :]
        begin = max(0, begin)
        end = min(out.shape[1], begin + flat.shape[1])
        out[:, begin:end] += flat[:, : end - begin]


def bands(rate: int, bins: int, count: int) -> Samples:
    """Weights (``count``, ``bins``) of overlapping triangles, even on the ERB-rate scale; they add up to 1 at each bin.

    Scale: Glasberg and Moore 1990, 21.4 log10(1 + 0.00437 f).
    """
    frequency = np.linspace(0, rate / 2, bins)
    place = np.log10(1 + 0.00437 * frequency)
    place *= (count - 1) / place[-1]
    weights: Samples = np.maximum(1 - np.abs(place[None] - np.arange(count)[:, None]), 0).astype(np.float32)
    return weights


def smooth(values: Sums, reach: int) -> Sums:
    """``values`` (..., frames, bands) averaged over ``reach`` frames to both sides, weighted towards the middle."""
    weights = np.hanning(2 * reach + 3)[1:-1].astype(np.float32)
    weights /= weights.sum()
    frames = values.shape[-2]
    padded = np.pad(values, [(0, 0)] * (values.ndim - 2) + [(reach, reach), (0, 0)], mode="edge")
    out = np.zeros_like(values)
    for i, weight in enumerate(weights):
        out += weight * padded[..., i : i + frames, :]
    return out


def power(spectrum: Spectrum) -> Samples:
    """Squared magnitudes, shaped like ``spectrum``."""
    return spectrum.real**2 + spectrum.imag**2
