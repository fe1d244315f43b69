"""Autoencoders of waveforms: sound to latents and back, piece by piece, and what they lose of a clip given back.

They see a few latent frames to either side and no further. So a sound of any length is coded in pieces, each with that
much of its surroundings, which gives what coding it whole gives, in bounded memory.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from diffusers import AutoencoderOobleck
from torch import Tensor

from retone_engine.model import Encoded
from retone_engine.models.give_back import give_back_wave
from retone_engine.models.part import load_part
from retone_engine.models.slices import whatever_length

if TYPE_CHECKING:
    from diffusers import AutoencoderSAME  # which older versions of the library do not have

# Latent frames coded at once: a few seconds, in one or two gigabytes. Part of a result's bits: another cut rounds
# otherwise.
PIECE = 128


@dataclass(frozen=True)
class Bins:
    """Some 46 ms at 44.1 and 48 kHz: short enough for the onset of a note, long enough for its pitch."""

    n_fft: int = 2048
    hop: int = 512


@dataclass(frozen=True)
class WaveformAutoencoder:
    """``vae`` between sounds (B, channels, frames) and latents (B, latent channels, frames / ``hop``).

    ``reach``: latent frames to either side from which one frame can depend on its surroundings.
    ``dtype``: what weights, sounds and latents are kept in.
    """

    vae: AutoencoderOobleck | AutoencoderSAME
    channels: int
    sample_rate: int
    hop: int
    reach: int
    dtype: torch.dtype

    def latent_frames(self, frames: int) -> int:
        """Latent frames that hold ``frames`` of sound."""
        return -(-frames // self.hop)

    @torch.no_grad()
    def encode(self, audio: Tensor, device: torch.device, filled: int | None = None) -> Encoded:
        """``audio`` (channels, frames), filled up with silence to ``filled`` latent frames, or to the last one's end.

        The latent is the mean of those the autoencoder would draw: the same clip is always the same latent, and the
        noise of a draw would be one more thing lost of it.
        """
        frames = audio.shape[-1]
        total = filled or self.latent_frames(frames)
        sound = audio[None].to(device, self.dtype)
        padded = F.pad(sound, (0, total * self.hop - frames))
        parts = []
        for first, last, inner in self._pieces(total):
            with whatever_length(device):
                coded = self.vae.encode(padded[..., first * self.hop : last * self.hop])
            latent = coded.latent_dist.mode() if hasattr(coded, "latent_dist") else coded.latents
            parts.append(latent[..., inner])
        return Encoded(torch.cat(parts, dim=-1), frames, {"audio": sound})

    @torch.no_grad()
    def decode(self, latent: Tensor, source: Encoded, restore: bool) -> Tensor:
        """Latents (B, latent channels, n) like ``source.latent`` to sounds (B, channels, source.frames).

        ``restore``: give back what was lost of the source where the edit left it alone.
        """
        edited = self._sound(latent, source.frames)
        if not restore:
            return edited
        # A spectrum wants more than half its length, and silence beyond the end is as good as any.
        short = max(0, Bins.n_fft - source.frames)
        decoded = self._sound(source.latent, source.frames)
        edited, decoded, own = (F.pad(sound, (0, short)) for sound in (edited, decoded, source.kept["audio"]))
        restored = [give_back_wave(row[None], decoded, own, Bins()) for row in edited]
        return torch.cat(restored)[..., : source.frames]

    def _sound(self, latent: Tensor, frames: int) -> Tensor:
        """The first ``frames`` of what ``latent`` sounds like, row by row: a batch would only take more memory."""
        # Of the silence that fills up a window, no more is decoded than can be heard.
        needed = latent[..., : self.latent_frames(frames) + self.reach]
        rows = []
        for row in needed:
            parts = []
            for first, last, inner in self._pieces(row.shape[-1]):
                with whatever_length(row.device):
                    sound = self.vae.decode(row[None, :, first:last]).sample
                parts.append(sound[..., inner.start * self.hop : inner.stop * self.hop])
            rows.append(torch.cat(parts, dim=-1)[..., :frames])
        return torch.cat(rows)

    def _pieces(self, total: int) -> Iterator[tuple[int, int, slice]]:
        """First and last latent frame (exclusive) of each piece with its surroundings, and the piece within these."""
        for start in range(0, total, PIECE):
            stop = min(start + PIECE, total)
            first = max(0, start - self.reach)
            yield first, min(total, stop + self.reach), slice(start - first, stop - first)


@dataclass(frozen=True)
class OnWaveforms:
    """What the families on such an ``autoencoder`` have in common; their latents are (B, channels, time)."""

    autoencoder: WaveformAutoencoder

    time_axis = 2

    @property
    def sample_rate(self) -> int:
        return self.autoencoder.sample_rate

    @property
    def channels(self) -> int:
        return self.autoencoder.channels

    @property
    def hop(self) -> int:
        return self.autoencoder.hop

    def decode(self, latent: Tensor, source: Encoded, restore: bool) -> Tensor:
        return self.autoencoder.decode(latent, source, restore)

    def unknown_prompt(self, prompt: str) -> str | None:
        return None


def load_oobleck(folder: Path, dtype: torch.dtype) -> WaveformAutoencoder:
    """Stable Audio Open's and ACE-Step's kind, the part ``vae`` of the checkpoint in ``folder``, in float32 or float64.

    Raises OSError or ValueError where it is not there or not whole.
    """
    vae = _load(AutoencoderOobleck, folder, dtype)
    ratios = vae.config.downsampling_ratios
    return WaveformAutoencoder(
        vae=vae,
        channels=vae.config.audio_channels,
        sample_rate=vae.config.sampling_rate,
        hop=math.prod(ratios),
        reach=oobleck_reach(ratios),
        dtype=dtype,
    )


def load_same(folder: Path, dtype: torch.dtype) -> WaveformAutoencoder:
    """Stable Audio 3's kind, as ``load_oobleck``."""
    from diffusers import AutoencoderSAME

    vae = _load(AutoencoderSAME, folder, dtype)
    shape = vae.config
    return WaveformAutoencoder(
        vae=vae,
        channels=shape.audio_channels,
        sample_rate=shape.sampling_rate,
        hop=shape.patch_size * math.prod(shape.encoder_strides),
        # Each of its layers looks that many segments to either side, of which none is longer than a latent frame.
        reach=shape.sliding_window * sum(shape.encoder_transformer_depths),
        dtype=dtype,
    )


def _load(kind: Any, folder: Path, dtype: torch.dtype) -> Any:
    with warnings.catch_warnings():
        # Both say of their own weight norm that it is to be replaced.
        warnings.simplefilter("ignore", FutureWarning)
        return load_part(kind, folder, "vae", dtype, low_cpu_mem_usage=False)


def oobleck_reach(ratios: list[int]) -> int:
    """Latent frames to either side that Oobleck's convolutions see, where ``ratios`` are its encoder's strides.

    Per stage: residual units of kernel 7 with dilations 1, 3 and 9, and a resampling of twice its stride; at the latent
    end a kernel of 7, at the other end another.
    """
    hop, rate = math.prod(ratios), 1
    seen = 3.0 + 3 / hop
    for ratio in ratios:
        seen += (3 * (1 + 3 + 9) + ratio) * rate / hop
        rate *= ratio
    return math.ceil(seen)
