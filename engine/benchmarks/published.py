"""The published procedures of editing, step by step, to compare with.

Written from the equations of arXiv 2402.10009. Text-based editing, section 3.1: extract a noise map z_t at every one of
the N steps, then sample again from step Tstart with the same maps. As published: one row a network call, two calls a
step where there is guidance, all N steps inverted whatever Tstart is, and z of the last step set to 0 (its deviation
can be 0). Directions, section 3.2: fifty rounds of subspace iteration by finite differences, all vectors in one call.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from retone_engine.guidance import Guidance
from retone_engine.model import LatentModel
from retone_engine.noise import noise
from retone_engine.path import GaussianPath, Level, Schedule, published_levels


def published_schedule(path: GaussianPath, steps: int) -> Schedule:
    """All N levels uniform in AudioLDM's training time, as its published settings have them, noisiest first."""
    return Schedule.of(path.at(published_levels(steps)))


def one_by_one(model: LatentModel, x: Tensor, level: Level, guidance: Guidance) -> Tensor:
    """The guided clean prediction of ``x`` (B, ...) at a single level, a call for each branch."""
    prompt = model.predict_clean(x, level.rows(len(x)), guidance.embedding[:1].rows(len(x)))
    if guidance.rows == 1:
        return prompt
    other = model.predict_clean(x, level.rows(len(x)), guidance.embedding[1:].rows(len(x)))
    return other + guidance.scale * (prompt - other)


def coefficients(level: Level, index: int) -> tuple[float, float, float]:
    """Of the step from level t to u: the weights of x0hat and x_t in mu_u, and the deviation."""
    a, s = float(level.a[index]), float(level.s[index])
    last = index + 1 == len(level)
    a_u, s_u = (1.0, 0.0) if last else (float(level.a[index + 1]), float(level.s[index + 1]))
    r = a * s_u / (a_u * s)
    return a_u * (1 - r * r), r * r * a_u / a, s_u * math.sqrt(1 - r * r)


def invert_published(
    model: LatentModel, latent: Tensor, schedule: Schedule, source: Guidance, seed: int
) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
    """x_t of every level, and z_t = (x_u - mu_u(x_t)) / sd of every step, each (1, ...)."""
    level = schedule.level
    states = []
    for index in range(len(schedule)):
        e = noise(latent.shape, model.time_axis, seed, schedule.first + index).to(latent)
        states.append(float(level.a[index]) * latent + float(level.s[index]) * e)
    states.append(latent)
    maps = []
    for index in range(len(schedule)):
        clean = one_by_one(model, states[index], level[slice(index, index + 1)], source)
        of_clean, of_x, deviation = coefficients(level, index)
        if index + 1 == len(schedule):
            maps.append(torch.zeros_like(latent))
        else:
            maps.append((states[index + 1] - of_clean * clean - of_x * states[index]) / deviation)
    return states, maps


def edit_published(
    model: LatentModel,
    latent: Tensor,
    schedule: Schedule,
    start: int,
    source: Guidance,
    target: Guidance,
    seed: int,
) -> Tensor:
    """The edit of ``latent`` (1, ...) from level ``start`` of ``schedule`` on: inversion of all levels, then replay."""
    states, maps = invert_published(model, latent, schedule, source, seed)
    return sample_published(model, states[start], maps, schedule, start, target)


def sample_published(
    model: LatentModel, x: Tensor, maps: Sequence[Tensor], schedule: Schedule, start: int, target: Guidance
) -> Tensor:
    """Sample from ``x`` at level ``start`` with the extracted ``maps``."""
    for index in range(start, len(schedule)):
        clean = one_by_one(model, x, schedule.level[slice(index, index + 1)], target)
        of_clean, of_x, deviation = coefficients(schedule.level, index)
        x = of_clean * clean + of_x * x + deviation * maps[index]
    return x


def directions_published(
    model: LatentModel, x: Tensor, level: Level, guidance: Guidance, count: int, rounds: int = 50, step: float = 1e-3
) -> tuple[Tensor, Tensor]:
    """``count`` directions (count, ...) of the posterior of ``x`` (1, ...) at the single ``level``, and variances.

    ``step``: the length of the finite difference. The variances are those of the last round's images, as published.
    """
    a, s = float(level.a), float(level.s)
    base = one_by_one(model, x, level, guidance)
    first = [noise(x.shape, model.time_axis, seed, 0) for seed in range(count)]
    vectors, size = torch.cat(first).to(x), torch.ones(count)
    for _ in range(rounds):
        image = (one_by_one(model, x + step * a * vectors, level, guidance) - base).flatten(1)
        size = image.norm(dim=1)
        basis = torch.linalg.qr(image.T).Q.T
        order = size.argsort(descending=True)
        vectors, size = basis[order].view_as(vectors), size[order]
    return vectors, size / step * (s / a) ** 2
