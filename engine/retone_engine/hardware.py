"""Which GPU a machine has, told by the system and not by torch, and what keeps torch from using it.

Only what can be told for certain is told: a driver's own program names the card, or the system has the driver's device.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import torch

# Where NVIDIA's program lies when it is not on the path: Windows has put it in two places, and WSL has one of its own.
_NVIDIA_SMI = (
    Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "nvidia-smi.exe"),
    Path(os.environ.get("PROGRAMFILES", r"C:\Program Files"), "NVIDIA Corporation", "NVSMI", "nvidia-smi.exe"),
    Path("/usr/lib/wsl/lib/nvidia-smi"),
)
# The device of AMD's driver for computing, on Linux.
_KFD = Path("/dev/kfd")
_INSTALL = "https://pytorch.org/get-started/locally/ says how to install one"


def wrong() -> Iterator[str]:
    """What keeps torch from a GPU that is there, a sentence each."""
    if not torch.cuda.is_available():
        yield from _nvidia_unused()
        yield from _amd_unused()
    else:
        yield from _too_old()
    if sys.platform == "darwin" and not torch.backends.mps.is_available():
        yield from _apple_unused()


def memory_bytes(device: torch.device) -> int | None:
    """How much memory the device has in all, or None where the system does not say."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    if device.type == "mps":
        return int(torch.mps.recommended_max_memory())
    return _windows_memory() if sys.platform == "win32" else os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _nvidia_unused() -> Iterator[str]:
    found = nvidia_cards()
    if not found:
        return
    card = " and ".join(found)
    if torch.version.cuda is None:
        yield f"{card} is here, but this torch is built without CUDA and computes on the CPU; {_INSTALL} with CUDA."
    elif (hidden := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        yield f"{card} is here, but CUDA_VISIBLE_DEVICES={hidden!r} hides it from torch; unset it."
    else:
        yield (
            f"{card} is here, but torch, which is built for CUDA {torch.version.cuda}, cannot use it: most often the "
            "driver is older than that; update the driver."
        )


def nvidia_cards() -> list[str]:
    """The NVIDIA cards that the driver's own program names; none where it is not there, or finds none itself."""
    program = shutil.which("nvidia-smi") or next((str(path) for path in _NVIDIA_SMI if path.is_file()), None)
    if program is None:
        return []
    try:
        asked = [program, "--query-gpu=name", "--format=csv,noheader"]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()] if done.returncode == 0 else []


def _amd_unused() -> Iterator[str]:
    if not _KFD.exists():
        return
    if torch.version.hip is None:
        yield f"An AMD GPU and its driver are here, but this torch is built without ROCm; {_INSTALL} with ROCm."
    elif not os.access(_KFD, os.R_OK | os.W_OK):
        yield f"An AMD GPU is here, but you may not use {_KFD}: put your user into its group (render or video)."
    else:
        yield f"An AMD GPU is here, but torch, which is built for ROCm {torch.version.hip}, cannot use it."


def _too_old() -> Iterator[str]:
    """Cards that torch sees and has no code for."""
    if torch.version.hip is not None:
        return
    codes = torch.cuda.get_arch_list()
    for index in range(torch.cuda.device_count()):
        capability = torch.cuda.get_device_capability(index)
        if codes and not any(_runs(code, capability) for code in codes):
            yield (
                f"{torch.cuda.get_device_name(index)} (sm_{capability[0]}{capability[1]}) is none of the cards that "
                f"this torch has code for ({', '.join(codes)}); install an older torch, or use --device cpu."
            )


def _runs(code: str, capability: tuple[int, int]) -> bool:
    """Whether ``code`` (sm_86: for this generation from 8.6 on, compute_86: for all from 8.6 on) runs on a card."""
    kind, _, number = code.partition("_")
    digits = "".join(filter(str.isdigit, number))
    version = (int(digits[:-1]), int(digits[-1]))
    return version <= capability and (kind == "compute" or version[0] == capability[0])


def _apple_unused() -> Iterator[str]:
    if platform.machine() != "arm64":
        # An Intel program on an Apple chip is told that it runs on Intel, except by this.
        asked = ["sysctl", "-n", "sysctl.proc_translated"]
        if subprocess.run(asked, capture_output=True, text=True).stdout.strip() == "1":
            yield "This Python is an Intel one on an Apple chip, whose GPU it cannot use; install one for arm64."
    elif not torch.backends.mps.is_built():
        yield f"This torch is built without MPS and cannot use Apple's GPU; {_INSTALL}."
    else:
        yield (
            "Torch finds no GPU of Apple's that it can use: this macOS is too old for it, or the machine is a "
            "virtual one without a GPU."
        )


def _windows_memory() -> int | None:
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "a", "b", "c", "d", "e")),
        )

    status = Status(length=ctypes.sizeof(Status))
    windows = getattr(ctypes, "windll", None)
    if windows is None or not windows.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None
    return int(status.total)
