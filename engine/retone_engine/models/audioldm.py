"""AudioLDM: any checkpoint folder in the format of diffusers' AudioLDMPipeline.

Its parts are loaded one by one, as the pipeline class itself is on its way out of diffusers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from torch import Tensor, nn
from transformers import AutoTokenizer, ClapTextModelWithProjection, PreTrainedTokenizerBase, SpeechT5HifiGan
from transformers.utils.logging import disable_progress_bar

from retone_engine.model import Defaults, Embedding, Encoded
from retone_engine.models.give_back import give_back_mel, give_back_wave
from retone_engine.models.mel import LOG_FLOOR, MelFrontEnd
from retone_engine.path import DiscreteVPPath, Level, clean_of

_N_FFT = 1024
_WINDOW_SECONDS = 10.24


@dataclass(frozen=True)
class AudioLDM:
    """One loaded checkpoint. Latents are (B, channels, time, mel), VAE modes times the scaling factor."""

    name: str
    vae: AutoencoderKL
    text_encoder: ClapTextModelWithProjection
    tokenizer: PreTrainedTokenizerBase
    unet: UNet2DConditionModel
    vocoder: SpeechT5HifiGan
    path: DiscreteVPPath
    prediction_type: str
    front_end: MelFrontEnd
    device: torch.device
    dtype: torch.dtype

    channels = 1
    time_axis = 2
    distilled = False
    # The paper's settings for AudioLDM: 100 steps, guidance 3 on the source and 12 on the target.
    defaults = Defaults(strength=0.5, steps=100, guidance_scale=12.0, source_guidance_scale=3.0)

    @property
    def sample_rate(self) -> int:
        return self.front_end.sample_rate

    @property
    def hop(self) -> int:
        return self.front_end.hop * self._vae_scale

    @property
    def window(self) -> int:
        return round(_WINDOW_SECONDS * self.sample_rate) // self._grid * self._grid

    @property
    def modules(self) -> Mapping[str, tuple[nn.Module, ...]]:
        return {
            "encode": (self.vae,),
            "embed": (self.text_encoder,),
            "predict_clean": (self.unet,),
            "decode": (self.vae, self.vocoder),
        }

    @property
    def _state(self) -> torch.dtype:
        """What weights, latents and predictions are kept in; only the products of the network are narrower."""
        return torch.float64 if self.dtype == torch.float64 else torch.float32

    @property
    def _vae_scale(self) -> int:
        return int(2 ** (len(self.vae.config.block_out_channels) - 1))

    @property
    def _grid(self) -> int:
        """Audio frames in the shortest piece that halves evenly all the way down VAE and U-Net."""
        return int(self.hop * 2 ** (len(self.unet.config.block_out_channels) - 1))

    @torch.no_grad()
    def encode(self, audio: Tensor) -> Encoded:
        frames = audio.shape[-1]
        # The front end reflects half its window at the ends, so it wants more than that.
        grids = max(-(-frames // self._grid), _N_FFT // 2 // self._grid + 1)
        padded = F.pad(audio.to(self.device, self._state), (0, grids * self._grid - frames))
        mel = self.front_end(padded)[:, None]
        return Encoded(self._encode_mel(mel), frames, {"mel": mel, "audio": padded})

    @torch.no_grad()
    def decode(self, latent: Tensor, source: Encoded, restore: bool) -> Tensor:
        mel = self._decode_mel(latent)
        if not restore:
            return self._voice(mel)[:, None, : source.frames]
        # Twice: what the autoencoder lost of the frames, and what the vocoder loses of the wave.
        own = source.kept["mel"]
        edited = self._voice(give_back_mel(mel, self._decode_mel(source.latent), own))
        audio = give_back_wave(edited, self._voice(own), source.kept["audio"], self.front_end)
        return audio[:, None, : source.frames]

    @torch.no_grad()
    def embed(self, prompts: Sequence[str], frames: int | None = None) -> Embedding:
        rows = []
        for prompt in prompts:
            tokens = self.tokenizer(
                prompt,
                padding="max_length",
                max_length=min(self.tokenizer.model_max_length, self.text_encoder.config.max_position_embeddings - 2),
                truncation=True,
                return_tensors="pt",
            ).to(self.device)
            text = self.text_encoder(tokens.input_ids, attention_mask=tokens.attention_mask).text_embeds
            rows.append(F.normalize(text, dim=-1))
        return Embedding({"text": torch.cat(rows)})

    @torch.no_grad()
    def predict_clean(self, x: Tensor, level: Level, embedding: Embedding) -> Tensor:
        with torch.autocast(x.device.type, self.dtype, enabled=self.dtype != self._state):
            output: Tensor = self.unet(
                x,
                level.t.to(x.device, x.dtype),
                encoder_hidden_states=None,
                class_labels=embedding.tensors["text"].to(x.dtype),
            ).sample.to(x.dtype)
        return clean_of(self.prediction_type, x, output, level)

    def unknown_prompt(self, prompt: str) -> str | None:
        return None

    def _encode_mel(self, mel: Tensor) -> Tensor:
        latent: Tensor = self.vae.encode(mel).latent_dist.mode() * self.vae.config.scaling_factor
        return latent

    def _decode_mel(self, latent: Tensor) -> Tensor:
        mel: Tensor = self.vae.decode(latent / self.vae.config.scaling_factor).sample
        return mel

    def _voice(self, mel: Tensor) -> Tensor:
        """Log-mel (B, 1, T, bins) to sound (B, samples)."""
        audio: Tensor = self.vocoder(mel[:, 0].clamp_min(math.log(LOG_FLOOR)))
        return audio


def load(folder: Path, device: torch.device, dtype: torch.dtype) -> AudioLDM:
    """The checkpoint in ``folder``; nothing is looked up anywhere else.

    Raises OSError or ValueError where a part is missing or of another kind, a prediction type is unknown, or the
    scheduler is not on a variance-preserving path.
    """
    here = {"local_files_only": True}
    scheduler = DDIMScheduler.from_pretrained(folder, subfolder="scheduler", **here)
    if scheduler.config.prediction_type not in ("epsilon", "v_prediction"):
        raise ValueError(f"its scheduler predicts {scheduler.config.prediction_type!r}, not epsilon or v")
    disable_progress_bar()
    weights = {"torch_dtype": torch.float64 if dtype == torch.float64 else torch.float32, **here}
    parts = {
        "vae": AutoencoderKL.from_pretrained(folder, subfolder="vae", low_cpu_mem_usage=False, **weights),
        "text_encoder": ClapTextModelWithProjection.from_pretrained(folder, subfolder="text_encoder", **weights),
        "unet": UNet2DConditionModel.from_pretrained(folder, subfolder="unet", low_cpu_mem_usage=False, **weights),
        "vocoder": SpeechT5HifiGan.from_pretrained(folder, subfolder="vocoder", **weights),
    }
    heard = parts["vocoder"].config
    front_end = MelFrontEnd(heard.sampling_rate, _N_FFT, math.prod(heard.upsample_rates), heard.model_in_dim)
    return AudioLDM(
        name=folder.name,
        **{name: part.to(device).eval().requires_grad_(False) for name, part in parts.items()},
        tokenizer=AutoTokenizer.from_pretrained(folder / "tokenizer", **here),
        path=DiscreteVPPath(scheduler.alphas_cumprod.double()),
        prediction_type=scheduler.config.prediction_type,
        front_end=front_end,
        device=device,
        dtype=dtype,
    )
