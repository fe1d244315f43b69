"""Directions: the principal components of what a clip could plausibly be, given how it looks under noise.

On a Gaussian path the posterior covariance is the Jacobian of the clean prediction (arXiv 2402.10009, section 3.2; in
the notation of ``path``)

    Cov[x_0 | x_t] = (s_t^2 / a_t) J,     J = d x0hat / d x_t.

Its leading eigenvectors are found by subspace iteration: V <- J V, made orthonormal, again and again, all vectors in
one batch. A network's J is not quite symmetric, so each round ends with Rayleigh-Ritz on the symmetric part of V^T J V,
which also pairs every eigenvalue with its vector. A direction's sign is a convention: the sum of the cubes of its
entries is positive, that is, its few large entries point to +.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode

from retone_engine.errors import RetoneError
from retone_engine.guidance import Guidance, predict
from retone_engine.memory import in_batches
from retone_engine.model import LatentModel
from retone_engine.noise import noise
from retone_engine.path import Level
from retone_engine.windows import Windowed

# Vectors beyond those asked for: the error shrinks by the ratio of the first eigenvalue left out to the last wanted.
EXTRA = 3
ROUNDS = 50
# Sine of the angle that a direction may still turn, by what the last rounds foretell.
TOLERANCE = 0.04
# Length of the finite step along a unit vector, in units of the clean latent. Shorter drowns in float32's rounding,
# longer leaves where the prediction is linear: engine/benchmarks/directions.py --steps measures it.
FINITE_STEP = 0.1

Product = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Directions:
    """The leading directions at one level of noise, the one that explains most first.

    ``vectors``: (k, ...) orthonormal, each shaped like a latent without its batch axis, zero outside the mask.
    ``variances``: (k,) float64, the posterior variance along each. ``total``: that along all axes in the mask,
    estimated from the random vectors that the search began with (nan where it began with others). ``rounds`` of the
    search, and its ``products``: of the network's Jacobian with a vector. ``settled``: none was still turning when the
    search ended.
    """

    vectors: Tensor
    variances: Tensor
    total: float
    rounds: int
    products: int
    settled: bool

    @property
    def shares(self) -> Tensor:
        """Each direction's part of all the variance, (k,)."""
        return self.variances / self.total

    def deviations(self) -> Tensor:
        """One standard deviation along each direction, (k, ...)."""
        scale = self.variances.clamp_min(0).sqrt().to(self.vectors)
        return scale.view(-1, *[1] * (self.vectors.ndim - 1)) * self.vectors

    def like(self, before: Directions) -> Directions:
        """The same, numbered and signed like those ``before`` on a neighbouring level, to which they are closest."""
        overlap = self.vectors.flatten(1) @ before.vectors.flatten(1).T
        order = torch.zeros(len(overlap), dtype=torch.long)
        free = overlap.abs()
        for _ in range(len(overlap)):
            mine, theirs = divmod(int(free.argmax()), free.shape[1])
            order[theirs] = mine
            free[mine], free[:, theirs] = -1, -1
        sign = torch.where(overlap[order].diagonal() < 0, -1.0, 1.0).to(self.vectors)
        vectors = self.vectors[order] * sign.view(-1, *[1] * (self.vectors.ndim - 1))
        return replace(self, vectors=vectors, variances=self.variances[order])


def find(
    model: LatentModel,
    states: Tensor,
    level: Level,
    guidance: Guidance,
    count: int,
    *,
    mask: Tensor | None = None,
    start: Tensor | None = None,
    exact: bool | None = None,
    on_round: Callable[[int], None] = lambda done: None,
) -> Directions:
    """The ``count`` leading directions of the posterior of ``states`` at the single ``level``.

    ``states``: x_t (S, ...). Several are signals that move together, such as a clip's channels: their mean J is taken.
    ``mask``: 0 or 1, broadcastable to a latent: directions lie inside. ``start``: vectors (n, ...) of a neighbouring
    level to begin with. ``exact``: forward-mode products or finite differences; None prefers exact ones where the
    network has them. ``on_round(done)`` is called before each round; it may raise, which cancels the search.

    Raises RetoneError(bad_samples) where the network's predictions are no numbers.
    """
    shape = states.shape[1:]
    inside = None if mask is None else mask.to(states).expand(1, *shape)[0]
    axes = states[0].numel() if inside is None else int(inside.count_nonzero())
    size = min(count + EXTRA, axes)
    first = torch.cat([noise((1, *shape), model.time_axis, seed, 0) for seed in range(size)]).to(states)
    begin = first if start is None else torch.cat([start.to(states), first[: size - len(start)]])
    product = _products(model, states, level, guidance, exact)

    def masked(vectors: Tensor) -> Tensor:
        return vectors if inside is None else vectors * inside

    basis = _orthonormal(masked(begin))
    total, angles = 0.0, list[float]()
    found: Tensor | None = None
    for done in range(1, ROUNDS + 1):
        on_round(done - 1)
        image = masked(product(basis))
        small = (basis.flatten(1) @ image.flatten(1).T).cpu().double()  # Apple's GPUs have no double precision
        if not small.isfinite().all():
            raise RetoneError("bad_samples", "The model predicts what is no number; its files may be damaged.")
        if done == 1:
            # The mean of v^T J v over random unit vectors is the trace over the number of axes.
            total = float(small.diagonal().mean()) * axes
        values, turn = torch.linalg.eigh((small + small.T) / 2)
        values, turn = values.flip(0)[:count], turn.flip(1)[:, :count].to(states)
        before, found = found, torch.tensordot(turn.T, basis, dims=1)
        if before is not None:
            cosines = (before.flatten(1) * found.flatten(1)).sum(1).abs().clamp_max(1)
            angles.append(float((1 - cosines.square()).sqrt().max()))
        if _settled(angles):
            break
        basis = _orthonormal(image)
    assert found is not None
    if start is not None:
        total = float("nan")  # without random vectors there is no estimate; the row's first level has one
    gain = float(level.s.square() / level.a)
    vectors, products = _signed(masked(found)), done * size * len(states)
    return Directions(vectors, values * gain, total * gain, done, products, _settled(angles))


def _settled(angles: list[float]) -> bool:
    """Whether what is left of a geometric approach, or of rounding, is below TOLERANCE; ``angles`` of each round."""
    if len(angles) < 3:
        return False
    ratio = max(angles[-1] / max(angles[-2], 1e-12), angles[-2] / max(angles[-3], 1e-12))
    approach = angles[-1] * ratio / (1 - ratio) if ratio < 1 else float("inf")
    stalled = angles[-1] < TOLERANCE and angles[-1] > 0.8 * angles[-3]
    return approach < TOLERANCE or stalled


def _orthonormal(vectors: Tensor) -> Tensor:
    columns = vectors.flatten(1).T
    # On Apple's GPUs torch has no such decomposition, or one that makes all axes' vectors, which fills the memory.
    found: Tensor = torch.linalg.qr(columns.cpu() if columns.device.type == "mps" else columns).Q
    return found.T.reshape(vectors.shape).to(vectors)


def _signed(vectors: Tensor) -> Tensor:
    sign = torch.where(vectors.flatten(1).cpu().double().pow(3).sum(1) < 0, -1.0, 1.0).to(vectors)
    return vectors * sign.view(-1, *[1] * (vectors.ndim - 1))


class _Contiguous(TorchFunctionMode):
    """GroupNorm's forward-mode rule cannot read channels-last memory."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is torch.nn.functional.group_norm:
            args = (args[0].contiguous(), *args[1:])
        return func(*args, **(kwargs or {}))


def _products(model: LatentModel, states: Tensor, level: Level, guidance: Guidance, exact: bool | None) -> Product:
    """V (n, ...) to the mean over ``states`` of J V, shaped like V."""

    def forward_mode(vectors: Tensor) -> Tensor:
        def each(state: Tensor) -> Tensor:
            return in_batches(model, "vectors", len(vectors), lambda part: together(vectors[part], state))

        return torch.stack([each(state) for state in states]).mean(0)

    def together(vectors: Tensor, state: Tensor) -> Tensor:
        inner = model.shared(len(vectors)) if isinstance(model, Windowed) else model

        def one(vector: Tensor) -> Tensor:
            def clean(x: Tensor) -> Tensor:
                return predict(inner, x[None], level, guidance)[0]

            product: Tensor = torch.func.jvp(clean, (state,), (vector,))[1]
            return product

        # The state is not batched, so what depends on it alone is computed once for all vectors. Flash attention has
        # no forward-mode rule.
        with _Contiguous(), sdpa_kernel([SDPBackend.MATH]):
            products: Tensor = torch.func.vmap(one)(vectors)
        return products

    step = FINITE_STEP * float(level.a)
    still: list[Tensor] = []

    def finite(vectors: Tensor) -> Tensor:
        if not still:
            still.extend(predict(model, state[None], level, guidance) for state in states)
        each = [
            (predict(model, state + step * vectors, level.rows(len(vectors)), guidance) - base) / step
            for state, base in zip(states, still, strict=True)
        ]
        return torch.stack(each).mean(0)

    if exact is not None:
        return forward_mode if exact else finite
    try:
        forward_mode(torch.zeros_like(states[:1]))
    except (RuntimeError, RetoneError) as error:
        # What torch says of an operation without the rule, NotImplementedError among it. A device that fails does so
        # again in the finite product, which takes less memory: it has no tangents and may use flash attention.
        if isinstance(error, RetoneError) and error.code != "out_of_memory":
            raise
        return finite
    return forward_mode
