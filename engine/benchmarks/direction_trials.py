"""Held-out clips, followed along directions of any kind, and judged."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from direction_measures import Heard, Note, match
from retone_engine.baselines import noise_only
from retone_engine.directions import Directions, find
from retone_engine.guidance import Guidance, guidance, predict
from retone_engine.inversion import Inversion, invert
from retone_engine.model import PEAK, Encoded, LatentModel
from retone_engine.noise import noise
from retone_engine.path import Schedule, schedule
from retone_engine.replay import replay
from retone_engine.steer import DEVIATIONS

TRAINING = Path(__file__).parents[1] / "training"
SEED = 0
# Where the denoiser is asked how well it knows an edit, and the draws of noise it is asked with.
JUDGED_LEVEL, JUDGED_SEEDS = 0.5, range(100, 104)


@dataclass(frozen=True)
class HeldOut:
    """A clip that no part of the model ever saw: ``sound`` (1, samples) at 16 kHz, its peak where models know it."""

    timbre: str
    kind: str
    sequence: int
    sound: Tensor

    @property
    def name(self) -> str:
        return f"{self.timbre}, {self.kind} {self.sequence}"


@dataclass(frozen=True)
class Ears:
    """The note transcriber that was trained beside the model to judge it."""

    net: Any

    def notes(self, sound: Tensor) -> list[Note]:
        """The notes heard in ``sound`` (samples,)."""
        from judges import transcribe

        found: list[Note] = transcribe(self.net, sound[None] * (PEAK / sound.abs().max().clamp_min(1e-6)))[0]
        return found


def held_out(work: Path, count: int, seed: int = 3) -> tuple[list[HeldOut], Ears]:
    """``count`` clips, every one of another timbre (as far as there are) and of the next kind of music.

    Needs what training left in ``work``, and its ``mido``.
    """
    sys.path.insert(0, str(TRAINING))
    from data import HELD_OUT, SEQUENCES, open_arrays
    from judges import Transcriber
    from scores import KINDS, PROGRAMS, random_sequence

    audio, _ = open_arrays(work)
    rng = torch.Generator().manual_seed(seed)
    timbres = torch.randperm(len(PROGRAMS), generator=rng).tolist()
    places = torch.randperm(HELD_OUT, generator=rng).tolist()
    sequences = [SEQUENCES - 1 - place for place in places]
    clips = []
    for number in range(count):
        kind, timbre = KINDS[number % len(KINDS)], timbres[number % len(timbres)]
        sequence = next(one for one in reversed(sequences) if random_sequence(one).kind == kind)
        sequences.remove(sequence)
        sound = torch.from_numpy(audio[timbre, sequence] / 32768).float()
        clips.append(HeldOut(list(PROGRAMS)[timbre], kind, sequence, sound[None] * (PEAK / sound.abs().max())))
    net = Transcriber()
    net.load_state_dict(torch.load(work / "transcriber.pt", weights_only=True)["net"])
    return clips, Ears(net.eval())


@dataclass(frozen=True)
class Changed:
    """What one edit did, as ``direction_measures`` tells it; ``strange``: its ``Trial.error`` over its source's."""

    distance: float
    spread: float
    kept: float
    added: float
    removed: float
    note_f1: float
    timing_ms: float
    brightness: float
    attack: float
    level_db: float
    noisiness_db: float
    strange: float


@dataclass(frozen=True)
class Trial:
    """A clip on its way along directions: at what ``at`` finds them, from ``steps`` on until step ``end``."""

    model: LatentModel
    clip: HeldOut
    at: Schedule
    steps: Schedule
    end: int

    @staticmethod
    def of(model: LatentModel, clip: HeldOut, noise_level: float, strength: float, strength_end: float) -> Trial:
        at, steps, end = (schedule(model.path, s, model.defaults.steps) for s in (noise_level, strength, strength_end))
        return Trial(model, clip, at, steps, end.first)

    @staticmethod
    def default(model: LatentModel, clip: HeldOut) -> Trial:
        auto = model.defaults
        return Trial.of(model, clip, auto.noise_level, auto.steer_strength, auto.steer_strength_end)

    @cached_property
    def source(self) -> Guidance:
        return guidance(self.model, "", 1.0)

    @cached_property
    def encoded(self) -> Encoded:
        return self.model.encode(self.clip.sound)

    @cached_property
    def inversion(self) -> Inversion:
        return invert(self.model, self.encoded.latent, self.steps, self.source, SEED)

    @cached_property
    def heard(self) -> Heard:
        return Heard(self.decode(self.encoded.latent))

    def state(self) -> Tensor:
        """The clip at the level that directions are found at, (1, ...)."""
        return noise_only(self.model, self.encoded.latent, self.at, self.source, SEED).noised(0)

    def find(self, count: int, exact: bool = False) -> Directions:
        """The clip's own; by finite differences, which are quicker here, unless ``exact``."""
        return find(self.model, self.state(), self.at.level[slice(0, 1)], self.source, count, exact=exact)

    def follow(self, deviations: Tensor, amounts: Sequence[float]) -> Tensor:
        """Latents (B, ...), each one along its own of ``deviations`` (B, ...), amount 1 being three of them."""
        weights = DEVIATIONS * torch.tensor(amounts).view(-1, *[1] * (deviations.ndim - 1))
        shift = weights.to(deviations) * deviations
        acting = dict.fromkeys(range(self.steps.first, self.end), shift)
        return replay(self.model, [self.inversion] * len(shift), self.source, shift=acting)

    def decode(self, latent: Tensor) -> Tensor:
        """One latent (1, ...) as sound (samples,)."""
        return self.model.decode(latent, self.encoded, True)[0, 0]

    def distances(self, latents: Tensor) -> list[float]:
        """How far each of ``latents`` (B, ...) lies from the source, heard."""
        return [self.heard.distance(self.decode(latent[None])) for latent in latents]

    def error(self, latent: Tensor) -> float:
        """The model's denoising error of ``latent`` (1, ...): mean over axes and draws of (x0hat(x_t) - x_0)^2.

        x_t is ``latent`` under fresh noise of strength 0.5, with no prompt; the draws are the same for all.
        """
        level = schedule(self.model.path, JUDGED_LEVEL, self.model.defaults.steps).level[slice(0, 1)]
        draws = torch.cat([noise(latent.shape, self.model.time_axis, seed, 0) for seed in JUDGED_SEEDS])
        states = float(level.a) * latent + float(level.s) * draws.to(latent)
        return float((predict(self.model, states, level.rows(len(states)), self.source) - latent).square().mean())

    @cached_property
    def own_error(self) -> float:
        return self.error(self.encoded.latent)

    def judge(self, latent: Tensor, ears: Ears) -> Changed:
        """What ``latent`` (1, ...) changed of the clip, whose own sound is decoded in the same way."""
        sound, heard = self.decode(latent), self.heard
        notes = match(self.own_notes(ears), ears.notes(sound))
        return Changed(
            distance=heard.distance(sound),
            spread=heard.spread(sound),
            kept=notes.kept,
            added=notes.added,
            removed=notes.removed,
            note_f1=notes.f1,
            timing_ms=notes.timing_ms,
            brightness=heard.brightness(sound),
            attack=heard.attack(sound),
            level_db=heard.level_db(sound),
            noisiness_db=heard.noisiness_db(sound),
            strange=self.error(latent) / self.own_error,
        )

    def own_notes(self, ears: Ears) -> list[Note]:
        return ears.notes(self.decode(self.encoded.latent))


def as_if(directions: Directions, own: Directions) -> Directions:
    """Another clip's ``directions`` with the variances of the clip's ``own``: as long as they are."""
    return replace(own, vectors=directions.vectors)


def random_like(directions: Directions, seed: int) -> Directions:
    """As many orthonormal Gaussian directions, with the same variances."""
    shape = directions.vectors.shape
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(seed)).flatten(1)
    vectors = torch.linalg.qr(drawn.T).Q.T.reshape(shape).to(directions.vectors)
    return replace(directions, vectors=vectors)
