"""A clip's signals along their directions: found (or known from the request before), described, and followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from retone_engine.audio.files import Clip, Samples
from retone_engine.audio.joins import mask_of
from retone_engine.baselines import noise_only
from retone_engine.directions import EXTRA, Directions, find
from retone_engine.inversion import Inversion
from retone_engine.model import Encoded
from retone_engine.path import Schedule
from retone_engine.replay import replay
from retone_engine.request import DirectionsRequest, RetoneError, SteerRequest, check_range
from retone_engine.segments import FADE_SECONDS
from retone_engine.settings import known
from retone_engine.signals import Passage, Signal, size
from retone_engine.stretches import inside, stretch
from retone_engine.target import Part, Target

# Amount 1, in standard deviations.
DEVIATIONS = 3.0
# What a search takes as a rule; it only shares out the progress bar. A product is dearer than a prediction.
_ROUNDS, _PRODUCT_ROWS = 20, 2.5

Found = Mapping[int, Directions]
"""Directions by step of the full schedule, for every step at which they act."""


@dataclass(frozen=True)
class Steering:
    """One request for directions, ready to be followed on each of a clip's ``signals``.

    ``schedule``: from strength on; ``acting``: the steps of the full schedule at which directions push. ``masked``:
    the mask's first and last second from the region's first frame on, or None where it is all of it.
    """

    passage: Passage
    request: DirectionsRequest
    schedule: Schedule
    acting: range
    masked: tuple[float, float] | None

    @staticmethod
    def of(passage: Passage, request: DirectionsRequest, clip: Clip) -> Steering:
        """``request`` (filled) on ``clip``.

        Raises RetoneError: unsupported on a model without directions, bad_request where they would act nowhere.
        """
        model, settings = passage.model, passage.settings
        if model.distilled:
            why = "it is distilled to few steps, and what it predicts is no mean of what could be"
            raise RetoneError("unsupported", f"{model.name} has no directions: {why}; choose a base model.")
        strength, end = known(request.strength), known(request.strength_end)
        check_range(strength, end)
        schedule = settings.schedule(model, strength)
        acting = range(schedule.first, settings.schedule(model, end).first)
        if not acting:
            why = f"none of the {settings.steps} steps lies between; raise steps, or lower strength_end"
            raise RetoneError("bad_request", f"strength is {strength:g} and strength_end {end:g}: {why}.")
        mask = mask_of(clip, request)
        whole = mask.start == 0 and mask.stop == clip.frames
        return Steering(
            passage, request, schedule, acting, None if whole else (mask.start / clip.rate, mask.stop / clip.rate)
        )

    def plan(self, signals: Sequence[Signal], batch: int, decoded: int) -> None:
        """Tell the reporter what is ahead: ``batch`` latents that follow directions, ``decoded`` of which are heard."""
        each = len(self.schedule) * self.passage.source.rows
        self.passage.plan(signals, self._search_rows + each * (1 + batch), decoded)

    @property
    def _search_rows(self) -> float:
        searches = len(self.acting) / 4 if self.request.each_step else 1.0
        return searches * _ROUNDS * (self.request.count + EXTRA) * _PRODUCT_ROWS * self.passage.source.rows

    def find(self, signals: Sequence[Signal], encoded: Sequence[Encoded], inversions: Sequence[Inversion]) -> Found:
        """The directions of ``signals``, which move together; from the cache where they are there.

        Raises RetoneError(cancelled).
        """
        passage, request = self.passage, self.request
        key = (
            "directions",
            tuple((signal.digest, signal.peak) for signal in signals),
            request.seed,
            *passage.settings.inverted_by,
            request.count,
            self.acting if request.each_step else request.noise_level,
            self.masked,
        )
        found: Found | None = passage.kept.get(key)
        with passage.clock("find"):
            passage.reporter.stage("find", sum(map(passage.windows, signals)) * self._search_rows)
            if found is None:
                mask = self._inside(encoded[0])
                found = self._each_step(inversions, mask) if request.each_step else self._once(encoded, mask)
                passage.kept.put(key, found, sum(size(one.vectors) for one in found.values()))
        return found if request.each_step else dict.fromkeys(self.acting, next(iter(found.values())))

    def follow(
        self, encoded: Encoded, inversion: Inversion, found: Found, amounts: Sequence[Mapping[int, float]]
    ) -> Tensor:
        """One signal's latents (B, ...), each along its own ``amounts`` (by direction from 1), all in one batch."""
        shift = {step: self._shift(found[step], amounts) for step in self.acting}
        with self.passage.clock("replay"):
            self.passage.reporter.stage("replay", len(self.schedule) * len(amounts) * self.passage.source.rows)
            return replay(
                self.passage.model,
                [inversion] * len(amounts),
                self._target(encoded),
                on_call=self.passage.reporter.step,
                shift=shift,
            )

    def _inside(self, encoded: Encoded) -> Tensor:
        """Where directions may lie: in the mask, and in no silence that the model fills its window up with."""
        model = self.passage.model
        return inside(model, encoded.latent, *(self.masked or (0, encoded.frames / model.sample_rate)))

    def _once(self, encoded: Sequence[Encoded], mask: Tensor) -> Found:
        passage, model = self.passage, self.passage.model
        at = passage.settings.schedule(model, known(self.request.noise_level))
        states = [noise_only(model, one.latent, at, passage.source, self.request.seed).noised(0) for one in encoded]
        directions = find(
            model, torch.cat(states), at.level[slice(0, 1)], passage.source, self.request.count, mask=mask,
            on_round=lambda done: passage.reporter.step(done, _ROUNDS),
        )  # fmt: skip
        return {at.first: directions}

    def _each_step(self, inversions: Sequence[Inversion], mask: Tensor) -> Found:
        passage, found = self.passage, dict[int, Directions]()
        before: Directions | None = None
        for index, step in enumerate(self.acting):
            states = torch.cat([inversion.noised(index) for inversion in inversions])
            here = find(
                passage.model, states, self.schedule.level[slice(index, index + 1)], passage.source,
                self.request.count, mask=mask, start=None if before is None else before.vectors,
                on_round=lambda done, index=index: passage.reporter.step(  # type: ignore[misc]
                    index + min(done / _ROUNDS, 1), len(self.acting)
                ),
            )  # fmt: skip
            before = here if before is None else here.like(before)
            found[step] = before
        return found

    def _shift(self, directions: Directions, amounts: Sequence[Mapping[int, float]]) -> Tensor:
        """What is added to the clean prediction: sum over k of amount_k, 3 standard deviations each, (B, ...)."""
        weights = torch.zeros(len(amounts), len(directions.vectors))
        for row, each in enumerate(amounts):
            for number, amount in each.items():
                weights[row, number - 1] = DEVIATIONS * amount
        deviations = directions.deviations()
        shift: Tensor = torch.tensordot(weights.to(deviations), deviations, dims=1)
        return shift

    def _target(self, encoded: Encoded) -> Target:
        if self.masked is None:
            return self.passage.source
        # The fade lies outside the mask, where the clip is given back whole afterwards.
        start, stop = self.masked
        weight = stretch(self.passage.model, encoded.latent, start - FADE_SECONDS / 2, stop + FADE_SECONDS / 2)
        return [Part(self.passage.source, weight)]


def steered(passage: Passage, request: SteerRequest, clip: Clip, signals: Sequence[Signal]) -> list[Samples]:
    """What ``request`` (filled) makes of a clip's ``signals``: (signals, model channels, frames) for each result.

    All results are made in one batch, also where only one of them is wanted: its bits depend on the batch.
    Raises RetoneError: empty_audio on silence, unsupported, bad_request, cancelled.
    """
    check_sounding(signals)
    steering = Steering.of(passage, request, clip)
    numbers = [push.direction for push in request.pushes]
    amounts = [dict(zip(numbers, each, strict=True)) for each in request.amounts]
    steering.plan(signals, len(amounts), len(request.wanted))
    encoded, inversions = begin(steering, signals)
    found = steering.find(signals, encoded, inversions)
    made: list[list[Samples]] = [[] for _ in request.wanted]
    for signal, own, inversion in zip(signals, encoded, inversions, strict=True):
        latents = steering.follow(own, inversion, found, amounts)
        for row, index in zip(made, request.wanted, strict=True):
            row.append(passage.decode(signal, own, latents[index : index + 1]))
    return [np.stack(row) for row in made]


def begin(steering: Steering, signals: Sequence[Signal]) -> tuple[list[Encoded], list[Inversion]]:
    """``signals`` encoded and inverted along the steering's schedule."""
    passage, seed = steering.passage, steering.request.seed
    encoded = [passage.encode(signal) for signal in signals]
    pairs = zip(signals, encoded, strict=True)
    return encoded, [passage.invert(signal, own, steering.schedule, seed) for signal, own in pairs]


def check_sounding(signals: Sequence[Signal]) -> None:
    """Raises RetoneError(empty_audio) where there is nothing to find directions in."""
    if all(signal.silent for signal in signals):
        raise RetoneError("empty_audio", "The region is silent: there is nothing to find directions in.")
