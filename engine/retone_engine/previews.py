"""A clip's directions, described and heard: a short piece of each, all the way to + and to -."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from retone_engine import audio
from retone_engine.audio import Clip, Fitted, Prepared
from retone_engine.describe import Described, Numbers, describe, energy
from retone_engine.model import Encoded
from retone_engine.request import DirectionsRequest
from retone_engine.signals import Passage, Signal
from retone_engine.steer import Steering, begin, check_sounding

PREVIEW_SECONDS = 6.0


def previewed(
    passage: Passage,
    request: DirectionsRequest,
    clip: Clip,
    prepared: Prepared,
    signals: Sequence[Signal],
    on_warning: Callable[[str, str], None],
) -> Iterator[Described | Fitted]:
    """The previews that ``request`` (filled) wants, in order; a direction with both is described before them.

    Raises RetoneError: empty_audio on silence, unsupported, bad_request, cancelled.
    """
    check_sounding(signals)
    steering = Steering.of(passage, request, clip)
    # The knob's ends, in the order of the request's results.
    amounts = [{number: amount} for number in range(1, request.count + 1) for amount in (1.0, -1.0)]
    steering.plan(signals, len(amounts), len(request.wanted))
    encoded, inversions = begin(steering, signals)
    found = steering.find(signals, encoded, inversions)
    if not all(one.settled for one in found.values()):
        on_warning("unsettled", "The directions had not settled when the search ended; take them as rough ones.")
    offsets = [
        steering.follow(own, inversion, found, amounts) - own.latent
        for own, inversion in zip(encoded, inversions, strict=True)
    ]
    pieces = _Pieces(passage, request, clip, prepared, signals, encoded, offsets)
    shares = next(iter(found.values())).shares
    for number in sorted({index // 2 for index in request.wanted}):
        where = energy((one.vectors[number] for one in found.values()), passage.model.time_axis)
        made = [pieces.piece(index, where) for index in request.wanted if index // 2 == number]
        if len(made) == 2:
            plus, minus = (one.samples for one in made)
            yield describe(number + 1, float(shares[number]), where, pieces.each, plus, minus, clip)
        yield from made


@dataclass(frozen=True)
class _Pieces:
    """What previews are cut from; ``offsets``: for each signal, how far its latents (B, ...) went."""

    passage: Passage
    request: DirectionsRequest
    clip: Clip
    prepared: Prepared
    signals: Sequence[Signal]
    encoded: Sequence[Encoded]
    offsets: Sequence[Tensor]

    @property
    def each(self) -> float:
        """The clip's frames in a latent frame."""
        return self.clip.rate * self.passage.model.hop / self.passage.model.sample_rate

    def piece(self, index: int, where: Numbers) -> Fitted:
        """The preview of row ``index``: the stretch with most of ``where``, or the whole of a short clip."""
        if self.clip.frames <= PREVIEW_SECONDS * self.clip.rate:
            made = [
                self.passage.decode(signal, own, own.latent + offset[index : index + 1])
                for signal, own, offset in zip(self.signals, self.encoded, self.offsets, strict=True)
            ]
            return audio.fit(self.clip, self.prepared, np.stack(made), self.request)
        model = self.passage.model
        length = round(PREVIEW_SECONDS * model.sample_rate / model.hop)
        first = int(np.convolve(where, np.ones(length), "valid").argmax())
        cut = slice(round(first * self.each), min(self.clip.frames, round((first + length) * self.each)))
        clip = replace(self.clip, samples=self.clip.samples[:, cut], start=self.clip.start + cut.start)
        prepared = audio.prepare(clip, model.sample_rate, model.channels, self.prepared.stereo)
        made = []
        for samples, signal, offset in zip(prepared.signals, self.signals, self.offsets, strict=True):
            # Encoded by itself, and the change added to it: a long clip is not decoded whole for six seconds of it.
            part = Signal.of(samples, signal.peak)
            own = self.passage.encode(part)
            change = _along(offset[index : index + 1], first, own.latent.shape[model.time_axis], model.time_axis)
            made.append(self.passage.decode(part, own, own.latent + change))
        unmasked = replace(self.request, mask_start=None, mask_frames=None)
        return audio.fit(clip, prepared, np.stack(made), unmasked)


def _along(change: Tensor, first: int, frames: int, axis: int) -> Tensor:
    """``frames`` of ``change`` from ``first`` on, zeros where it ends before: encoding rounds a piece up."""
    there = change.narrow(axis, first, min(frames, change.shape[axis] - first))
    missing = list(change.shape)
    missing[axis] = frames - there.shape[axis]
    return torch.cat([there, change.new_zeros(missing)], dim=axis)
