"""The rows of the speed table: each a thing that a musician asks for, by the published procedure and by Retone.

All are in the setting of the paper: N levels even in training time, strength Tstart / N, a source prompt with guidance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from published import directions_published, edit_published, published_schedule
from retone_engine.baselines import noise_only
from retone_engine.directions import Directions, find
from retone_engine.guidance import Guidance, guidance
from retone_engine.inversion import Inversion, invert
from retone_engine.model import Encoded, LatentModel
from retone_engine.path import Level, Schedule
from retone_engine.replay import replay
from retone_engine.windows import Windowed

STRENGTH, OTHER_STRENGTH = 0.5, 0.3
SEEDS = range(8)
COUNT = 3

Result = Tensor | Directions
Work = Callable[[Windowed], Result]


@dataclass(frozen=True)
class Row:
    """``published`` and what ``ready`` makes do the same; ``ready`` does before what an earlier request has done.

    ``seeds``: of the edits that come out, or None where it gives no edits that could be compared. ``narrow``: whether a
    request of this kind is made in the default precision; directions are looked for in float32 on every device.
    """

    name: str
    published: Work
    ready: Callable[[Windowed], Work]
    seeds: Sequence[int] | None = (SEEDS[0],)
    narrow: bool = True


@dataclass(frozen=True)
class Paper:
    """One comparison: ``short`` and ``long`` are clips in latent space, ``whole`` all N levels.

    ``source``, ``target`` and ``other``: the source prompt, the first target and the second, each with its guidance.
    ``block``: rows of one network call in our inversion.
    """

    short: Encoded
    long: Encoded | None
    whole: Schedule
    source: Guidance
    target: Guidance
    other: Guidance
    noise_level: float
    block: int

    @staticmethod
    def of(
        model: LatentModel,
        short: Encoded,
        long: Encoded | None,
        prompts: tuple[str, str, str],
        *,
        steps: int,
        source_guidance: float,
        block: int,
    ) -> Paper:
        """``prompts``: source, target, other."""
        scales = (source_guidance, model.defaults.guidance_scale, model.defaults.guidance_scale)
        source, target, other = (
            guidance(model, prompt, scale, frames=short.frames) for prompt, scale in zip(prompts, scales, strict=True)
        )
        noise_level = model.defaults.noise_level
        return Paper(short, long, published_schedule(model.path, steps), source, target, other, noise_level, block)

    def start(self, strength: float) -> int:
        """The level at which an edit of ``strength`` begins."""
        return round((1 - strength) * len(self.whole))

    def rows(self) -> dict[str, Row]:
        """All of them, by the word that picks one."""
        latent, seed = self.short.latent, SEEDS[0]
        rows = {
            "first": Row(
                f"first edit, strength {STRENGTH:g}",
                self._published(self.target, STRENGTH),
                lambda model: lambda counted: replay(counted, [self._invert(counted, latent, seed)], self.target),
            ),
            "second": Row(
                "a second prompt on the same clip", self._published(self.other, STRENGTH), self._again(self.other)
            ),
            "strength": Row(
                f"another strength, {OTHER_STRENGTH:g}",
                self._published(self.target, OTHER_STRENGTH),
                self._again(self.target, OTHER_STRENGTH),
            ),
            "directions": Row(f"{COUNT} directions", self._directions_published, self._directions, None, narrow=False),
            "variations": Row(
                f"{len(SEEDS)} variations",
                lambda model: torch.cat([self._published(self.target, STRENGTH, seed)(model) for seed in SEEDS]),
                lambda model: self._variations,
                SEEDS,
            ),
        }
        if self.long is not None:
            long = self.long.latent
            rows["long"] = Row(
                "a long clip, first edit",
                partial(self._windows_published, long),
                lambda model: lambda counted: replay(counted, [self._invert(counted, long, seed)], self.target),
                None,
            )
        return rows

    def missed(self, model: LatentModel, seeds: Sequence[int]) -> Tensor:
        """What setting the last z to 0 loses of the clip: x_0 - x0hat_source(x_t) at the last level, a row a seed."""
        last = self.whole.tail(len(self.whole) - 1)
        kept = [invert(model, self.short.latent, last, self.source, seed, block=self.block).kept for seed in seeds]
        return self.short.latent - torch.cat(kept).to(self.short.latent)

    def _published(self, target: Guidance, strength: float, seed: int = SEEDS[0]) -> Work:
        def edit(model: Windowed) -> Tensor:
            start = self.start(strength)
            return edit_published(model, self.short.latent, self.whole, start, self.source, target, seed)

        return edit

    def _windows_published(self, latent: Tensor, model: Windowed) -> Tensor:
        """The published code knows no windows: ours, each edited for itself."""
        start, axis = self.start(STRENGTH), model.time_axis
        pieces = [latent.narrow(axis, first, model.frames) for first in model.starts(latent.shape[axis])]
        return torch.cat(
            [edit_published(model, one, self.whole, start, self.source, self.target, SEEDS[0]) for one in pieces]
        )

    def _invert(self, model: Windowed, latent: Tensor, seed: int) -> Inversion:
        return invert(model, latent, self.whole.tail(self.start(STRENGTH)), self.source, seed, block=self.block)

    def _again(self, target: Guidance, strength: float = STRENGTH) -> Callable[[Windowed], Work]:
        """An edit of a clip whose inversion is there."""

        def ready(model: Windowed) -> Work:
            known = self._invert(model, self.short.latent, SEEDS[0]).at(self.whole.tail(self.start(strength)))
            return lambda counted: replay(counted, [known], target)

        return ready

    def _variations(self, model: Windowed) -> Tensor:
        return replay(model, [self._invert(model, self.short.latent, seed) for seed in SEEDS], self.target)

    def _directions_published(self, model: Windowed) -> Tensor:
        x, level = self._noised(model)
        return directions_published(model, x, level, self.source, COUNT)[0]

    def _directions(self, model: Windowed) -> Work:
        x, level = self._noised(model)
        return lambda counted: find(counted, x, level, self.source, COUNT)

    def _noised(self, model: Windowed) -> tuple[Tensor, Level]:
        """x_t at the level where the model looks for directions, and that level."""
        there = self.whole.tail(self.start(self.noise_level))
        x = noise_only(model, self.short.latent, there, self.source, SEEDS[0]).noised(0)
        return x, there.level[slice(0, 1)]
