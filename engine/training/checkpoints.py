"""Checkpoints that a killed run cannot leave half written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch


def save_atomically(path: Path, state: dict[str, Any]) -> None:
    """Write `state` beside `path`, then move it into place."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def load_if_there(path: Path) -> dict[str, Any] | None:
    """The state at `path`, or None where there is none yet."""
    return torch.load(path, weights_only=True) if path.exists() else None
