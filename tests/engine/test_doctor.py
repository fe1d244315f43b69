"""What the doctor says of a machine's GPU and of the models that are here; the drivers' programs are stand-ins."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import pytest
import torch

from engine.tiny import audioldm
from retone_engine import doctor, hardware, models
from retone_engine.models.catalogue import known

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def no_gpu(tmp_path, monkeypatch):
    """A machine without any, whatever this one has."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(hardware, "_NVIDIA_SMI", ())
    monkeypatch.setattr(hardware, "_KFD", tmp_path / "kfd")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(torch.version, "hip", None)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(models, "models_folder", lambda: tmp_path / "models")
    return tmp_path


def nvidia_smi(place, card="NVIDIA GeForce RTX 3060", status=0):
    place.write_text(f"#!{sys.executable}\nprint({card!r})\nraise SystemExit({status})\n")
    place.chmod(0o755)
    return place


def test_a_machine_without_a_gpu_has_nothing_wrong():
    assert list(hardware.wrong()) == []


@pytest.mark.parametrize("on_the_path", [True, False])
def test_a_card_beside_a_torch_for_the_cpu_is_told(no_gpu, monkeypatch, on_the_path):
    program = nvidia_smi(no_gpu / ("nvidia-smi" if on_the_path else "nvidia-smi.exe"))
    if not on_the_path:
        monkeypatch.setattr(hardware, "_NVIDIA_SMI", (no_gpu / "elsewhere.exe", program))
    (sentence,) = hardware.wrong()
    assert "GeForce RTX 3060" in sentence and "built without CUDA" in sentence and "pytorch.org" in sentence


def test_a_card_that_torch_cannot_use_is_told_with_the_likely_cause(no_gpu, monkeypatch):
    nvidia_smi(no_gpu / "nvidia-smi")
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    (sentence,) = hardware.wrong()
    assert "CUDA 13.0" in sentence and "update the driver" in sentence
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    (sentence,) = hardware.wrong()
    assert "CUDA_VISIBLE_DEVICES=''" in sentence


def test_a_driver_left_without_a_card_is_no_card(no_gpu):
    nvidia_smi(no_gpu / "nvidia-smi", "No devices were found", status=6)
    assert list(hardware.wrong()) == []


def test_an_amd_gpu_is_told_where_the_driver_shows_it(no_gpu, monkeypatch):
    (no_gpu / "kfd").touch()
    (sentence,) = hardware.wrong()
    assert "AMD" in sentence and "without ROCm" in sentence
    monkeypatch.setattr(torch.version, "hip", "6.4")
    (sentence,) = hardware.wrong()
    assert "ROCm 6.4" in sentence
    monkeypatch.setattr(os, "access", lambda *asked: False)
    (sentence,) = hardware.wrong()
    assert "group" in sentence


def test_a_card_that_torch_has_no_code_for_is_told(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: ["sm_75", "sm_80", "sm_90a", "compute_120"])
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda index: [(6, 1), (8, 6), (12, 1)][index])
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"card {index}")
    (sentence,) = hardware.wrong()
    assert "card 0 (sm_61)" in sentence and "--device cpu" in sentence


@pytest.mark.parametrize(
    ("machine", "translated", "built", "told"),
    [("x86_64", "1", False, "arm64"), ("arm64", "0", False, "without MPS"), ("arm64", "0", True, "too old")],
)
def test_what_keeps_torch_from_apples_gpu_is_told(monkeypatch, machine, translated, built, told):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(hardware.platform, "machine", lambda: machine)
    monkeypatch.setattr(hardware.subprocess, "run", lambda *asked, **named: SimpleNamespace(stdout=translated + "\n"))
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_built", lambda: built)
    (sentence,) = hardware.wrong()
    assert told in sentence


def test_the_memory_of_this_machine_is_known():
    assert 1 << 28 < hardware.memory_bytes(CPU) < 1 << 50


def test_models_that_are_here_are_told_to_fit_or_not(monkeypatch):
    audioldm.save(models.models_folder() / "audioldm2-large")  # by its name alone it counts as that one
    (models.models_folder() / "audioldm2-large" / "model_index.json").write_text('{"_class_name": "AudioLDM2Pipeline"}')
    weights = known("audioldm2-large").memory_bytes()
    for memory, told in ((2 * weights, "fits: its weights take 5.40 of 10.8 GiB"), (weights, "does not fit at once")):
        monkeypatch.setattr(hardware, "memory_bytes", lambda device, memory=memory: memory)
        monkeypatch.setattr(doctor, "precision", lambda *asked: torch.float32)
        fits = doctor.report()["models"]
        assert set(fits) == {"pocket", "audioldm2-large"} and fits["audioldm2-large"].startswith(told)


def test_half_the_network_fits_where_it_is_kept_in_bfloat16(monkeypatch):
    model = next(model for model in models.listing() if model.name == "audioldm2-large")
    monkeypatch.setattr(hardware, "memory_bytes", lambda device: 8 << 30)
    assert "5.40 of 8.0" in doctor._fit(model, CPU, torch.float32)
    assert "4.06 of 8.0" in doctor._fit(model, CPU, torch.bfloat16)
