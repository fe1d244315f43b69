"""A clip's signals on their way through the model, and what is kept of it for the next request."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from retone_engine.audio.files import Samples
from retone_engine.baselines import METHODS
from retone_engine.cache import Cache
from retone_engine.clock import Clock
from retone_engine.guidance import Guidance
from retone_engine.inversion import Inversion
from retone_engine.kept import Shelf
from retone_engine.model import PEAK, Encoded
from retone_engine.path import Schedule
from retone_engine.progress import Reporter
from retone_engine.settings import Settings
from retone_engine.windows import Windowed

# What encoding and decoding a window cost, in rows of the network; they only share out the progress bar.
ENCODE_ROWS, DECODE_ROWS = 1.0, 3.0

Kept = Cache[Any]


@dataclass(frozen=True)
class Signal:
    """``audio`` (model channels, frames) at the peak that models know, its own ``peak``, and a hash of its content."""

    audio: Tensor
    peak: float
    digest: str

    @staticmethod
    def of(samples: Samples, peak: float | None = None) -> Signal:
        """``peak`` is that of the whole clip where ``samples`` are a piece of it."""
        found = peak or float(np.abs(samples).max(initial=0.0)) or 1.0
        # Below this the gain would leave float32.
        found = max(found, float(np.finfo(np.float32).tiny))
        digest = hashlib.sha256(np.ascontiguousarray(samples).tobytes()).hexdigest()
        return Signal(torch.from_numpy(samples * (PEAK / found)).float(), found, digest)

    @property
    def silent(self) -> bool:
        return not self.audio.any()


@dataclass(frozen=True)
class Passage:
    """What the stages of one request share: the model with its ``settings``, the ``source`` prompt, and the books.

    ``frames``: of every signal, at the model's rate. ``shelf``: where inversions of earlier runs lie.
    """

    model: Windowed
    settings: Settings
    source: Guidance
    restore: bool
    kept: Kept
    reporter: Reporter
    clock: Clock
    frames: int | None = None
    shelf: Shelf | None = None

    def windows(self, signal: Signal) -> int:
        """The model's windows in ``signal``: the network rows of one prediction of it."""
        return max(1, -(-signal.audio.shape[-1] // self.model.window))

    def plan(self, signals: Sequence[Signal], rows: float, decoded: int) -> None:
        """Tell the reporter what is ahead of each window: network ``rows``, and latents that are ``decoded``."""
        each = ENCODE_ROWS + rows + decoded * DECODE_ROWS
        self.reporter.plan(sum(self.windows(signal) for signal in signals) * each)

    def encode(self, signal: Signal) -> Encoded:
        """``signal`` in latent space, from the cache where it is there."""
        key = ("encoded", signal.digest, signal.peak, self.settings.model, self.settings.precision)
        with self.clock("encode"):
            self.reporter.stage("encode", self.windows(signal) * ENCODE_ROWS)
            encoded: Encoded | None = self.kept.get(key)
            if encoded is None:
                encoded = self.model.encode(signal.audio.to(self.model.device))
                self.kept.put(key, encoded, size(encoded.latent, *encoded.kept.values()))
        return encoded

    def invert(
        self, signal: Signal, encoded: Encoded, schedule: Schedule, seed: int, method: str = "ddpm_inversion"
    ) -> Inversion:
        """The inversion of ``signal`` along ``schedule``; what the cache has of it, from any strength, is used."""
        invert = METHODS[method].invert
        key = (invert.__name__, signal.digest, signal.peak, seed, *self.settings.inverted_by)
        with self.clock("invert"):
            self.reporter.stage("invert", self.windows(signal) * len(schedule) * self.source.rows)
            known: Inversion | None = self.kept.get(key)
            shelf = self.shelf if method == "ddpm_inversion" else None
            place = shelf.path(key) if shelf is not None else None
            if shelf is not None and (known is None or not known.reaches(schedule)):
                known = shelf.get(key) or known
            # A device may encode the same clip to other bits at another time.
            if known is not None and not torch.equal(known.latent.to(encoded.latent), encoded.latent):
                known = None
            inversion = invert(
                self.model,
                encoded.latent,
                schedule,
                self.source,
                seed,
                block=self.settings.block,
                on_call=self.reporter.step,
                known=known,
            )
            if known is None or len(known.schedule) < len(schedule):
                again = inversion.in_memory()
                self.kept.put(key, again, size(again.kept))
                # Where memory became short meanwhile, part of it was made in larger batches than the name says.
                if shelf is not None and shelf.path(key) == place:
                    shelf.put(key, again)
        return inversion

    def decode(self, signal: Signal, encoded: Encoded, latent: Tensor) -> Samples:
        """``latent`` (1, ...) as audio (model channels, frames) at the signal's own level."""
        with self.clock("decode"):
            self.reporter.stage("decode", self.windows(signal) * DECODE_ROWS)
            decoded = self.model.decode(latent, encoded, self.restore)[0]
        samples: Samples = (decoded.float().cpu() * (signal.peak / PEAK)).numpy()
        return samples


def size(*tensors: Tensor) -> int:
    """Bytes of ``tensors``."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
