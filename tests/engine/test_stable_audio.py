"""Stable Audio Open's family: the prompts, times and preconditioning that its network was trained with."""

import math

import pytest
import torch
from diffusers import EDMDPMSolverMultistepScheduler
from diffusers.models.embeddings import get_1d_rotary_pos_embed
from diffusers.pipelines.stable_audio.pipeline_stable_audio import StableAudioPipeline

from engine.tiny import stable_audio as tiny
from retone_engine import models
from retone_engine.path import EDMPath, schedule
from retone_engine.request import RetoneError

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.save(tmp_path_factory.mktemp("models") / "tiny-stable-audio")


@pytest.fixture(scope="module")
def model(folder):
    return models.load(str(folder), CPU, torch.float32).model


@pytest.fixture(scope="module")
def pipeline(model):
    """The library's own, with a scheduler that it can make everywhere; only what it makes of prompts is used."""
    return StableAudioPipeline(
        vae=model.autoencoder.vae,
        text_encoder=model.text_encoder,
        projection_model=model.projection,
        tokenizer=model.tokenizer,
        transformer=model.transformer,
        scheduler=EDMDPMSolverMultistepScheduler(),
    )


@pytest.mark.parametrize("seconds", [0.3, 5.0, None])
def test_prompts_and_times_are_embedded_as_the_library_does_it(model, pipeline, seconds):
    frames = None if seconds is None else round(seconds * model.sample_rate)
    end = model.window / model.sample_rate if seconds is None else seconds
    prompts = ["a piano", "played by a string quartet in a long hall, a recording of it that is cut off"]
    embedding = model.embed(prompts, frames)
    with torch.no_grad():
        start, stop = pipeline.encode_duration(0, end, CPU, False, 1)
        for row, prompt in enumerate(prompts):
            text = torch.cat([pipeline.encode_prompt(prompt, CPU, False), start, stop], dim=1)
            assert torch.equal(embedding.tensors["text"][row : row + 1], text)
    assert torch.equal(embedding.tensors["duration"], torch.cat([start, stop], dim=2).expand(2, -1, -1))
    assert not torch.equal(*embedding.tensors["text"])


def test_the_unconditional_row_is_told_the_time_in_one_place_only(model):
    empty, piano = model.embed(["", "a piano"], 2000).tensors["text"]
    assert not empty.any()
    assert piano.any()
    duration = model.embed(["", "a piano"], 2000).tensors["duration"]
    assert duration[0].any()
    assert torch.equal(duration[0], duration[1])


def test_a_longer_clip_is_another_prompt(model):
    short, long = (model.embed(["a piano"], frames).tensors for frames in (1000, 4000))
    for name in ("text", "duration"):
        assert not torch.equal(short[name], long[name])


def test_a_clip_fills_the_window_with_silence_and_its_latent_is_the_mean(model):
    audio = 0.2 * torch.randn(2, 1000)
    whole = torch.nn.functional.pad(audio[None], (0, model.window - 1000))
    with torch.no_grad():
        mean = model.autoencoder.vae.encode(whole).latent_dist.mean
    encoded = model.encode(audio)
    assert encoded.latent.shape[-1] == tiny.LATENT_FRAMES
    torch.testing.assert_close(encoded.latent, mean)


def test_the_clean_latent_is_the_preconditioned_network_at_every_level(folder):
    """Against the equations of EDM with sigma_data 1, one row a call, with rotary places made afresh as published."""
    model = models.load(str(folder), CPU, torch.float64).model
    sigma = torch.tensor([500.0, 3.0, 0.3, 0.03], dtype=torch.float64)
    level = EDMPath().at(-sigma.log())
    x = (1 + sigma)[:, None, None] * torch.randn(4, tiny.LATENT_CHANNELS, tiny.LATENT_FRAMES, dtype=torch.float64)
    embedding = model.embed(["a piano", "", "a recording", "played by a string quartet"])
    together = model.predict_clean(x, level, embedding)
    rotary = get_1d_rotary_pos_embed(4, tiny.LATENT_FRAMES + 1, use_real=True, repeat_interleave_real=False)
    for row, s in enumerate(sigma.tolist()):
        with torch.no_grad():
            output = model.transformer(
                x[row : row + 1] / math.sqrt(s**2 + 1),
                torch.tensor([math.atan(s) / math.pi * 2], dtype=torch.float64),
                encoder_hidden_states=embedding.tensors["text"][row : row + 1],
                global_hidden_states=embedding.tensors["duration"][row : row + 1],
                rotary_embedding=rotary,
            ).sample
        clean = x[row] / (s**2 + 1) - s / math.sqrt(s**2 + 1) * output[0]
        torch.testing.assert_close(together[row], clean, atol=1e-6, rtol=1e-6)


def test_an_edit_visits_levels_that_training_knew_though_its_sampler_does_not(model):
    sigma = schedule(model.path, 1, 100).level.s
    assert sigma.max() > 80
    assert sigma.min() < tiny.SCHEDULER["sigma_min"] / 5
    assert sigma.max() < tiny.SCHEDULER["sigma_max"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("_class_name", "EDMDPMSolverMultistepScheduler"), ("prediction_type", "epsilon"), ("sigma_data", 0.5)],
)
def test_a_checkpoint_of_other_equations_is_refused_by_what_is_other(tmp_path, name, value):
    other = tiny.save(tmp_path / "other", **{name: value})
    with pytest.raises(RetoneError, match=f"its scheduler has {name} {value!r}") as caught:
        models.load(str(other), CPU, torch.float32)
    assert caught.value.code == "bad_model"
