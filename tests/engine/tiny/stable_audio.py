"""Stable Audio Open with random weights: the real classes, half a megabyte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderOobleck, StableAudioDiTModel
from diffusers.pipelines.stable_audio.modeling_stable_audio import StableAudioProjectionModel
from transformers import T5Config, T5EncoderModel

from engine.tiny.tokenizers import sentence_pieces

TEXT_WIDTH = 16
LATENT_CHANNELS = 4
LATENT_FRAMES = 48
INDEX = {
    "_class_name": "StableAudioPipeline",
    "projection_model": ["stable_audio", "StableAudioProjectionModel"],
    "scheduler": ["diffusers", "CosineDPMSolverMultistepScheduler"],
    "text_encoder": ["transformers", "T5EncoderModel"],
    "tokenizer": ["transformers", "T5TokenizerFast"],
    "transformer": ["diffusers", "StableAudioDiTModel"],
    "vae": ["diffusers", "AutoencoderOobleck"],
}
# The published checkpoint's scheduler, whose class cannot be made without a package that Retone does not need.
SCHEDULER = {
    "_class_name": "CosineDPMSolverMultistepScheduler",
    "final_sigmas_type": "zero",
    "num_train_timesteps": 1000,
    "prediction_type": "v_prediction",
    "sigma_data": 1.0,
    "sigma_max": 500,
    "sigma_min": 0.3,
    "sigma_schedule": "exponential",
    "solver_order": 2,
    "solver_type": "midpoint",
}


def save(folder: Path, **scheduler: Any) -> Path:
    """A folder in Stable Audio Open's format, a window of 48 latent frames of 32 audio frames each.

    ``scheduler``: what its scheduler's configuration says otherwise than the published one.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        _save_parts(folder)
    (folder / "scheduler").mkdir()
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(SCHEDULER | scheduler))
    (folder / "model_index.json").write_text(json.dumps(INDEX))
    return folder


def _save_parts(folder: Path) -> None:
    tokenizer = sentence_pieces(longest=12)
    tokenizer.save_pretrained(folder / "tokenizer")
    T5EncoderModel(
        T5Config(
            vocab_size=len(tokenizer),
            d_model=12,
            d_kv=6,
            d_ff=24,
            num_layers=2,
            num_heads=2,
            # Weights of a size that lets prompts differ.
            initializer_factor=5.0,
        )
    ).save_pretrained(folder / "text_encoder")
    StableAudioProjectionModel(
        text_encoder_dim=12, conditioning_dim=TEXT_WIDTH, min_value=0, max_value=512
    ).save_pretrained(folder / "projection_model")
    StableAudioDiTModel(
        sample_size=float(LATENT_FRAMES),  # so the published one says it: a quotient
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=4,
        num_key_value_attention_heads=2,
        cross_attention_dim=TEXT_WIDTH,
        cross_attention_input_dim=TEXT_WIDTH,
        global_states_input_dim=2 * TEXT_WIDTH,
        time_proj_dim=16,
    ).save_pretrained(folder / "transformer")
    AutoencoderOobleck(
        encoder_hidden_size=2 * LATENT_CHANNELS,
        downsampling_ratios=[4, 8],
        channel_multiples=[1, 2],
        decoder_channels=8,
        decoder_input_channels=LATENT_CHANNELS,
        audio_channels=2,
        sampling_rate=4000,
    ).save_pretrained(folder / "vae")
