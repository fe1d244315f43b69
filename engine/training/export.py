"""Write the trained model as it ships: half-precision weights and a configuration in words."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from codec_fit import load_codec
from retone_engine.models.pocket.family import CONFIG_FILE, WEIGHTS_FILE
from retone_engine.models.pocket.mel import SAMPLE_RATE
from retone_engine.models.pocket.text import MEANINGFUL

SHIPPED = Path(__file__).parents[1] / "retone_engine" / "models" / "pocket"
WINDOW_SECONDS = 5.12
# What `auto` means for this model: measured by evaluate.py on held-out music, see CARD.md.
DEFAULTS = {"strength": 0.65, "steps": 40, "guidance_scale": 2.5, "source_guidance_scale": 1.0, "guidance_rescale": 0.0}
SHAPES: dict[str, Any] = {
    "denoiser": {"widths": [64, 128, 224], "depths": [1, 2, 2], "condition": 256},
    "vocoder": {"width": 192, "inner": 576, "blocks": 8},
}


def export(work: Path, folder: Path = SHIPPED) -> int:
    """Write the averaged weights of the checkpoints in `work` to `folder`; returns the weights' size in bytes."""
    codec = load_codec(work)
    pair = torch.load(work / "denoiser.pt", weights_only=True)["mean"]
    vocoder = torch.load(work / "vocoder.pt", weights_only=True)["mean"]
    weights = {key: value.half().contiguous() for key, value in pair.items()}
    weights |= {f"vocoder.{key}": value.half().contiguous() for key, value in vocoder.items()}
    # The codec's few constants stay in full precision: it is to be invertible.
    weights |= {"codec.mean": codec.mean, "codec.basis": codec.basis, "codec.scale": codec.scale}
    config = {
        "_class_name": "PocketModel",
        "licence": "MIT",
        "sample_rate": SAMPLE_RATE,
        "window_seconds": WINDOW_SECONDS,
        "floor": codec.floor,
        "defaults": DEFAULTS,
        **SHAPES,
        "words": sorted(MEANINGFUL),
    }
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / (WEIGHTS_FILE + ".part")
    save_file(weights, part)
    part.chmod(0o644)  # the library writes for the owner only
    part.replace(folder / WEIGHTS_FILE)
    (folder / CONFIG_FILE).write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    return (folder / WEIGHTS_FILE).stat().st_size


if __name__ == "__main__":
    print(export(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else SHIPPED))
