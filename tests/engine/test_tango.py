"""TANGO's own checkpoint layout: what its weights say under their own names, done here from the equations."""

import json
import os
import shutil

import pytest
import torch
import torch.nn.functional as F
from diffusers import DDIMScheduler, UNet2DConditionModel
from transformers import AutoTokenizer, T5Config, T5EncoderModel

from engine.tiny import tango as tiny
from retone_engine import models
from retone_engine.models import tango
from retone_engine.path import schedule
from retone_engine.request import RetoneError

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.save(tmp_path_factory.mktemp("models") / "tiny-tango")


@pytest.fixture(scope="module")
def model(folder):
    return models.load(str(folder), CPU, torch.float64).model


@pytest.fixture(scope="module")
def weights(folder):
    """All weights under the names in the files, in double precision."""
    files = (torch.load(folder / f"pytorch_model_{part}.bin", weights_only=True) for part in ("main", "vae"))
    return {name: weight.double() for file in files for name, weight in file.items()}


def below(weights, prefix):
    return {name.removeprefix(prefix): weight for name, weight in weights.items() if name.startswith(prefix)}


class LatentDiffusion:
    """Its autoencoder with three levels of one block and one width, as equations on named weights."""

    def __init__(self, weights):
        self.weights = weights

    def layer(self, name):
        return self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]

    def convolved(self, name, x):
        weight, bias = self.layer(name)
        return F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2)

    def normed(self, name, x):
        return F.group_norm(x, 32, *self.layer(name), eps=1e-6)

    def block(self, name, x):
        h = x
        for half in "12":
            h = self.convolved(f"{name}.conv{half}", F.silu(self.normed(f"{name}.norm{half}", h)))
        return x + h

    def middle(self, name, x):
        x = self.block(f"{name}.block_1", x)
        h = self.normed(f"{name}.attn_1.norm", x)
        q, k, v = (self.convolved(f"{name}.attn_1.{part}", h).flatten(2) for part in "qkv")
        attention = torch.softmax(q.transpose(1, 2) @ k / q.shape[1] ** 0.5, dim=-1)
        x = x + self.convolved(f"{name}.attn_1.proj_out", (v @ attention.transpose(1, 2)).view_as(h))
        return self.block(f"{name}.block_2", x)

    def ended(self, half, x):
        return self.convolved(f"{half}.conv_out", F.silu(self.normed(f"{half}.norm_out", x)))

    def mean(self, mel):
        x = self.convolved("encoder.conv_in", mel)
        for level in range(3):
            x = self.block(f"encoder.down.{level}.block.0", x)
            if level < 2:
                x = F.conv2d(F.pad(x, (0, 1, 0, 1)), *self.layer(f"encoder.down.{level}.downsample.conv"), stride=2)
        x = self.ended("encoder", self.middle("encoder.mid", x))
        return self.convolved("quant_conv", x).chunk(2, dim=1)[0]

    def mel(self, latent):
        x = self.convolved("decoder.conv_in", self.convolved("post_quant_conv", latent))
        x = self.middle("decoder.mid", x)
        for level in (2, 1, 0):
            for number in range(2):
                x = self.block(f"decoder.up.{level}.block.{number}", x)
            if level > 0:
                x = self.convolved(f"decoder.up.{level}.upsample.conv", F.interpolate(x, scale_factor=2.0))
        return self.ended("decoder", x)


def voiced(weights, mel):
    """HiFi-GAN: log-mels (B, bins, T) to sound (B, 160 T)."""

    def layer(name):
        return weights[f"vocoder.{name}.weight"], weights[f"vocoder.{name}.bias"]

    x = F.conv1d(mel, *layer("conv_pre"), padding=3)
    for step, rate in enumerate((5, 4, 2, 2, 2)):
        weight, bias = layer(f"ups.{step}")
        x = F.conv_transpose1d(F.leaky_relu(x, 0.1), weight, bias, stride=rate, padding=(weight.shape[-1] - rate) // 2)
        branches = []
        for place, size in enumerate((3, 7, 11)):
            y = x
            for number, spread in enumerate((1, 3, 5)):
                name = f"resblocks.{3 * step + place}"
                h = F.leaky_relu(y, 0.1)
                h = F.conv1d(h, *layer(f"{name}.convs1.{number}"), padding=size // 2 * spread, dilation=spread)
                y = y + F.conv1d(F.leaky_relu(h, 0.1), *layer(f"{name}.convs2.{number}"), padding=size // 2)
            branches.append(y)
        x = sum(branches) / 3
    return torch.tanh(F.conv1d(F.leaky_relu(x, 0.01), *layer("conv_post"), padding=3))[:, 0]


def test_the_autoencoder_does_what_its_weights_say_under_their_own_names(model, weights):
    encoded = model.encode(0.3 * torch.randn(1, 5 * 1280, dtype=torch.float64))
    own = LatentDiffusion(weights)
    torch.testing.assert_close(encoded.latent, 0.9227914214134216 * own.mean(encoded.kept["mel"]))
    mel = own.mel(encoded.latent / 0.9227914214134216)
    sound = voiced(weights, mel[:, 0].clamp_min(torch.tensor(1e-5).double().log()).transpose(1, 2))
    torch.testing.assert_close(model.decode(encoded.latent, encoded, restore=False)[:, 0], sound[:, : encoded.frames])


def test_a_prompt_is_embedded_as_t5_does_it_alone(model, folder, weights):
    encoder = T5EncoderModel(T5Config.from_pretrained(folder / "text_encoder")).double().eval()
    encoder.load_state_dict(below(weights, "text_encoder."))
    tokenizer = AutoTokenizer.from_pretrained(folder / "text_encoder")
    prompts = ["a piano", "played by a string quartet", ""]
    together = model.embed(prompts).tensors
    for row, prompt in enumerate(prompts):
        tokens = tokenizer(prompt, return_tensors="pt")
        with torch.no_grad():
            states = encoder(**tokens).last_hidden_state[0]
        torch.testing.assert_close(together["text"][row, : len(states)], states)
        assert together["mask"][row].tolist() == [1] * len(states) + [0] * (together["mask"].shape[1] - len(states))


def test_the_clean_latent_is_that_of_v_on_stable_diffusion_s_noise(model, folder, weights):
    unet = UNet2DConditionModel.from_config(json.loads((folder / "configs/diffusion_model_config.json").read_text()))
    unet.double().load_state_dict(below(weights, "unet."))
    noise = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        clip_sample=False,
    )
    noise.set_timesteps(1000)
    level = schedule(model.path, 0.6, 50).level[slice(0, 1)]
    x = torch.randn(1, 8, 16, 16, dtype=torch.float64)
    prompt = model.embed(["a piano"])
    with torch.no_grad():
        v = unet(x, int(level.t), prompt.tensors["text"]).sample
    clean = noise.step(v, int(level.t), x).pred_original_sample
    torch.testing.assert_close(model.predict_clean(x, level, prompt), clean, rtol=1e-5, atol=1e-5)


def test_the_published_shapes_are_those_of_the_published_weights(tmp_path):
    shape = {"ch": 128, "ch_mult": [1, 2, 4], "num_res_blocks": 2, "z_channels": 8, "in_channels": 1, "out_ch": 1}
    with torch.device("meta"):
        vae = tango.autoencoder_of({"ddconfig": shape, "embed_dim": 8, "scale_factor": 1.0})
        vocoder = tango.vocoder_of(1024)
        unet = tango.unet_of(tmp_path / "not there", 1024)
        own = {name: torch.empty(size) for name, size in tiny.autoencoder(shape)}
        voice = {name: torch.empty(size) for name, size in tiny.vocoder(1024)}
    for network, weights in ((vae, tango.autoencoder_weights(own, 3)), (vocoder, tango.vocoder_weights(voice))):
        assert {name: w.shape for name, w in weights.items()} == {n: w.shape for n, w in network.state_dict().items()}
    # What its paper says of the U-Net: 866 million.
    assert round(sum(weight.numel() for weight in unet.parameters()) / 1e6) == 866


def refused(folder, because):
    with pytest.raises(RetoneError, match=because) as caught:
        models.load(str(folder), CPU, torch.float32)
    assert caught.value.code == "bad_model"


def test_what_the_checkpoint_does_not_hold_is_asked_for_by_name(folder, tmp_path):
    bare = shutil.copytree(folder, tmp_path / "bare")
    (bare / "text_encoder" / "tokenizer.json").unlink()
    refused(bare, "text_encoder must hold config.json and the tokenizer's files of google/flan-t5-large.*no vocabulary")


@pytest.mark.parametrize(
    ("file", "name", "value", "because"),
    [
        ("main_config.json", "scheduler_name", "another", "names the noise of another"),
        ("main_config.json", "text_encoder_name", "roberta-base", "another text encoder than T5"),
        ("stft_config.json", "hop_length", 256, "stft_config.json says"),
        ("vae_config.json", "embed_dim", 4, "autoencoder has not the shape"),
        ("vae_config.json", "ddconfig", None, "vae_config.json does not say all of ddconfig"),
    ],
)
def test_a_configuration_that_is_not_understood_is_refused(folder, tmp_path, file, name, value, because):
    other = shutil.copytree(folder, tmp_path / "other")
    said = json.loads((other / file).read_text())
    del said[name]
    (other / file).write_text(json.dumps(said if value is None else {**said, name: value}))
    refused(other, because)


@pytest.mark.parametrize(
    ("file", "gone", "because"),
    [
        ("main", "unet.mid_block.resnets.0.conv1.weight", "U-Net .* lacks 1 of its weights, mid_block.resnets.0.conv1"),
        ("main", "text_encoder.encoder.final_layer_norm.weight", "T5 lacks 1 of its weights"),
        ("vae", "decoder.up.2.block.0.conv1.weight", "autoencoder lacks 1 .* decoder.up_blocks.0.resnets.0.conv1"),
        ("vae", "vocoder.ups.4.bias", "vocoder lacks 1 of its weights, upsampler.4.bias"),
        ("vae", "vocoder.conv_pre.weight", "holds no vocoder"),
    ],
)
def test_weights_that_are_missing_are_named_not_made_up(folder, tmp_path, file, gone, because):
    lacking = shutil.copytree(folder, tmp_path / "lacking")
    path = lacking / f"pytorch_model_{file}.bin"
    weights = torch.load(path, weights_only=True)
    del weights[gone]
    torch.save(weights, path)
    refused(lacking, because)


class Harm:
    def __reduce__(self):
        return os.mkdir, ("harm",)


def test_weights_are_read_and_never_run(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    harmful = shutil.copytree(folder, tmp_path / "harmful")
    torch.save({"unet.conv_in.weight": Harm()}, harmful / "pytorch_model_main.bin")
    refused(harmful, "pytorch_model_main.bin cannot be read")
    assert not (tmp_path / "harm").exists()
