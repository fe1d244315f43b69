"""TANGO: a checkpoint folder as declare-lab published it, loaded into diffusers' and transformers' own classes.

Such a folder holds ``main_config.json``, ``vae_config.json``, ``stft_config.json``, ``pytorch_model_main.bin`` (the
U-Net's weights and Flan-T5's) and ``pytorch_model_vae.bin`` (the autoencoder's, as latent diffusion names them, and the
vocoder's). The spectrum's own weights, ``pytorch_model_stft.bin``, follow from its configuration and are not wanted.

What the folder lacks is told by name in ``main_config.json``. Two things are the same for all published checkpoints and
stand here: the U-Net's shape, which lies among the makers' code (a file at ``unet_model_config_path`` inside the folder
goes before), and the noise of Stable Diffusion 2.1, which is gone from where it was. The third, Flan-T5's configuration
and vocabulary, has to be put into a folder ``text_encoder``: of ``google/flan-t5-large`` the files ``config.json``,
``tokenizer_config.json``, ``special_tokens_map.json`` and ``tokenizer.json`` (3 MB; none of its weights).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from diffusers.loaders.single_file_utils import convert_ldm_vae_checkpoint
from torch import Tensor, nn
from transformers import (
    PreTrainedTokenizerBase,
    SpeechT5HifiGan,
    SpeechT5HifiGanConfig,
    T5Config,
    T5EncoderModel,
)

from retone_engine.device import is_out_of_memory
from retone_engine.model import Embedding
from retone_engine.models.mel_autoencoder import MelAutoencoder
from retone_engine.models.mel_diffusion import MelDiffusion
from retone_engine.models.narrow import narrowed
from retone_engine.models.part import load_tokenizer, refuse_lacking, state_dtype, why
from retone_engine.models.text import t5_states
from retone_engine.path import DiscreteVPPath

# Where this and diffusers' defaults differ; the width of the text is T5's.
_UNET = {
    "in_channels": 8,
    "out_channels": 8,
    "sample_size": [32, 2],
    "attention_head_dim": [5, 10, 20, 20],
    "use_linear_projection": True,
    "upcast_attention": True,
}
_NOISE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "prediction_type": "v_prediction"}
_NOISED_AS = "stabilityai/stable-diffusion-2-1"
# What the autoencoder's mels are, and the vocoder was built for.
_BINS = 64
_SPECTRUM = {
    "filter_length": 1024,
    "hop_length": 160,
    "win_length": 1024,
    "n_mel_channels": _BINS,
    "sampling_rate": 16000,
    "mel_fmin": 0,
    "mel_fmax": 8000,
}
_VOCODER = {
    "model_in_dim": _BINS,
    "sampling_rate": 16000,
    "upsample_rates": [5, 4, 2, 2, 2],
    "upsample_kernel_sizes": [16, 16, 8, 4, 4],
    "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5]] * 3,
    "normalize_before": False,
}

Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Tango(MelDiffusion):
    """One loaded checkpoint: the U-Net attends to T5's states."""

    text_encoder: T5EncoderModel
    tokenizer: PreTrainedTokenizerBase

    @property
    def text_modules(self) -> tuple[nn.Module, ...]:
        return (self.text_encoder,)

    def embed_alone(self, prompt: str) -> Embedding:
        text, mask = t5_states(self.text_encoder, self.tokenizer, prompt, self.device)
        return Embedding({"text": text, "mask": mask})

    def denoise(self, x: Tensor, t: Tensor, embedding: Embedding) -> Tensor:
        prompt = embedding.tensors
        output: Tensor = self.unet(
            x, t, encoder_hidden_states=prompt["text"].to(x.dtype), encoder_attention_mask=prompt["mask"]
        ).sample
        return output


def load(folder: Path, device: torch.device, dtype: torch.dtype) -> Tango:
    """The checkpoint in ``folder``, its networks on the CPU; nothing is looked up anywhere else.

    Raises ValueError, OSError or KeyError where a file is missing, damaged, or of a kind that is not understood.
    """
    main = _configuration(folder, "main_config.json", "text_encoder_name", "scheduler_name")
    spectrum = _configuration(folder, "stft_config.json")
    if spectrum != _SPECTRUM:
        raise ValueError(f"its stft_config.json says {spectrum}, where {_SPECTRUM} is known")
    if main["scheduler_name"] != _NOISED_AS:
        raise ValueError(f"its main_config.json names the noise of {main['scheduler_name']}; known is {_NOISED_AS}")
    if "t5" not in str(main["text_encoder_name"]) or main.get("unet_model_name"):
        raise ValueError("its main_config.json names another text encoder than T5, or a U-Net that is not TANGO's own")
    config, tokenizer = _text(folder, main["text_encoder_name"])
    state = state_dtype(dtype)
    weights = _weights(folder, "pytorch_model_main.bin")
    own = _inside(folder, str(main.get("unet_model_config_path", "")))
    named = f"U-Net ({own.relative_to(folder)})"
    unet = _filled(named, lambda: unet_of(own, config.d_model), _below(weights, "unet."), state)
    text_encoder = _filled("T5", lambda: T5EncoderModel(config), _below(weights, "text_encoder."), state)
    text_encoder.tie_weights()
    scheduler = DDIMScheduler(**_NOISE)
    return Tango(
        name=folder.name,
        sound=_sound(folder, len(unet.config.block_out_channels) - 1, state),
        unet=narrowed(unet, dtype),
        path=DiscreteVPPath(scheduler.alphas_cumprod.double()),
        prediction=scheduler.config.prediction_type,
        device=device,
        dtype=dtype,
        text_encoder=text_encoder,
        tokenizer=tokenizer,
    )


def _text(folder: Path, name: str) -> tuple[T5Config, PreTrainedTokenizerBase]:
    """T5's configuration and tokenizer, which are not TANGO's."""
    try:
        config = T5Config.from_pretrained(folder / "text_encoder", local_files_only=True)
        return config, load_tokenizer(folder, "text_encoder")
    except Exception as error:
        raise ValueError(
            f"its folder text_encoder must hold config.json and the tokenizer's files of {name}, which are not "
            f"published with TANGO's weights: {why(error)}"
        ) from error


def _inside(folder: Path, own: str) -> Path:
    """The file that ``own`` names in ``folder``; raises ValueError where it would lie elsewhere."""
    path = Path(own)
    if path.is_absolute() or path.drive or ".." in path.parts:
        raise ValueError(f"its main_config.json names {own!r}, which lies outside the folder")
    return folder / path


def unet_of(own: Path, text_width: int) -> UNet2DConditionModel:
    """By the file ``own`` where there is one, else as published."""
    shape = _configuration(own.parent, own.name) if own.is_file() else _UNET
    return UNet2DConditionModel.from_config({**shape, "cross_attention_dim": text_width})


def autoencoder_of(said: Mapping[str, Any]) -> AutoencoderKL:
    """Of the shape that a ``vae_config.json`` says."""
    shape = said["ddconfig"]
    levels = len(shape["ch_mult"])
    return AutoencoderKL(
        in_channels=shape["in_channels"],
        out_channels=shape["out_ch"],
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=[shape["ch"] * factor for factor in shape["ch_mult"]],
        layers_per_block=shape["num_res_blocks"],
        latent_channels=said["embed_dim"],
        scaling_factor=said["scale_factor"],
    )


def vocoder_of(width: int) -> SpeechT5HifiGan:
    """As published, but for the ``width`` that it begins with, which its weights tell."""
    return SpeechT5HifiGan(SpeechT5HifiGanConfig(**_VOCODER, upsample_initial_channel=width))


def autoencoder_weights(weights: Weights, levels: int) -> dict[str, Tensor]:
    """Under diffusers' names."""
    own = {name: weight for name, weight in weights.items() if not name.startswith("vocoder.")}
    # The library only counts the levels.
    return dict(convert_ldm_vae_checkpoint(own, {"down_block_types": levels * [""], "up_block_types": levels * [""]}))


def vocoder_weights(weights: Weights) -> dict[str, Tensor]:
    """Under transformers' names, with what it could scale by, and does not."""
    own = _below(weights, "vocoder.")
    return {
        **{name.replace("ups.", "upsampler.", 1) if name.startswith("ups.") else name: w for name, w in own.items()},
        "mean": torch.zeros(_BINS),
        "scale": torch.ones(_BINS),
    }


def _sound(folder: Path, halvings: int, state: torch.dtype) -> MelAutoencoder:
    said = _configuration(folder, "vae_config.json", "ddconfig", "embed_dim", "scale_factor")
    weights = _weights(folder, "pytorch_model_vae.bin")
    latent, voice = autoencoder_weights(weights, len(said["ddconfig"]["ch_mult"])), vocoder_weights(weights)
    if "conv_pre.weight" not in voice:
        raise ValueError("its pytorch_model_vae.bin holds no vocoder")
    return MelAutoencoder(
        vae=_filled("autoencoder", lambda: autoencoder_of(said), latent, state),
        vocoder=_filled("vocoder", lambda: vocoder_of(voice["conv_pre.weight"].shape[0]), voice, state),
        halvings=halvings,
    )


def _configuration(folder: Path, file: str, *wanted: str) -> dict[str, Any]:
    try:
        said = json.loads((folder / file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"its {file} cannot be read: {error}") from error
    if not isinstance(said, dict) or not all(name in said for name in wanted):
        raise ValueError(f"its {file} does not say all of {', '.join(wanted) or 'its settings'}")
    return said


def _weights(folder: Path, file: str) -> dict[str, Tensor]:
    try:
        loaded: dict[str, Tensor] = torch.load(folder / file, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise ValueError(f"its {file} cannot be read: {why(error)}") from error
    return loaded


def _below(weights: Weights, prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): weight for name, weight in weights.items() if name.startswith(prefix)}


def _filled(name: str, build: Callable[[], nn.Module], weights: Weights, state: torch.dtype) -> Any:
    """The network that ``build`` makes, with ``weights``, all of them and no others: on the CPU, frozen."""
    with torch.device("meta"):  # no time is spent on random weights
        network = build()
    network = network.to_empty(device="cpu")
    if state == torch.float64:
        network = network.double()
    try:
        report = network.load_state_dict(weights, strict=False)
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise
        first = str(error).splitlines()[1].strip()
        raise ValueError(f"its {name} has not the shape that its configuration says: {first}") from error
    refuse_lacking(name, report.missing_keys)
    if report.unexpected_keys:
        raise ValueError(f"its {name} holds weights that it should not, {report.unexpected_keys[0]} among them")
    return network.eval().requires_grad_(False)
