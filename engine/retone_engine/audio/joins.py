"""Where the edit acts, and how it meets what it leaves alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retone_engine.audio.files import Clip, Samples
from retone_engine.request import ClipRequest, EditRequest, RetoneError
from retone_engine.segments import FADE_SECONDS

EDGE_SECONDS = 0.005
MASK_SECONDS = 0.010


@dataclass(frozen=True)
class Mask:
    """The frames ``start`` to ``stop`` (exclusive) of a region that the edit acts in, counted in the region."""

    start: int
    stop: int


def mask_of(clip: Clip, request: ClipRequest) -> Mask:
    """The mask of a request, which counts frames of the file, in frames of the region; auto is the whole of it.

    Raises RetoneError(bad_mask) where it is not inside the region.
    """
    start = 0 if request.mask_start is None else request.mask_start - clip.start
    stop = clip.frames if request.mask_frames is None else start + request.mask_frames
    if not 0 <= start < stop <= clip.frames:
        raise RetoneError(
            "bad_mask",
            f"The mask is frames {clip.start + start} to {clip.start + stop} of the file; "
            f"it must lie in the region, {clip.start} to {clip.start + clip.frames}.",
        )
    return Mask(start, stop)


def acting(clip: Clip, request: ClipRequest) -> tuple[Mask, ...]:
    """Where in the region anything may change, in order: the mask, or the parts of it that segments reach.

    Where a prompt holds beside the segments they leave nothing out. Raises RetoneError(bad_mask, bad_request).
    """
    mask = mask_of(clip, request)
    if not isinstance(request, EditRequest) or request.prompt or not request.parts:
        return (mask,)
    found: list[Mask] = []
    for part in request.parts:
        # The prompt fades about its segment's ends, half of that outside it.
        start = max(mask.start, math.floor((part.start - FADE_SECONDS / 2) * clip.rate) - clip.start)
        ends = part.end + FADE_SECONDS / 2
        stop = mask.stop if math.isinf(ends) else min(mask.stop, math.ceil(ends * clip.rate) - clip.start)
        if found and start <= found[-1].stop:
            start = found.pop().start
        if start < stop:
            found.append(Mask(start, stop))
    return tuple(found)


def blend(source: Samples, edited: Samples, masks: Sequence[Mask], rate: int, crossfade: bool) -> None:
    """Turn ``edited`` (channels, frames) into ``source`` outside ``masks``, in place, bit for bit.

    The fades lie inside each mask, last 10 ms where it meets the source, and 5 ms at the region's own ends, where
    ``crossfade`` may switch them off. They are raised cosines that add up to 1: an edit equal to the source fades
    into it unchanged, and no sum is above the louder of the two.
    """
    done = 0
    for mask in masks:
        edited[:, done : mask.start] = source[:, done : mask.start]
        _fade(source, edited, mask, rate, crossfade)
        done = mask.stop
    edited[:, done:] = source[:, done:]


def _fade(source: Samples, edited: Samples, mask: Mask, rate: int, crossfade: bool) -> None:
    length = mask.stop - mask.start
    for at_start in (True, False):
        at_edge = mask.start == 0 if at_start else mask.stop == source.shape[1]
        seconds = EDGE_SECONDS if at_edge else MASK_SECONDS
        # Never more than a quarter of a short mask at each end, so that some of the edit stays.
        count = min(round(seconds * rate), length // 4) if crossfade or not at_edge else 0
        # The first weight is 0: the frame at the join is the source's.
        weight = (0.5 - 0.5 * np.cos(np.pi * np.arange(count) / max(count, 1))).astype(np.float32)
        if at_start:
            span = slice(mask.start, mask.start + count)
        else:
            span, weight = slice(mask.stop - count, mask.stop), weight[::-1]
        edited[:, span] = source[:, span] + weight * (edited[:, span] - source[:, span])
