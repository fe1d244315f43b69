"""Stable Audio 3: any checkpoint folder in the format of diffusers' StableAudio3Pipeline.

The base checkpoints predict a velocity on a rectified flow; the others are distilled from them to eight steps with
guidance built in, which their scheduler's configuration tells. Sounds are as long as they are: nothing is filled up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, StableAudio3DiTModel
from diffusers.pipelines.stable_audio_3.modeling_stable_audio_3 import StableAudio3DurationEmbedder
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase, T5GemmaEncoderModel

from retone_engine.model import Defaults, Embedding, Encoded
from retone_engine.models.narrow import load_narrowed
from retone_engine.models.part import load_part, load_tokenizer, state_dtype
from retone_engine.models.waveform_autoencoder import OnWaveforms, load_same
from retone_engine.path import FlowPath, Level, clean_of

_SCHEDULER = "FlowMatchEulerDiscreteScheduler"
# All published sizes were trained on sounds this long. The larger ones know longer, of which their files say nothing.
_WINDOW_SECONDS = 120
# The text conditioning of its training ends here, whatever the tokenizer allows.
_TOKENS = 256


@dataclass(frozen=True)
class StableAudio3(OnWaveforms):
    """One loaded checkpoint. Latents are (B, channels, time).

    ``times``: what the network calls the noisy end of the path; the clean one is 0.
    """

    name: str
    text_encoder: T5GemmaEncoderModel
    tokenizer: PreTrainedTokenizerBase
    duration_embedder: StableAudio3DurationEmbedder
    transformer: StableAudio3DiTModel
    times: float
    distilled: bool
    device: torch.device
    dtype: torch.dtype

    path = FlowPath()

    @property
    def defaults(self) -> Defaults:
        """Its publisher's steps and guidance for base checkpoints; the others have their guidance built in."""
        guidance = 1.0 if self.distilled else 7.0
        return Defaults(strength=0.5, steps=100, guidance_scale=guidance, source_guidance_scale=1.0)

    @property
    def window(self) -> int:
        seconds = min(_WINDOW_SECONDS, self.duration_embedder.config.max_val)
        grid = self.hop * self._patch
        return int(seconds * self.sample_rate) // grid * grid

    @property
    def modules(self) -> Mapping[str, tuple[nn.Module, ...]]:
        return {
            "encode": (self.autoencoder.vae,),
            "embed": (self.text_encoder, self.duration_embedder),
            "predict_clean": (self.transformer,),
            "decode": (self.autoencoder.vae,),
        }

    @property
    def _patch(self) -> int:
        """Latent frames that the network takes as one."""
        return int(self.transformer.config.patch_size)

    def encode(self, audio: Tensor) -> Encoded:
        patches = -(-self.autoencoder.latent_frames(audio.shape[-1]) // self._patch)
        return self.autoencoder.encode(audio, self.device, patches * self._patch)

    @torch.no_grad()
    def embed(self, prompts: Sequence[str], frames: int | None = None) -> Embedding:
        """``text``: tokens and the duration (1, n, width); ``mask``: which of them say anything, (1, n): in place of
        the others the network puts what it learnt for no token; ``duration`` (1, width).

        Unconditional is a ``text`` of zeros, which training put there to teach the network to do without. The library
        encodes an empty prompt instead, which is a description.
        """
        seconds = torch.tensor([(frames or self.window) / self.sample_rate]).to(self.device)
        duration = self.duration_embedder(seconds)
        rows = []
        for prompt in prompts:
            hidden, mask = self._tokens(prompt)
            text = torch.cat([hidden, duration[:, None]], dim=1)
            mask = torch.cat([mask, mask.new_ones(1, 1)], dim=1)
            if not prompt:
                text, mask = torch.zeros_like(text), torch.ones_like(mask)
            rows.append(Embedding({"text": text, "mask": mask, "duration": duration}))
        return Embedding.cat(rows)

    def _tokens(self, prompt: str) -> tuple[Tensor, Tensor]:
        """The prompt's hidden states (1, tokens, width), and which belong to a token, (1, tokens)."""
        tokens = self.tokenizer(
            prompt,
            padding="max_length",
            max_length=min(self.tokenizer.model_max_length, _TOKENS),
            truncation=True,
            return_tensors="pt",
        ).to(self.device)
        hidden = self.text_encoder(tokens.input_ids, attention_mask=tokens.attention_mask).last_hidden_state
        return hidden, tokens.attention_mask.bool()

    @torch.no_grad()
    def predict_clean(self, x: Tensor, level: Level, embedding: Embedding) -> Tensor:
        with torch.autocast(x.device.type, self.dtype, enabled=self.dtype != x.dtype):
            output: Tensor = self.transformer(
                x,
                (level.t * self.times).to(x.device, x.dtype),
                encoder_hidden_states=embedding.tensors["text"],
                global_hidden_states=embedding.tensors["duration"],
                encoder_attention_mask=embedding.tensors["mask"],
                local_add_cond=self._nothing_given(x),
            ).sample.to(x.dtype)
        return clean_of("flow", x, output, level)

    def _nothing_given(self, x: Tensor) -> Tensor | None:
        """What the network is told in each frame of sound that is to stay: in training there was always something, and
        zeros where all was to be made. One frame stands for all. The library's pipeline leaves it out.
        """
        if self._patch > 1:
            return None
        return x.new_zeros(1, self.transformer.config.local_add_cond_dim, 1)


def load(folder: Path, device: torch.device, dtype: torch.dtype) -> StableAudio3:
    """The checkpoint in ``folder``; nothing is looked up anywhere else.

    Raises OSError or ValueError where a part is missing or of another kind, or the network is on another path.
    """
    scheduler = FlowMatchEulerDiscreteScheduler.load_config(folder, subfolder="scheduler", local_files_only=True)
    kind = scheduler.get("_class_name")
    if kind != _SCHEDULER:
        raise ValueError(f"its scheduler is {kind}, not {_SCHEDULER}")
    state = state_dtype(dtype)
    plain = {"low_cpu_mem_usage": False}
    transformer = load_narrowed(StableAudio3DiTModel, folder, "transformer", dtype, **plain)
    return StableAudio3(
        name=folder.name,
        autoencoder=load_same(folder, state),
        text_encoder=load_part(T5GemmaEncoderModel, folder, "text_encoder", state),
        tokenizer=load_tokenizer(folder, "tokenizer"),
        duration_embedder=load_part(StableAudio3DurationEmbedder, folder, "duration_embedder", state, **plain),
        transformer=transformer,
        times=float(scheduler.get("num_train_timesteps", 1000)),  # its class's own where the file names none
        distilled=bool(scheduler.get("stochastic_sampling", False)),
        device=device,
        dtype=dtype,
    )
