"""What a direction does, in numbers: when it acts, and on which frequencies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from retone_engine.audio.files import Clip, Samples
from retone_engine.audio.spectra import Spectra, power

# The part of its change that a direction is said to act within, in time and over frequency.
_WITHIN = 0.8

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Described:
    """Direction ``number`` (from 1): its ``share`` of all the variance; where it acts, frames of the file and Hz."""

    number: int
    share: float
    start: int
    frames: int
    low_hz: float
    high_hz: float


def describe(
    number: int, share: float, energy: Numbers, each: float, plus: Samples, minus: Samples, clip: Clip
) -> Described:
    """A direction of ``clip``, heard as ``plus`` and ``minus``.

    ``energy``: how much of it lies in each latent frame; ``each``: the clip's frames in one of those.
    """
    begin, end = within(energy)
    start = min(round(begin * each), clip.frames - 1)
    stop = min(max(round((end + 1) * each), start + 1), clip.frames)
    return Described(number, share, clip.start + start, stop - start, *acted_on(plus, minus, clip.rate))


def energy(vectors: Iterable[Tensor], time_axis: int) -> Numbers:
    """How much of a direction lies in each latent frame; ``vectors`` are its own, one a level, without batch axis."""
    squares = sum(vector.cpu().double().square() for vector in vectors)
    assert isinstance(squares, Tensor)
    axes = tuple(axis for axis in range(squares.ndim) if axis != time_axis - 1)
    found: Numbers = squares.sum(dim=axes).numpy()
    return found


def acted_on(plus: Samples, minus: Samples, rate: int) -> tuple[float, float]:
    """The lowest and highest Hz of what tells ``plus`` from ``minus`` (channels, frames).

    What is counted is the difference of the magnitudes of their spectra, summed over time and channels.
    """
    spectra = Spectra.of(rate, 0.046)
    change = np.zeros(spectra.bins)
    for first, last in spectra.blocks(plus.shape[1]):
        sizes = [np.sqrt(power(spectra.analyse(samples, first, last))) for samples in (plus, minus)]
        change += np.abs(sizes[0] - sizes[1]).sum(axis=(0, 1))
    begin, end = within(change)
    return begin * rate / spectra.size, end * rate / spectra.size


def within(amounts: Numbers) -> tuple[int, int]:
    """First and last index of the middle 80 % of ``amounts``."""
    reached = np.cumsum(amounts) / max(float(amounts.sum()), 1e-30)
    edge = (1 - _WITHIN) / 2
    return int(np.searchsorted(reached, edge)), min(int(np.searchsorted(reached, 1 - edge)), len(amounts) - 1)
