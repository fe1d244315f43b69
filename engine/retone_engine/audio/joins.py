"""Where the edit acts, and how it meets what it leaves alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retone_engine.audio.files import Clip, Samples
from retone_engine.request import ClipRequest, RetoneError

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


def blend(source: Samples, edited: Samples, mask: Mask, rate: int, crossfade: bool) -> None:
    """Turn ``edited`` (channels, frames) into ``source`` outside ``mask``, in place, bit for bit.

    The fades lie inside the mask, last 10 ms where it meets the source, and 5 ms at the region's own ends, where
    ``crossfade`` may switch them off. They are raised cosines that add up to 1: an edit equal to the source fades
    into it unchanged, and no sum is above the louder of the two.
    """
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
    edited[:, : mask.start] = source[:, : mask.start]
    edited[:, mask.stop :] = source[:, mask.stop :]
