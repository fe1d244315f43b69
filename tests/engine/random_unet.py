"""A small diffusers U-Net with random weights as a latent model: real convolutions and attention, fast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from diffusers import UNet2DModel
from torch import Tensor

from retone_engine.model import Defaults, Embedding, Encoded
from retone_engine.path import GaussianPath, Level, VPPath

ROWS = 8


class RandomUNet:
    """Latents (B, 2, T, 8), which are the audio (1, 16 T) folded; v prediction; three prompts by number."""

    name = "random U-Net"
    sample_rate = 16000
    channels = 1
    window = 256
    hop = 2 * ROWS
    time_axis = 2
    modules: ClassVar[Mapping[str, tuple[torch.nn.Module, ...]]] = {}
    distilled = False
    device = torch.device("cpu")
    defaults = Defaults(strength=0.5, steps=12, guidance_scale=3.0, source_guidance_scale=2.0)
    prompts = ("", "first", "second")

    def __init__(self, dtype: torch.dtype = torch.float32, path: GaussianPath | None = None) -> None:
        self.dtype = dtype
        self.path = path or VPPath()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.unet = UNet2DModel(
                in_channels=2,
                out_channels=2,
                block_out_channels=(16, 32),
                layers_per_block=1,
                norm_num_groups=8,
                attention_head_dim=8,
                down_block_types=("DownBlock2D", "AttnDownBlock2D"),
                up_block_types=("AttnUpBlock2D", "UpBlock2D"),
                num_class_embeds=3,
            )
        self.unet.eval().requires_grad_(False)

    def encode(self, audio: Tensor) -> Encoded:
        frames = audio.shape[1]
        padded = torch.nn.functional.pad(audio, (0, -frames % (2 * self.hop)))
        return Encoded(padded.view(1, -1, 2, ROWS).transpose(1, 2), frames, {})

    def decode(self, latent: Tensor, source: Encoded, restore: bool) -> Tensor:
        return latent.transpose(1, 2).flatten(1)[:, None, : source.frames]

    def embed(self, prompts: Sequence[str], frames: int | None = None) -> Embedding:
        return Embedding({"number": torch.tensor([[self.prompts.index(prompt)] for prompt in prompts])})

    def predict_clean(self, x: Tensor, level: Level, embedding: Embedding) -> Tensor:
        with torch.autocast("cpu", self.dtype, enabled=self.dtype != torch.float32):
            v = self.unet(x, 100 * (level.lam.float() + 5), embedding.tensors["number"][:, 0]).sample
        a, s = (value.to(x)[:, None, None, None] for value in (level.a, level.s))
        return a * x - s * v.to(x)

    def unknown_prompt(self, prompt: str) -> str | None:
        return None
