"""Clips of any length on a model of fixed length: overlapping windows, blended at every step.

``Windowed`` is a model like any other, so inversion, replay and directions see one long latent and one field of
noise. Windows lie on a fixed grid of absolute time; the last one is filled with the mirrored end of the clip. In the
overlap each window's outermost frames, which lack context on one side, count nothing, and the rest crossfades.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

import torch
from torch import Tensor
from torch.nn.functional import pad

from retone_engine.model import Embedding, Encoded, LatentModel, Wrapped
from retone_engine.path import Level


class Windowed(Wrapped):
    """``model`` at any length; up to one window it is the model itself.

    ``rows``: the most rows of one network call on a longer clip, which bounds the memory. Every window is one row.
    ``before_call`` is called before every call of the model, a long clip's many included; it may raise, to cancel.
    """

    def __init__(self, model: LatentModel, rows: int = 16, before_call: Callable[[], None] = lambda: None) -> None:
        if model.window % model.hop:
            raise ValueError(f"A window of {model.window} frames is no whole number of latent frames of {model.hop}.")
        super().__init__(model)
        self.rows = rows
        self.before_call = before_call

    @cached_property
    def frames(self) -> int:
        """Latent frames a window."""
        return self.window // self.hop

    @cached_property
    def overlap(self) -> int:
        """Latent frames that neighbouring windows share: a quarter."""
        return self.frames // 4

    def starts(self, total: int) -> list[int]:
        """Where the windows of a latent of ``total`` frames begin; what the grid leaves over gets a last one."""
        stride = self.frames - self.overlap
        starts = list(range(0, total - self.frames + 1, stride))
        return starts if starts[-1] + self.frames == total else [*starts, total - self.frames]

    def around(self, first: int, last: int, total: int) -> slice:
        """The stretch of whole windows in which frames ``first`` to ``last`` (exclusive) are predicted as in all."""
        if total <= self.frames:
            return slice(0, total)
        touched = [start for start in self.starts(total) if start < last and start + self.frames > first]
        return slice(touched[0], touched[-1] + self.frames)

    def shared(self, count: int) -> Windowed:
        """This model for work in which every row of a call stands for ``count`` of them."""
        return Windowed(self.model, max(1, self.rows // count), self.before_call)

    def embed(self, prompts: Sequence[str], frames: int | None = None) -> Embedding:
        return self.model.embed(prompts, None if frames is None else min(frames, self.window))

    def encode(self, audio: Tensor) -> Encoded:
        length = audio.shape[1]
        if length <= self.window:
            self.before_call()
            return self.model.encode(audio)
        stride = self.frames - self.overlap
        latent_frames = -(-length // self.hop)
        total = self.frames + -(-(latent_frames - self.frames) // stride) * stride
        padded = pad(audio[None], (0, total * self.hop - length), mode="reflect")[0]
        kept: dict[str, Tensor] = {}
        parts = []
        for number, start in enumerate(self.starts(total)):
            self.before_call()
            part = self.model.encode(padded[:, start * self.hop :][:, : self.window])
            parts.append((start, part.latent))
            kept.update({f"{number}/{name}": value for name, value in part.kept.items()})
        return Encoded(blend(parts, total, self.time_axis, self.overlap), length, kept)

    def decode(self, latent: Tensor, source: Encoded, restore: bool) -> Tensor:
        if source.frames <= self.window:
            self.before_call()
            return self.model.decode(latent, source, restore)
        total = latent.shape[self.time_axis]

        def decoded() -> Iterable[tuple[int, Tensor]]:
            for number, start in enumerate(self.starts(total)):
                prefix = f"{number}/"
                kept = {k.removeprefix(prefix): v for k, v in source.kept.items() if k.startswith(prefix)}
                piece = Encoded(source.latent.narrow(self.time_axis, start, self.frames), self.window, kept)
                rows = latent.narrow(self.time_axis, start, self.frames)
                self.before_call()
                yield start * self.hop, self.model.decode(rows, piece, restore)

        return blend(decoded(), total * self.hop, 2, self.overlap * self.hop)[..., : source.frames]

    def predict_clean(self, x: Tensor, level: Level, embedding: Embedding) -> Tensor:
        total = x.shape[self.time_axis]
        if total <= self.frames:
            self.before_call()
            return self.model.predict_clean(x, level, embedding)
        starts = self.starts(total)
        # Window by window within each row, cut into calls of equal size.
        places = [(row, start) for row in range(len(x)) for start in starts]
        cleaned = []
        for first in range(0, len(places), self.rows):
            chunk = places[first : first + self.rows]
            rows = torch.tensor([row for row, _ in chunk])
            pieces = torch.stack([x[row].narrow(self.time_axis - 1, start, self.frames) for row, start in chunk])
            self.before_call()
            cleaned.append(self.model.predict_clean(pieces, level[rows], embedding[rows.to(self.device)]))
        clean = torch.cat(cleaned)
        by_row = clean.view(len(x), len(starts), *clean.shape[1:]).transpose(0, 1)
        return blend(zip(starts, by_row, strict=True), total, self.time_axis, self.overlap)


def blend(parts: Iterable[tuple[int, Tensor]], total: int, axis: int, overlap: int) -> Tensor:
    """``parts`` (B, ...) laid at their starts along ``axis`` into one tensor of ``total`` frames, crossfaded.

    Over the ``overlap`` with its neighbour a part's outer quarter counts nothing; then it rises as sin^2 to 1.
    """
    result, weight = None, None
    for start, part in parts:
        frames = part.shape[axis]
        if result is None or weight is None:
            result = part.new_zeros([total if a == axis else n for a, n in enumerate(part.shape)])
            weight = part.new_zeros(total)
        ramp = torch.ones(frames, dtype=torch.float64)
        rise = torch.arange(overlap, dtype=torch.float64) + 0.5
        rise = torch.sin(torch.pi / 2 * ((rise / overlap - 0.25) * 2).clamp(0, 1)).square()
        if start > 0:
            ramp[:overlap] = rise
        if start + frames < total:
            ramp[-overlap:] *= rise.flip(0)
        ramp = ramp.to(part)
        result.narrow(axis, start, frames).add_(part * ramp.view([-1 if a == axis else 1 for a in range(part.ndim)]))
        weight[start : start + frames] += ramp
    if result is None or weight is None:
        raise ValueError("There is nothing to blend.")
    return result / weight.view([-1 if a == axis else 1 for a in range(result.ndim)])
