"""AudioLDM2 with random weights: the real classes, a megabyte."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from diffusers import AudioLDM2ProjectionModel, AudioLDM2UNet2DConditionModel
from transformers import (
    ClapAudioConfig,
    ClapConfig,
    ClapFeatureExtractor,
    ClapModel,
    ClapTextConfig,
    GPT2Config,
    GPT2Model,
    T5Config,
    T5EncoderModel,
)

from engine.tiny.audioldm import save_mel_autoencoder, save_scheduler
from engine.tiny.tokenizers import byte_pairs, sentence_pieces

# Widths of what the U-Net attends to: the language model's states, and T5's.
GENERATED, TEXT = 16, 24
CLAP_TOKENS, T5_TOKENS = 16, 32


def save(folder: Path, prediction_type: str = "epsilon", large: bool = False) -> Path:
    """A folder as ``cvssp/audioldm2`` is published, or, ``large``, with the larger one's U-Net."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        _text(folder)
        _network(folder, large)
        save_mel_autoencoder(folder, latent_channels=8)
    save_scheduler(folder, prediction_type)
    (folder / "model_index.json").write_text(json.dumps(_INDEX))
    return folder


def _text(folder: Path) -> None:
    tokenizer = byte_pairs(folder / "bpe", CLAP_TOKENS)
    tokenizer.save_pretrained(folder / "tokenizer")
    text = ClapTextConfig(
        vocab_size=tokenizer.vocab_size,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=CLAP_TOKENS + 2,
    )
    audio = ClapAudioConfig(
        spec_size=8,
        window_size=4,
        num_mel_bins=8,
        depths=[1, 1],
        num_attention_heads=[1, 1],
        num_hidden_layers=2,
        hidden_size=16,
        patch_embeds_hidden_size=8,
        patch_size=2,
        patch_stride=2,
    )
    clap = ClapConfig(text_config=text.to_dict(), audio_config=audio.to_dict(), projection_dim=12)
    ClapModel(clap).save_pretrained(folder / "text_encoder")
    ClapFeatureExtractor(feature_size=8).save_pretrained(folder / "feature_extractor")
    pieces = sentence_pieces(T5_TOKENS)
    pieces.save_pretrained(folder / "tokenizer_2")
    T5EncoderModel(
        T5Config(
            vocab_size=len(pieces),
            d_model=TEXT,
            d_kv=8,
            d_ff=32,
            num_layers=2,
            num_heads=3,
            feed_forward_proj="gated-gelu",
        )
    ).save_pretrained(folder / "text_encoder_2")
    AudioLDM2ProjectionModel(12, TEXT, GENERATED).save_pretrained(folder / "projection_model")
    # The published checkpoints say that this is a GPT2Model, and how many states it makes.
    GPT2Model(
        GPT2Config(
            vocab_size=8,
            n_positions=64,
            n_embd=GENERATED,
            n_layer=2,
            n_head=2,
            bos_token_id=7,
            eos_token_id=7,
            max_new_tokens=8,
        )
    ).save_pretrained(folder / "language_model")


def _network(folder: Path, large: bool) -> None:
    AudioLDM2UNet2DConditionModel(
        sample_size=16,
        in_channels=8,
        out_channels=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=8,
        cross_attention_dim=[[None, GENERATED, TEXT, None] if large else [None, GENERATED, TEXT]] * 2,
        transformer_layers_per_block=2 if large else 1,
        attention_head_dim=4,
    ).save_pretrained(folder / "unet")


_INDEX = {
    "_class_name": "AudioLDM2Pipeline",
    "feature_extractor": ["transformers", "ClapFeatureExtractor"],
    "language_model": ["transformers", "GPT2Model"],
    "projection_model": ["audioldm2", "AudioLDM2ProjectionModel"],
    "scheduler": ["diffusers", "DDIMScheduler"],
    "text_encoder": ["transformers", "ClapModel"],
    "text_encoder_2": ["transformers", "T5EncoderModel"],
    "tokenizer": ["transformers", "RobertaTokenizerFast"],
    "tokenizer_2": ["transformers", "T5TokenizerFast"],
    "unet": ["audioldm2", "AudioLDM2UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
    "vocoder": ["transformers", "SpeechT5HifiGan"],
}
