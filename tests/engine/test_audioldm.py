"""AudioLDM's family on a tiny checkpoint of its real classes, saved and loaded by the real code."""

import shutil

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, ClapTextModelWithProjection

from engine.tiny import audioldm as tiny
from retone_engine import models
from retone_engine.path import schedule
from retone_engine.request import RetoneError

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.save(tmp_path_factory.mktemp("models") / "tiny-audioldm")


@pytest.fixture(scope="module")
def model(folder):
    return models.load(str(folder), CPU, torch.float32)


def test_a_prompt_is_embedded_as_the_library_does_it(model, folder):
    tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer")
    encoder = ClapTextModelWithProjection.from_pretrained(folder / "text_encoder").eval()
    tokens = tokenizer("a piano", padding="max_length", max_length=16, truncation=True, return_tensors="pt")
    with torch.no_grad():
        expected = F.normalize(encoder(**tokens).text_embeds, dim=-1)
    together = model.embed(["played by a string quartet", "a piano", ""]).tensors["text"]
    assert torch.allclose(together[1:2], expected, atol=1e-6)
    assert not torch.allclose(together[0], together[1])


def test_epsilon_and_v_name_the_same_clean_latent_through_their_own_formula(model, folder, tmp_path):
    v_model = models.load(str(tiny.save(tmp_path / "v", "v_prediction")), CPU, torch.float32)
    level = schedule(model.path, 0.5, 100).level[slice(0, 3)]
    x = torch.randn(3, 4, 8, 16)
    text = model.embed(["a piano"]).rows(3)
    a, s = (v.float()[:, None, None, None] for v in (level.a, level.s))
    # Same seed, same weights: the network's output is one and the same.
    output = (x - a * model.predict_clean(x, level, text)) / s
    assert torch.allclose(v_model.predict_clean(x, level, text), a * x - s * output, atol=1e-3)


def test_attention_under_its_names_of_old_is_the_same(folder, model, tmp_path):
    old = shutil.copytree(folder, tmp_path / "old")
    file = old / "vae" / "diffusion_pytorch_model.safetensors"
    names = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    weights = load_file(file)
    renamed = [name for name in weights if ".attentions.0.to_" in name]
    assert len(renamed) == 16
    for name in renamed:
        now, _, kind = name.rpartition("attentions.0.")[2].rpartition(".")
        weights[name.replace(f"{now}.{kind}", f"{names[now]}.{kind}")] = weights.pop(name)
    save_file(weights, file, {"format": "pt"})
    audio = 0.1 * torch.randn(1, 4000)
    found = models.load(str(old), CPU, torch.float32)
    assert torch.equal(found.encode(audio).latent, model.encode(audio).latent)


def test_an_unknown_model_is_refused_with_what_is_here(tmp_path):
    with pytest.raises(RetoneError, match="no model 'nonesuch'") as caught:
        models.find("nonesuch")
    assert caught.value.code == "unknown_model"
