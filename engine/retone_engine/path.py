"""The Gaussian path of a model, and the steps an edit takes on it.

Every supported model noises a clean latent as ``x_t = a_t x_0 + s_t e`` with e ~ N(0, I). What differs is the
scaling: variance preserving (VP: a^2 + s^2 = 1), EDM (a = 1) or rectified flow (a + s = 1). A level of noise is
named by ``lam = ln(a / s)``, which means the same on all three, so that one schedule serves every family.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

# ln(a / s) where the last step starts: below this noise (s / a = 0.03) nothing can be heard.
LAST_LAMBDA = 3.5


@dataclass(frozen=True)
class Level:
    """Noise levels: the model's own time ``t``, and ``a``, ``s`` of the path. Each float64, shape (n,)."""

    t: Tensor
    a: Tensor
    s: Tensor

    def __len__(self) -> int:
        return self.t.shape[0]

    def __getitem__(self, index: slice | Tensor) -> Level:
        return Level(self.t[index], self.a[index], self.s[index])

    def rows(self, count: int) -> Level:
        """This level, which must be a single one, for ``count`` rows of a batch."""
        return Level(self.t.expand(count), self.a.expand(count), self.s.expand(count))

    @property
    def lam(self) -> Tensor:
        return torch.log(self.a / self.s)

    @staticmethod
    def cat(levels: list[Level]) -> Level:
        return Level(
            torch.cat([level.t for level in levels]),
            torch.cat([level.a for level in levels]),
            torch.cat([level.s for level in levels]),
        )


class GaussianPath(Protocol):
    """How a family scales signal and noise, and what it calls a level of noise."""

    def at(self, lam: Tensor) -> Level:
        """The levels with ln(a / s) = ``lam`` (float64, shape (n,)), or the nearest the model was trained on."""
        ...


@dataclass(frozen=True)
class VPPath:
    """Variance preserving, continuous in time; the model's time is lam itself."""

    def at(self, lam: Tensor) -> Level:
        lam = lam.double()
        return Level(lam, torch.sigmoid(2 * lam).sqrt(), torch.sigmoid(-2 * lam).sqrt())


@dataclass(frozen=True)
class DiscreteVPPath:
    """Variance preserving on trained steps 0..T-1 (DDPM); levels snap to the nearest of them.

    ``alphas_cumprod``: float64, shape (T,), as in a diffusers scheduler.
    """

    alphas_cumprod: Tensor

    def at(self, lam: Tensor) -> Level:
        abar = self.alphas_cumprod.double()
        trained = 0.5 * torch.log(abar / (1 - abar))
        nearest = (lam.double()[:, None] - trained[None, :]).abs().argmin(dim=1)
        # Two levels on one trained step would be a step of no length: keep each once, noisiest first.
        nearest = torch.unique(nearest).flip(0)
        return Level(nearest.double(), abar[nearest].sqrt(), (1 - abar[nearest]).sqrt())


@dataclass(frozen=True)
class EDMPath:
    """Variance exploding (k-diffusion): a = 1, s = sigma; the model's time is sigma."""

    def at(self, lam: Tensor) -> Level:
        sigma = torch.exp(-lam.double())
        return Level(sigma, torch.ones_like(sigma), sigma)


@dataclass(frozen=True)
class FlowPath:
    """Rectified flow: a = 1 - t, s = t; the model's time is t."""

    def at(self, lam: Tensor) -> Level:
        t = torch.sigmoid(-lam.double())
        return Level(t, 1 - t, t)


def clean_of(prediction: str, x: Tensor, output: Tensor, level: Level) -> Tensor:
    """x0hat of ``x`` (B, ...) at B levels, from what a network with this ``prediction`` gave for it.

    ``epsilon``: the noise. ``v_prediction``: a' e - s' x_0 with a', s' of the path scaled to a'^2 + s'^2 = 1, which on
    VP is v itself and on EDM (sigma_data 1) the preconditioned network. ``flow``: e - x_0, the velocity.
    Raises ValueError for any other name.
    """
    a, s = (value.to(x.device, x.dtype).view(-1, *[1] * (x.ndim - 1)) for value in (level.a, level.s))
    match prediction:
        case "epsilon":
            return (x - s * output) / a
        case "v_prediction":
            power = a.square() + s.square()
            return (a * x - s * power.sqrt() * output) / power
        case "flow":
            return (x - s * output) / (a + s)
        case _:
            raise ValueError(f"The network predicts {prediction!r}, which is neither epsilon, v nor a velocity.")


@dataclass(frozen=True)
class Schedule:
    """The levels of an edit, noisiest first, and how much of the state each step keeps.

    ``level``: n levels. The step from level i goes to level i + 1, the last one to the clean latent.
    ``keep``: r^2 of each step, float64, shape (n,), with r = a_t s_u / (a_u s_t); the last is 0.
    ``first``: where level 0 stands on the full schedule of ``steps``, so that noise is the same noise at any strength.
    """

    level: Level
    keep: Tensor
    first: int

    @staticmethod
    def of(level: Level) -> Schedule:
        """The full schedule of these levels, which go from noisy to less noisy."""
        keep = torch.zeros(len(level), dtype=torch.float64)
        keep[:-1] = torch.exp(2 * (level.lam[:-1] - level.lam[1:]))
        return Schedule(level, keep, 0)

    def tail(self, first: int) -> Schedule:
        """This schedule from step ``first`` of the full one on, where it reaches that far up."""
        skip = slice(first - self.first, None)
        return Schedule(self.level[skip], self.keep[skip], first)

    def __len__(self) -> int:
        return len(self.level)


def noise_ratio(strength: float) -> float:
    """s / a where an edit of this strength (0..1) starts.

    One scale for all families: that of AudioLDM's training path (scaled-linear betas, 0.0015 to 0.0195 in 1,000
    steps), on which the paper states its strengths as Tstart / N. There 0.5 is 2.8.
    """
    low, high = math.sqrt(0.0015), math.sqrt(0.0195)
    slope = high - low
    log_abar = -1000 * ((low + slope * strength) ** 3 - low**3) / (3 * slope)
    return math.sqrt(math.expm1(-log_abar))


def log_snr_levels(steps: int) -> Tensor:
    """ln(a / s) of ``steps`` levels, evenly from the path's noisy end to where nothing can be heard."""
    return torch.linspace(-math.log(noise_ratio(1.0)), LAST_LAMBDA, steps, dtype=torch.float64)


def published_levels(steps: int) -> Tensor:
    """ln(a / s) of ``steps`` levels even in AudioLDM's training time, as the paper's code has them."""
    return torch.tensor([-math.log(noise_ratio(step / steps)) for step in range(steps, 0, -1)], dtype=torch.float64)


SPACINGS = {"log_snr": log_snr_levels, "published": published_levels}


def schedule(path: GaussianPath, strength: float, steps: int, spacing: str = "log_snr") -> Schedule:
    """The levels that an edit of ``strength`` (0..1) visits, out of ``steps`` on the whole path.

    ``spacing``: a name of SPACINGS, how the steps lie on the path. A lower strength visits the tail of the same levels,
    so one inversion serves every strength up to its own. Strength 0 gives an empty schedule.
    """
    whole = Schedule.of(path.at(SPACINGS[spacing](steps)))
    if strength <= 0:
        return whole.tail(len(whole))
    start = -math.log(noise_ratio(strength))
    return whole.tail(int((whole.level.lam - start).abs().argmin()))
