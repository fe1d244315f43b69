"""A latent model whose posterior mean is known exactly: mixtures of Gaussians with memory along time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from retone_engine.model import Defaults, Embedding, Encoded
from retone_engine.path import GaussianPath, Level, VPPath

CHANNELS = 2


@dataclass(frozen=True)
class ClosedForm:
    """x_0 is one of two Gaussians; each prompt names one of them, and the empty prompt means either.

    Latents are (B, 2, T), simply the audio (1, hop T) folded. Each Gaussian has its own mean per channel and an
    exponential covariance along time, so neighbours depend on one another as a network's outputs do.
    """

    path: GaussianPath = field(default_factory=VPPath)
    dtype: torch.dtype = torch.float64
    window: int = 64
    means: tuple[tuple[float, float], tuple[float, float]] = ((1.0, -0.5), (-0.8, 0.7))
    deviations: tuple[float, float] = (0.7, 1.1)
    memory: tuple[float, float] = (0.9, 0.6)

    name = "closed form"
    sample_rate = 100
    channels = 1
    hop = CHANNELS
    time_axis = 2
    distilled = False
    modules: ClassVar[Mapping[str, tuple[torch.nn.Module, ...]]] = {}
    device = torch.device("cpu")
    defaults = Defaults(strength=0.5, steps=20, guidance_scale=2.0, source_guidance_scale=1.0)
    prompts = ("", "first", "second")

    def encode(self, audio: Tensor) -> Encoded:
        frames = audio.shape[1]
        padded = torch.nn.functional.pad(audio, (0, -frames % self.hop)).to(self.dtype)
        return Encoded(padded.view(1, -1, CHANNELS).transpose(1, 2), frames, {"peak": audio.abs().amax()})

    def decode(self, latent: Tensor, source: Encoded, restore: bool) -> Tensor:
        return latent.transpose(1, 2).flatten(1)[:, None, : source.frames]

    def embed(self, prompts: Sequence[str], frames: int | None = None) -> Embedding:
        weights = torch.tensor([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
        return Embedding({"weights": weights[[self.prompts.index(prompt) for prompt in prompts]]})

    def predict_clean(self, x: Tensor, level: Level, embedding: Embedding) -> Tensor:
        return torch.stack(
            [
                self._posterior(row.double(), level.a[i], level.s[i], embedding.tensors["weights"][i])
                for i, row in enumerate(x)
            ]
        ).to(x.dtype)

    def unknown_prompt(self, prompt: str) -> str | None:
        return None if prompt in self.prompts else "It knows two words."

    def covariance(self, component: int, frames: int) -> Tensor:
        apart = (torch.arange(frames)[:, None] - torch.arange(frames)).abs().double()
        return self.deviations[component] ** 2 * self.memory[component] ** apart

    def sample(self, component: int, frames: int, seed: int = 0) -> Tensor:
        """A latent (1, 2, T) drawn from one of the two."""
        white = torch.randn(1, CHANNELS, frames, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        root = torch.linalg.cholesky(self.covariance(component, frames))
        return (white @ root.T + torch.tensor(self.means[component]).double()[:, None]).to(self.dtype)

    def _posterior(self, x: Tensor, a: Tensor, s: Tensor, weights: Tensor) -> Tensor:
        """E[x_0 | x] for x (2, T): each component's, weighted by how likely it made x."""
        means, likelihoods = [], []
        for component in range(2):
            mean = torch.tensor(self.means[component]).double()[:, None]
            prior = self.covariance(component, x.shape[1])
            seen = a**2 * prior + s**2 * torch.eye(x.shape[1])
            innovation = torch.linalg.solve(seen, (x - a * mean).T).T
            means.append(mean + a * innovation @ prior)
            likelihoods.append(
                -0.5 * (innovation * (x - a * mean)).sum()
                - 0.5 * CHANNELS * torch.logdet(seen)
                + weights[component].log()
            )
        share = torch.softmax(torch.stack(likelihoods), dim=0)
        return share[0] * means[0] + share[1] * means[1]
