"""A prompt and how hard it pulls: classifier-free guidance, both branches in one network call."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool1d

from retone_engine.model import Embedding, LatentModel
from retone_engine.path import Level


@dataclass(frozen=True)
class Guidance:
    """What one pass of the network is asked for.

    ``embedding``: the prompt's row, then, only where guidance needs it, the row of the unconditional branch.
    ``scale``: x0hat = x0hat_other + scale (x0hat_prompt - x0hat_other).
    ``rescale``: 0..1, how much of the deviation that guidance adds is taken back.
    """

    embedding: Embedding
    scale: float = 1.0
    rescale: float = 0.0

    @property
    def rows(self) -> int:
        """Network rows a latent: 2 where guidance is at work, else 1."""
        return len(self.embedding)


def guidance(
    model: LatentModel,
    prompt: str,
    scale: float,
    negative_prompt: str = "",
    rescale: float = 0.0,
    frames: int | None = None,
) -> Guidance:
    """``prompt`` against ``negative_prompt`` (or nothing) as ``model`` takes them, for a clip of ``frames``.

    Scale 1, or two prompts that are the same (both empty, say), need no second branch: one row a latent.
    """
    if scale == 1 or prompt == negative_prompt:
        return Guidance(model.embed([prompt], frames))
    return Guidance(model.embed([prompt, negative_prompt], frames), scale, rescale)


def predict(model: LatentModel, x: Tensor, level: Level, guidance: Guidance) -> Tensor:
    """The guided clean prediction of ``x``: (B, ...) at B levels, in one call of B or 2 B rows; shaped like ``x``."""
    embedding = guidance.embedding.rows(len(x))
    if guidance.rows == 1:
        return model.predict_clean(x, level, embedding)
    both = model.predict_clean(torch.cat([x, x]), Level.cat([level, level]), embedding)
    prompt, other = both.chunk(2)
    guided = torch.lerp(other, prompt, guidance.scale)
    if guidance.rescale == 0:
        return guided
    window = model.window // model.hop
    back = deviation(prompt, model.time_axis, window) / deviation(guided, model.time_axis, window)
    return guided * torch.lerp(torch.ones_like(back), back, guidance.rescale)


def deviation(x: Tensor, time_axis: int, window: int) -> Tensor:
    """The standard deviation of each row of ``x`` (B, ...), shaped to multiply it.

    Used for guidance rescale (Lin et al., arXiv 2305.08891, eq. 15 and 16), here on the clean prediction: its
    deviation is what guidance inflates at every level and in every family, while epsilon's stays near 1 whatever the
    audio does. Latents longer than ``window`` frames have a deviation for each frame, over the ``window`` around it,
    so that an edit does not depend on what is far away.
    """
    if x.shape[time_axis] <= window:
        return x.std(dim=tuple(range(1, x.ndim)), keepdim=True).clamp_min(1e-8)
    others = tuple(axis for axis in range(1, x.ndim) if axis != time_axis)
    moments = torch.stack([x.mean(dim=others), x.square().mean(dim=others)], dim=1)
    mean, square = avg_pool1d(
        moments, 2 * (window // 2) + 1, stride=1, padding=window // 2, count_include_pad=False
    ).unbind(1)
    spread = (square - mean.square()).clamp_min(1e-16).sqrt()
    return spread.view(len(x), *(frames if axis == time_axis else 1 for axis, frames in enumerate(x.shape[1:], 1)))
