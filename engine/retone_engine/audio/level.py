"""Loudness: the edit as loud as the clip, as far as its peaks allow."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retone_engine.audio.files import Samples

# Shorter than this there is no gating block (BS.1770-4), and the plain level stands for the loudness.
BLOCK_SECONDS = 0.4
# An edit may use the clip's own headroom, or this.
PEAK_DB = -0.1
# More than this would raise what is hardly there: noise, not the sound.
GAIN_LIMIT_DB = 24.0
SILENCE_DB = -120.0
# Seconds measured at once, and the run-up that the weighting filters need.
_PIECE, _RUN_UP = 20, 1


@dataclass(frozen=True)
class Match:
    """The ``gain_db`` for an edit, the ``wanted_db`` that would have made it as loud as the clip, and ``room_db``.

    ``room_db`` is how far its peaks may be raised, or must be lowered if it is negative.
    """

    gain_db: float
    wanted_db: float
    room_db: float
    source_db: float
    edited_db: float


def match(source: Samples, edited: Samples, rate: int, ceiling: float) -> Match:
    """The gain that makes ``edited`` as loud as ``source`` (channels, frames), its peak at most ``ceiling``.

    Loudness is BS.1770-4's; the plain RMS level where a clip is too short or too soft for its gates.
    """
    # Measured near the level it will have: the absolute gate must not open for one and close for the other.
    nearly_db = min(rms_db(source) - rms_db(edited), GAIN_LIMIT_DB)
    loud, edited_loud = loudness(source, rate), loudness(edited, rate, nearly_db)
    if loud is None or edited_loud is None:
        source_db, edited_db = rms_db(source), rms_db(edited)
    else:
        source_db, edited_db = loud, edited_loud - nearly_db
    room = 20 * math.log10(ceiling / peak(edited)) if peak(edited) > 0 else math.inf
    if source_db <= SILENCE_DB:
        return Match(0.0, 0.0, room, source_db, edited_db)
    wanted = source_db - edited_db
    return Match(min(wanted, room, GAIN_LIMIT_DB), wanted, room, source_db, edited_db)


def loudness(samples: Samples, rate: int, gain_db: float = 0.0) -> float | None:
    """Integrated loudness in LUFS of ``samples`` (channels, frames) raised by ``gain_db``; each channel weighs 1.

    None where no gating block passes. Measured piece by piece, so that memory does not grow with the clip.
    """
    if samples.shape[1] < math.ceil(BLOCK_SECONDS * rate):
        return None
    energies = np.sum([_block_energies(channel, rate) for channel in samples], axis=0)
    energies *= 10 ** (gain_db / 10)
    with np.errstate(divide="ignore"):
        levels = -0.691 + 10 * np.log10(energies)
    heard = energies[levels >= -70]
    if not heard.size:
        return None
    # The gate of BS.1770-4: 10 dB under the mean of what is above -70.
    gated = energies[(levels >= -70) & (energies > heard.mean() / 10)]
    return float(-0.691 + 10 * np.log10(gated.mean()))


def _block_energies(channel: Samples, rate: int) -> NDArray[np.float64]:
    """Mean squares of the K-weighted 400 ms blocks, 100 ms apart."""
    # Half a second to import, for scipy's sake: whoever only reads a file or a recipe need not wait for it.
    import pyloudnorm

    found = []
    whole = channel.shape[0]
    first = 0
    while True:
        begin = max(0, first - _RUN_UP * rate)
        last = first + _PIECE * rate
        # The last piece takes what would be too little for one of its own.
        end = whole if last + rate > whole else last + round(0.3 * rate)
        meter = pyloudnorm.Meter(rate, block_size=BLOCK_SECONDS)
        meter.integrated_loudness(channel[begin:end].astype(np.float64))
        levels = np.asarray(meter.blockwise_loudness)
        found.append(10 ** ((levels[10 * (first - begin) // rate :] + 0.691) / 10))
        if end == whole:
            return np.concatenate(found)
        first = last


def rms_db(samples: Samples) -> float:
    """Level of ``samples`` in dB of full scale, at least ``SILENCE_DB``."""
    mean = sum(float(np.dot(channel, channel)) for channel in samples) / samples.size
    return max(SILENCE_DB, 10 * math.log10(mean)) if mean > 0 else SILENCE_DB


def peak(samples: Samples) -> float:
    """The largest magnitude in ``samples``."""
    return float(max(samples.max(), -samples.min()))


def ceiling(source: Samples) -> float:
    """How high an edit of ``source`` may peak."""
    return max(peak(source), 10 ** (PEAK_DB / 20))
