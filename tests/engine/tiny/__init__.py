"""Checkpoints of every family with random weights, small enough to build in a test.

Each module has ``save(folder) -> Path``, which writes a folder as the family's checkpoints are published. ``FAMILIES``
names them all, so that what holds for every family is tested once, in test_families.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path


def _saves(module: str) -> Callable[[Path], Path]:
    """``save`` of one family; its libraries are imported when it is called."""

    def save(folder: Path) -> Path:
        saved: Path = import_module(f"engine.tiny.{module}").save(folder)
        return saved

    return save


FAMILIES: Mapping[str, Callable[[Path], Path]] = {
    "audioldm": _saves("audioldm"),
    "audioldm2": _saves("audioldm2"),
    "tango": _saves("tango"),
    "stable_audio": _saves("stable_audio"),
    "stable_audio_3": _saves("stable_audio_3"),
    "ace_step": _saves("ace_step"),
}
