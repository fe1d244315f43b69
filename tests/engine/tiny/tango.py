"""TANGO with random weights, laid out as its makers do: three configurations, and weights under their own names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor
from transformers import T5Config, T5EncoderModel

from engine.tiny.tokenizers import sentence_pieces

TEXT = 24
LATENT, VOICE = 8, 32
Shapes = Iterator[tuple[str, tuple[int, ...]]]


def save(folder: Path) -> Path:
    """A folder as ``declare-lab/tango`` is published, with the text encoder's files beside it."""
    (folder / "configs").mkdir(parents=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        networks = {"unet": _unet(folder), "text_encoder": _text(folder)}
        main = {f"{name}.{key}": value for name, part in networks.items() for key, value in part.state_dict().items()}
        torch.save(main, folder / "pytorch_model_main.bin")
        torch.save(dict(_random([*autoencoder(_SHAPE), *vocoder(VOICE)])), folder / "pytorch_model_vae.bin")
    for file, said in _CONFIGURATIONS.items():
        (folder / file).write_text(json.dumps(said))
    return folder


def _text(folder: Path) -> T5EncoderModel:
    tokenizer = sentence_pieces(32)
    tokenizer.save_pretrained(folder / "text_encoder")
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=TEXT,
        d_kv=8,
        d_ff=32,
        num_layers=2,
        num_heads=3,
        feed_forward_proj="gated-gelu",
    )
    config.save_pretrained(folder / "text_encoder")
    return T5EncoderModel(config)


def _unet(folder: Path) -> UNet2DConditionModel:
    shape = {
        "in_channels": LATENT,
        "out_channels": LATENT,
        "sample_size": [8, 2],
        "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
        "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"],
        "block_out_channels": [16, 32],
        "layers_per_block": 1,
        "norm_num_groups": 8,
        "attention_head_dim": [2, 4],
        "cross_attention_dim": TEXT,
        "use_linear_projection": True,
        "upcast_attention": True,
    }
    (folder / _CONFIGURATIONS["main_config.json"]["unet_model_config_path"]).write_text(json.dumps(shape))
    return UNet2DConditionModel.from_config(shape)


def _random(shapes: list[tuple[str, tuple[int, ...]]]) -> Iterator[tuple[str, Tensor]]:
    """Weights as layers are born with; norms, which have one axis, as nothing done."""
    for name, shape in shapes:
        if len(shape) > 1:
            yield name, torch.randn(shape) * torch.tensor(shape[1:]).prod() ** -0.5
        elif "norm" in name and name.endswith("weight"):
            yield name, 1 + 0.1 * torch.randn(shape)
        else:
            yield name, 0.1 * torch.randn(shape)


def _layer(name: str, weight: tuple[int, ...], bias: int) -> Shapes:
    yield f"{name}.weight", weight
    yield f"{name}.bias", (bias,)


def _convolution(name: str, into: int, out: int, size: int = 3) -> Shapes:
    yield from _layer(name, (out, into, size, size), out)


def _norm(name: str, channels: int) -> Shapes:
    yield from _layer(name, (channels,), channels)


def _block(name: str, into: int, out: int) -> Shapes:
    yield from _norm(f"{name}.norm1", into)
    yield from _convolution(f"{name}.conv1", into, out)
    yield from _norm(f"{name}.norm2", out)
    yield from _convolution(f"{name}.conv2", out, out)
    if into != out:
        yield from _convolution(f"{name}.nin_shortcut", into, out, 1)


def _middle(name: str, channels: int) -> Shapes:
    yield from _block(f"{name}.block_1", channels, channels)
    yield from _norm(f"{name}.attn_1.norm", channels)
    for part in ("q", "k", "v", "proj_out"):
        yield from _convolution(f"{name}.attn_1.{part}", channels, channels, 1)
    yield from _block(f"{name}.block_2", channels, channels)


def autoencoder(shape: Mapping[str, Any]) -> Shapes:
    """As latent diffusion names them; the decoder's levels are counted from the finest, as the encoder's are."""
    widths = [shape["ch"] * factor for factor in shape["ch_mult"]]
    last, blocks, latent = len(widths) - 1, shape["num_res_blocks"], shape["z_channels"]
    yield from _convolution("encoder.conv_in", 1, widths[0])
    yield from _convolution("decoder.conv_in", latent, widths[last])
    for level, width in enumerate(widths):
        finer, coarser = widths[max(level - 1, 0)], widths[min(level + 1, last)]
        for number in range(blocks + 1):
            if number < blocks:
                yield from _block(f"encoder.down.{level}.block.{number}", width if number else finer, width)
            yield from _block(f"decoder.up.{level}.block.{number}", width if number else coarser, width)
        if level < last:
            yield from _convolution(f"encoder.down.{level}.downsample.conv", width, width)
        if level > 0:
            yield from _convolution(f"decoder.up.{level}.upsample.conv", width, width)
    for half, width, out in (("encoder", widths[last], 2 * latent), ("decoder", widths[0], 1)):
        yield from _middle(f"{half}.mid", widths[last])
        yield from _norm(f"{half}.norm_out", width)
        yield from _convolution(f"{half}.conv_out", width, out)
    yield from _convolution("quant_conv", 2 * latent, 2 * latent, 1)
    yield from _convolution("post_quant_conv", latent, latent, 1)


def vocoder(first: int) -> Shapes:
    yield from _layer("vocoder.conv_pre", (first, 64, 7), first)
    for step, kernel in enumerate((16, 16, 8, 4, 4)):
        width = first >> (step + 1)
        yield from _layer(f"vocoder.ups.{step}", (2 * width, width, kernel), width)
        for place, size in enumerate((3, 7, 11)):
            for convolutions in ("convs1", "convs2"):
                for number in range(3):
                    name = f"vocoder.resblocks.{3 * step + place}.{convolutions}.{number}"
                    yield from _layer(name, (width, width, size), width)
    yield from _layer("vocoder.conv_post", (1, width, 7), 1)


_SHAPE = {
    "double_z": True,
    "z_channels": LATENT,
    "resolution": 256,
    "downsample_time": False,
    "in_channels": 1,
    "out_ch": 1,
    "ch": 32,
    "ch_mult": [1, 1, 1],
    "num_res_blocks": 1,
    "attn_resolutions": [],
    "dropout": 0.0,
}
_CONFIGURATIONS = {
    "main_config.json": {
        "text_encoder_name": "google/flan-t5-large",
        "scheduler_name": "stabilityai/stable-diffusion-2-1",
        "unet_model_config_path": "configs/diffusion_model_config.json",
        "snr_gamma": 5.0,
    },
    "stft_config.json": {
        "filter_length": 1024,
        "hop_length": 160,
        "win_length": 1024,
        "n_mel_channels": 64,
        "sampling_rate": 16000,
        "mel_fmin": 0,
        "mel_fmax": 8000,
    },
    "vae_config.json": {
        "image_key": "fbank",
        "subband": 1,
        "embed_dim": LATENT,
        "time_shuffle": 1,
        "ddconfig": _SHAPE,
        "scale_factor": 0.9227914214134216,
    },
}
