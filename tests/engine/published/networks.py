"""The library's own networks as clean predictions, conditioned by the library's own pipelines."""

from __future__ import annotations

import json
import math
from pathlib import Path

import torch
from diffusers import AudioLDM2Pipeline, AutoencoderOobleck, EDMDPMSolverMultistepScheduler, StableAudioDiTModel
from diffusers.models.embeddings import get_1d_rotary_pos_embed
from diffusers.pipelines.stable_audio.modeling_stable_audio import StableAudioProjectionModel
from diffusers.pipelines.stable_audio.pipeline_stable_audio import StableAudioPipeline
from torch import Tensor
from transformers import AutoTokenizer, GPT2LMHeadModel, T5EncoderModel

from engine.published.procedure import Clean
from engine.published.samplers import DDIM, DPMSolver


class AudioLDM2:
    """The checkpoint in ``folder``, all of it in float64, with its scheduler's own ``steps``."""

    def __init__(self, folder: Path, steps: int) -> None:
        # The checkpoints name a GPT2Model, on which the pipeline itself fails.
        language = GPT2LMHeadModel.from_pretrained(folder, subfolder="language_model")
        self.pipeline = AudioLDM2Pipeline.from_pretrained(folder, language_model=language).to(torch.float64)
        self.pipeline.unet.requires_grad_(False)
        scheduler = self.pipeline.scheduler
        scheduler.set_timesteps(steps)
        self.times = scheduler.timesteps
        self.sampler = DDIM(scheduler.alphas_cumprod.double()[self.times])

    @torch.no_grad()
    def clean(self, prompt: str, scale: float) -> Clean:
        """The clean prediction for ``prompt``, guided away from the empty one: two calls."""
        conditions = [self.pipeline.encode_prompt(text, "cpu", 1, False) for text in (prompt, "")]

        def predict(x: Tensor, i: int) -> Tensor:
            said, nothing = (self._noise(x, i, *condition) for condition in conditions)
            e = nothing + scale * (said - nothing)
            return ((x - self.sampler.noise(i) * e) / self.sampler.signal(i)).to(x)

        return predict

    def _noise(self, x: Tensor, i: int, text: Tensor, mask: Tensor, generated: Tensor) -> Tensor:
        return self.pipeline.unet(
            x,
            self.times[i],
            encoder_hidden_states=generated.expand(len(x), -1, -1),
            encoder_hidden_states_1=text.expand(len(x), -1, -1),
            encoder_attention_mask_1=mask.expand(len(x), -1),
        ).sample


class StableAudio:
    """The checkpoint in ``folder``, all of it in float64, with its scheduler's own ``steps``; first order.

    The scheduler's class wants a package for random paths; the library's other one for the same path says the same of
    everything but the times, whose formula stands here.
    """

    def __init__(self, folder: Path, steps: int, seconds: float) -> None:
        said = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())
        shared = ("sigma_min", "sigma_max", "sigma_data", "sigma_schedule", "prediction_type")
        self.scheduler = EDMDPMSolverMultistepScheduler(**{name: said[name] for name in shared})
        self.scheduler.set_timesteps(steps)
        self.sampler = DPMSolver(self.scheduler.sigmas[:-1].double())
        self.pipeline = StableAudioPipeline(
            vae=AutoencoderOobleck.from_pretrained(folder, subfolder="vae"),
            text_encoder=T5EncoderModel.from_pretrained(folder, subfolder="text_encoder"),
            projection_model=StableAudioProjectionModel.from_pretrained(folder, subfolder="projection_model"),
            tokenizer=AutoTokenizer.from_pretrained(folder / "tokenizer"),
            transformer=StableAudioDiTModel.from_pretrained(folder, subfolder="transformer"),
            scheduler=self.scheduler,
        ).to(torch.float64)
        self.pipeline.transformer.requires_grad_(False)
        self.seconds = seconds

    @torch.no_grad()
    def clean(self, prompt: str, scale: float) -> Clean:
        """The clean prediction for ``prompt``, guided away from no conditioning at all: two calls."""
        start, end = self.pipeline.encode_duration(0, self.seconds, "cpu", False, 1)
        said = torch.cat([self.pipeline.encode_prompt(prompt, "cpu", False), start, end], dim=1)
        duration = torch.cat([start, end], dim=2)

        def predict(x: Tensor, i: int) -> Tensor:
            v, nothing = (self._v(x, i, text, duration) for text in (said, torch.zeros_like(said)))
            guided = nothing + scale * (v - nothing)
            return self.scheduler.precondition_outputs(x, guided, self.sampler.sigmas[i]).to(x)

        return predict

    def _v(self, x: Tensor, i: int, text: Tensor, duration: Tensor) -> Tensor:
        transformer, sigma = self.pipeline.transformer, self.sampler.sigmas[i]
        places = get_1d_rotary_pos_embed(
            self.pipeline.rotary_embed_dim, x.shape[2] + 1, use_real=True, repeat_interleave_real=False
        )
        return transformer(
            self.scheduler.precondition_inputs(x, sigma).to(x),
            (sigma.atan() / math.pi * 2).expand(len(x)).to(x),
            encoder_hidden_states=text.expand(len(x), -1, -1),
            global_hidden_states=duration.expand(len(x), -1, -1),
            rotary_embedding=places,
        ).sample
