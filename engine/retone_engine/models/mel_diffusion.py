"""What AudioLDM, AudioLDM2 and TANGO have in common: a U-Net on a variance-preserving path over latents of mels.

A family adds how prompts are embedded, and how its U-Net is given them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler
from torch import Tensor, nn
from transformers import SpeechT5HifiGan

from retone_engine.model import Defaults, Embedding, Encoded
from retone_engine.models.mel_autoencoder import MelAutoencoder
from retone_engine.models.narrow import narrowed
from retone_engine.models.part import load_part, state_dtype
from retone_engine.path import DiscreteVPPath, Level, clean_of

PREDICTIONS = ("epsilon", "v_prediction")


@dataclass(frozen=True)
class MelDiffusion:
    """A loaded checkpoint but for its prompts; ``prediction``: what the U-Net predicts, one of PREDICTIONS."""

    name: str
    sound: MelAutoencoder
    unet: nn.Module
    path: DiscreteVPPath
    prediction: str
    device: torch.device
    dtype: torch.dtype

    channels = 1
    time_axis = 2
    distilled = False
    # The paper's settings for AudioLDM2 and TANGO: 200 steps, guidance 3 on the source and 12 on the target, directions
    # found at steps 80 to 135 of 200.
    defaults = Defaults(strength=0.5, steps=200, guidance_scale=12.0, source_guidance_scale=3.0, noise_level=0.6)

    def __post_init__(self) -> None:
        if self.prediction not in PREDICTIONS:
            raise ValueError(f"its scheduler predicts {self.prediction!r}, not epsilon or v")

    @property
    def sample_rate(self) -> int:
        return self.sound.front_end.sample_rate

    @property
    def hop(self) -> int:
        return self.sound.hop

    @property
    def window(self) -> int:
        return self.sound.window

    @property
    def modules(self) -> Mapping[str, tuple[nn.Module, ...]]:
        return {
            "encode": (self.sound.vae,),
            "embed": self.text_modules,
            "predict_clean": (self.unet,),
            "decode": (self.sound.vae, self.sound.vocoder),
        }

    @property
    @abstractmethod
    def text_modules(self) -> tuple[nn.Module, ...]:
        """What embedding a prompt runs through."""

    @abstractmethod
    def embed_alone(self, prompt: str) -> Embedding:
        """One row."""

    @abstractmethod
    def denoise(self, x: Tensor, t: Tensor, embedding: Embedding) -> Tensor:
        """The U-Net's output for ``x`` (B, ...) at the trained steps ``t`` (B,)."""

    def encode(self, audio: Tensor) -> Encoded:
        return self.sound.encode(audio.to(self.device, state_dtype(self.dtype)))

    def decode(self, latent: Tensor, source: Encoded, restore: bool) -> Tensor:
        return self.sound.decode(latent, source, restore)

    @torch.no_grad()
    def embed(self, prompts: Sequence[str], frames: int | None = None) -> Embedding:
        return Embedding.cat([self.embed_alone(prompt) for prompt in prompts])

    @torch.no_grad()
    def predict_clean(self, x: Tensor, level: Level, embedding: Embedding) -> Tensor:
        with torch.autocast(x.device.type, self.dtype, enabled=self.dtype != state_dtype(self.dtype)):
            output = self.denoise(x, level.t.to(x.device, x.dtype), embedding)
        return clean_of(self.prediction, x, output.to(x.dtype), level)

    def unknown_prompt(self, prompt: str) -> str | None:
        return None


def load_mel_diffusion(folder: Path, unet_class: Any, device: torch.device, dtype: torch.dtype) -> dict[str, Any]:
    """The fields of MelDiffusion from the parts that AudioLDM and AudioLDM2 call by the same names."""
    state = state_dtype(dtype)
    scheduler = DDIMScheduler.from_pretrained(folder, subfolder="scheduler", local_files_only=True)
    unet = load_part(unet_class, folder, "unet", state, low_cpu_mem_usage=False)
    sound = MelAutoencoder(
        vae=load_part(AutoencoderKL, folder, "vae", state, low_cpu_mem_usage=False),
        vocoder=load_part(SpeechT5HifiGan, folder, "vocoder", state),
        halvings=len(unet.config.block_out_channels) - 1,
    )
    return {
        "name": folder.name,
        "sound": sound,
        "unet": narrowed(unet, dtype),
        "path": DiscreteVPPath(scheduler.alphas_cumprod.double()),
        "prediction": scheduler.config.prediction_type,
        "device": device,
        "dtype": dtype,
    }
