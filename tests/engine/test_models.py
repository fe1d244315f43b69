"""Which models there are: those that are here, those that could be, and what a folder lacks to be one."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys

import pytest
import torch

from engine.tiny import FAMILIES, audioldm, tango
from retone_engine import models
from retone_engine.models import digests
from retone_engine.models.catalogue import KNOWN
from retone_engine.request import RetoneError


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    """The user's own models."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setattr(models, "models_folder", lambda: folder)
    return folder


def listed(name):
    return next(model for model in models.listing() if model.name == name)


def refused(code, name):
    with pytest.raises(RetoneError) as refusal:
        models.find(name)
    assert refusal.value.code == code
    return refusal.value.message


def test_all_published_models_are_listed_after_the_shipped_one():
    found = models.listing()
    assert [model.name for model in found] == ["pocket", *(model.name for model in KNOWN)]
    assert [model.here for model in found] == [True, *[False] * len(KNOWN)]
    assert all(model.use and model.licence and model.memory_bytes for model in found)


def test_a_published_model_that_is_here_is_listed_once_with_all_that_is_known_of_it(kept):
    audioldm.save(kept / "audioldm-s-full-v2")
    assert [model.name for model in models.listing()].count("audioldm-s-full-v2") == 1
    model = listed("audioldm-s-full-v2")
    assert model.here and model.licence == "CC BY-NC-SA 4.0" and model.download_bytes


def test_a_folder_of_ones_own_is_listed_with_what_its_files_say(kept):
    audioldm.save(kept / "my drums")
    model = listed("my drums")
    assert (model.here, model.sample_rate, model.channels) == (True, 16000, 1)
    assert model.download_bytes is None and "not known" in model.use
    assert model.memory_bytes == sum(path.stat().st_size for path in (kept / "my drums").rglob("*.safetensors"))


def test_a_published_model_that_is_not_here_is_told_how_to_fetch():
    assert "retone models get audioldm2" in refused("unknown_model", "audioldm2")


def test_an_unknown_name_lists_what_is_here_and_what_could_be():
    message = refused("unknown_model", "nightingale")
    assert "only pocket" in message and "audioldm2-large" in message


def test_a_folder_is_found_by_its_path(tmp_path):
    folder = audioldm.save(tmp_path / "elsewhere")
    assert models.find(str(folder)) == folder


def test_a_folder_that_is_no_model_is_told_what_it_lacks(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    assert "model_index.json" in refused("bad_model", str(folder))
    index = {"_class_name": "FluxPipeline", "_diffusers_version": "0.38.0"}
    (folder / "model_index.json").write_text(json.dumps(index))
    message = refused("bad_model", str(folder))
    assert "FluxPipeline" in message and "AudioLDM2Pipeline" in message


def test_a_folder_that_lacks_parts_is_told_which(kept):
    folder = audioldm.save(kept / "half")
    index = {"_class_name": "AudioLDMPipeline", "unet": ["diffusers", "UNet2DConditionModel"]}
    index |= {"vocoder": ["transformers", "SpeechT5HifiGan"], "safety_checker": [None, None]}
    (folder / "model_index.json").write_text(json.dumps(index))
    assert models.find("half") == folder
    for file in (folder / "vocoder").iterdir():
        file.unlink()
    (folder / "unet" / "diffusion_pytorch_model.safetensors.index.json").write_text(
        json.dumps({"weight_map": {"a": "one-of-two.safetensors", "b": "two-of-two.safetensors"}})
    )
    (folder / "unet" / "one-of-two.safetensors").touch()
    message = refused("bad_model", "half")
    assert listed("half").lacks == message
    assert message.endswith("it lacks vocoder, unet/two-of-two.safetensors.")


def test_a_tango_without_its_text_encoder_is_told_so(kept):
    folder = tango.save(kept / "tango2")
    assert models.find("tango2") == folder
    (folder / "text_encoder" / "config.json").unlink()
    assert refused("bad_model", "tango2").endswith("it lacks text_encoder/config.json.")


@pytest.mark.parametrize(("family", "rate"), [("stable_audio", 44100), ("ace_step", 48000)])
def test_a_stereo_model_of_ones_own_is_listed_with_its_sound(kept, family, rate):
    FAMILIES[family](kept / "mine")
    model = listed("mine")
    assert (model.here, model.lacks, model.channels, model.sample_rate) == (True, None, 2, rate)


def test_listing_and_loading_look_nothing_up(kept, monkeypatch):
    audioldm.save(kept / "mine")

    def looked_up(*asked, **named):
        raise AssertionError("the network was looked at")

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(socket.socket, "connect", looked_up)
    assert listed("mine").here
    assert models.load("mine", torch.device("cpu"), torch.float32).sample_rate == 16000
    with pytest.raises(RetoneError):
        models.load("audioldm2", torch.device("cpu"), torch.float32)


def test_a_large_file_is_read_for_its_hash_once_and_again_when_it_has_changed(tmp_path, monkeypatch):
    file = tmp_path / "weights.safetensors"
    file.write_bytes(b"old weights")
    monkeypatch.setattr(digests, "_place", lambda: tmp_path / "cache" / "digests.json")
    monkeypatch.setattr(digests, "LARGE", 4)
    old = digests.digest(file)
    assert old == hashlib.sha256(b"old weights").digest()
    with monkeypatch.context() as unread:
        unread.delattr(digests, "_read")
        assert digests.digest(file) == old
    file.write_bytes(b"new weights, and more")
    assert digests.digest(file) == hashlib.sha256(b"new weights, and more").digest()
    for spoilt in ("{", "[]", json.dumps({str(file): [file.stat().st_size, file.stat().st_mtime_ns, "no hash"]})):
        (tmp_path / "cache" / "digests.json").write_text(spoilt)
        assert digests.digest(file) == hashlib.sha256(b"new weights, and more").digest()


def test_a_file_is_not_taken_for_what_it_was_while_it_was_written(tmp_path, monkeypatch):
    file = tmp_path / "weights.safetensors"
    file.write_bytes(b"old weights")
    monkeypatch.setattr(digests, "_place", lambda: tmp_path / "digests.json")
    monkeypatch.setattr(digests, "LARGE", 4)
    plain = digests._read

    def overtaken(path):
        found = plain(path)
        path.write_bytes(b"new weights")
        os.utime(path, (1, 1))  # a moment later, whatever the system's clock can tell apart
        return found

    with monkeypatch.context() as writing:
        writing.setattr(digests, "_read", overtaken)
        digests.digest(file)
    assert digests.digest(file) == hashlib.sha256(b"new weights").digest()
    file.write_bytes(b"odd weights")
    os.utime(file, (2, 2))
    assert digests.digest(file) == hashlib.sha256(b"odd weights").digest(), "the same size, at another time"


def test_listing_needs_neither_torch_nor_the_hubs_library():
    script = (
        "import sys, retone_engine.models, retone_engine.models.download as d\n"
        "retone_engine.models.listing()\n"
        "assert not {'torch', 'huggingface_hub', 'diffusers'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
