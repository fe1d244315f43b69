"""The stereo image: every channel as what the middle says of it, and what it does not.

In each band, channel c of the source is ``a_c m + r_c``: ``m`` the mean of the channels, ``a_c`` its best prediction
of the channel, ``r_c`` the rest, which has nothing in common with the middle. An edited middle ``m'`` then gives

    a_c m' + g rho r_c + sqrt(1 - g^2) d_c,

with ``rho`` the edit's change of level, so that level differences and coherence are the source's. Where the edit kept
the sound (``g`` near 1), the rest is the source's own, and an untouched middle gives the source back exactly; where
the sound is a new one, the old rest would be heard beside it, and ``d_c`` takes its place: the new middle, decorrelated
and as much softer as the rest was. A pair's mean is ``m'`` in either case.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retone_engine.audio.files import Samples
from retone_engine.audio.spectra import Spectra, Spectrum, Sums, bands, power, smooth

_BANDS = 24
_WINDOW_SECONDS = 0.064
# Frames to each side over which a band's image is averaged: +-64 ms.
_REACH = 4
# Where a band is 30 dB under its mean, the image is that mean's; where the band is empty, that of all bands.
_WEAK = 1e-3
# Energy of a spectrum of samples near 1e-9: as good as nothing.
_TINY = 1e-12
# The rest may rise by 12 dB with the edit.
_RISE = 4.0
# The cosine between the magnitudes of two unrelated (Rayleigh) spectra, and one that rounding cannot miss.
_UNRELATED, _SAME = np.pi / 4, 0.99
# The decorrelator's longest delay; much under the window, which it smears within.
_DELAY_SECONDS = 0.016
_GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class _Image:
    """Factors by frame and band: ``pan`` a_c and ``fresh`` sqrt(1 - g^2) |r_c| / |m| signed (channels, frames, bands);
    ``own`` g rho (frames, bands)."""

    pan: Spectrum
    fresh: Samples
    own: Samples


def restore(low: Samples, edited_mid: Samples, rate: int) -> Samples:
    """``edited_mid`` (frames,) with the image of ``low`` (channels, frames), both at ``rate`` Hz: shaped like ``low``.

    Equations: the head of this file.
    """
    spectra = Spectra.of(rate, _WINDOW_SECONDS)
    weights = bands(rate, spectra.bins, _BANDS)
    image = _measure(low, edited_mid, spectra, weights)
    turn = _decorrelator(spectra, rate)
    out = np.zeros_like(low)
    for first, last in spectra.blocks(low.shape[1]):
        source = spectra.analyse(low, first, last)
        edit = spectra.analyse(edited_mid[None], first, last)[0]
        pan = image.pan[:, first:last] @ weights
        rest = source - pan * source.mean(axis=0)
        made = pan * edit + rest * (image.own[first:last] @ weights)
        made += edit * turn * (image.fresh[:, first:last] @ weights)
        spectra.add(made, first, out)
    return out


def unpredicted_share(low: Samples, rate: int) -> float:
    """How much of the energy of ``low`` (channels, frames) the middle says nothing of: 0..1."""
    spectra = Spectra.of(rate, _WINDOW_SECONDS)
    energies, crosses, middle = _energies(low, spectra, bands(rate, spectra.bins, _BANDS))
    total = float(energies.sum(dtype=np.float64))
    return float(_rests(energies, crosses, middle).sum(dtype=np.float64)) / total if total > _TINY else 0.0


def _energies(low: Samples, spectra: Spectra, weights: Samples) -> tuple[Samples, Spectrum, Samples]:
    """The channels' energies, their products with the middle, and the middle's energy, smoothed, by band."""
    count = spectra.count(low.shape[1])
    energies = np.empty((low.shape[0], count, len(weights)), np.float32)
    crosses = np.empty(energies.shape, np.complex64)
    middle = np.empty(energies.shape[1:], np.float32)
    for first, last in spectra.blocks(low.shape[1]):
        source = spectra.analyse(low, first, last)
        mid = source.mean(axis=0)
        energies[:, first:last] = power(source) @ weights.T
        crosses[:, first:last] = (source * mid.conj()) @ weights.T
        middle[first:last] = power(mid) @ weights.T
    return smooth(energies, _REACH), smooth(crosses, _REACH), smooth(middle, _REACH)


def _rests(energies: Samples, crosses: Spectrum, middle: Samples) -> Samples:
    # Cauchy-Schwarz holds for the smoothed sums, too: below zero is rounding.
    predicted = np.abs(crosses) ** 2 / np.maximum(middle, _TINY)
    return np.clip(energies - predicted, 0, None)


def _measure(low: Samples, edited_mid: Samples, spectra: Spectra, weights: Samples) -> _Image:
    energies, crosses, middle = _energies(low, spectra, weights)
    edited, kept = _change(low, edited_mid, spectra, weights)
    floor = _firm(middle) + _TINY
    away = (_firm(crosses) + _TINY) / floor - 1
    # A sound at one of n channels has a_c = n there. Opposed phases may ask for more, to bring back what the middle
    # lost of them, but a new sound that comes in such a place is not to be raised like that.
    most = np.maximum(low.shape[0] - 1, _RISE * np.sqrt(energies.mean(axis=0) / np.maximum(edited, _TINY)))
    pan = 1 + away * np.minimum(1, most / np.maximum(np.abs(away), _TINY))
    rest = np.sqrt(np.clip(_firm(_rests(energies, crosses, middle)) / floor, 0, 1))
    sides = np.where(np.arange(low.shape[0]) % 2, -1, 1)[:, None, None]
    rise = np.sqrt((edited + _WEAK * floor) / (middle + _WEAK * floor))
    return _Image(
        pan.astype(np.complex64),
        (np.sqrt(1 - kept**2) * rest * sides).astype(np.float32),
        (kept * np.minimum(rise, _RISE)).astype(np.float32),
    )


def _change(low: Samples, edited_mid: Samples, spectra: Spectra, weights: Samples) -> tuple[Samples, Samples]:
    """The edited middle's energy, and g: how far its magnitudes are the source's, 0..1; both (frames, bands)."""
    count = spectra.count(low.shape[1])
    sums = np.empty((3, count, len(weights)), np.float32)
    for first, last in spectra.blocks(low.shape[1]):
        before = np.abs(spectra.analyse(low, first, last).mean(axis=0))
        after = np.abs(spectra.analyse(edited_mid[None], first, last)[0])
        sums[:, first:last] = np.stack([before**2, after**2, before * after]) @ weights.T
    middle, edited, shared = smooth(sums, _REACH)
    cosine = shared / np.sqrt(np.maximum(middle * edited, _TINY**2))
    return edited, np.clip((cosine - _UNRELATED) / (_SAME - _UNRELATED), 0, 1)


def _firm(sums: Sums) -> Sums:
    """Sums (..., frames, bands) held by a little of their mean over time, and over the bands."""
    over_time = sums.mean(axis=-2, keepdims=True)
    held = sums.copy()
    held += _WEAK * over_time
    held += _WEAK**2 * over_time.mean(axis=-1, keepdims=True)
    return held


def _decorrelator(spectra: Spectra, rate: int) -> Spectrum:
    """Turns of phase (bins,): a quarter at first, then delays that scatter from bin to bin and spare the attack."""
    delays = _DELAY_SECONDS * (np.arange(spectra.bins) * _GOLDEN % 1)
    turns = 0.25 + np.cumsum(delays) * rate / spectra.size
    turned: Spectrum = np.exp(-2j * np.pi * turns).astype(np.complex64)
    return turned
