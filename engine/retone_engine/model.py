"""What every model family fills, so that inversion, replay and directions work on all of them unchanged.

A family turns audio into a clean latent and back, prompts into embeddings, and a noisy latent into the posterior
mean ``x0hat(x_t) = E[x_0 | x_t]``, whatever its network predicts (epsilon, v or velocity).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from retone_engine.path import GaussianPath, Level

# The peak that models of the AudioLDM kind were trained at.
PEAK = 0.5


@dataclass(frozen=True)
class Defaults:
    """What ``auto`` means for a model: the settings it was measured best at.

    The last three are for directions: where they are looked for, and from where to where they act.
    """

    strength: float
    steps: int
    guidance_scale: float
    source_guidance_scale: float
    guidance_rescale: float = 0.0
    noise_level: float = 0.8
    steer_strength: float = 0.8
    steer_strength_end: float = 0.45


@dataclass(frozen=True)
class Embedding:
    """Prompts as the network takes them: named tensors with one row a prompt."""

    tensors: Mapping[str, Tensor]

    def __len__(self) -> int:
        return next(iter(self.tensors.values())).shape[0]

    def __getitem__(self, index: slice | Tensor) -> Embedding:
        return Embedding({k: v[index] for k, v in self.tensors.items()})

    def rows(self, count: int) -> Embedding:
        """Each prompt's row ``count`` times, for the rows of a batch: all of the first prompt's, then the next's."""
        return Embedding({k: v.repeat_interleave(count, dim=0) for k, v in self.tensors.items()})

    @staticmethod
    def cat(embeddings: Sequence[Embedding]) -> Embedding:
        """The rows of all. Shorter token sequences are filled up with zeros, which a mask among them says, too."""
        tensors = {}
        for name in embeddings[0].tensors:
            each = [embedding.tensors[name] for embedding in embeddings]
            longest = max(tensor.shape[1] for tensor in each)
            tensors[name] = torch.cat([_filled(tensor, longest) for tensor in each])
        return Embedding(tensors)


def _filled(tensor: Tensor, tokens: int) -> Tensor:
    missing = tensor.new_zeros(len(tensor), tokens - tensor.shape[1], *tensor.shape[2:])
    return torch.cat([tensor, missing], dim=1)


@dataclass(frozen=True)
class Encoded:
    """A clip in latent space.

    ``latent``: x_0, shape (1, ...), time along the model's ``time_axis``.
    ``frames``: how many audio frames it stands for, at the model's rate.
    ``kept``: whatever the family needs to give back, on decoding, what its autoencoder loses of this clip.
    """

    latent: Tensor
    frames: int
    kept: Mapping[str, Tensor]


class LatentModel(Protocol):
    """A latent diffusion model of audio on a Gaussian path.

    ``sample_rate`` Hz and ``channels`` of the audio it takes; ``window``: audio frames it was trained on;
    ``hop``: audio frames a latent frame; ``time_axis``: the latent's axis of time, counted with the batch axis as 0;
    ``distilled``: its prediction is no posterior mean (few-step or guidance-distilled checkpoints).
    """

    @property
    def name(self) -> str: ...
    @property
    def sample_rate(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def window(self) -> int: ...
    @property
    def hop(self) -> int: ...
    @property
    def time_axis(self) -> int: ...
    @property
    def path(self) -> GaussianPath: ...
    @property
    def defaults(self) -> Defaults: ...
    @property
    def distilled(self) -> bool: ...
    @property
    def device(self) -> torch.device: ...
    @property
    def modules(self) -> Mapping[str, tuple[nn.Module, ...]]:
        """What each of encode, embed, predict_clean and decode runs through; it is moved about for the family."""
        ...

    @property
    def dtype(self) -> torch.dtype:
        """The precision of the network's products; latents and predictions are float32 (float64 if this is)."""
        ...

    def encode(self, audio: Tensor) -> Encoded:
        """``audio``: (channels, frames) at ``sample_rate``, any length from 1 frame.

        The caller has brought the whole clip's peak to ``PEAK`` and takes it back after decoding: a level set here
        would differ from window to window of a long clip.
        """
        ...

    def decode(self, latent: Tensor, source: Encoded, restore: bool) -> Tensor:
        """Latents (B, ...) shaped like ``source.latent`` to audio (B, channels, source.frames).

        ``restore``: give back what the autoencoder lost of the source where the edit left it alone.
        """
        ...

    def embed(self, prompts: Sequence[str], frames: int | None = None) -> Embedding:
        """One row a prompt, each encoded alone; the empty prompt is the unconditional one.

        ``frames``: of the audio that is described, for families that are told how long it is; None is a window.
        """
        ...

    def predict_clean(self, x: Tensor, level: Level, embedding: Embedding) -> Tensor:
        """x0hat of ``x``: (B, ...) at B levels with B embedding rows, shaped like ``x``; no guidance, no gradient."""
        ...

    def unknown_prompt(self, prompt: str) -> str | None:
        """A sentence that says why the model cannot know what ``prompt`` asks for, or None where it may."""
        ...


class Wrapped:
    """A model around another one: everything is the inner model's until a subclass says otherwise."""

    def __init__(self, model: LatentModel) -> None:
        self.model = model

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def sample_rate(self) -> int:
        return self.model.sample_rate

    @property
    def channels(self) -> int:
        return self.model.channels

    @property
    def window(self) -> int:
        return self.model.window

    @property
    def hop(self) -> int:
        return self.model.hop

    @property
    def time_axis(self) -> int:
        return self.model.time_axis

    @property
    def path(self) -> GaussianPath:
        return self.model.path

    @property
    def defaults(self) -> Defaults:
        return self.model.defaults

    @property
    def distilled(self) -> bool:
        return self.model.distilled

    @property
    def device(self) -> torch.device:
        return self.model.device

    @property
    def modules(self) -> Mapping[str, tuple[nn.Module, ...]]:
        return self.model.modules

    @property
    def dtype(self) -> torch.dtype:
        return self.model.dtype

    def encode(self, audio: Tensor) -> Encoded:
        return self.model.encode(audio)

    def decode(self, latent: Tensor, source: Encoded, restore: bool) -> Tensor:
        return self.model.decode(latent, source, restore)

    def embed(self, prompts: Sequence[str], frames: int | None = None) -> Embedding:
        return self.model.embed(prompts, frames)

    def predict_clean(self, x: Tensor, level: Level, embedding: Embedding) -> Tensor:
        return self.model.predict_clean(x, level, embedding)

    def unknown_prompt(self, prompt: str) -> str | None:
        return self.model.unknown_prompt(prompt)


class Counted(Wrapped):
    """A model that counts its network calls and their rows."""

    def __init__(self, model: LatentModel) -> None:
        super().__init__(model)
        self.calls = 0
        self.rows = 0

    def predict_clean(self, x: Tensor, level: Level, embedding: Embedding) -> Tensor:
        self.calls += 1
        self.rows += len(x)
        return self.model.predict_clean(x, level, embedding)
