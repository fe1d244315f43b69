"""Which device a model runs on, and in which precision its network multiplies."""

from __future__ import annotations

import os
import platform

import torch

from retone_engine.request import RetoneError


def choose(name: str) -> torch.device:
    """``auto``, ``cpu``, ``cuda`` (or ``cuda:1``) or ``mps`` as a device that is there, where float32 means float32.

    Raises RetoneError(device_error) where the device named is not.
    """
    # CUDA's convolutions would round float32 to TF32's 10 bits, as few as float16 has.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
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


# What torch says where it has no error of its own for a full memory: on the CPU (here, on Windows, and where oneDNN
# meets it), on Apple's GPUs, and where a GPU's driver or one of its libraries meets it first.
_FULL = (
    "can't allocate memory", "not enough memory", "bad_alloc",
    "could not create a primitive", "could not create a memory",
    "MPS backend out of memory", "Invalid buffer size",
    "CUDA error: out of memory", "_STATUS_ALLOC_FAILED",
)  # fmt: skip


def main_memory() -> int:
    """Bytes of main memory this machine has; 0 where the system does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows has no such question
        return 0


def processor(device: torch.device) -> str:
    """What kind of chip ``device`` is, as far as it decides the bits of a sum."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}"


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
