"""The latent space: log-mel frames and back by one fixed linear map, so nothing is learned and nothing is blurred.

A clip's frames are floored far below its peak (what lies deeper nobody hears, and it would cost the network
capacity), cut into patches of 4 frames by 4 bins, turned to the patches' principal axes and scaled. All sixteen axes
are kept, so only what lay under the floor is lost. The floor is one number, as clips come with their peak at 0.5: one
that followed the frames at hand would differ from window to window of a long clip.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from retone_engine.models.pocket.mel import MEL_BINS

PATCH = 4
CHANNELS = PATCH * PATCH


@dataclass(frozen=True)
class Codec:
    """The map's constants.

    ``mean``: (128,) the mean log-mel frame. ``basis``: (16, 16) orthonormal, one axis a row. ``scale``: (16,) each
    axis's standard deviation in a latent is its own in log-mel divided by this. ``floor``: ln magnitude, in nat.
    """

    mean: Tensor
    basis: Tensor
    scale: Tensor
    floor: float

    def floored(self, mel: Tensor) -> Tensor:
        """``mel`` (B, T, 128) with everything below the floor raised to it."""
        return mel.clamp_min(self.floor)

    def encode(self, mel: Tensor) -> Tensor:
        """Floored log-mel (B, T, 128), T a multiple of 4, to latents (B, 16, T / 4, 32)."""
        return torch.einsum("btfp,cp->bctf", patches(mel - self.mean), self.basis) / self.scale[:, None, None]

    def decode(self, latent: Tensor) -> Tensor:
        """Latents (B, 16, T / 4, 32) to log-mel (B, T, 128), the exact inverse of ``encode``."""
        cut = torch.einsum("bctf,cp->btfp", latent * self.scale[:, None, None], self.basis)
        batch, frames, rows, _ = cut.shape
        mel = cut.view(batch, frames, rows, PATCH, PATCH).transpose(2, 3).reshape(batch, frames * PATCH, rows * PATCH)
        return mel + self.mean


def patches(mel: Tensor) -> Tensor:
    """(B, T, 128) cut into (B, T / 4, 32, 16), each patch's frames outermost."""
    cut = mel.reshape(mel.shape[0], -1, PATCH, MEL_BINS // PATCH, PATCH)
    return cut.transpose(2, 3).flatten(3)


def fit(mel: Tensor, depth: float, whitening: float) -> Codec:
    """The codec of training frames ``mel`` (B, T, 128), natural log.

    ``depth``: how far, in nat, the floor lies below the clips' mean loudest point.
    ``whitening`` 1 gives every axis unit variance, 0 leaves their ratios; in between, an axis of standard deviation
    d becomes one of d^(1 - whitening), and all are scaled to a mean variance of 1.
    """
    floor = float(mel.float().amax(dim=(1, 2)).mean()) - depth
    floored = mel.float().clamp_min(floor)
    mean = floored.mean(dim=(0, 1))
    flat = patches(floored - mean).flatten(0, 2).double()
    variance, axes = torch.linalg.eigh(flat.T @ flat / len(flat))
    deviation = variance.flip(0).sqrt()
    scale = deviation**whitening
    scale = scale * (deviation / scale).square().mean().sqrt()
    return Codec(mean, axes.T.flip(0).float().contiguous(), scale.float(), floor)
