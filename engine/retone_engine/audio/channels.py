"""Which signals of a clip are edited: the middle, each channel, or pairs of them."""

from __future__ import annotations

from typing import Literal

import numpy as np

from retone_engine.audio.files import Samples

Way = Literal["mid", "each", "mono", "pairs"]

# Where the middle says nothing of a quarter of the energy, the channels' correlation is about 0.5 (1 - 2 x 0.25):
# such a clip is two sounds rather than one sound with a place, and the channels are edited one by one.
EACH_ABOVE = 0.25


def choose(channels: int, model_channels: int, stereo: str | None, unpredicted: float) -> Way:
    """The way of a clip through a model; ``stereo`` None decides by the share that the middle does not predict."""
    if model_channels > 1:
        return "pairs"
    if channels == 1:
        return "each"
    match stereo:
        case "mid" | "each" | "mono":
            return stereo
        case _:
            return "each" if unpredicted > EACH_ABOVE else "mid"


def take(low: Samples, way: Way, model_channels: int) -> Samples:
    """What the model edits: (signals, ``model_channels``, frames) of ``low`` (channels, frames)."""
    if way in ("mid", "mono"):
        mid: Samples = low.mean(axis=0, dtype=np.float32, keepdims=True)
        return mid[None]
    if way == "each":
        return low[:, None]
    count = -(-low.shape[0] // model_channels)
    # A channel without a partner is doubled.
    rows = np.minimum(np.arange(count * model_channels), low.shape[0] - 1)
    pairs: Samples = low[rows].reshape(count, model_channels, -1)
    return pairs


def give(edited: Samples, way: Way, channels: int) -> Samples:
    """The ``channels`` of ``edited`` (signals, model channels, frames); the middle is the same in all of them."""
    if way in ("mid", "mono"):
        return np.broadcast_to(edited[0, 0], (channels, edited.shape[2]))
    flat = edited.reshape(-1, edited.shape[2])
    if flat.shape[0] == channels:
        return flat
    # The doubled channel comes back as the mean of its copies.
    return np.concatenate([flat[: channels - 1], flat[channels - 1 :].mean(axis=0, keepdims=True, dtype=np.float32)])
