"""``python -m retone_engine.doctor`` prints what the engine has to work with, as JSON."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch

from retone_engine.device import choose, precision
from retone_engine.models import models_folder

_LIBRARIES = ("retone", "torch", "diffusers", "transformers", "numpy", "soundfile", "soxr", "python-osc")


def report() -> dict[str, Any]:
    """Versions, devices and their memory in GiB, and the precision that ``auto`` takes."""
    device = choose("auto")
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "torch_cuda": torch.version.cuda,
        "devices": ["cpu", *_gpus(), *(["mps"] if torch.backends.mps.is_available() else [])],
        "device": str(device),
        "precision": str(precision(None, device)).removeprefix("torch."),
        "models_folder": str(models_folder()),
        "wrong": list(_wrong()),
    }


def _wrong() -> Iterator[str]:
    """What keeps the engine from working as well as it could, a sentence each."""
    if shutil.which("nvidia-smi") and not torch.cuda.is_available():
        built = f"is built for CUDA {torch.version.cuda}" if torch.version.cuda else "is built without CUDA"
        yield f"There is an NVIDIA card, but this torch {built} and does not see it; install one that fits the driver."


def _gpus() -> list[str]:
    found = []
    for index in range(torch.cuda.device_count()):
        about = torch.cuda.get_device_properties(index)
        found.append(f"cuda:{index} {about.name}, {about.total_memory / 2**30:.0f} GiB")
    return found


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    json.dump(report(), sys.stdout)
