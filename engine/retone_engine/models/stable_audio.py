"""Stable Audio Open: any checkpoint folder in the format of diffusers' StableAudioPipeline.

Its parts are loaded one by one: the pipeline and its scheduler want a package for random paths that Retone has no use
for. The scheduler's configuration says all that is needed.

The network was trained on windows of one length, a shorter sound followed by silence, and is told in seconds where the
sound ends. So every clip fills a whole window, and costs one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import EDMDPMSolverMultistepScheduler, StableAudioDiTModel
from diffusers.models.embeddings import get_1d_rotary_pos_embed
from diffusers.pipelines.stable_audio.modeling_stable_audio import StableAudioProjectionModel
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase, T5EncoderModel

from retone_engine.model import Defaults, Embedding, Encoded
from retone_engine.models.narrow import narrowed
from retone_engine.models.part import load_part, load_tokenizer, state_dtype
from retone_engine.models.waveform_autoencoder import OnWaveforms, load_oobleck
from retone_engine.path import EDMPath, Level, clean_of

_SCHEDULER = "CosineDPMSolverMultistepScheduler"


@dataclass(frozen=True)
class StableAudio(OnWaveforms):
    """One loaded checkpoint. Latents are (B, channels, time), one window long.

    ``rotary``: cosines and sines of every place in the window, computed once.
    """

    name: str
    text_encoder: T5EncoderModel
    tokenizer: PreTrainedTokenizerBase
    projection: StableAudioProjectionModel
    transformer: StableAudioDiTModel
    rotary: tuple[Tensor, Tensor]
    device: torch.device
    dtype: torch.dtype

    distilled = False
    # No level is held back: training drew the angle atan(sigma) evenly from all there are, so the network knows those
    # below the 0.3 at which its sampler stops, and above the 80 at which an edit of strength 1 begins.
    path = EDMPath()
    # 100 steps and no guidance on the source are the paper's for this model, 7 on the target is the model card's.
    defaults = Defaults(strength=0.5, steps=100, guidance_scale=7.0, source_guidance_scale=1.0)

    @property
    def window(self) -> int:
        return int(self.transformer.config.sample_size) * self.hop

    @property
    def modules(self) -> Mapping[str, tuple[nn.Module, ...]]:
        return {
            "encode": (self.autoencoder.vae,),
            "embed": (self.text_encoder, self.projection),
            "predict_clean": (self.transformer,),
            "decode": (self.autoencoder.vae,),
        }

    def encode(self, audio: Tensor) -> Encoded:
        return self.autoencoder.encode(audio, self.device, self.window // self.hop)

    @torch.no_grad()
    def embed(self, prompts: Sequence[str], frames: int | None = None) -> Embedding:
        """``text``: tokens and both times (1, tokens + 2, width); ``duration``: the times alone (1, 1, 2 width).

        Unconditional is a ``text`` of zeros, times included: what training put there to teach the network to do
        without, and what the pipeline does where no negative prompt is given. An encoded empty prompt it never saw.
        """
        state = self.autoencoder.dtype
        # float32 first, as in the library: the seconds decide the last bits of what it computes of them.
        end = torch.tensor([(frames or self.window) / self.sample_rate]).to(self.device, state)
        times = self.projection(start_seconds=torch.zeros_like(end), end_seconds=end)
        start_end = [times.seconds_start_hidden_states, times.seconds_end_hidden_states]
        duration = torch.cat(start_end, dim=2)
        rows = []
        for prompt in prompts:
            text = torch.cat([self._tokens(prompt), *start_end], dim=1)
            rows.append(Embedding({"text": text if prompt else torch.zeros_like(text), "duration": duration}))
        return Embedding.cat(rows)

    def _tokens(self, prompt: str) -> Tensor:
        """The prompt's projected hidden states, zeros where it has no token, (1, tokens, width)."""
        tokens = self.tokenizer(
            prompt,
            padding="max_length",
            max_length=self.tokenizer.model_max_length,
            truncation=True,
            return_tensors="pt",
        ).to(self.device)
        hidden = self.text_encoder(tokens.input_ids, attention_mask=tokens.attention_mask).last_hidden_state
        projected: Tensor = self.projection(text_hidden_states=hidden).text_hidden_states
        kept: Tensor = tokens.attention_mask[..., None].to(projected.dtype)
        return projected * kept

    @torch.no_grad()
    def predict_clean(self, x: Tensor, level: Level, embedding: Embedding) -> Tensor:
        # The network sees noise of deviation 1 at every level, and is told the level as an angle between 0 and 1.
        scale = torch.rsqrt(level.a.square() + level.s.square()).to(x.device, x.dtype)
        with torch.autocast(x.device.type, self.dtype, enabled=self.dtype != x.dtype):
            output: Tensor = self.transformer(
                x * scale[:, None, None],
                (torch.atan(level.t) * 2 / math.pi).to(x.device, x.dtype),
                encoder_hidden_states=embedding.tensors["text"],
                global_hidden_states=embedding.tensors["duration"],
                rotary_embedding=self.rotary,
            ).sample.to(x.dtype)
        return clean_of("v_prediction", x, output, level)


def load(folder: Path, device: torch.device, dtype: torch.dtype) -> StableAudio:
    """The checkpoint in ``folder``; nothing is looked up anywhere else.

    Raises OSError or ValueError where a part is missing or of another kind, or the network is not one that predicts v
    on an EDM path with sigma_data 1.
    """
    _check(folder)
    state = state_dtype(dtype)
    plain = {"low_cpu_mem_usage": False}
    transformer = load_part(StableAudioDiTModel, folder, "transformer", state, **plain)
    shape = transformer.config
    # One place more than the window: the network puts what it is told of the duration before it.
    cosines, sines = get_1d_rotary_pos_embed(
        shape.attention_head_dim // 2, int(shape.sample_size) + 1, use_real=True, repeat_interleave_real=False
    )
    return StableAudio(
        name=folder.name,
        autoencoder=load_oobleck(folder, state),
        text_encoder=load_part(T5EncoderModel, folder, "text_encoder", state),
        tokenizer=load_tokenizer(folder, "tokenizer"),
        projection=load_part(StableAudioProjectionModel, folder, "projection_model", state, **plain),
        transformer=narrowed(transformer, dtype),
        rotary=(cosines.to(device), sines.to(device)),
        device=device,
        dtype=dtype,
    )


def _check(folder: Path) -> None:
    """Raises ValueError where the scheduler of the checkpoint is not the one that the equations here are for."""
    # Read through a relative of its class, which needs no other package; of what is read it changes nothing.
    scheduler = EDMDPMSolverMultistepScheduler.load_config(folder, subfolder="scheduler", local_files_only=True)
    # What its class takes where the file names nothing is just what is wanted.
    says = {"_class_name": None, "prediction_type": "v_prediction", "sigma_data": 1.0} | scheduler
    for name, value in (("_class_name", _SCHEDULER), ("prediction_type", "v_prediction"), ("sigma_data", 1.0)):
        if says[name] != value:
            raise ValueError(f"its scheduler has {name} {says[name]!r}, not {value!r}")
