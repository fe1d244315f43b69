"""What pulls at a clip while it is edited: one prompt everywhere, or several, each in its own stretch of time.

A part's weight says where its prompt is heard; what the weights leave over stays the source. A mask is a single part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from retone_engine.guidance import Guidance, predict
from retone_engine.model import LatentModel
from retone_engine.path import Level


@dataclass(frozen=True)
class Part:
    """A prompt and its stretch of time.

    ``weight``: 0..1, broadcastable to a latent (1, ...); the weights of all parts add up to at most 1.
    ``span``: the latent frames that are predicted for it, all with a weight among them; None is all there are.
    ``first``: the step of the full schedule from which it pulls; before that its stretch follows the source.
    """

    guidance: Guidance
    weight: Tensor
    span: slice | None = None
    first: int = 0


Target: TypeAlias = Guidance | Sequence[Part]


def pulled(model: LatentModel, x: Tensor, level: Level, step: int, target: Target) -> tuple[Tensor, Tensor | float]:
    """The clean predictions of ``x`` (B, ...) under every part, each times its weight, and the sum of the weights.

    ``level``: B levels; ``step`` counts on the full schedule. Shapes: that of ``x``; broadcastable to it.
    """
    if isinstance(target, Guidance):
        return predict(model, x, level, target), 1.0
    clean = torch.zeros_like(x)
    cover = x.new_zeros([1] * x.ndim)
    for part in target:
        if step < part.first:
            continue
        weight = part.weight.to(x)
        index = (slice(None),) * model.time_axis + (part.span or slice(None),)
        clean[index] += weight.expand(1, *x.shape[1:])[index] * predict(model, x[index], level, part.guidance)
        cover = cover + weight
    return clean, cover
