"""Which device a model runs on, and in which precision its network multiplies."""

from __future__ import annotations

import torch

from retone_engine.request import RetoneError


def choose(name: str) -> torch.device:
    """``auto``, ``cpu``, ``cuda`` (or ``cuda:1``) or ``mps`` as a device that is there.

    Raises RetoneError(device_error) where the device named is not.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    kind, _, index = name.partition(":")
    if not there.get(kind, False) or (index and (not index.isdigit() or int(index) >= torch.cuda.device_count())):
        usable = ", ".join(k for k, ok in there.items() if ok)
        raise RetoneError(
            "device_error", f"The device {name!r} is not here; this machine and torch build have {usable}."
        )
    return torch.device(name)


def precision(asked: str | None, device: torch.device) -> torch.dtype:
    """The precision ``asked`` for, or bfloat16 where the device multiplies it natively, else float32."""
    if asked is not None:
        return {"float32": torch.float32, "bfloat16": torch.bfloat16}[asked]
    return torch.bfloat16 if _native_bfloat16(device) else torch.float32


# What torch says where it has no error of its own for a full memory: on the CPU, and on Apple's GPUs.
_FULL = ("can't allocate memory", "MPS backend out of memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` says that the device, or the machine, had too little memory, and nothing worse."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _FULL)


def _native_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type != "cpu":
        return False
    # Without the instruction a CPU converts there and back, and loses time by it.
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return capabilities.get("avx512_bf16") is True or capabilities.get("amx_bf16") is True
