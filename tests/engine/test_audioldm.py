"""AudioLDM's family on a tiny checkpoint of its real classes, saved and loaded by the real code."""

import pytest
import torch
import torch.nn.functional as F
from transformers import AutoTokenizer, ClapTextModelWithProjection

from engine.tiny import audioldm as tiny
from retone_engine import directions, models
from retone_engine.guidance import guidance
from retone_engine.path import schedule
from retone_engine.request import RetoneError

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.save(tmp_path_factory.mktemp("models") / "tiny-audioldm")


@pytest.fixture(scope="module")
def model(folder):
    return models.load(str(folder), CPU, torch.float32)


@pytest.mark.parametrize("seconds", [1 / 16000, 0.3, 1.0, 5.0, 11.0])
def test_any_length_comes_back_with_exactly_its_frames(model, seconds):
    frames = round(16000 * seconds)
    encoded = model.encode(0.1 * torch.randn(1, frames))
    audio = model.decode(encoded.latent.repeat(2, 1, 1, 1), encoded, restore=True)
    assert audio.shape == (2, 1, frames)
    assert torch.isfinite(audio).all()


def test_a_latent_frame_is_hop_audio_frames(model):
    encoded = model.encode(torch.zeros(1, 32 * model.hop))
    assert encoded.latent.shape[model.time_axis] == 32


def test_an_edit_that_changes_nothing_gives_the_source_back(model):
    audio = 0.3 * torch.randn(1, 16000)
    encoded = model.encode(audio)
    decoded = model.decode(encoded.latent, encoded, restore=True)
    assert torch.allclose(decoded[0], audio, atol=1e-4)
    assert not torch.allclose(model.decode(encoded.latent, encoded, restore=False)[0], audio, atol=0.1)


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


def test_a_batch_of_levels_predicts_what_each_alone_predicts(model):
    level = schedule(model.path, 0.8, 50).level[slice(0, 4)]
    x = torch.randn(4, 4, 16, 16)
    text = model.embed(["a piano", "", "a recording", "played by a string quartet"])
    together = model.predict_clean(x, level, text)
    for i in range(4):
        alone = type(text)({"text": text.tensors["text"][i : i + 1]})
        assert torch.allclose(
            together[i : i + 1], model.predict_clean(x[i : i + 1], level[slice(i, i + 1)], alone), atol=1e-3, rtol=1e-4
        )


def test_float64_is_float64_all_the_way(folder):
    model = models.load(str(folder), CPU, torch.float64)
    encoded = model.encode(0.1 * torch.randn(1, 8000))
    level = schedule(model.path, 0.5, 10).level[slice(0, 1)]
    clean = model.predict_clean(encoded.latent, level, model.embed(["a piano"]))
    assert encoded.latent.dtype == clean.dtype == torch.float64


def test_a_damaged_checkpoint_is_named(folder, tmp_path):
    broken = tiny.save(tmp_path / "broken")
    for weights in (broken / "unet").glob("*.safetensors"):
        weights.write_bytes(b"not weights")
    with pytest.raises(RetoneError, match="broken cannot be loaded") as caught:
        models.load(str(broken), CPU, torch.float32)
    assert caught.value.code == "bad_model"


def test_an_unknown_model_is_refused_with_what_is_here(tmp_path):
    with pytest.raises(RetoneError, match="no model 'nonesuch'") as caught:
        models.find("nonesuch")
    assert caught.value.code == "unknown_model"


def test_directions_have_exact_products_on_its_network(model, monkeypatch):
    monkeypatch.setattr(directions, "ROUNDS", 3)  # a network of random weights has no leading direction to settle on
    latent = model.encode(0.1 * torch.randn(1, 8000)).latent
    level = schedule(model.path, 0.8, 20).level[slice(0, 1)]
    x = float(level.a) * latent + float(level.s) * torch.randn_like(latent)
    prompt = guidance(model, "a choir", 2.0)
    exact, finite = (directions.find(model, x, level, prompt, 2, exact=kind) for kind in (True, False))
    assert torch.linalg.svdvals(exact.vectors.flatten(1) @ finite.vectors.flatten(1).T).min() > 0.99
    chosen = directions.find(model, x, level, prompt, 2)
    assert torch.equal(chosen.vectors, exact.vectors)
