"""Stable Audio 3 with random weights: the real classes, half a megabyte."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from diffusers import AutoencoderSAME, FlowMatchEulerDiscreteScheduler, StableAudio3DiTModel
from diffusers.pipelines.stable_audio_3.modeling_stable_audio_3 import StableAudio3DurationEmbedder
from torch import nn
from transformers import T5GemmaConfig, T5GemmaEncoderModel

from engine.tiny.tokenizers import gemma_like

TEXT_WIDTH = 16
LATENT_CHANNELS = 4
INDEX = {
    "_class_name": "StableAudio3Pipeline",
    "duration_embedder": ["diffusers", "StableAudio3DurationEmbedder"],
    "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
    "text_encoder": ["transformers", "T5GemmaEncoderModel"],
    "tokenizer": ["transformers", "GemmaTokenizer"],
    "transformer": ["diffusers", "StableAudio3DiTModel"],
    "vae": ["diffusers", "AutoencoderSAME"],
}


def save(folder: Path, stochastic_sampling: bool = False, patch_size: int = 1) -> Path:
    """A folder in Stable Audio 3's format, for sounds of up to half a second at 4 kHz.

    ``stochastic_sampling``: as distilled checkpoints have it.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        _save_parts(folder, patch_size)
    FlowMatchEulerDiscreteScheduler(num_train_timesteps=1, stochastic_sampling=stochastic_sampling).save_pretrained(
        folder / "scheduler"
    )
    (folder / "model_index.json").write_text(json.dumps(INDEX))
    return folder


def _save_parts(folder: Path, patch_size: int) -> None:
    tokenizer = gemma_like(longest=12)
    tokenizer.save_pretrained(folder / "tokenizer")
    layers = {
        "vocab_size": len(tokenizer),
        "hidden_size": TEXT_WIDTH,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 8,
        "query_pre_attn_scalar": 8,
        # Weights of a size that lets prompts differ.
        "initializer_range": 0.3,
    }
    config = T5GemmaConfig(encoder=layers, decoder=layers, is_encoder_decoder=False, vocab_size=len(tokenizer))
    T5GemmaEncoderModel(config).save_pretrained(folder / "text_encoder")
    StableAudio3DurationEmbedder(output_dim=TEXT_WIDTH, fourier_dim=16, max_val=0.5).save_pretrained(
        folder / "duration_embedder"
    )
    _woken(
        StableAudio3DiTModel(
            io_channels=LATENT_CHANNELS,
            patch_size=patch_size,
            embed_dim=32,
            depth=2,
            num_heads=4,
            cond_token_dim=TEXT_WIDTH,
            global_cond_dim=TEXT_WIDTH,
            local_add_cond_dim=1 + LATENT_CHANNELS,
            timestep_features_dim=16,
            ff_mult=2,
            num_memory_tokens=3,
        )
    ).save_pretrained(folder / "transformer")
    _woken(
        AutoencoderSAME(
            patch_size=8,
            encoder_channels=8,
            encoder_c_mults=(3,),
            encoder_strides=(4,),
            encoder_transformer_depths=(2,),
            latent_dim=LATENT_CHANNELS,
            dim_heads=8,
            ff_mult=2,
            sampling_rate=4000,
        )
    ).save_pretrained(folder / "vae")


def _woken(network: nn.Module) -> nn.Module:
    """``network`` with random weights, too, where training begins with zeros."""
    for weight in network.parameters():
        if not weight.any():
            nn.init.normal_(weight, std=0.2)
    return network
