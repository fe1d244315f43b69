"""Parts as older checkpoints hold them: weights packed the old way, vocabularies in a form of their own."""

import logging
import shutil

import pytest
import torch
from safetensors.torch import load_file

from engine.tiny import audioldm, audioldm2
from retone_engine import models
from retone_engine.models import part
from retone_engine.models.part import load_tokenizer
from retone_engine.path import schedule

CPU = torch.device("cpu")


def test_weights_of_the_old_packing_are_the_same_and_loaded_without_a_word(tmp_path, capfd):
    new = audioldm.save(tmp_path / "new")
    old = shutil.copytree(new, tmp_path / "old")
    for file in old.rglob("*.safetensors"):
        named = "pytorch_model.bin" if file.stem == "model" else f"{file.stem}.bin"
        torch.save(load_file(file), file.with_name(named))
        file.unlink()
    heard = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: heard.append(record.getMessage())
    for library in ("diffusers", "transformers"):
        logging.getLogger(library).addHandler(handler)
    capfd.readouterr()
    first, second = (models.load(str(folder), CPU, torch.float32) for folder in (new, old))
    for library in ("diffusers", "transformers"):
        logging.getLogger(library).removeHandler(handler)
    assert not heard
    assert not any(capfd.readouterr())
    level = schedule(first.path, 0.5, 4).level[slice(0, 1)]
    x = torch.randn(1, 4, 8, 16)
    predicted = [model.predict_clean(x, level, model.embed(["a piano"])) for model in (first, second)]
    torch.testing.assert_close(*predicted)


def test_a_vocabulary_that_wants_another_package_says_which(tmp_path, monkeypatch):
    folder = audioldm2.save(tmp_path / "model")
    shutil.rmtree(folder / "tokenizer_2")
    (folder / "tokenizer_2").mkdir()
    (folder / "tokenizer_2" / "spiece.model").write_bytes(b"pieces")
    monkeypatch.setattr(part, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"tokenizer_2 has its vocabulary in spiece\.model alone.*sentencepiece"):
        load_tokenizer(folder, "tokenizer_2")
