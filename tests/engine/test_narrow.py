"""Weights kept narrow give the bits that autocast makes of wide ones."""

import copy
from collections import Counter

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.random_unet import RandomUNet
from engine.tiny import FAMILIES
from retone_engine import models
from retone_engine.guidance import guidance, predict
from retone_engine.models import narrow as narrowing
from retone_engine.models.narrow import narrowed
from retone_engine.path import schedule


@pytest.fixture(scope="module")
def pocket():
    return models.load("pocket", torch.device("cpu"), torch.float32).model


def predicted(network, arguments, dtype):
    with torch.no_grad(), torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
        return network(*arguments)


def bytes_of(network):
    return sum(parameter.nbytes for parameter in network.parameters())


@pytest.mark.parametrize("rows", [1, 3])
def test_the_pocket_denoisers_bits_are_autocasts(pocket, rows):
    wide = pocket.denoiser
    arguments = (torch.randn(rows, 16, 16, 32), torch.randn(rows), torch.randn(rows, wide.condition_width))
    narrow = narrowed(copy.deepcopy(wide), torch.bfloat16)
    expected = predicted(wide, arguments, torch.bfloat16)
    assert torch.equal(predicted(narrow, arguments, torch.bfloat16), expected)
    assert not torch.equal(predicted(wide, arguments, torch.float32), expected.float())
    assert bytes_of(narrow) < 0.55 * bytes_of(wide)


def test_a_diffusers_networks_bits_are_autocasts():
    wide, narrow = RandomUNet(torch.bfloat16), RandomUNet(torch.bfloat16)
    narrowed(narrow.unet, torch.bfloat16)
    level = schedule(wide.path, 0.6, 12).level[slice(0, 3)]
    x = torch.randn(3, 2, 16, 8)
    asked = guidance(wide, "first", 3.0)
    assert torch.equal(predict(narrow, x, level, asked), predict(wide, x, level, asked))


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_predicts_the_same_with_narrow_weights(name, tmp_path, monkeypatch):
    folder = str(FAMILIES[name](tmp_path / name))
    cpu = torch.device("cpu")
    narrow = models.load(folder, cpu, torch.bfloat16).model
    monkeypatch.setattr("retone_engine.models.narrow._PRODUCTS", ())
    wide = models.load(folder, cpu, torch.bfloat16).model
    sizes = [bytes_of(model.modules["predict_clean"][0]) for model in (narrow, wide)]
    assert sizes[0] < 0.7 * sizes[1]
    latent = wide.encode(0.1 * torch.randn(wide.channels, wide.sample_rate // 2)).latent
    level = schedule(wide.path, 0.7, 20).level[slice(0, 2)]
    given = (latent + torch.randn(2, *latent.shape[1:]), level, wide.embed(["a piano"]).rows(2))
    assert torch.equal(narrow.predict_clean(*given), wide.predict_clean(*given))


def test_a_network_that_multiplies_wide_stays_as_it_is(pocket):
    same = narrowed(copy.deepcopy(pocket.denoiser), torch.float32)
    assert {parameter.dtype for parameter in same.parameters()} == {torch.float32}


def test_norms_stay_wide_as_autocast_has_them(pocket):
    narrow = narrowed(copy.deepcopy(pocket.denoiser), torch.bfloat16)
    assert narrow.norm.weight.dtype == torch.float32
    assert narrow.leave.weight.dtype == torch.bfloat16
    assert narrow.leave.weight.stride() == pocket.denoiser.leave.weight.stride(), "channels-last stays so"


@pytest.mark.parametrize("name", ["ace_step", "stable_audio_3"])
def test_a_network_that_is_published_narrow_is_never_wide_and_the_same(name, tmp_path, monkeypatch):
    folder, cpu = FAMILIES[name](tmp_path / name), torch.device("cpu")
    for file in (folder / "transformer").glob("*.safetensors"):
        weights = {key: weight.bfloat16() for key, weight in load_file(file).items()}
        save_file(weights, file, metadata={"format": "pt"})
    monkeypatch.setattr(narrowing, "_stored", lambda part: set())
    wide_first = models.load(str(folder), cpu, torch.bfloat16).model
    monkeypatch.undo()
    loaded = Counter()
    monkeypatch.setattr(narrowing, "load_part", told(narrowing.load_part, loaded))
    narrow = models.load(str(folder), cpu, torch.bfloat16).model
    assert loaded == {torch.bfloat16: 1}
    before, after = (
        {**network.state_dict(), **dict(network.named_buffers())} for network in map(transformer, (wide_first, narrow))
    )
    assert before.keys() == after.keys()
    for key in before:
        assert before[key].dtype == after[key].dtype, key
        assert torch.equal(before[key], after[key]), key
    assert transformer(narrow).dtype == torch.float32, "the times of noise would be rounded"
    models.load(str(folder), cpu, torch.float32)
    assert loaded == {torch.bfloat16: 1, torch.float32: 1}


def transformer(model):
    return model.modules["predict_clean"][0]


def told(load, loaded):
    """``load``, which counts the precisions it is asked for."""

    def counted(kind, folder, name, dtype, **options):
        loaded[dtype] += 1
        return load(kind, folder, name, dtype, **options)

    return counted
