"""One stochastic step of the two samplers that the published code uses: its mean and its deviation."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class DDIM:
    """DDIM with eta = 1 (arXiv 2010.02502, equations 12 and 16) from level t to level u.

    ``alphas``: the cumulated products at the levels, noisiest first, float64 (n,). After the last the latent is clean:
    its product is 1. (The published code takes that of the first trained step there, and calls the result clean.)
    """

    alphas: Tensor

    def __len__(self) -> int:
        return len(self.alphas)

    def noised(self, x0: Tensor, e: Tensor, i: int) -> Tensor:
        return self._now(i).sqrt() * x0 + (1 - self._now(i)).sqrt() * e

    def mean(self, x: Tensor, x0: Tensor, i: int) -> Tensor:
        """Of x_u, where the network predicts ``x0`` for ``x``."""
        e = (x - self._now(i).sqrt() * x0) / (1 - self._now(i)).sqrt()
        return self._next(i).sqrt() * x0 + (1 - self._next(i) - self.deviation(i) ** 2).clamp_min(0).sqrt() * e

    def deviation(self, i: int) -> Tensor:
        now, then = self._now(i), self._next(i)
        return ((1 - then) / (1 - now) * (1 - now / then)).sqrt()

    def signal(self, i: int) -> Tensor:
        return self._now(i).sqrt()

    def noise(self, i: int) -> Tensor:
        return (1 - self._now(i)).sqrt()

    def _now(self, i: int) -> Tensor:
        return self.alphas[i]

    def _next(self, i: int) -> Tensor:
        return self.alphas[i + 1] if i + 1 < len(self.alphas) else torch.ones_like(self.alphas[0])


@dataclass(frozen=True)
class DPMSolver:
    """SDE-DPM-Solver++ of first order (arXiv 2211.01095, appendix) on x_t = x_0 + sigma e.

    ``sigmas``: at the levels, noisiest first, float64 (n,). After the last the latent is clean: its sigma is 0.
    """

    sigmas: Tensor

    def __len__(self) -> int:
        return len(self.sigmas)

    def noised(self, x0: Tensor, e: Tensor, i: int) -> Tensor:
        return x0 + self.sigmas[i] * e

    def mean(self, x: Tensor, x0: Tensor, i: int) -> Tensor:
        """Of x_u, where the network predicts ``x0`` for ``x``."""
        faded = self._next(i) / self.sigmas[i]  # exp(-h), h the step in ln(1 / sigma)
        return faded**2 * x + (1 - faded**2) * x0

    def deviation(self, i: int) -> Tensor:
        return self._next(i) * (1 - (self._next(i) / self.sigmas[i]) ** 2).sqrt()

    def signal(self, i: int) -> Tensor:
        return torch.ones_like(self.sigmas[i])

    def noise(self, i: int) -> Tensor:
        return self.sigmas[i]

    def _next(self, i: int) -> Tensor:
        return self.sigmas[i + 1] if i + 1 < len(self.sigmas) else torch.zeros_like(self.sigmas[0])


Sampler = DDIM | DPMSolver
