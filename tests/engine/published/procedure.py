"""The procedures themselves: text-based editing, and drift along principal components."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from engine.published.samplers import Sampler

Clean = Callable[[Tensor, int], Tensor]
"""The guided clean prediction of x (n, ...), all at one level."""
Images = Callable[[Tensor], Tensor]
"""J v of vectors (n, ...), with J = d x0hat / d x_t."""


def invert(clean: Clean, x0: Tensor, noises: Sequence[Tensor], sampler: Sampler) -> tuple[list[Tensor], list[Tensor]]:
    """x_t of every level, each with noise of its own, and the map z_t of every step (section 3.1).

    The last step's deviation is 0, and the published code sets its z to 0; in its place stands here what that loses of
    the clip, x_0 - mean, which ``sample`` adds with weight 1.
    """
    states = [sampler.noised(x0, e, i) for i, e in enumerate(noises)] + [x0]
    maps = []
    for i, x in enumerate(states[:-1]):
        rest = states[i + 1] - sampler.mean(x, clean(x, i), i)
        maps.append(rest / sampler.deviation(i) if sampler.deviation(i) > 0 else rest)
    return states, maps


def sample(
    clean: Clean, x: Tensor, maps: Sequence[Tensor], sampler: Sampler, start: int, drift: Mapping[int, Tensor]
) -> Tensor:
    """From ``x`` at level ``start`` to the clean latent with the noise ``maps``.

    ``drift``: what is added to the clean prediction, by level; the noise that goes with it changes accordingly.
    """
    for i in range(start, len(sampler)):
        x0 = clean(x, i) + drift.get(i, 0)
        deviation = sampler.deviation(i) if sampler.deviation(i) > 0 else 1
        x = sampler.mean(x, x0, i) + deviation * maps[i]
    return x


def principal_components(images: Images, begin: Tensor, rounds: int) -> tuple[Tensor, Tensor]:
    """The leading eigenvectors (n, ...) and eigenvalues of J, the strongest first, by subspace iteration (section 3.2).

    ``images``: J v of each of some vectors, from ``finite_differences`` or ``derivatives``. ``begin``: (n, ...).
    Where x0hat is a posterior mean, J is symmetric, and the last images' norms are its eigenvalues, as the published
    code has it. What a network of random weights predicts is no such mean: the subspace converges all the same, and its
    axes are those of the symmetric part of J inside it.
    """
    vectors = _orthonormal(begin)
    for _ in range(rounds):
        vectors = _orthonormal(images(vectors))
    small = vectors.flatten(1) @ images(vectors).flatten(1).T
    values, turn = torch.linalg.eigh((small + small.T) / 2)
    return torch.tensordot(turn.T, vectors, dims=1).flip(0), values.flip(0)


def finite_differences(clean: Clean, x: Tensor, i: int, signal: Tensor, step: float) -> Images:
    """J v by a finite step of length ``step`` times the level's ``signal``, as published."""
    base = clean(x, i)
    return lambda vectors: (clean(x + step * signal * vectors, i) - base) / (step * signal)


def derivatives(clean: Clean, x: Tensor, i: int, mask: Tensor) -> Images:
    """J v with the whole of J, made by reverse mode, inside the ``mask``.

    What finite differences tend to: where a network rounds to float32 somewhere inside, steps that are short enough
    drown in that.
    """
    jacobian = torch.autograd.functional.jacobian(lambda latent: clean(latent, i), x, vectorize=True)
    rows = jacobian.view(x.numel(), x.numel())
    return lambda vectors: ((vectors * mask).flatten(1) @ rows.T).view_as(vectors) * mask


def _orthonormal(vectors: Tensor) -> Tensor:
    return torch.linalg.qr(vectors.flatten(1).T).Q.T.reshape(vectors.shape)
