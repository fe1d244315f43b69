"""ACE-Step 1.5: what is its own, held to the library's pipeline on the same tiny checkpoint."""

import json
import math
import shutil

import pytest
import torch
from diffusers import AceStepPipeline
from safetensors.torch import load_file, save_file

from engine.tiny import ace_step as tiny
from retone_engine import models
from retone_engine.guidance import guidance, predict
from retone_engine.path import Level
from retone_engine.request import RetoneError

CPU = torch.device("cpu")
PROMPTS = ("a piano", "played by a string quartet, a recording of a piano")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.save(tmp_path_factory.mktemp("models") / "tiny-ace-step")


@pytest.fixture(scope="module")
def model(folder):
    return models.load(str(folder), CPU, torch.float32).model


@pytest.fixture(scope="module")
def pipeline(folder):
    published = AceStepPipeline.from_pretrained(folder)
    published.set_progress_bar_config(disable=True)
    return published


def clip(model, seconds):
    return 0.1 * torch.randn(2, round(seconds * model.sample_rate), generator=torch.Generator().manual_seed(0))


def asked_of_the_network(pipeline, prompt, seconds, latents, **settings):
    """What the pipeline asks of its network at each step of ``prompt``, and what it gets."""
    seen = []
    hook = pipeline.transformer.register_forward_hook(
        lambda module, args, kwargs, output: seen.append((kwargs, output[0])), with_kwargs=True
    )
    try:
        pipeline(
            prompt,
            lyrics="",
            vocal_language="unknown",
            audio_duration=seconds,
            latents=latents,
            output_type="latent",
            **settings,
        )
    finally:
        hook.remove()
    return seen


@pytest.mark.parametrize("prompt", PROMPTS)
@torch.no_grad()
def test_a_prompt_is_what_the_library_makes_of_it_alone(model, pipeline, prompt):
    seconds = 37.5
    text, text_mask, lyrics, lyrics_mask = pipeline.encode_prompt(
        prompt, "", CPU, vocal_language="unknown", audio_duration=seconds
    )
    encoder = pipeline.condition_encoder
    expected, mask = encoder(
        text, text_mask, lyrics, lyrics_mask, encoder.silence_latent[:, : 30 * 25], torch.zeros(1, dtype=torch.long)
    )
    embedded = model.embed([prompt], round(seconds * model.sample_rate)).tensors
    assert torch.equal(embedded["condition"], expected)
    assert torch.equal(embedded["mask"], mask)
    assert mask.all()


@pytest.mark.parametrize("prompt", PROMPTS)
def test_the_clean_prediction_is_that_of_the_pipelines_own_network_calls(model, pipeline, prompt):
    """Both branches of guidance: the pipeline repeats the learned token, and here it stands alone."""
    latent = torch.randn(1, 300, tiny.LATENT, generator=torch.Generator().manual_seed(1))
    seen = asked_of_the_network(pipeline, prompt, 12.0, latent, num_inference_steps=3, guidance_scale=4.0)
    assert len(seen) == 3
    embedding = model.embed([prompt, ""], 12 * model.sample_rate)
    for asked, velocity in seen:
        t = asked["timestep"].double()
        x = asked["hidden_states"]
        clean = model.predict_clean(x.transpose(1, 2), Level(t, 1 - t, t), embedding).transpose(1, 2)
        torch.testing.assert_close(clean, x - t[:, None, None].float() * velocity, atol=1e-5, rtol=1e-5)


def test_guidance_is_plain_on_the_velocity_too(model):
    x = torch.randn(1, tiny.LATENT, 250, generator=torch.Generator().manual_seed(1))
    level = Level(*(torch.tensor([value], dtype=torch.float64) for value in (0.6, 0.4, 0.6)))
    prompt, nothing = (model.predict_clean(x, level, model.embed([each])) for each in ("a piano", ""))
    velocities = [(x - clean) / 0.6 for clean in (prompt, nothing)]
    guided = (x - predict(model, x, level, guidance(model, "a piano", 7.0))) / 0.6
    expected = velocities[1] + 7 * (velocities[0] - velocities[1])
    torch.testing.assert_close(guided, expected, atol=1e-4, rtol=1e-4)


def test_a_short_clip_is_followed_by_silence_up_to_what_the_network_knows(model):
    for seconds, frames in ((0.1, 250), (10, 250), (10.05, 252), (31, 776)):
        latent = model.encode(clip(model, seconds)).latent
        assert latent.shape == (1, tiny.LATENT, frames)
    whole = torch.nn.functional.pad(clip(model, 0.1), (0, round(9.9 * model.sample_rate)))
    assert torch.equal(model.encode(whole).latent, model.encode(clip(model, 0.1)).latent)


def test_the_network_is_told_how_long_the_filled_clip_is(model, monkeypatch):
    told = []
    plain = AceStepPipeline._build_metadata_string
    monkeypatch.setattr(
        AceStepPipeline, "_build_metadata_string", lambda *args, **kwargs: told.append(plain(**kwargs)) or told[-1]
    )
    for seconds in (0.3, 31, None):
        model.embed(["a piano"], None if seconds is None else math.ceil(seconds * model.sample_rate))
    assert [one.split("duration: ")[1] for one in told] == ["10 seconds\n", "31 seconds\n", "120 seconds\n"]


def test_its_window_is_two_minutes_at_25_latent_frames_a_second(model):
    assert model.window / model.sample_rate == 120
    assert model.sample_rate / model.hop == 25
    assert (model.channels, model.time_axis) == (2, 2)


def test_turbo_checkpoints_are_told_by_their_configuration(model, tmp_path):
    turbo = models.load(str(tiny.save(tmp_path / "turbo", turbo=True)), CPU, torch.float32)
    assert turbo.distilled
    assert turbo.defaults.guidance_scale == turbo.defaults.source_guidance_scale == 1
    assert not model.distilled
    assert model.defaults.guidance_scale > 1


def changed(folder, tmp_path, part, weights=lambda all_of_them: None, **settings):
    """The checkpoint with one part's weights or configuration changed."""
    other = shutil.copytree(folder, tmp_path / "other")
    config = other / part / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), **settings}))
    (file,) = (other / part).glob("*.safetensors")
    tensors = load_file(file)
    weights(tensors)
    save_file(tensors, file, {"format": "pt"})
    return other


def test_a_checkpoint_without_the_latent_of_silence_is_refused(folder, tmp_path):
    """Converted before the library kept it there; the network makes drones of zeros in its place."""
    for number, spoil in enumerate((lambda all: all.pop("silence_latent"), lambda all: all["silence_latent"].zero_())):
        (tmp_path / str(number)).mkdir()
        with pytest.raises(RetoneError, match="silence") as caught:
            models.load(str(changed(folder, tmp_path / str(number), "condition_encoder", spoil)), CPU, torch.float32)
        assert caught.value.code == "bad_model"


def test_an_autoencoder_of_another_model_is_refused(folder, tmp_path):
    def wider(tensors):
        tensors["decoder.conv1.weight_v"] = tensors["decoder.conv1.weight_v"].repeat(1, 2, 1)

    other = changed(folder, tmp_path, "vae", wider, decoder_input_channels=2 * tiny.LATENT)
    with pytest.raises(RetoneError, match="vae and its transformer"):
        models.load(str(other), CPU, torch.float32)
