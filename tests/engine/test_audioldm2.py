"""AudioLDM2 on a tiny checkpoint of its real classes, against the library's own pipeline."""

import shutil

import pytest
import torch
from diffusers import AudioLDM2Pipeline
from safetensors.torch import load_file, save_file
from transformers import GPT2LMHeadModel

from engine.tiny import audioldm2 as tiny
from retone_engine import models
from retone_engine.model import Embedding
from retone_engine.path import schedule
from retone_engine.request import RetoneError

CPU = torch.device("cpu")
PROMPTS = ["a piano", "", "played by a string quartet, a recording"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.save(tmp_path_factory.mktemp("models") / "tiny-audioldm2")


@pytest.fixture(scope="module")
def model(folder):
    return models.load(str(folder), CPU, torch.float32)


@pytest.fixture(scope="module")
def pipeline(folder):
    # The checkpoints name a GPT2Model, on which the pipeline itself fails.
    language_model = GPT2LMHeadModel.from_pretrained(folder, subfolder="language_model")
    return AudioLDM2Pipeline.from_pretrained(folder, language_model=language_model)


@pytest.mark.parametrize("place", range(3))
def test_a_prompt_is_embedded_as_the_library_embeds_it_alone(model, pipeline, place):
    with torch.no_grad():
        text, mask, generated = pipeline.encode_prompt(PROMPTS[place], CPU, 1, False)
    row = model.embed(PROMPTS)[slice(place, place + 1)].tensors
    tokens = text.shape[1]
    torch.testing.assert_close(row["text"][:, :tokens], text)
    torch.testing.assert_close(row["generated"], generated)
    assert torch.equal(row["mask"][:, :tokens], mask)
    assert not row["mask"][:, tokens:].any()


def test_what_fills_a_short_prompt_up_is_not_heard(model):
    level = schedule(model.path, 0.6, 50).level[slice(0, 1)]
    x = torch.randn(1, 8, 16, 16)
    together = model.embed(PROMPTS)
    alone = model.predict_clean(x, level, model.embed(PROMPTS[:1]))
    filled = together[slice(0, 1)]
    torch.testing.assert_close(model.predict_clean(x, level, filled), alone)
    unmasked = Embedding({**filled.tensors, "mask": torch.ones_like(filled.tensors["mask"])})
    assert not torch.allclose(model.predict_clean(x, level, unmasked), alone, atol=1e-4)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_the_clean_latent_is_the_library_s(tmp_path, prediction):
    folder = tiny.save(tmp_path / "tiny", prediction, large=prediction == "v_prediction")
    model = models.load(str(folder), CPU, torch.float32)
    prompt = model.embed(["a piano"])
    level = schedule(model.path, 0.7, 50).level[slice(0, 1)]
    x = torch.randn(1, 8, 16, 16)
    library = AudioLDM2Pipeline.from_pretrained(folder, language_model=None, text_encoder=None, text_encoder_2=None)
    library.scheduler.set_timesteps(1000)
    step = int(level.t)
    with torch.no_grad():
        output = library.unet(
            x,
            step,
            encoder_hidden_states=prompt.tensors["generated"],
            encoder_hidden_states_1=prompt.tensors["text"],
            return_dict=False,
        )[0]
        clean = library.scheduler.step(output, step, x).pred_original_sample
    torch.testing.assert_close(model.predict_clean(x, level, prompt), clean, rtol=1e-4, atol=1e-4)


def test_weights_that_are_missing_are_named_not_made_up(folder, tmp_path):
    broken = shutil.copytree(folder, tmp_path / "broken")
    weights = broken / "projection_model" / "diffusion_pytorch_model.safetensors"
    save_file({name: value for name, value in load_file(weights).items() if name != "sos_embed"}, weights)
    with pytest.raises(RetoneError, match="its projection_model lacks 1 of its weights, sos_embed") as caught:
        models.load(str(broken), CPU, torch.float32)
    assert caught.value.code == "bad_model"


@pytest.mark.parametrize("part", ["tokenizer", "tokenizer_2"])
def test_a_tokenizer_without_a_vocabulary_is_refused(folder, tmp_path, part):
    mute = shutil.copytree(folder, tmp_path / "mute")
    (mute / part / "tokenizer.json").unlink()
    with pytest.raises(RetoneError, match=f"its {part} holds no vocabulary"):
        models.load(str(mute), CPU, torch.float32)


def test_a_checkpoint_that_speaks_is_refused(folder, tmp_path):
    speaking = shutil.copytree(folder, tmp_path / "speaking")
    (speaking / "text_encoder_2" / "config.json").write_text('{"model_type": "vits"}')
    with pytest.raises(RetoneError, match="vits, which reads speech") as caught:
        models.load(str(speaking), CPU, torch.float32)
    assert caught.value.code == "bad_model"
