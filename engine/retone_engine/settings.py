"""What every request asks of the model, with every ``auto`` of the model's filled in."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import torch

from retone_engine.model import LatentModel
from retone_engine.path import Schedule, schedule
from retone_engine.request import ClipRequest, DirectionsRequest, EditRequest

# Rows of one network call in inversion. Larger gains little on a CPU and costs memory on a small GPU.
BLOCK = 16

Value = TypeVar("Value")
RequestT = TypeVar("RequestT", bound=ClipRequest)


@dataclass(frozen=True)
class Settings:
    """The part of a request that inversion is concerned with; fields as in ClipRequest, none of them auto."""

    model: str
    precision: str
    source_prompt: str
    source_guidance_scale: float
    steps: int
    spacing: str
    block: int

    @staticmethod
    def of(request: ClipRequest, model: LatentModel, name: str) -> Settings:
        """``request``, already ``filled``, for ``model``, which was asked for by ``name``."""
        return Settings(
            model=name,
            precision=precision_name(model.dtype),
            source_prompt=request.source_prompt,
            source_guidance_scale=known(request.source_guidance_scale),
            steps=known(request.steps),
            spacing=request.spacing,
            block=known(request.block),
        )

    def schedule(self, model: LatentModel, strength: float) -> Schedule:
        """The levels that ``strength`` visits."""
        return schedule(model.path, strength, self.steps, self.spacing)

    @property
    def inverted_by(self) -> tuple[Hashable, ...]:
        """All that an inversion depends on beside the audio, the seed and the method."""
        return (
            self.model, self.precision, self.source_prompt, self.source_guidance_scale, self.steps, self.spacing,
            self.block,
        )  # fmt: skip


def filled(request: RequestT, model: LatentModel) -> RequestT:
    """``request`` with no auto left that is the model's: what a recipe keeps."""
    auto = model.defaults
    finds = isinstance(request, DirectionsRequest)
    values: dict[str, Any] = {
        "precision": precision_name(model.dtype),
        "strength": _either(request.strength, auto.steer_strength if finds else auto.strength),
        "steps": _either(request.steps, auto.steps),
        "source_guidance_scale": _either(request.source_guidance_scale, auto.source_guidance_scale),
        "block": _either(request.block, BLOCK),
    }
    if isinstance(request, DirectionsRequest):
        values["noise_level"] = None if request.each_step else _either(request.noise_level, auto.noise_level)
        values["strength_end"] = _either(request.strength_end, auto.steer_strength_end)
    if isinstance(request, EditRequest):
        values["guidance_scale"] = _either(request.guidance_scale, auto.guidance_scale)
        values["guidance_rescale"] = _either(request.guidance_rescale, auto.guidance_rescale)
    return replace(request, **values)


def known(value: Value | None) -> Value:
    """``value``, which a ``filled`` request has."""
    if value is None:
        raise ValueError("The request was not filled.")
    return value


def precision_name(dtype: torch.dtype) -> str:
    """``float32`` and so on."""
    return str(dtype).removeprefix("torch.")


def _either(asked: Value | None, default: Value) -> Value:
    return default if asked is None else asked
