"""A model's folder may come from anybody: it is refused in words, and nothing in it is run."""

from __future__ import annotations

import json
import os
import pickle
import re
import sys

import pytest
import torch

from engine.tiny import FAMILIES
from retone_engine import models
from retone_engine.models.folder import lacking
from retone_engine.request import RetoneError

# What each family lets a configuration choose the class of, and the library therefore could take from the folder.
CHOSEN = {
    "audioldm": ("tokenizer",),
    "audioldm2": ("tokenizer", "tokenizer_2", "text_encoder_2"),
    "tango": ("text_encoder",),
    "stable_audio": ("tokenizer",),
    "stable_audio_3": ("tokenizer",),
    "ace_step": ("tokenizer", "text_encoder"),
}
CPU = torch.device("cpu")


@pytest.fixture
def folder(tmp_path):
    return FAMILIES["audioldm"](tmp_path / "mine")


def say(file, **said):
    file.write_text(json.dumps({**json.loads(file.read_text()), **said}))


def refused(folder, code="bad_model"):
    with pytest.raises(RetoneError) as refusal:
        models.load(str(folder), CPU, torch.float32)
    assert refusal.value.code == code
    assert refusal.value.message.isprintable() and len(refusal.value.message) < 600 + 3 * len(str(folder))
    return refusal.value.message


class Yes:
    """Somebody who answers whatever is asked, and is counted."""

    def __init__(self):
        self.asked = 0

    def readline(self, *size):
        self.asked += 1
        return "y\n"


@pytest.mark.parametrize(("family", "part"), [(family, part) for family, parts in CHOSEN.items() for part in parts])
def test_code_that_comes_with_a_model_is_never_run_and_nobody_is_asked_whether_to(tmp_path, monkeypatch, family, part):
    folder = FAMILIES[family](tmp_path / family)
    (folder / part / "theirs.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Theirs: pass\n")
    theirs = {"AutoConfig": "theirs.Theirs", "AutoModel": "theirs.Theirs", "AutoTokenizer": ["theirs.Theirs"] * 2}
    for file in ("tokenizer_config.json", "config.json"):
        if (folder / part / file).is_file():
            say(folder / part / file, auto_map=theirs, tokenizer_class="Theirs", model_type="theirs")
    monkeypatch.setattr(sys, "stdin", answers := Yes())
    refused(folder)
    assert not (tmp_path / "ran").exists() and answers.asked == 0


class Harm:
    def __reduce__(self):
        return os.mkdir, ("harm",)


@pytest.mark.parametrize("part", ["unet/diffusion_pytorch_model", "text_encoder/pytorch_model"])
@pytest.mark.parametrize("packed", [True, False])
def test_weights_that_would_do_something_are_not_opened_and_not_advised(folder, tmp_path, monkeypatch, part, packed):
    monkeypatch.chdir(tmp_path)
    path = folder / f"{part}.bin"
    for safe in path.parent.glob("*.safetensors"):
        safe.unlink()
    torch.save({"weight": Harm()}, path) if packed else path.write_bytes(pickle.dumps(Harm(), 2))
    message = refused(folder)
    assert part.partition("/")[0] in message and "weights_only" not in message and "PyTorch 2.6" not in message
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("text_encoder/config.json", []),
        ("text_encoder/config.json", {"vocab_size": "many"}),
        ("text_encoder/config.json", {"vocab_size": 999}),
        ("text_encoder/config.json", {"quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": True}}),
        ("text_encoder/config.json", {"attn_implementation": "theirs/kernel"}),
        ("text_encoder/config.json", {"dtype": "none"}),
        ("unet/config.json", {"quantization_config": 5}),
        ("unet/config.json", {"block_out_channels": 0}),
        ("vae/config.json", {"norm_num_groups": 0}),
        ("scheduler/scheduler_config.json", {"num_train_timesteps": 0}),
        ("scheduler/scheduler_config.json", {"beta_start": "a little"}),
        ("scheduler/scheduler_config.json", {"prediction_type": "\x1b[31mred\n"}),
        ("tokenizer/tokenizer_config.json", []),
        ("tokenizer/tokenizer_config.json", {"model_max_length": "long"}),
        ("tokenizer/tokenizer_config.json", {"model_max_length": 0}),
    ],
)
def test_configurations_that_make_no_sense_are_a_bad_model(folder, file, said):
    (folder / file).write_text(json.dumps(said)) if not said else say(folder / file, **said)
    refused(folder)


@pytest.mark.parametrize(
    "index",
    [
        "[" * 200_000,
        '{"_class_name": ["AudioLDMPipeline"]}',
        '{"_class_name": "AudioLDMPipeline", "../../etc": ["a", "b"], "\\u001b[31m": ["a", "b"]}',
        json.dumps({"_class_name": "AudioLDMPipeline", **{f"{number}" * 300: ["a", "b"] for number in range(100)}}),
        json.dumps({"_class_name": "AudioLDMPipeline", "more": " " * (5 << 20)}),
    ],
    ids=["deep", "list", "elsewhere", "long", "huge"],
)
def test_an_index_that_makes_no_sense_is_a_bad_model(folder, index):
    (folder / "model_index.json").write_text(index)
    refused(folder)


def test_an_index_that_says_odd_things_of_its_sound_is_listed_without_them(folder, monkeypatch):
    monkeypatch.setattr(models, "models_folder", lambda: folder.parent)
    say(folder / "model_index.json", words=5, sample_rate="x", window_seconds=[], licence={})
    listed = next(model for model in models.listing() if model.name == "mine")
    assert (listed.words, listed.sample_rate, listed.window_seconds) == (None, 16000, 10.24)
    assert listed.licence == "see its page"


@pytest.mark.parametrize("shard", [[5], "/etc/passwd", "../unet/config.json", "..", "a\0b", ""])
def test_weights_lie_beside_their_list_and_nowhere_else(folder, shard):
    listed = {"metadata": {}, "weight_map": {"weight": shard, "other": "model.safetensors"}}
    (folder / "text_encoder" / "model.safetensors.index.json").write_text(json.dumps(listed))
    assert "text_encoder/model.safetensors.index.json that can be read" in (lacking(folder) or "")
    refused(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such files")
@pytest.mark.timeout(20)
def test_a_pipe_in_a_folder_is_not_waited_for(folder):
    (folder / "model_index.json").unlink()
    os.mkfifo(folder / "model_index.json")
    refused(folder)


@pytest.mark.parametrize("elsewhere", ["../theirs.json", "a/../../theirs.json", "/etc/passwd"])
def test_tangos_network_is_described_inside_its_folder(tmp_path, elsewhere):
    folder = FAMILIES["tango"](tmp_path / "tango")
    say(folder / "main_config.json", unet_model_config_path=elsewhere)
    (tmp_path / "theirs.json").write_text("{}")
    assert "outside the folder" in refused(folder)


def test_a_part_behind_a_link_belongs_to_the_model(folder, tmp_path):
    before = models.fingerprint(str(folder))
    (folder / "unet").rename(tmp_path / "elsewhere")
    (folder / "unet").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert models.fingerprint(str(folder)) == before
    say(tmp_path / "elsewhere" / "config.json", changed=1)
    assert models.fingerprint(str(folder)) != before


def test_the_shipped_model_keeps_its_name(folder, monkeypatch):
    monkeypatch.setattr(models, "models_folder", lambda: folder.parent)
    folder.rename(folder.with_name("pocket"))
    assert models.find("pocket") == models._SHIPPED
    assert [model.name for model in models.listing()].count("pocket") == 1


def test_a_word_is_a_name_whatever_lies_here(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(folder.parent)
    monkeypatch.setattr(models, "models_folder", lambda: tmp_path / "none")
    assert models.find("./mine").samefile(folder)
    for name in ("mine", "..", ".", ""):
        with pytest.raises(RetoneError, match="only pocket"):
            models.find(name)
    (tmp_path / "pocket").mkdir()
    assert models.find("pocket") == models._SHIPPED


@pytest.mark.parametrize("name", ["~nobody-here/model", "/" + "x" * 5000, "a/\0", "\0", "/dev/null", "~"])
def test_names_that_no_folder_can_have_are_refused_in_words(name, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(RetoneError) as refusal:
        models.find(name)
    assert refusal.value.code in ("unknown_model", "bad_model")
    assert not re.search("[\0\n]", refusal.value.message)
