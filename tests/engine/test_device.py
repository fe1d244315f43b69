"""Which precision a device computes in, and which of its errors mean a full memory."""

import pytest
import torch

from retone_engine import device
from retone_engine.device import choose, is_out_of_memory, main_memory, precision


def error_of(does):
    with pytest.raises(Exception) as told:
        does()
    return told.value


CPU, CUDA, MPS = (torch.device(name) for name in ("cpu", "cuda", "mps"))


@pytest.mark.parametrize(
    ("chosen", "native", "expected"),
    [
        (CUDA, (8, 0), torch.bfloat16),
        (CUDA, (7, 5), torch.float32),
        (MPS, None, torch.float32),
        (CPU, {"avx512_bf16": True}, torch.bfloat16),
        (CPU, {"amx_bf16": True}, torch.bfloat16),
        (CPU, {"avx2": True, "avx512_bf16": False}, torch.float32),
    ],
)
def test_the_default_is_bfloat16_only_where_the_device_multiplies_it(chosen, native, expected, monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: native)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: native)
    assert precision(None, chosen) == expected
    assert precision("float32", chosen) == torch.float32
    assert precision("bfloat16", chosen) == torch.bfloat16


def test_float32_is_no_tf32_on_a_device_that_was_chosen(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    choose("cpu")
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32


def test_the_machines_memory_is_known_or_0(monkeypatch):
    assert main_memory() > 1 << 28
    monkeypatch.delattr(device.os, "sysconf")  # as on Windows
    assert main_memory() == 0


def test_a_full_memory_is_known_in_all_its_words():
    assert is_out_of_memory(error_of(lambda: torch.empty(10**15)))
    assert is_out_of_memory(error_of(lambda: bytearray(10**17)))
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."))
    assert is_out_of_memory(RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"))
    assert is_out_of_memory(RuntimeError("MPS backend out of memory (MPS allocated: 5.3 GB)"))


def test_no_other_fault_is_taken_for_it():
    assert not is_out_of_memory(error_of(lambda: torch.zeros(2) @ torch.zeros(3)))
    assert not is_out_of_memory(RuntimeError("CUDA error: an illegal memory access was encountered"))
    assert not is_out_of_memory(ValueError("can't allocate memory"))
