"""One part of a checkpoint in the libraries' own format: all of it, or an error that names it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers.utils.logging import disable_progress_bar


def load_part(kind: Any, folder: Path, name: str, dtype: torch.dtype, **options: Any) -> Any:
    """The network of the library's class ``kind`` in subfolder ``name``: on the CPU, frozen, weights of ``dtype``.

    ``options`` are those of its ``from_pretrained``. Nothing is looked up anywhere else. Raises OSError where the part
    is not there, ValueError where it lacks weights: the libraries would go on with random ones.
    """
    disable_progress_bar()
    network, report = kind.from_pretrained(
        folder, subfolder=name, torch_dtype=dtype, local_files_only=True, output_loading_info=True, **options
    )
    lacking = sorted(report["missing_keys"])
    if lacking:
        raise ValueError(f"its {name} lacks {len(lacking)} of its weights, {lacking[0]} among them")
    return network.eval().requires_grad_(False)


def state_dtype(dtype: torch.dtype) -> torch.dtype:
    """What weights, latents and predictions are kept in where a network's products are ``dtype``."""
    return torch.float64 if dtype == torch.float64 else torch.float32
