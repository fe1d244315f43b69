"""Which errors of a device mean a full memory, and which that it is not to be trusted any more."""

import pytest
import torch

from retone_engine.device import is_out_of_memory


def error_of(does):
    with pytest.raises(Exception) as told:
        does()
    return told.value


def test_a_full_memory_is_known_in_all_its_words():
    assert is_out_of_memory(error_of(lambda: torch.empty(10**15)))
    assert is_out_of_memory(error_of(lambda: bytearray(10**17)))
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."))
    assert is_out_of_memory(RuntimeError("MPS backend out of memory (MPS allocated: 5.3 GB)"))


def test_no_other_fault_is_taken_for_it():
    assert not is_out_of_memory(error_of(lambda: torch.zeros(2) @ torch.zeros(3)))
    assert not is_out_of_memory(RuntimeError("CUDA error: an illegal memory access was encountered"))
    assert not is_out_of_memory(ValueError("can't allocate memory"))
