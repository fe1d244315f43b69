"""Stretches of time as weights along a latent: where a mask or a segment is, and how it fades."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from retone_engine.model import LatentModel
from retone_engine.segments import FADE_SECONDS


def stretch(model: LatentModel, latent: Tensor, start: float, stop: float, fade: float = FADE_SECONDS) -> Tensor:
    """Weights, broadcastable to ``latent`` (1, ...), of the seconds ``start`` to ``stop`` from its beginning.

    They rise as a raised cosine of ``fade`` seconds about ``start`` and fall about ``stop``: stretches that meet add up
    to 1. What begins at or before the latent's first second, or ends at inf, has no fade there.
    """
    frames = latent.shape[model.time_axis]
    middle = (torch.arange(frames, dtype=torch.float64) + 0.5) * (model.hop / model.sample_rate)
    rise = torch.ones_like(middle) if start <= 0 else _risen(middle, start, fade)
    fall = torch.zeros_like(middle) if math.isinf(stop) else _risen(middle, stop, fade)
    return _along((rise - fall).clamp_min(0), model, latent)


def inside(model: LatentModel, latent: Tensor, start: float, stop: float) -> Tensor:
    """1 in every latent frame that holds some of ``start`` to ``stop`` seconds, else 0; shaped as in ``stretch``."""
    each = model.hop / model.sample_rate
    begins = torch.arange(latent.shape[model.time_axis], dtype=torch.float64) * each
    return _along(((begins + each > start) & (begins < stop)).double(), model, latent)


def _risen(middle: Tensor, at: float, fade: float) -> Tensor:
    """0 before ``at``, 1 after it."""
    return 0.5 - 0.5 * torch.cos(math.pi * ((middle - at) / fade + 0.5).clamp(0, 1))


def _along(weights: Tensor, model: LatentModel, latent: Tensor) -> Tensor:
    shape = [1] * latent.ndim
    shape[model.time_axis] = len(weights)
    return weights.view(shape).to(latent)
