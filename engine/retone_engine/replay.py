"""The edit: one recurrence that replays an inversion under another prompt.

With the edited trajectory written as x_t + a_t D_t, edit-friendly DDPM inversion (arXiv 2402.10009, equations 3 to 5:
extract z_t under the source prompt, sample again with them under the target's) is exactly

    D_u = r^2 D_t + (1 - r^2) [ x0hat_target(x_t + a_t D_t) + shift_t - x0hat_source(x_t) ],    D = 0 at the start,

and the edited latent is x_0 + D_0. Nothing is divided by the step's deviation, so the last step, where that is 0,
is exact, and a target that is the source gives x_0 back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from retone_engine.inversion import Inversion, OnCall, ahead, moved
from retone_engine.model import LatentModel
from retone_engine.target import Target, pulled


def replay(
    model: LatentModel,
    inversions: Sequence[Inversion],
    target: Target,
    *,
    on_call: OnCall | None = None,
    shift: Mapping[int, Tensor] | None = None,
) -> Tensor:
    """The edited latents (V, ...) of V ``inversions`` on one schedule (variations: the same clip, other seeds).

    ``shift``: what directions add to the clean prediction, by step of the full schedule, each (1, ...) or (V, ...).
    V is part of the rounding: a result has the same bits only among as many others.
    """
    return recur(model, inversions, target, inversions[0].schedule.keep, on_call, shift)


def recur(
    model: LatentModel,
    inversions: Sequence[Inversion],
    target: Target,
    keep: Tensor,
    on_call: OnCall | None,
    shift: Mapping[int, Tensor] | None,
) -> Tensor:
    """The recurrence with ``keep`` (n,) in place of r^2: what each step keeps of the offset so far."""
    schedule = inversions[0].schedule
    if any(inversion.schedule.first != schedule.first for inversion in inversions):
        raise ValueError("All inversions of one replay need one schedule.")
    latent = torch.cat([inversion.latent for inversion in inversions])
    offset = torch.zeros_like(latent)
    for index, (x, source) in enumerate(ahead(inversions)):
        if on_call is not None:
            on_call(index, len(schedule))
        step = schedule.first + index
        level = schedule.level[slice(index, index + 1)]
        clean, cover = pulled(model, x + float(level.a) * offset, level.rows(len(x)), step, target)
        pull = clean - cover * source
        if shift is not None and step in shift:
            pull = pull + moved(shift[step], latent)
        kept = float(keep[index])
        offset = kept * offset + (1 - kept) * pull
    return latent + offset
