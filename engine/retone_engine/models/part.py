"""One part of a checkpoint in the libraries' own format: all of it, or an error that names it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from transformers import AutoTokenizer, PreTrainedTokenizerBase
from transformers.utils.logging import disable_progress_bar, get_verbosity, set_verbosity, set_verbosity_error

from retone_engine.device import is_out_of_memory

# For the ``from_pretrained`` of classes that choose another by what a checkpoint says: nothing is looked up, and code
# that comes with it is never run. Where that is left open the library asks, on what the engine takes its orders from.
HERE = {"local_files_only": True, "trust_remote_code": False}

# Characters of a library's message.
_LINE = 300
_VOCABULARIES = ("tokenizer.json", "vocab.json", "vocab.txt")
_PIECES = "spiece.model"


def load_part(kind: Any, folder: Path, name: str, dtype: torch.dtype, **options: Any) -> Any:
    """The network of the library's class ``kind`` in subfolder ``name``: on the CPU, frozen, weights of ``dtype``.

    ``options`` are those of its ``from_pretrained``. Nothing is looked up anywhere else. Raises ValueError where the
    part cannot be read, or lacks weights: the libraries would go on with random ones.
    """
    if not any((folder / name).glob("*.safetensors")):
        options["use_safetensors"] = False  # else the library would say on the console that it found none
    try:
        with _quietly():
            network, report = kind.from_pretrained(
                folder, subfolder=name, torch_dtype=dtype, local_files_only=True, output_loading_info=True, **options
            )
    except Exception as error:  # the libraries raise anything on files that they did not expect
        if is_out_of_memory(error):
            raise
        raise ValueError(f"its {name} cannot be read: {why(error)}") from error
    refuse_lacking(name, report["missing_keys"])
    return network.eval().requires_grad_(False)


def load_tokenizer(folder: Path, name: str) -> PreTrainedTokenizerBase:
    """The tokenizer in subfolder ``name``; raises ValueError where it cannot be read, or holds no vocabulary.

    Without one the library would go on with a handful of words, and hear every prompt as the same nothing.
    """
    if not any((folder / name / file).is_file() for file in _VOCABULARIES):
        if not (folder / name / _PIECES).is_file():
            raise ValueError(f"its {name} holds no vocabulary, which would be one of {', '.join(_VOCABULARIES)}")
        if find_spec("sentencepiece") is None:
            told = "which is read with the Python package sentencepiece; install that, or add tokenizer.json"
            raise ValueError(f"its {name} has its vocabulary in {_PIECES} alone, {told}")
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder / name, **HERE)
        if tokenizer.model_max_length < 1:
            raise ValueError(f"it takes {tokenizer.model_max_length} tokens")
        return tokenizer
    except Exception as error:
        raise ValueError(f"its {name} cannot be read: {why(error)}") from error


def why(error: Exception) -> str:
    """What a library says of a file, in a line. What it goes on to advise, such as to let code run, is not repeated."""
    if isinstance(error, UnpicklingError):
        return "it holds something else than weights, or is damaged"
    if "ignore_mismatched_sizes" in str(error):
        return "its weights have not the shapes that its configuration says"
    first = next(iter(str(error).strip().splitlines()), "")[:_LINE]
    told = "".join(character if character.isprintable() else "?" for character in first)
    return told if isinstance(error, OSError | ValueError | RuntimeError) else f"{type(error).__name__} {told}"


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
