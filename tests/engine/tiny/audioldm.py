"""AudioLDM with random weights: the real classes, a megabyte."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from transformers import (
    ClapTextConfig,
    ClapTextModelWithProjection,
    SpeechT5HifiGan,
    SpeechT5HifiGanConfig,
)

from engine.tiny.tokenizers import byte_pairs

TEXT_WIDTH = 16


def save(folder: Path, prediction_type: str = "epsilon") -> Path:
    """A folder in AudioLDM's format: a megabyte of random weights, the real structure."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        _text_and_network(folder)
        save_mel_autoencoder(folder, latent_channels=4)
    save_scheduler(folder, prediction_type)
    (folder / "model_index.json").write_text('{"_class_name": "AudioLDMPipeline"}')
    return folder


def _text_and_network(folder: Path) -> None:
    tokenizer = byte_pairs(folder / "bpe", TEXT_WIDTH)
    tokenizer.save_pretrained(folder / "tokenizer")
    ClapTextModelWithProjection(
        ClapTextConfig(
            vocab_size=tokenizer.vocab_size,
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=TEXT_WIDTH + 2,
            projection_dim=TEXT_WIDTH,
        )
    ).save_pretrained(folder / "text_encoder")
    UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=8,
        cross_attention_dim=(16, 32),
        attention_head_dim=8,
        class_embed_type="simple_projection",
        projection_class_embeddings_input_dim=TEXT_WIDTH,
        class_embeddings_concat=True,
    ).save_pretrained(folder / "unet")


def save_mel_autoencoder(folder: Path, latent_channels: int) -> None:
    """The autoencoder of mel spectrograms, and the vocoder, that AudioLDM's family shares."""
    AutoencoderKL(
        in_channels=1,
        out_channels=1,
        latent_channels=latent_channels,
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=(8, 8, 16),
        norm_num_groups=8,
        scaling_factor=0.9,
    ).save_pretrained(folder / "vae")
    SpeechT5HifiGan(
        SpeechT5HifiGanConfig(
            model_in_dim=64,
            sampling_rate=16000,
            upsample_initial_channel=32,
            upsample_rates=[5, 4, 2, 2, 2],
            upsample_kernel_sizes=[16, 16, 8, 4, 4],
            resblock_kernel_sizes=[3],
            resblock_dilation_sizes=[[1]],
        )
    ).save_pretrained(folder / "vocoder")


def save_scheduler(folder: Path, prediction_type: str) -> None:
    DDIMScheduler(
        beta_start=0.0015,
        beta_end=0.0195,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        prediction_type=prediction_type,
    ).save_pretrained(folder / "scheduler")
