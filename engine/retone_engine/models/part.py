"""One part of a checkpoint in the libraries' own format: all of it, or an error that names it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoTokenizer, PreTrainedTokenizerBase
from transformers.utils.logging import disable_progress_bar, get_verbosity, set_verbosity, set_verbosity_error

from retone_engine.device import is_out_of_memory

# What reading a part may raise that is missing, damaged, or of another kind.
UNREADABLE = (OSError, ValueError, KeyError, RuntimeError, EOFError, SafetensorError, UnpicklingError)

_VOCABULARIES = ("tokenizer.json", "spiece.model", "vocab.json", "vocab.txt")


def load_part(kind: Any, folder: Path, name: str, dtype: torch.dtype, **options: Any) -> Any:
    """The network of the library's class ``kind`` in subfolder ``name``: on the CPU, frozen, weights of ``dtype``.

    ``options`` are those of its ``from_pretrained``. Nothing is looked up anywhere else. Raises ValueError where the
    part cannot be read, or lacks weights: the libraries would go on with random ones.
    """
    try:
        with _quietly():
            network, report = kind.from_pretrained(
                folder, subfolder=name, torch_dtype=dtype, local_files_only=True, output_loading_info=True, **options
            )
    except UNREADABLE as error:
        if is_out_of_memory(error):
            raise
        raise ValueError(f"its {name} cannot be read: {error}") from error
    refuse_lacking(name, report["missing_keys"])
    return network.eval().requires_grad_(False)


def load_tokenizer(folder: Path, name: str) -> PreTrainedTokenizerBase:
    """The tokenizer in subfolder ``name``; raises ValueError where it cannot be read, or holds no vocabulary.

    Without one the library would go on with a handful of words, and hear every prompt as the same nothing.
    """
    if not any((folder / name / file).is_file() for file in _VOCABULARIES):
        raise ValueError(f"its {name} holds no vocabulary, which would be one of {', '.join(_VOCABULARIES)}")
    try:
        return AutoTokenizer.from_pretrained(folder / name, local_files_only=True)
    except UNREADABLE as error:
        raise ValueError(f"its {name} cannot be read: {error}") from error


def refuse_lacking(name: str, missing: Collection[str]) -> None:
    """ValueError where weights of the part ``name`` are ``missing``."""
    if missing:
        raise ValueError(f"its {name} lacks {len(missing)} of its weights, {min(missing)} among them")


@contextmanager
def _quietly() -> Iterator[None]:
    """Without a bar, or a table of the weights that a checkpoint holds beyond those wanted."""
    disable_progress_bar()
    before = get_verbosity()
    set_verbosity_error()
    try:
        yield
    finally:
        set_verbosity(before)


def state_dtype(dtype: torch.dtype) -> torch.dtype:
    """What weights, latents and predictions are kept in where a network's products are ``dtype``."""
    return torch.float64 if dtype == torch.float64 else torch.float32
