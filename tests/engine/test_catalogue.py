"""What is said of the published checkpoints agrees with itself, and with the classes that they are built of."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderOobleck, StableAudioDiTModel
from diffusers.pipelines.audioldm2 import AudioLDM2UNet2DConditionModel
from transformers import ClapConfig, ClapModel, GPT2Config, GPT2Model

from retone_engine.models.catalogue import KNOWN, Source, known
from retone_engine.models.folder import FAMILIES
from retone_engine.request import RetoneError


def millions(build) -> float:
    with torch.device("meta"):
        return sum(weights.numel() for weights in build().parameters()) / 1e6


def audioldm2_unet():
    return AudioLDM2UNet2DConditionModel(
        sample_size=256,
        in_channels=8,
        out_channels=8,
        block_out_channels=(128, 256, 384, 640),
        cross_attention_dim=[[None, 768, 1024]] * 4,
        down_block_types=("DownBlock2D", *("CrossAttnDownBlock2D",) * 3),
        up_block_types=(*("CrossAttnUpBlock2D",) * 3, "UpBlock2D"),
    )


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("audioldm2", audioldm2_unet),
        ("stable-audio-open-1.0", StableAudioDiTModel),
    ],
)
def test_networks_have_as_many_weights_as_is_said(name, build):
    assert known(name).network == pytest.approx(millions(build), rel=1e-3)


def test_the_other_parts_have_as_many_weights_as_is_said():
    encoders = millions(lambda: ClapModel(ClapConfig())) + millions(lambda: GPT2Model(GPT2Config()))
    assert encoders < known("audioldm2").rest
    assert known("stable-audio-open-1.0").rest == pytest.approx(millions(AutoencoderOobleck) + 110, rel=1e-2)


def test_every_model_can_be_named_loaded_and_fetched_but_once():
    assert len({model.name for model in KNOWN}) == len(KNOWN)
    for model in KNOWN:
        assert model.family in FAMILIES and "/" in model.sources[0].repository
        assert model.sound.sample_rate > 0 and model.download_bytes > 1e9
        assert model.memory_bytes(2) < model.memory_bytes()
        assert model.licence.use.endswith(".")


def test_the_document_has_the_figures_that_are_printed():
    document = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    for model in KNOWN:
        assert f"{model.download_bytes / 1e9:.1f}" in document and f"{model.memory_bytes() / 2**30:.1f}" in document
        assert model.licence.name in document
    for name, printed in (("audioldm2", "3.4"), ("stable-audio-open-1.0", "3.0"), ("ace-step-1.5-xl-base", "13.7")):
        assert f"{known(name).memory_bytes(2) / 2**30:.1f}" == printed and f"{printed} GiB for" in document


def test_weights_are_wanted_once_and_only_those_of_the_parts():
    there = [
        *(
            "model_index.json",
            "README.md",
            "LICENSE.md",
            "model.safetensors",
            "model.ckpt",
            "picture.png",
            ".gitattributes",
        ),
        *("unet/config.json", "unet/diffusion_pytorch_model.safetensors", "unet/diffusion_pytorch_model.bin"),
        *("unet/diffusion_pytorch_model.fp16.safetensors", "vae/diffusion_pytorch_model.bin", "tokenizer/merges.txt"),
        *(
            "tokenizer/spiece.model",
            "transformer/diffusion_pytorch_model-00001-of-00002.safetensors",
            "a/b/config.json",
        ),
        *("flax/flax_model.msgpack", "transformer/diffusion_pytorch_model.safetensors.index.json"),
    ]
    assert Source("somebody/something").wanted(there) == [
        "LICENSE.md",
        "README.md",
        "model_index.json",
        "tokenizer/merges.txt",
        "tokenizer/spiece.model",
        "transformer/diffusion_pytorch_model-00001-of-00002.safetensors",
        "transformer/diffusion_pytorch_model.safetensors.index.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.bin",
    ]


def test_tango_is_wanted_with_the_vocabulary_that_it_does_not_hold():
    own, text = known("tango2").sources
    there = ["README.md", "config.json", "main_config.json", "pytorch_model_main.bin", "pytorch_model_stft.bin"]
    assert own.wanted(there) == ["README.md", "main_config.json", "pytorch_model_main.bin"]
    assert text.wanted(["config.json", "model.safetensors", "tokenizer.json"]) == ["config.json", "tokenizer.json"]
    assert text.under == "text_encoder"


def test_an_unknown_one_is_refused_with_those_that_are_known():
    with pytest.raises(RetoneError, match=r"'audioldm9', only audioldm-s-full-v2.*audioldm2-large"):
        known("audioldm9")
