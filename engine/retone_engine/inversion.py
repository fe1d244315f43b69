"""Edit-friendly DDPM inversion: independent noisy latents of a clip, and the source's clean predictions on them.

Every level draws its own noise, ``x_t = a_t x_0 + s_t e_t`` (arXiv 2402.10009, section 3.1). The noise maps z_t of the
paper are then fixed by ``x0hat_source(x_t)``, so this is all that is kept; x_t itself comes again from the seed. As
the x_t do not depend on one another, the predictions are made in blocks of steps, one network call a block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from retone_engine.guidance import Guidance, predict
from retone_engine.model import LatentModel
from retone_engine.noise import noise
from retone_engine.path import Schedule

# Steps whose noise is made and moved at once, and the most bytes of it: many variations of a long clip are large.
_AHEAD, _AHEAD_BYTES = 16, 1 << 26

OnCall = Callable[[int, int], None]
"""Called before each prediction with (done, total), in predictions; may raise, which cancels the work."""


@dataclass(frozen=True)
class Inversion:
    """A clip, inverted.

    ``latent``: x_0, shape (1, ...), time along ``time_axis``. ``seed``: names the noise.
    ``kept``: what replay needs of each of the n levels of ``schedule``, here x0hat_source(x_t), shape (n, ...), the
    latent's dtype, on any device.
    """

    latent: Tensor
    schedule: Schedule
    seed: int
    time_axis: int
    kept: Tensor

    def noised(self, index: int) -> Tensor:
        """x_t at level ``index`` of the schedule, shape (1, ...); at ``len(schedule)`` it is x_0."""
        if index == len(self.schedule):
            return self.latent
        e = noise(self.latent.shape, self.time_axis, self.seed, self.schedule.first + index)
        level = self.schedule.level
        return float(level.a[index]) * self.latent + float(level.s[index]) * e.to(self.latent)

    def at(self, schedule: Schedule) -> Inversion:
        """The same inversion for a lower strength, whose ``schedule`` is a tail of this one's: no network is needed.

        Raises ValueError where it is not a tail.
        """
        if not self.reaches(schedule):
            raise ValueError("The schedule is not a tail of the inversion's; invert again for it.")
        skip = schedule.first - self.schedule.first
        return replace(self, schedule=schedule, kept=self.kept[skip:])

    def in_memory(self) -> Inversion:
        """The same, with all that it holds in main memory."""
        return replace(self, latent=self.latent.cpu(), kept=self.kept.cpu())

    def reaches(self, schedule: Schedule) -> bool:
        """Whether ``at(schedule)`` can give it."""
        skip = schedule.first - self.schedule.first
        return skip >= 0 and torch.equal(schedule.level.t, self.schedule.level.t[skip:])


def invert(
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
    """Invert the clean ``latent`` (1, ...) along ``schedule``.

    ``source``: the source prompt and its guidance. ``block``: rows of one network call, both branches and every window
    of a long latent counted; at least one step goes into a call.
    ``known``: an inversion of the same latent, source, seed and block at any strength: what it holds is not made again.

    Blocks lie on the full schedule, and the one that the strength cuts is filled up, so every row is computed at the
    same place of a batch of the same size at every strength: the bits are those of any other strength.

    Raises ValueError where ``known`` is of another latent, seed or schedule.
    """
    if known is not None and (known.seed != seed or not torch.equal(known.latent.to(latent), latent)):
        raise ValueError("The known inversion is of another clip or seed.")
    if known is not None and known.reaches(schedule):
        return replace(known.at(schedule), latent=latent)
    windows = -(-latent.shape[model.time_axis] // (model.window // model.hop))
    size = max(1, block // (source.rows * windows))
    first, end = schedule.first, schedule.first + len(schedule)
    blank = latent.new_empty((len(schedule), *latent.shape[1:]))
    result = Inversion(latent, schedule, seed, model.time_axis, blank)
    have = end
    if known is not None:
        reused = result.at(known.schedule)  # refuses another schedule
        reused.kept.copy_(known.kept)
        have = known.schedule.first
    starts = range(first // size * size, have, size) if have > first else range(0)
    for done, start in enumerate(starts):
        if on_call is not None:
            on_call(done, len(starts))
        places = torch.arange(start, min(start + size, end)).clamp_min(first) - first
        x = _noised(latent, schedule, places, [_drawn(result, place) for place in places.tolist()])
        filling = max(0, first - start)
        blank[places[filling] : places[-1] + 1] = predict(model, x, schedule.level[places], source)[filling:]
    return result


def ahead(inversions: Sequence[Inversion]) -> Iterator[tuple[Tensor, Tensor]]:
    """Step by step, what replaying V ``inversions`` of one schedule takes: x_t and x0hat_source(x_t), each (V, ...).

    Many steps' noise goes to the device at once, and the device is not waited for: while it works, the next is drawn.
    """
    latent = torch.cat([inversion.latent for inversion in inversions])
    schedule = inversions[0].schedule
    steps = max(1, min(_AHEAD, _AHEAD_BYTES // latent.nbytes))
    for start in range(0, len(schedule), steps):
        places = torch.arange(start, min(start + steps, len(schedule)))
        drawn = [_drawn(inversion, place) for place in places.tolist() for inversion in inversions]
        x = _noised(latent.repeat(len(places), *[1] * (latent.ndim - 1)), schedule, places, drawn)
        source = [moved(inversion.kept[start : start + steps], latent) for inversion in inversions]
        yield from zip(x.view(len(places), *latent.shape), torch.stack(source, dim=1), strict=True)


def moved(tensor: Tensor, like: Tensor) -> Tensor:
    """``tensor`` where ``like`` is and of its kind; a GPU fetches it in its own time."""
    if like.device.type == "cuda" and tensor.device.type == "cpu":
        return tensor.to(like.dtype).pin_memory().to(like.device, non_blocking=True)
    return tensor.to(like)


def _drawn(inversion: Inversion, index: int) -> Tensor:
    step = inversion.schedule.first + index
    return noise(inversion.latent.shape, inversion.time_axis, inversion.seed, step)


def _noised(latent: Tensor, schedule: Schedule, places: Tensor, drawn: list[Tensor]) -> Tensor:
    """x_t at the ``places`` of ``schedule``: ``drawn`` noise (1, ...) for each row of the result."""
    level = schedule.level[places.repeat_interleave(len(drawn) // len(places))]
    a, s = (moved(value, latent).view(-1, *[1] * (latent.ndim - 1)) for value in (level.a, level.s))
    return a * latent + s * moved(torch.cat(drawn), latent)
