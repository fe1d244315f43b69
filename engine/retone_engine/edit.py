"""One signal through the model: encoded, inverted (or found in the cache), replayed, decoded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from retone_engine.audio.files import Samples
from retone_engine.baselines import METHODS
from retone_engine.cache import Cache
from retone_engine.clock import Clock
from retone_engine.guidance import Guidance, guidance
from retone_engine.inversion import Inversion
from retone_engine.model import PEAK, Encoded, LatentModel
from retone_engine.path import Schedule, schedule
from retone_engine.progress import Reporter
from retone_engine.settings import Settings

# What encoding and decoding a window cost, in rows of the network; they only share out the progress bar.
_ENCODE_ROWS, _DECODE_ROWS = 1.0, 3.0

Kept = Cache[tuple[Encoded, Inversion]]


@dataclass(frozen=True)
class Signal:
    """``audio`` (model channels, frames) at the peak that models know, its own ``peak``, and a hash of its content."""

    audio: Tensor
    peak: float
    digest: str

    @staticmethod
    def of(samples: Samples) -> Signal:
        peak = float(np.abs(samples).max(initial=0.0)) or 1.0
        digest = hashlib.sha256(np.ascontiguousarray(samples).tobytes()).hexdigest()
        return Signal(torch.from_numpy(samples * (PEAK / peak)).float(), peak, digest)


@dataclass(frozen=True)
class Edit:
    """What is done to every signal of a clip: a model, its ``settings``, the schedule and both prompts."""

    model: LatentModel
    settings: Settings
    schedule: Schedule
    source: Guidance
    target: Guidance

    @staticmethod
    def of(model: LatentModel, settings: Settings) -> Edit:
        s = settings
        return Edit(
            model,
            settings,
            schedule(model.path, s.strength, s.steps),
            guidance(model, s.source_prompt, s.source_guidance_scale),
            guidance(model, s.prompt, s.guidance_scale, s.negative_prompt, s.guidance_rescale),
        )

    def work(self, signal: Signal) -> float:
        """About how many network rows one signal takes."""
        each = _ENCODE_ROWS + _DECODE_ROWS + len(self.schedule) * (self.source.rows + self.target.rows)
        return self.windows(signal) * each

    def windows(self, signal: Signal) -> int:
        """The model's windows in ``signal``: the network rows of one prediction of it."""
        return max(1, -(-signal.audio.shape[-1] // self.model.window))

    def apply(self, signal: Signal, seed: int, kept: Kept, reporter: Reporter, clock: Clock) -> Samples:
        """The edit of ``signal``: (model channels, frames) at the model's rate and the signal's own level.

        Its inversion is taken from ``kept`` and left there. Raises RetoneError(cancelled).
        """
        if not signal.audio.any():
            return signal.audio.numpy()
        method, windows, steps = METHODS[self.settings.method], self.windows(signal), len(self.schedule)
        key = (signal.digest, seed, *self.settings.inverted_by)
        encoded, known = kept.get(key) or (None, None)
        with clock("encode"):
            reporter.stage("encode", windows * _ENCODE_ROWS)
            if encoded is None:
                encoded = self.model.encode(signal.audio.to(self.model.device))
        with clock("invert"):
            reporter.stage("invert", windows * steps * self.source.rows)
            inversion = method.invert(
                self.model,
                encoded.latent,
                self.schedule,
                self.source,
                seed,
                block=self.settings.block,
                on_call=reporter.step,
                known=known,
            )
            if known is None or len(known.schedule) < steps:
                kept.put(key, (encoded, inversion), _bytes(encoded, inversion))
        with clock("replay"):
            reporter.stage("replay", windows * steps * self.target.rows)
            latent = method.replay(self.model, [inversion], self.target, on_call=reporter.step)
        with clock("decode"):
            reporter.stage("decode", windows * _DECODE_ROWS)
            decoded = self.model.decode(latent, encoded, self.settings.restore)[0]
        samples: Samples = (decoded.float().cpu() * (signal.peak / PEAK)).numpy()
        return samples


def _bytes(encoded: Encoded, inversion: Inversion) -> int:
    tensors = (encoded.latent, inversion.kept, *encoded.kept.values())
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
