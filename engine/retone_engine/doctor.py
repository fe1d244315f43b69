"""``python -m retone_engine.doctor`` prints what the engine has to work with, as JSON."""

from __future__ import annotations

import json
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch

from retone_engine import hardware
from retone_engine.device import choose, precision
from retone_engine.models import Listed, listing, models_folder

_LIBRARIES = (
    "retone",
    "torch",
    "diffusers",
    "transformers",
    "huggingface_hub",
    "numpy",
    "soundfile",
    "soxr",
    "python-osc",
)
# The rest is for the work itself, and for what else runs there.
_FITS = 0.75


def report() -> dict[str, Any]:
    """Versions, devices and their memory, the precision that ``auto`` takes, and how the models that are here fit."""
    device = choose("auto")
    dtype = precision(None, device)
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "torch_cuda": torch.version.cuda,
        "devices": ["cpu", *_gpus(), *(["mps"] if torch.backends.mps.is_available() else [])],
        "device": str(device),
        "precision": str(dtype).removeprefix("torch."),
        "models_folder": str(models_folder()),
        "models": {model.name: _fit(model, device, dtype) for model in listing() if model.here},
        "wrong": list(hardware.wrong()),
    }


def _fit(model: Listed, device: torch.device, dtype: torch.dtype) -> str:
    """How much of the device's memory the model's weights take, and what that means."""
    if model.lacks:
        return model.lacks
    weights = model.memory_bytes_bfloat16 if dtype == torch.bfloat16 else model.memory_bytes
    memory = hardware.memory_bytes(device)
    if weights is None or memory is None:
        return "here"
    taken = f"its weights take {weights / 2**30:.2f} of {memory / 2**30:.1f} GiB on {device}"
    if weights <= _FITS * memory:
        return f"fits: {taken}"
    return f"does not fit at once: {taken}" + (
        "" if device.type == "cpu" else "; its parts take turns, which is slower"
    )


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
