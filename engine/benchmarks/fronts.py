"""Pareto fronts of a trade-off, what each reaches at equal fidelity, and how sure that is.

A curve is two arrays (settings, pairs): how faithful and how adherent each setting was on each pair, more being better
in both. Its points are their means over the pairs. The uncertainty is that of the draw of the pairs: they are drawn
again with replacement, and everything that follows, the front included, is made again from each draw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
CONFIDENCE = 0.9


@dataclass(frozen=True)
class Curve:
    """`fidelity` and `adherence`: (settings, pairs), the pairs being the same and in one order for all curves."""

    fidelity: Array
    adherence: Array


@dataclass(frozen=True)
class Estimate:
    """A value and its 90 % interval; nan where no setting is as faithful as asked."""

    value: float
    low: float
    high: float

    @staticmethod
    def of(values: Array) -> Estimate:
        """From values by `weights`: the first is all pairs', the others are the draws'; draws without one are left."""
        drawn = values[1:][~np.isnan(values[1:])]
        if np.isnan(values[0]) or not len(drawn):
            return Estimate(np.nan, np.nan, np.nan)
        low, high = np.quantile(drawn, ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2))
        return Estimate(float(values[0]), float(low), float(high))

    @property
    def sign(self) -> int:
        """1 or -1 where the whole interval lies above or below 0, else 0."""
        return int(self.low > 1e-9) - int(self.high < -1e-9)  # rounding is no difference


def weights(pairs: int, draws: int = 1000, seed: int = 0) -> Array:
    """The weight of every pair: all alike in the first row, then how often each of `draws` drew it, (1 + draws, pairs).

    Each row adds up to 1.
    """
    drawn = np.random.default_rng(seed).multinomial(pairs, np.full(pairs, 1 / pairs), size=draws)
    return np.concatenate([np.ones((1, pairs)), drawn]) / pairs


def front(fidelity: Array, adherence: Array) -> list[int]:
    """Which of the points (n,) no other one matches in one and beats in the other, the most faithful first."""
    kept: list[int] = []
    for index in np.lexsort((-adherence, -fidelity)).tolist():
        if not kept or adherence[index] > adherence[kept[-1]]:
            kept.append(index)
    return kept


def reached(fidelity: Array, adherence: Array, level: float) -> float:
    """The adherence of the front of the points (n,) where its fidelity is `level`, straight between its points.

    Below the least faithful point it is that one's, which is the most adherent and faithful enough; nan above the most
    faithful one.
    """
    kept = front(fidelity, adherence)[::-1]
    if level > fidelity[kept[-1]]:
        return float("nan")
    return float(np.interp(level, fidelity[kept], adherence[kept]))


def reach(curve: Curve, level: float, by: Array) -> Array:
    """`reached` of a curve at `level` for each row of `by`, as `weights` gives them."""
    fidelity, adherence = by @ curve.fidelity.T, by @ curve.adherence.T
    return np.array([reached(f, a, level) for f, a in zip(fidelity, adherence, strict=True)])
