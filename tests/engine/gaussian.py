"""A latent model of one Gaussian, whose posterior is known in closed form: for directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from retone_engine.model import Defaults, Embedding, Encoded
from retone_engine.path import GaussianPath, Level, VPPath

FRAMES = 12
AXES = 2 * FRAMES


@dataclass(frozen=True)
class Gaussian:
    """x_0 ~ N(mean, C) on latents (B, 2, 12); C's axes are random, its variances fall by a fifth from one to the next.

    ``forward_mode`` False hides the prediction in an operation that has no forward-mode rule.
    """

    path: GaussianPath = field(default_factory=VPPath)
    dtype: torch.dtype = torch.float64
    forward_mode: bool = True
    distilled: bool = False

    name = "gaussian"
    sample_rate = 100
    channels = 1
    window = 2 * FRAMES
    hop = 2
    time_axis = 2
    modules: ClassVar[Mapping[str, tuple[torch.nn.Module, ...]]] = {}
    device = torch.device("cpu")
    defaults = Defaults(strength=0.5, steps=20, guidance_scale=1.0, source_guidance_scale=1.0)

    @cached_property
    def axes(self) -> Tensor:
        """The principal axes, one a column, the strongest first."""
        white = torch.randn(AXES, AXES, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
        return torch.linalg.qr(white).Q

    @cached_property
    def variances(self) -> Tensor:
        return 9 * 0.8 ** torch.arange(AXES, dtype=torch.float64)

    @cached_property
    def mean(self) -> Tensor:
        return torch.linspace(-1, 1, AXES, dtype=torch.float64)

    def posterior(self, level: Level) -> Tensor:
        """Cov[x_0 | x_t] at a single level, (24, 24)."""
        a, s = float(level.a), float(level.s)
        left = self.variances * s**2 / (a**2 * self.variances + s**2)
        return self.axes @ torch.diag(left) @ self.axes.T

    def sample(self, seed: int = 0) -> Tensor:
        white = torch.randn(AXES, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        return (self.mean + self.axes @ (self.variances.sqrt() * white)).view(1, 2, FRAMES).to(self.dtype)

    def encode(self, audio: Tensor) -> Encoded:
        frames = audio.shape[1]
        padded = torch.nn.functional.pad(audio, (0, AXES - frames)).to(self.dtype)
        return Encoded(padded.view(1, FRAMES, 2).transpose(1, 2), frames, {})

    def decode(self, latent: Tensor, source: Encoded, restore: bool) -> Tensor:
        return latent.transpose(1, 2).flatten(1)[:, None, : source.frames]

    def embed(self, prompts: Sequence[str], frames: int | None = None) -> Embedding:
        return Embedding({"none": torch.zeros(len(prompts), 1)})

    def predict_clean(self, x: Tensor, level: Level, embedding: Embedding) -> Tensor:
        a, s = level.a.to(x)[:, None], level.s.to(x)[:, None]
        mean, axes, variances = self.mean.to(x), self.axes.to(x), self.variances.to(x)
        seen = (x.flatten(1) - a * mean) @ axes
        clean = mean + (a * variances / (a**2 * variances + s**2) * seen) @ axes.T
        if not self.forward_mode:
            clean = _NoForwardMode.apply(clean)
        return clean.view(x.shape)

    def unknown_prompt(self, prompt: str) -> str | None:
        return None


class _NoForwardMode(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def setup_context(ctx: object, inputs: object, output: object) -> None:
        pass

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:
        return gradient
