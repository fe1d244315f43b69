"""The methods that DDPM inversion is compared with, called like it.

SDEdit (arXiv 2108.01073) starts from the noised clip and samples with fresh noise. DDIM inversion (arXiv 2010.02502)
starts where the deterministic sampler, run backwards under the source prompt, ends, and runs it forwards under the
target's. FlowEdit (arXiv 2412.08629) inverts nothing: it follows the difference of the deterministic sampler's steps
under both prompts, on fresh noise at every level.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from retone_engine.guidance import Guidance, predict
from retone_engine.inversion import Inversion, OnCall, invert
from retone_engine.model import LatentModel
from retone_engine.noise import noise
from retone_engine.path import Schedule
from retone_engine.replay import recur, replay
from retone_engine.target import Target, pulled


@dataclass(frozen=True)
class Trajectory(Inversion):
    """A clip's own way into noise under the deterministic sampler. ``kept``: x_t of each level, shape (n, ...)."""

    def noised(self, index: int) -> Tensor:
        if index == len(self.schedule):
            return self.latent
        return self.kept[index : index + 1].to(self.latent)


def noise_only(
    model: LatentModel,
    latent: Tensor,
    schedule: Schedule,
    source: Guidance,
    seed: int,
    *,
    block: int = 16,
    on_call: OnCall | None = None,
    known: Inversion | None = None,
) -> Inversion:
    """What SDEdit starts from: ``latent`` (1, ...) and its noise. No network call; the source prompt is not used."""
    nothing = torch.empty((len(schedule), 0), dtype=latent.dtype)
    return Inversion(latent, schedule, seed, model.time_axis, nothing)


def sdedit(
    model: LatentModel,
    inversions: Sequence[Inversion],
    target: Target,
    *,
    on_call: OnCall | None = None,
    shift: Mapping[int, Tensor] | None = None,
) -> Tensor:
    """Sample from the noised clip with fresh noise; arguments and result as in ``replay``."""
    return _sample(model, inversions, target, True, on_call, shift)


def ddim_invert(
    model: LatentModel,
    latent: Tensor,
    schedule: Schedule,
    source: Guidance,
    seed: int,
    *,
    block: int = 16,
    on_call: OnCall | None = None,
    known: Inversion | None = None,
) -> Inversion:
    """The deterministic way of ``latent`` (1, ...) into noise, as in ``invert``; one call a step, ``block`` unused.

    The step from u to the noisier t takes ehat at t from x_u scaled to t's signal, as the usual implementations do.
    ``seed`` is only kept: nothing here is random.
    """
    if known is not None and not torch.equal(known.latent, latent):
        raise ValueError("The known inversion is of another clip.")
    if known is not None and known.reaches(schedule):
        return known.at(schedule)
    states = torch.empty((len(schedule), *latent.shape[1:]), dtype=latent.dtype)
    result = Trajectory(latent, schedule, seed, model.time_axis, states)
    missing = len(schedule)
    if known is not None:
        result.at(known.schedule).kept.copy_(known.kept)
        missing -= len(known.schedule)
    for done, index in enumerate(reversed(range(missing))):
        if on_call is not None:
            on_call(done, missing)
        a, s = (float(v[index]) for v in (schedule.level.a, schedule.level.s))
        a_u, s_u = _next(schedule, index)
        x = result.noised(index + 1)
        e = _noise_in(a / a_u * x, predict(model, a / a_u * x, schedule.level[slice(index, index + 1)], source), a, s)
        states[index] = (a / a_u * (x - s_u * e) + s * e)[0].to(states)
    return result


def ddim(
    model: LatentModel,
    inversions: Sequence[Inversion],
    target: Target,
    *,
    on_call: OnCall | None = None,
    shift: Mapping[int, Tensor] | None = None,
) -> Tensor:
    """Sample deterministically from where ``ddim_invert`` ended; arguments and result as in ``replay``."""
    return _sample(model, inversions, target, False, on_call, shift)


def flowedit(
    model: LatentModel,
    inversions: Sequence[Inversion],
    target: Target,
    *,
    on_call: OnCall | None = None,
    shift: Mapping[int, Tensor] | None = None,
) -> Tensor:
    """Follow the difference of both prompts' deterministic steps; arguments and result as in ``replay``.

    In x / a, where every Gaussian path is the same, the step's ODE gives replay's recurrence with r in place of r^2.
    The published form, for rectified flow, adds the offset to x_t unscaled; here it is scaled by a_t, so that the
    displaced state is what noising the edited latent would give. One draw of the noise a level (n_avg = 1).
    """
    return recur(model, inversions, target, inversions[0].schedule.keep.sqrt(), on_call, shift)


def _sample(
    model: LatentModel,
    inversions: Sequence[Inversion],
    target: Target,
    stochastic: bool,
    on_call: OnCall | None,
    shift: Mapping[int, Tensor] | None,
) -> Tensor:
    schedule = inversions[0].schedule
    x = torch.cat([inversion.noised(0) for inversion in inversions])
    for index in range(len(schedule)):
        if on_call is not None:
            on_call(index, len(schedule))
        step = schedule.first + index
        level = schedule.level[slice(index, index + 1)]
        clean, cover = pulled(model, x, level.rows(len(x)), step, target)
        if isinstance(cover, Tensor):
            clean = clean / cover.clamp_min(1e-6)
        if shift is not None and step in shift:
            clean = clean + shift[step].to(clean)
        a, s = float(level.a), float(level.s)
        a_u, s_u = _next(schedule, index)
        if stochastic:
            keep = float(schedule.keep[index])
            # Level step + 1's noise has not been used: only the start's has.
            fresh = [noise(i.latent.shape, i.time_axis, i.seed, step + 1) for i in inversions]
            x = a_u * (1 - keep) * clean + keep * a_u / a * x + s_u * (1 - keep) ** 0.5 * torch.cat(fresh).to(x)
        else:
            x = a_u * clean + s_u * _noise_in(x, clean, a, s)
        if isinstance(cover, Tensor):
            own = torch.cat([inversion.noised(index + 1) for inversion in inversions])
            x = torch.lerp(own, x, cover.expand_as(x))
    return x


def _next(schedule: Schedule, index: int) -> tuple[float, float]:
    """(a, s) of the level after ``index``; the clean latent's are (1, 0)."""
    if index + 1 == len(schedule):
        return 1.0, 0.0
    return float(schedule.level.a[index + 1]), float(schedule.level.s[index + 1])


def _noise_in(x: Tensor, clean: Tensor, a: float, s: float) -> Tensor:
    """ehat: the noise that ``x`` holds if its clean latent is ``clean``."""
    return (x - a * clean) / s


@dataclass(frozen=True)
class Method:
    """``invert`` and ``replay`` of one editing method, with the arguments of the functions of those names."""

    invert: Callable[..., Inversion]
    replay: Callable[..., Tensor]


METHODS: Mapping[str, Method] = {
    "ddpm_inversion": Method(invert, replay),
    "sdedit": Method(noise_only, sdedit),
    "ddim_inversion": Method(ddim_invert, ddim),
    "flowedit": Method(invert, flowedit),
}
