"""ACE-Step 1.5 with random weights: the real classes at a thirtieth of the rate, half a megabyte."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from diffusers import AceStepTransformer1DModel, AutoencoderOobleck, FlowMatchEulerDiscreteScheduler
from diffusers.pipelines.ace_step import AceStepConditionEncoder
from transformers import Qwen3Config, Qwen3Model

from engine.tiny.tokenizers import qwen_like

# The published 25 latent frames a second, of a thirtieth of the samples.
RATE, RATIOS = 1600, (4, 4, 4)
LATENT, WIDTH, TEXT = 4, 16, 12


def save(folder: Path, *, turbo: bool = False) -> Path:
    """A folder in the format of diffusers' AceStepPipeline."""
    tokenizer = qwen_like(512)
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        parts = {
            "text_encoder": Qwen3Model(
                Qwen3Config(
                    vocab_size=len(tokenizer),
                    hidden_size=TEXT,
                    intermediate_size=16,
                    num_hidden_layers=2,
                    max_position_embeddings=512,
                    **heads,
                )
            ),
            "condition_encoder": AceStepConditionEncoder(
                hidden_size=WIDTH,
                intermediate_size=16,
                text_hidden_dim=TEXT,
                timbre_hidden_dim=LATENT,
                num_lyric_encoder_hidden_layers=2,
                num_timbre_encoder_hidden_layers=2,
                sliding_window=16,
                **heads,
            ),
            "transformer": AceStepTransformer1DModel(
                hidden_size=WIDTH,
                intermediate_size=24,
                num_hidden_layers=2,
                in_channels=3 * LATENT,
                audio_acoustic_hidden_dim=LATENT,
                sliding_window=16,
                is_turbo=turbo,
                model_version="turbo" if turbo else "base",
                **heads,
            ),
            "vae": AutoencoderOobleck(
                encoder_hidden_size=2 * LATENT,
                downsampling_ratios=list(RATIOS),
                channel_multiples=[1, 2, 2],
                decoder_channels=4,
                decoder_input_channels=LATENT,
                audio_channels=2,
                sampling_rate=RATE,
            ),
        }
        parts["condition_encoder"].silence_latent.normal_()
        for part in parts.values():
            for name, weight in part.named_parameters():
                # Gates that begin at nothing would hide whatever is wrong behind them.
                if weight.ndim < 2 and "norm" not in name:
                    weight.data.add_(0.05 * torch.randn_like(weight))
    for name, part in parts.items():
        part.save_pretrained(folder / name)
    tokenizer.save_pretrained(folder / "tokenizer")
    FlowMatchEulerDiscreteScheduler(num_train_timesteps=1, shift=1.0).save_pretrained(folder / "scheduler")
    index = {
        "_class_name": "AceStepPipeline",
        "condition_encoder": ["diffusers", "AceStepConditionEncoder"],
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
        "text_encoder": ["transformers", "Qwen3Model"],
        "tokenizer": ["transformers", "Qwen2Tokenizer"],
        "transformer": ["diffusers", "AceStepTransformer1DModel"],
        "vae": ["diffusers", "AutoencoderOobleck"],
    }
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder
