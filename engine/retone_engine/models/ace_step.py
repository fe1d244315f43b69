"""ACE-Step 1.5: any checkpoint folder in the format of diffusers' AceStepPipeline, base, sft or turbo.

A rectified flow on the latents of a 48 kHz stereo autoencoder. The network reads what is asked for by cross-attention,
and beside the noisy latent one of silence, which is how it is told to make all of the music itself.

Guidance is plain and stateless, on the clean prediction as in every family. The published one (APG) keeps a momentum
from step to step, so that a prediction would depend on those before it: no two levels could go in one call, and an
inversion would hold for one strength alone. APG is there to hold down the loudness that guidance adds, and guidance
rescale does that here. Whether it does it as well, only ears and real weights can tell.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AceStepPipeline, AceStepTransformer1DModel
from diffusers.models.transformers.ace_step_transformer import AceStepAttnProcessor2_0
from diffusers.pipelines.ace_step import AceStepConditionEncoder
from torch import Tensor, nn
from transformers import AutoModel

from retone_engine.model import Defaults, Embedding, Encoded
from retone_engine.models.narrow import load_narrowed
from retone_engine.models.part import load_part, load_tokenizer, state_dtype
from retone_engine.models.waveform_autoencoder import OnWaveforms, load_oobleck
from retone_engine.path import FlowPath, Level, clean_of

# Trained on 10 s to 10 minutes. Two minutes hold nearly every clip without a seam; attention over all of ten would take
# 25 times the memory a row, and a clip just beyond a window costs another whole one.
_WINDOW_SECONDS = 120
# A shorter clip is followed by silence up to what the network knows.
_SHORTEST_SECONDS = 10
# Of the sound whose timbre is to be followed, which here is silence: none.
_TIMBRE_SECONDS = 30
# The clip has its own words, if any, which nobody wrote down.
_LYRICS, _LANGUAGE = "", "unknown"


class _Masked(AceStepAttnProcessor2_0):  # type: ignore[misc]
    """Cross-attention that leaves out what fills up shorter prompts: the network has no argument for that."""

    def __init__(self) -> None:
        super().__init__()
        self.mask: Tensor | None = None

    def __call__(
        self,
        attn: nn.Module,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        image_rotary_emb: tuple[Tensor, Tensor] | None = None,
    ) -> Tensor:
        attended: Tensor = super().__call__(attn, hidden_states, encoder_hidden_states, self.mask, image_rotary_emb)
        return attended


@dataclass(frozen=True)
class AceStep(OnWaveforms):
    """One loaded checkpoint. Latents are (B, channels, time).

    ``pipeline``: the library's own, for how it puts prompts into tokens. ``context``: what the network is given beside
    a latent of a whole window, (1, frames, 2 channels): silence, and ones where it is to make music. ``cross``: where
    the network's cross-attention finds its mask.
    """

    name: str
    pipeline: AceStepPipeline
    context: Tensor
    cross: _Masked
    device: torch.device
    dtype: torch.dtype

    path = FlowPath()

    @property
    def distilled(self) -> bool:
        """Turbo checkpoints: few steps, guidance baked in. Their prediction is no posterior mean."""
        return bool(self.pipeline.is_turbo)

    @property
    def defaults(self) -> Defaults:
        if self.distilled:
            # A second branch would be guidance upon guidance. 20 steps are the most that its authors advise: the
            # fewer, the less of the clip is kept.
            return Defaults(strength=0.5, steps=20, guidance_scale=1.0, source_guidance_scale=1.0)
        # The scale is the published one; steps and the source's are the paper's for Stable Audio Open, its likest.
        return Defaults(strength=0.5, steps=100, guidance_scale=7.0, source_guidance_scale=1.0, guidance_rescale=0.7)

    @property
    def window(self) -> int:
        return self.context.shape[1] * self.hop

    @property
    def modules(self) -> Mapping[str, tuple[nn.Module, ...]]:
        return {
            "encode": (self.autoencoder.vae,),
            "embed": (self.pipeline.text_encoder, self.pipeline.condition_encoder),
            "predict_clean": (self.pipeline.transformer,),
            "decode": (self.autoencoder.vae,),
        }

    def encode(self, audio: Tensor) -> Encoded:
        return self.autoencoder.encode(audio, self.device, self._filled(audio.shape[-1]))

    @torch.no_grad()
    def embed(self, prompts: Sequence[str], frames: int | None = None) -> Embedding:
        """``condition``: lyrics, timbre and prompt as the network reads them (1, tokens, width); ``mask``: which are.

        Unconditional is the one token that was learned for it; the pipeline repeats it, which attention cannot tell.
        """
        seconds = self._filled(frames or self.window) * self.hop / self.sample_rate
        return Embedding.cat([self._row(prompt, seconds) for prompt in prompts])

    @torch.no_grad()
    def predict_clean(self, x: Tensor, level: Level, embedding: Embedding) -> Tensor:
        time = level.t.to(x.device, x.dtype)
        self.cross.mask = embedding.tensors["mask"][:, None, None]
        with torch.autocast(x.device.type, self.dtype, enabled=self.dtype != x.dtype):
            velocity = self.pipeline.transformer(
                x.transpose(1, 2),
                timestep=time,
                timestep_r=time,
                encoder_hidden_states=embedding.tensors["condition"],
                context_latents=self.context[:, : x.shape[2]].to(x).expand(len(x), -1, -1),
                return_dict=False,
            )[0]
        return clean_of("flow", x, velocity.transpose(1, 2).to(x.dtype), level)

    def _filled(self, frames: int) -> int:
        """Latent frames for ``frames`` of sound and the silence that is to follow, whole patches of the network."""
        patch = int(self.pipeline.transformer.config.patch_size)
        shortest = _SHORTEST_SECONDS * self.sample_rate / self.hop
        return math.ceil(max(self.autoencoder.latent_frames(frames), shortest) / patch) * patch

    def _row(self, prompt: str, seconds: float) -> Embedding:
        encoder = self.pipeline.condition_encoder
        if not prompt:
            nothing = encoder.null_condition_emb
            return Embedding({"condition": nothing, "mask": torch.ones_like(nothing[..., 0], dtype=torch.bool)})
        text, text_mask, lyrics, lyrics_mask = self.pipeline.encode_prompt(
            prompt, _LYRICS, self.device, _LANGUAGE, seconds
        )
        silence = encoder.silence_latent[:, : math.ceil(_TIMBRE_SECONDS * self.sample_rate / self.hop)]
        condition, mask = encoder(
            text_hidden_states=text,
            text_attention_mask=text_mask,
            lyric_hidden_states=lyrics,
            lyric_attention_mask=lyrics_mask,
            refer_audio_acoustic_hidden_states_packed=silence,
            refer_audio_order_mask=torch.zeros(1, dtype=torch.long, device=self.device),
        )
        return Embedding({"condition": condition, "mask": mask})


def load(folder: Path, device: torch.device, dtype: torch.dtype) -> AceStep:
    """The checkpoint in ``folder``; nothing is looked up anywhere else.

    Raises OSError or ValueError where a part is missing, not whole or of another kind.
    """
    state = state_dtype(dtype)
    plain: dict[str, Any] = {"low_cpu_mem_usage": False}
    transformer = load_narrowed(AceStepTransformer1DModel, folder, "transformer", dtype, **plain)
    encoder = load_part(AceStepConditionEncoder, folder, "condition_encoder", state, **plain)
    autoencoder = load_oobleck(folder, state)
    if not encoder.silence_latent.any():
        raise ValueError("its condition_encoder holds no latent of silence, as those of an early conversion")
    if autoencoder.vae.config.decoder_input_channels != transformer.config.audio_acoustic_hidden_dim:
        raise ValueError("its vae and its transformer are of different latents")
    cross = _Masked()
    for layer in transformer.layers:
        layer.cross_attn.set_processor(cross)
    grid = autoencoder.hop * transformer.config.patch_size
    window = _WINDOW_SECONDS * autoencoder.sample_rate // grid * transformer.config.patch_size
    silence = encoder.silence_latent[:, :window]
    return AceStep(
        name=folder.name,
        autoencoder=autoencoder,
        pipeline=AceStepPipeline(
            vae=autoencoder.vae,
            text_encoder=load_part(AutoModel, folder, "text_encoder", state, trust_remote_code=False),
            tokenizer=load_tokenizer(folder, "tokenizer"),
            transformer=transformer,
            condition_encoder=encoder,
            scheduler=None,
        ),
        context=torch.cat([silence, torch.ones_like(silence)], dim=-1).to(device),
        cross=cross,
        device=device,
        dtype=dtype,
    )
