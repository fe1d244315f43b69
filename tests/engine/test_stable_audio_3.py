"""Stable Audio 3's family: the prompts, times and conditions that its network was trained with."""

import pytest
import torch
from diffusers.pipelines.stable_audio_3.pipeline_stable_audio_3 import StableAudio3Pipeline

from engine.tiny import stable_audio_3 as tiny
from retone_engine import models
from retone_engine.models import waveform_autoencoder
from retone_engine.path import FlowPath
from retone_engine.request import RetoneError

CPU = torch.device("cpu")
PROMPTS = ["a piano", "played by a string quartet in a recording that is cut off"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.save(tmp_path_factory.mktemp("models") / "tiny-stable-audio-3")


@pytest.fixture(scope="module")
def model(folder):
    return load(folder)


@pytest.fixture(scope="module")
def pipeline(folder):
    return StableAudio3Pipeline.from_pretrained(folder, local_files_only=True, low_cpu_mem_usage=False)


def load(folder, dtype=torch.float32):
    return models.load(str(folder), CPU, dtype).model


@pytest.mark.parametrize("seconds", [0.3, None])
def test_prompts_and_duration_are_embedded_as_the_library_does_it(model, pipeline, seconds):
    frames = None if seconds is None else round(seconds * model.sample_rate)
    embedding = model.embed(PROMPTS, frames)
    with torch.no_grad():
        duration = pipeline.encode_duration(seconds or model.window / model.sample_rate, CPU, 1, 1)
        for row, prompt in enumerate(PROMPTS):
            text, mask = pipeline.prepare_cross_attention(*pipeline.encode_prompt(prompt, CPU, 1), duration)
            assert torch.equal(embedding.tensors["text"][row : row + 1], text)
            assert torch.equal(embedding.tensors["mask"][row : row + 1], mask.bool())
            assert torch.equal(embedding.tensors["duration"][row : row + 1], duration)
    assert not embedding.tensors["mask"][0].all()


def test_the_unconditional_row_is_told_the_duration_in_one_place_only(model):
    embedding = model.embed(["", "a piano"], 1200).tensors
    assert not embedding["text"][0].any()
    assert embedding["mask"][0].all(), "what was learnt for no token would take the place of nothing"
    assert torch.equal(embedding["duration"][0], embedding["duration"][1])


def test_tokens_end_where_training_did_whatever_the_tokenizer_allows(model, monkeypatch):
    monkeypatch.setattr(model.tokenizer, "model_max_length", 10**9)
    assert model.embed(["a piano"]).tensors["text"].shape[1] == 256 + 1


def test_the_clean_latent_lies_along_the_velocity_that_the_network_gives(folder):
    model = load(folder, torch.float64)
    t = torch.tensor([0.99, 0.5, 0.03], dtype=torch.float64)
    level = FlowPath().at(torch.log((1 - t) / t))
    x = torch.randn(3, tiny.LATENT_CHANNELS, 20, dtype=torch.float64)
    embedding = model.embed(["a piano", "", "a recording"])
    together = model.predict_clean(x, level, embedding)
    for row, time in enumerate(t.tolist()):
        one = slice(row, row + 1)
        with torch.no_grad():
            velocity = model.transformer(
                x[one],
                torch.tensor([time], dtype=torch.float64),
                encoder_hidden_states=embedding.tensors["text"][one],
                global_hidden_states=embedding.tensors["duration"][one],
                encoder_attention_mask=embedding.tensors["mask"][one],
                # As at inpainting where nothing is to stay: a mask of zeros over a latent of zeros.
                local_add_cond=torch.zeros(1, 1 + tiny.LATENT_CHANNELS, 20, dtype=torch.float64),
            ).sample
        torch.testing.assert_close(together[one], x[one] - time * velocity, atol=1e-5, rtol=1e-5)


def test_the_network_is_told_the_time_as_its_scheduler_counts(model, folder, tmp_path):
    other = tiny.save(tmp_path / "other")
    file = other / "scheduler" / "scheduler_config.json"
    file.write_text(file.read_text().replace('"num_train_timesteps": 1,', '"num_train_timesteps": 1000,'))
    times = []
    thousand = load(other)
    for one in (model, thousand):
        hook = one.transformer.register_forward_pre_hook(lambda module, inputs: times.append(float(inputs[1])))
        x = torch.zeros(1, tiny.LATENT_CHANNELS, 8)
        one.predict_clean(x, FlowPath().at(torch.zeros(1)), one.embed([""]))
        hook.remove()
    assert times == [0.5, 500.0]


def test_distilled_checkpoints_are_told_by_their_scheduler_and_get_no_guidance(model, tmp_path):
    distilled = load(tiny.save(tmp_path / "distilled", stochastic_sampling=True))
    assert distilled.distilled
    assert not model.distilled
    assert distilled.defaults.guidance_scale == 1 < model.defaults.guidance_scale


def test_a_sound_is_as_long_as_it_is_in_whole_patches(model, tmp_path):
    assert model.encode(torch.zeros(2, 3 * model.hop + 1)).latent.shape[-1] == 4
    patched = load(tiny.save(tmp_path / "patched", patch_size=3))
    source = patched.encode(0.1 * torch.randn(2, 3 * patched.hop + 1))
    assert source.latent.shape[-1] == 6
    assert patched.window // patched.hop % 3 == 0
    level = FlowPath().at(torch.zeros(1))
    assert patched.predict_clean(source.latent, level, patched.embed([""])).shape == source.latent.shape
    assert patched.decode(source.latent, source, restore=True).shape == (1, 2, source.frames)


def test_its_autoencoder_in_pieces_is_what_it_is_whole(folder, monkeypatch):
    autoencoder = load(folder, torch.float64).autoencoder
    audio = 0.1 * torch.randn(2, 30 * autoencoder.hop - 5, dtype=torch.float64)
    source = autoencoder.encode(audio, CPU)
    sound = autoencoder.decode(source.latent, source, restore=False)
    with torch.no_grad():
        whole = torch.nn.functional.pad(audio[None], (0, 5))
        # Its attention turns by the place from the piece's beginning, in single precision.
        torch.testing.assert_close(source.latent, autoencoder.vae.encode(whole).latents, atol=1e-5, rtol=1e-5)
    monkeypatch.setattr(waveform_autoencoder, "PIECE", 7)
    torch.testing.assert_close(autoencoder.encode(audio, CPU).latent, source.latent, atol=1e-5, rtol=1e-5)
    pieces = autoencoder.decode(source.latent, source, restore=False)
    torch.testing.assert_close(pieces, sound, atol=1e-5, rtol=1e-5)


def test_another_scheduler_is_refused_by_its_name(tmp_path):
    other = tiny.save(tmp_path / "other")
    file = other / "scheduler" / "scheduler_config.json"
    file.write_text(file.read_text().replace("FlowMatchEulerDiscreteScheduler", "DDIMScheduler"))
    with pytest.raises(RetoneError, match="its scheduler is DDIMScheduler, not") as caught:
        load(other)
    assert caught.value.code == "bad_model"
