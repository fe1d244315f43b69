"""Between rates: frame for frame in place, of exactly the length asked for, in memory that does not grow."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import soxr

from retone_engine.audio.files import Samples

_BLOCK = 1 << 16
# Frames of the lower rate that are reflected at both ends; the filter reaches less far.
_MARGIN = 256


def converted(frames: int, rate: int, to_rate: int) -> int:
    """How many frames at ``to_rate`` cover ``frames`` at ``rate``."""
    return -(-frames * to_rate // rate)


def resample(samples: Samples, rate: int, to_rate: int, frames: int | None = None) -> Samples:
    """``samples`` (channels, n) brought to ``to_rate``: (channels, ``frames``), None for as many as cover them.

    Frame j of the result lies at the time j / ``to_rate`` of the clip. Equal rates give ``samples`` itself, cut.
    """
    frames = converted(samples.shape[1], rate, to_rate) if frames is None else frames
    if rate == to_rate:
        return samples[:, :frames]
    out = np.empty((samples.shape[0], frames), np.float32)
    first = 0
    for block in blocks([samples], rate, to_rate, frames):
        out[:, first : first + block.shape[1]] = block
        first += block.shape[1]
    return out


def blocks(parts: Sequence[Samples], rate: int, to_rate: int, frames: int) -> Iterator[Samples]:
    """The same, piece by piece: ``parts`` of equal length, stacked along the channels; ``frames`` in all.

    The ends are mirrored before the filter sees them, so that a clip that does not begin or end in silence keeps its
    first and last frames.
    """
    length = parts[0].shape[1]
    if rate == to_rate:
        for first in range(0, frames, _BLOCK):
            yield _slice(parts, first, min(first + _BLOCK, frames))
        return
    margin, skip = _margins(rate, to_rate)
    head = np.pad(_slice(parts, 0, margin + 1), ((0, 0), (margin, 0)), mode="reflect")[:, :margin]
    tail = np.pad(_slice(parts, max(0, length - margin - 1), length), ((0, 0), (0, margin)), mode="reflect")
    stream = soxr.ResampleStream(rate, to_rate, head.shape[0], "float32", "VHQ")
    left = frames
    for chunk, last in _chunks(head, parts, tail[:, -margin:]):
        out = stream.resample_chunk(np.ascontiguousarray(chunk.T), last=last).T
        out, skip = out[:, skip:], max(0, skip - out.shape[1])
        out = out[:, :left]
        left -= out.shape[1]
        if out.shape[1]:
            yield out


def _chunks(head: Samples, parts: Sequence[Samples], tail: Samples) -> Iterator[tuple[Samples, bool]]:
    yield head, False
    length = parts[0].shape[1]
    for first in range(0, length, _BLOCK):
        yield _slice(parts, first, min(first + _BLOCK, length)), False
    yield tail, True


def _slice(parts: Sequence[Samples], first: int, last: int) -> Samples:
    return np.concatenate([part[:, first:last] for part in parts])


def _margins(rate: int, to_rate: int) -> tuple[int, int]:
    """Frames before and after the filter that take exactly the same time, so that nothing shifts."""
    shared = math.gcd(rate, to_rate)
    times = -(-_MARGIN * shared // min(rate, to_rate))
    return times * rate // shared, times * to_rate // shared
