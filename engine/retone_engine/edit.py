"""Text editing of a clip's signals: every seed in one batch, every prompt in its stretch of time."""

from __future__ import annotations

import math

import numpy as np
import torch

from retone_engine.audio.files import Clip, Samples
from retone_engine.baselines import METHODS
from retone_engine.guidance import Guidance, guidance
from retone_engine.model import Encoded
from retone_engine.request import EditRequest, RetoneError
from retone_engine.settings import known
from retone_engine.signals import Passage, Signal
from retone_engine.stretches import stretch
from retone_engine.target import Part, Target


def edited(passage: Passage, request: EditRequest, clip: Clip, signals: list[Signal]) -> list[Samples]:
    """The edits that ``request`` (filled) wants of a clip's ``signals``: (signals, model channels, frames) each.

    All variations are made in one batch, also where only one of them is wanted: its bits depend on the batch.
    Raises RetoneError(cancelled).
    """
    model, method = passage.model, METHODS[request.method]
    strengths = [part.strength for part in request.parts if part.strength is not None]
    whole = not request.parts or request.prompt or len(strengths) < len(request.parts)
    strength = max([*strengths, *([known(request.strength)] if whole else [])])
    schedule = passage.settings.schedule(model, strength)
    seeds = range(request.seed, request.seed + request.variations)
    made: list[list[Samples]] = [[] for _ in request.wanted]
    prompts = Prompts(passage, request, clip)
    # The windows of each part of a long clip are known once it is encoded: until then all are counted for all.
    each = len(schedule) * len(seeds)
    passage.plan(signals, each * (passage.source.rows + prompts.rows), len(made))
    for signal in signals:
        if signal.silent:
            for row in made:
                row.append(signal.audio.numpy())
            continue
        encoded = passage.encode(signal)
        inversions = [passage.invert(signal, encoded, schedule, seed, request.method) for seed in seeds]
        target = prompts.target(encoded)
        with passage.clock("replay"):
            passage.reporter.stage("replay", passage.windows(signal) * each * prompts.rows)
            latents = method.replay(model, inversions, target, on_call=passage.reporter.step)
        for row, index in zip(made, request.wanted, strict=True):
            row.append(passage.decode(signal, encoded, latents[index : index + 1]))
    return [np.stack(row) for row in made]


def check_segments(clip: Clip, request: EditRequest) -> None:
    """Raises RetoneError(bad_request) where a segment leaves the region."""
    first, last = clip.start / clip.rate, (clip.start + clip.frames) / clip.rate
    for part in request.parts:
        end = last if part.end == math.inf else part.end
        if part.start < first - 1 / clip.rate or end > last + 1 / clip.rate or part.start >= last:
            shown = "" if part.end == math.inf else f"{part.end:g}"
            why = f"{part.start:g}-{shown} leaves the region, which is {first:g} to {last:g} s of the file"
            raise RetoneError("bad_request", f"segments: {why}.")


class Prompts:
    """The prompts of ``request``, embedded: one everywhere, or one for each segment and one for what they leave."""

    def __init__(self, passage: Passage, request: EditRequest, clip: Clip) -> None:
        self._passage = passage
        self._request = request
        self._begin, self._end = clip.start / clip.rate, (clip.start + clip.frames) / clip.rate
        scale = known(request.guidance_scale)
        self._base = self._guided(request.prompt, scale) if request.prompt else None
        self._each = [
            (part, self._guided(part.prompt, scale if part.guidance_scale is None else part.guidance_scale))
            for part in request.parts
        ]

    @property
    def rows(self) -> int:
        """Network rows a window and step."""
        return sum(part.rows for _, part in self._each) + (self._base.rows if self._base is not None else 0)

    def target(self, encoded: Encoded) -> Target:
        """What pulls at the latent of ``encoded``."""
        if not self._each:
            assert self._base is not None
            return self._base
        latent = encoded.latent
        parts, left = [], torch.ones_like(stretch(self._passage.model, latent, 0, math.inf))
        for segment, guided in self._each:
            # To the region's own end there is nothing to fade to.
            stop = math.inf if segment.end >= self._end else segment.end - self._begin
            weight = stretch(self._passage.model, latent, segment.start - self._begin, stop)
            left = left - weight
            strength = known(self._request.strength) if segment.strength is None else segment.strength
            parts.append(self._part(guided, weight, strength))
        if self._base is not None and bool((left > 0).any()):
            parts.append(self._part(self._base, left.clamp_min(0), known(self._request.strength)))
        return [part for part in parts if part is not None]

    def _guided(self, prompt: str, scale: float) -> Guidance:
        request, passage = self._request, self._passage
        rescale = known(request.guidance_rescale)
        return guidance(passage.model, prompt, scale, request.negative_prompt, rescale, passage.frames)

    def _part(self, guided: Guidance, weight: torch.Tensor, strength: float) -> Part | None:
        frames = weight.flatten().nonzero()
        if not len(frames):
            return None
        model = self._passage.model
        span = model.around(int(frames[0]), int(frames[-1]) + 1, weight.numel())
        return Part(guided, weight, span, self._passage.settings.schedule(model, strength).first)
