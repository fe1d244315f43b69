"""The published checkpoints' denoising networks at their full size, with random weights: speed does not depend on them.

Each stands behind Retone's own adapter. Autoencoders and text encoders are not built: neither is part of the speed
table, and in place of prompts stand random embeddings of the shapes that the encoders give.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import torch
from diffusers import AudioLDM2UNet2DConditionModel, DDIMScheduler, StableAudioDiTModel
from diffusers.models.embeddings import get_1d_rotary_pos_embed
from torch import nn

from retone_engine.model import Embedding, LatentModel
from retone_engine.models.audioldm2 import AudioLDM2
from retone_engine.models.mel_autoencoder import MelAutoencoder
from retone_engine.models.narrow import narrowed
from retone_engine.models.stable_audio import StableAudio
from retone_engine.models.waveform_autoencoder import WaveformAutoencoder
from retone_engine.path import DiscreteVPPath

# Tokens of a prompt as long as a sentence; T5 of Stable Audio fills every prompt up to 128, and two say the time.
AUDIOLDM2_TOKENS, STABLE_AUDIO_TOKENS = 16, 130

Build = Callable[[torch.device, torch.dtype, bool], LatentModel]


@dataclass(frozen=True)
class _AudioLDM2(AudioLDM2):
    """AudioLDM2 with random embeddings, as wide as its U-Net wants them."""

    def embed_alone(self, prompt: str) -> Embedding:
        generated, text = self.unet.config.cross_attention_dim[0][1:3]
        drawn = _generator(prompt)
        return Embedding(
            {
                "generated": torch.randn(1, 8, generated, generator=drawn).to(self.device),
                "text": torch.randn(1, AUDIOLDM2_TOKENS, text, generator=drawn).to(self.device),
                "mask": torch.ones(1, AUDIOLDM2_TOKENS, dtype=torch.long, device=self.device),
            }
        )


@dataclass(frozen=True)
class _StableAudio(StableAudio):
    """Stable Audio Open with random embeddings, as wide as its transformer wants them."""

    def embed(self, prompts: Sequence[str], frames: int | None = None) -> Embedding:
        shape = self.transformer.config
        rows = [
            torch.randn(1, STABLE_AUDIO_TOKENS, shape.cross_attention_input_dim, generator=_generator(prompt)).to(
                self.device
            )
            for prompt in prompts
        ]
        duration = torch.randn(1, 1, shape.global_states_input_dim, generator=_generator("")).to(self.device)
        return Embedding({"text": torch.cat(rows), "duration": duration.expand(len(rows), -1, -1)})


def audioldm2(device: torch.device, dtype: torch.dtype, tiny: bool = False) -> LatentModel:
    """The U-Net of ``cvssp/audioldm2``, on ``device``; ``tiny``: a few thousand weights in the same places."""
    widths, contexts = ((16, 32, 32, 64), (16, 24)) if tiny else ((128, 256, 384, 640), (768, 1024))
    unet = _random(
        lambda: AudioLDM2UNet2DConditionModel(
            sample_size=256,
            in_channels=8,
            out_channels=8,
            block_out_channels=widths,
            layers_per_block=1 if tiny else 2,
            norm_num_groups=8 if tiny else 32,
            cross_attention_dim=[[None, *contexts]] * 4,
            down_block_types=("DownBlock2D", *("CrossAttnDownBlock2D",) * 3),
            up_block_types=(*("CrossAttnUpBlock2D",) * 3, "UpBlock2D"),
        ),
        device,
    )
    scheduler = DDIMScheduler(beta_start=0.0015, beta_end=0.0195, beta_schedule="scaled_linear")
    return _AudioLDM2(
        name="audioldm2",
        sound=MelAutoencoder(
            vae=_part(block_out_channels=(128, 256, 512)),
            vocoder=_part(sampling_rate=16000, upsample_rates=(5, 4, 2, 2, 2), model_in_dim=64),
            halvings=3,
        ),
        unet=narrowed(unet, dtype),
        path=DiscreteVPPath(scheduler.alphas_cumprod.double()),
        prediction="epsilon",
        device=device,
        dtype=dtype,
        **dict.fromkeys(("clap", "clap_tokenizer", "t5", "t5_tokenizer", "projection", "language_model")),
    )


def stable_audio_open(device: torch.device, dtype: torch.dtype, tiny: bool = False) -> LatentModel:
    """The transformer of ``stabilityai/stable-audio-open-1.0``, on ``device``; its class's defaults are its own."""
    small = {
        "sample_size": 64, "num_layers": 2, "attention_head_dim": 8, "num_attention_heads": 4,
        "num_key_value_attention_heads": 2, "cross_attention_dim": 16, "cross_attention_input_dim": 16,
        "global_states_input_dim": 32, "time_proj_dim": 16,
    }  # fmt: skip
    transformer = _random(lambda: StableAudioDiTModel(**(small if tiny else {})), device)
    shape = transformer.config
    places = get_1d_rotary_pos_embed(
        shape.attention_head_dim // 2, shape.sample_size + 1, use_real=True, repeat_interleave_real=False
    )
    state = torch.float32
    return _StableAudio(
        name="stable-audio-open-1.0",
        autoencoder=WaveformAutoencoder(_part(), channels=2, sample_rate=44100, hop=2048, reach=0, dtype=state),
        text_encoder=None,
        tokenizer=None,
        projection=None,
        transformer=narrowed(transformer, dtype),
        rotary=tuple(value.to(device) for value in places),
        device=device,
        dtype=dtype,
    )


NETWORKS: dict[str, Build] = {"audioldm2": audioldm2, "stable-audio-open-1.0": stable_audio_open}


def latent_shape(model: LatentModel, windows: float = 1.0) -> tuple[int, ...]:
    """Of one clip that fills so many of the model's windows."""
    frames = round(model.window // model.hop * windows)
    network = model.modules["predict_clean"][0].config
    if model.time_axis == 2 and model.name.startswith("audioldm"):
        return 1, network.in_channels, frames, 16
    return 1, network.in_channels, frames


def _random(build: Callable[[], nn.Module], device: torch.device) -> Any:
    """The network that ``build`` makes, its weights from a fixed seed, frozen; on the meta device it has none."""
    with torch.random.fork_rng(devices=[]), torch.device("meta" if device.type == "meta" else "cpu"):
        torch.manual_seed(0)
        network = build()
    return network.to(device).eval().requires_grad_(False)


def _generator(prompt: str) -> torch.Generator:
    return torch.Generator().manual_seed(len(prompt))


def _part(**config: Any) -> Any:
    """What an adapter asks of an autoencoder or a vocoder that is not there."""
    return SimpleNamespace(config=SimpleNamespace(**config))
