"""A request with every ``auto`` of the model's filled in."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

import torch

from retone_engine.model import LatentModel
from retone_engine.request import EditRequest

# Rows of one network call in inversion. Larger gains little on a CPU and costs memory on a small GPU.
BLOCK = 16


@dataclass(frozen=True)
class Settings:
    """The part of a request that the model is concerned with; fields as in EditRequest, none of them auto."""

    model: str
    precision: str
    method: str
    prompt: str
    source_prompt: str
    negative_prompt: str
    strength: float
    steps: int
    guidance_scale: float
    source_guidance_scale: float
    guidance_rescale: float
    block: int
    restore: bool

    @staticmethod
    def of(request: EditRequest, model: LatentModel, name: str) -> Settings:
        """``request`` for ``model``, which was asked for by ``name``."""
        auto = model.defaults

        def value(asked: float | None, default: float) -> float:
            return default if asked is None else asked

        return Settings(
            model=name,
            precision=precision_name(model.dtype),
            method=request.method,
            prompt=request.prompt,
            source_prompt=request.source_prompt,
            negative_prompt=request.negative_prompt,
            strength=value(request.strength, auto.strength),
            steps=int(value(request.steps, auto.steps)),
            guidance_scale=value(request.guidance_scale, auto.guidance_scale),
            source_guidance_scale=value(request.source_guidance_scale, auto.source_guidance_scale),
            guidance_rescale=value(request.guidance_rescale, auto.guidance_rescale),
            block=request.block or BLOCK,
            restore=request.restore,
        )

    @property
    def inverted_by(self) -> tuple[Hashable, ...]:
        """All that an inversion depends on beside the audio and the seed; strength only says how much of it."""
        return (
            self.model,
            self.precision,
            self.method,
            self.source_prompt,
            self.source_guidance_scale,
            self.steps,
            self.block,
        )

    def filled(self, request: EditRequest, seed: int) -> EditRequest:
        """``request`` as a recipe keeps it: the one edit with this seed, and no auto left that is the model's."""
        return replace(
            request,
            seed=seed,
            variations=1,
            model=self.model,
            precision=self.precision,
            strength=self.strength,
            steps=self.steps,
            guidance_scale=self.guidance_scale,
            source_guidance_scale=self.source_guidance_scale,
            guidance_rescale=self.guidance_rescale,
            block=self.block,
        )


def precision_name(dtype: torch.dtype) -> str:
    """``float32`` and so on."""
    return str(dtype).removeprefix("torch.")
