"""The noise of an edit: one field for each step and seed, laid along absolute latent time.

A frame's noise depends on the seed, the step and the frame's place, and on nothing else: neither on how long the clip
is, nor on the strength, the device or the network's precision. It is drawn on the CPU, as other devices have other
generators.
"""

from __future__ import annotations

import torch
from torch import Tensor

# Latent frames drawn at once. Part of what a seed means: another value is other noise.
BLOCK = 64

_WORD = 2**32
_ODD = 0x9E3779B1  # multiplication by an odd number permutes the 32-bit words


def noise(shape: torch.Size | tuple[int, ...], time_axis: int, seed: int, step: int) -> Tensor:
    """Independent N(0, 1) values of ``shape`` (1, ...), float32, on the CPU.

    ``time_axis``: the axis of time, the batch axis being 0; a longer shape begins with the same values.
    ``step``: the level's place on the full schedule, so that every strength has the same noise at the same level.
    """
    frames = shape[time_axis]
    blocks = -(-frames // BLOCK)
    drawn = (*shape[:time_axis], BLOCK, *shape[time_axis + 1 :])
    generator = torch.Generator().manual_seed(_word(seed, step))
    # Whole blocks, one after another: how much is drawn later changes nothing that was drawn before.
    field = torch.cat([torch.randn(drawn, generator=generator) for _ in range(max(blocks, 1))], dim=time_axis)
    return field.narrow(time_axis, 0, frames)


def _word(seed: int, step: int) -> int:
    """The generator's seed. torch's CPU generator reads 32 bits only, so no two steps of one seed may share them."""
    scrambled = seed % _WORD
    for shift in (16, 15):
        scrambled ^= scrambled >> shift
        scrambled = scrambled * _ODD % _WORD
    return (scrambled + (step + 1) * _ODD) % _WORD
