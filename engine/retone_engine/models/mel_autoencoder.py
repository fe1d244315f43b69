"""Sound to latents and back as AudioLDM's family does it: a mel spectrogram, its autoencoder, and a vocoder."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from torch import Tensor
from transformers import SpeechT5HifiGan

from retone_engine.model import Encoded
from retone_engine.models.give_back import give_back_mel, give_back_wave
from retone_engine.models.mel import LOG_FLOOR, MelFrontEnd
from retone_engine.models.slices import whatever_length

_N_FFT = 1024
_WINDOW_SECONDS = 10.24


@dataclass(frozen=True)
class MelAutoencoder:
    """Latents are (B, channels, time, mel), modes of ``vae`` times its scaling factor.

    ``halvings``: how often the denoising network halves a latent; pieces are filled up to what halves evenly.
    """

    vae: AutoencoderKL
    vocoder: SpeechT5HifiGan
    halvings: int

    @property
    def front_end(self) -> MelFrontEnd:
        heard = self.vocoder.config
        return MelFrontEnd(heard.sampling_rate, _N_FFT, math.prod(heard.upsample_rates), heard.model_in_dim)

    @property
    def hop(self) -> int:
        """Audio frames a latent frame."""
        return int(self.front_end.hop * 2 ** (len(self.vae.config.block_out_channels) - 1))

    @property
    def window(self) -> int:
        """Audio frames of the longest piece the family was trained on."""
        return round(_WINDOW_SECONDS * self.front_end.sample_rate) // self._grid * self._grid

    @property
    def _grid(self) -> int:
        """Audio frames in the shortest piece that halves evenly all the way down autoencoder and network."""
        return int(self.hop * 2**self.halvings)

    @torch.no_grad()
    def encode(self, audio: Tensor) -> Encoded:
        """``audio`` (1, frames) at the front end's rate, of any length."""
        frames = audio.shape[-1]
        # The front end reflects half its window at the ends, so it wants more than that.
        grids = max(-(-frames // self._grid), _N_FFT // 2 // self._grid + 1)
        padded = F.pad(audio, (0, grids * self._grid - frames))
        mel = self.front_end(padded)[:, None]
        latent = self.vae.encode(mel).latent_dist.mode() * self.vae.config.scaling_factor
        return Encoded(latent, frames, {"mel": mel, "audio": padded})

    @torch.no_grad()
    def decode(self, latent: Tensor, source: Encoded, restore: bool) -> Tensor:
        """Latents (B, ...) shaped like the source's to audio (B, 1, source.frames)."""
        mel = self._mel(latent)
        if not restore:
            return self._voice(mel)[:, None, : source.frames]
        # Twice: what the autoencoder lost of the frames, and what the vocoder loses of the wave.
        own = source.kept["mel"]
        edited = self._voice(give_back_mel(mel, self._mel(source.latent), own))
        audio = give_back_wave(edited, self._voice(own), source.kept["audio"], self.front_end)
        return audio[:, None, : source.frames]

    def _mel(self, latent: Tensor) -> Tensor:
        mel: Tensor = self.vae.decode(latent / self.vae.config.scaling_factor).sample
        return mel

    def _voice(self, mel: Tensor) -> Tensor:
        """Log-mel (B, 1, T, bins) to sound (B, samples)."""
        with whatever_length(mel.device):
            audio: Tensor = self.vocoder(mel[:, 0].clamp_min(math.log(LOG_FLOOR)))
        return audio
