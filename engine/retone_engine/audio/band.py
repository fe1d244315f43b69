"""The band above the model's: the source's own, as bright as the edit is just below it.

``high = source - up(down(source))`` is an exact complement of what the model is given, aligned by construction. A
darker edit under the old brightness would be haunted by it, so the complement follows, in short frames, the ratio of
the edit's to the source's level just below the cut-off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retone_engine.audio.files import Samples
from retone_engine.audio.spectra import Spectra, power, smooth

# Of the cut-off: 4 to 7 kHz under 8 kHz. Above that the resampler's own slope begins.
_LOW, _HIGH = 0.5, 0.875
_WINDOW_SECONDS = 0.016
# Frames of 4 ms to each side.
_REACH = 6
# At most 6 dB brighter than the source: what lies above the cut-off was not asked for.
_RISE = 2.0
_WEAK = 1e-4
_TINY = 1e-12


@dataclass(frozen=True)
class Gains:
    """The complement's gain: ``values`` (channels, points), ``hop`` seconds apart from the time ``begin`` on."""

    values: Samples
    begin: float
    hop: float

    def at(self, first: int, last: int, rate: int) -> Samples:
        """The gain of the frames ``first`` to ``last`` at ``rate`` Hz: (channels, frames)."""
        place = (np.arange(first, last) / rate - self.begin) / self.hop
        points = np.arange(self.values.shape[1])
        return np.stack([np.interp(place, points, row) for row in self.values]).astype(np.float32)


def follow(low: Samples, edited: Samples, rate: int, cut: float) -> Gains:
    """Gains for the band above ``cut`` Hz, from ``low`` to ``edited`` (channels, frames), both at ``rate`` Hz."""
    spectra = Spectra.of(rate, _WINDOW_SECONDS)
    frequency = np.linspace(0, rate / 2, spectra.bins)
    chosen = ((frequency >= _LOW * cut) & (frequency <= _HIGH * cut)).astype(np.float32)
    before, after = (_levels(x, spectra, chosen) for x in (low, edited))
    # The model's overall level is no brightness; matching the loudness deals with it later.
    whole = (np.square(edited).mean(axis=1) + _TINY) / (np.square(low).mean(axis=1) + _TINY)
    whole = whole[:, None]
    floor = _WEAK * before.mean(axis=1, keepdims=True) + _TINY
    ratio = np.sqrt((after + whole * floor) / (before + floor))
    values = np.minimum(ratio, _RISE * np.sqrt(whole)).astype(np.float32)
    hop = spectra.hop / rate
    return Gains(values, -hop, hop)


def _levels(samples: Samples, spectra: Spectra, chosen: Samples) -> Samples:
    """Smoothed energy of the ``chosen`` bins: (channels, frames)."""
    energy = np.empty((samples.shape[0], spectra.count(samples.shape[1]), 1), np.float32)
    for first, last in spectra.blocks(samples.shape[1]):
        energy[:, first:last, 0] = power(spectra.analyse(samples, first, last)) @ chosen
    return smooth(energy, _REACH)[..., 0]
