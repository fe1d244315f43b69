"""Which models are here, and loading one. Listing needs no torch; a family's file is imported when one is loaded."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from retone_engine.request import RetoneError

if TYPE_CHECKING:
    import torch

    from retone_engine.model import LatentModel

# The file that tells a family, and the module that loads it with ``load(folder, device, dtype)``.
_FAMILIES = {
    "PocketModel": "retone_engine.models.pocket",
    "AudioLDMPipeline": "retone_engine.models.audioldm",
    "AudioLDM2Pipeline": "retone_engine.models.audioldm2",
    "StableAudioPipeline": "retone_engine.models.stable_audio",
    "StableAudio3Pipeline": "retone_engine.models.stable_audio_3",
    "AceStepPipeline": "retone_engine.models.ace_step",
    "Tango": "retone_engine.models.tango",
}
# TANGO's checkpoints are not in diffusers' format and have no index; these files tell them.
_TANGO_FILES = ("main_config.json", "vae_config.json", "stft_config.json")
# Weights, configurations and vocabularies: what a model's folder holds beside them decides nothing.
_PARTS = {".safetensors", ".bin", ".json", ".txt", ".model"}
_SHIPPED = Path(__file__).parent / "pocket"


@dataclass(frozen=True)
class Listed:
    """A model that is here. ``words``: all it knows, or None where prompts are free text."""

    name: str
    family: str
    path: str
    licence: str
    sample_rate: int | None
    window_seconds: float | None
    words: tuple[str, ...] | None

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def models_folder() -> Path:
    """Where a user keeps checkpoints, one folder each."""
    return platformdirs.user_data_path("retone") / "models"


def listing() -> list[Listed]:
    """The shipped model first, then those in the user's folder, by name."""
    kept = models_folder()
    folders = sorted(kept.iterdir()) if kept.is_dir() else []
    return [_listed(folder) for folder in (_SHIPPED, *folders) if _family(folder) is not None]


def find(name: str) -> Path:
    """The folder of the model called ``name``, or ``name`` itself where it is a folder that holds one.

    Raises RetoneError(unknown_model) that lists what is here.
    """
    known = {listed.name: Path(listed.path) for listed in listing()}
    if name in known:
        return known[name]
    folder = Path(name).expanduser()
    if folder.is_dir() and _family(folder) is not None:
        return folder
    raise RetoneError(
        "unknown_model",
        f"There is no model {name!r} here, only {', '.join(known)}. "
        f"A folder in AudioLDM's format can be named by its path, or put into {models_folder()}.",
    )


def load(name: str, device: torch.device, dtype: torch.dtype) -> LatentModel:
    """The model called ``name`` on ``device``, its network's products in ``dtype``.

    Raises RetoneError: unknown_model, or bad_model where its files cannot be read.
    """
    folder = find(name)
    family = import_module(_FAMILIES[_family(folder) or ""])
    try:
        model: LatentModel = family.load(folder, device, dtype)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        if "out of memory" in str(error).lower():
            raise
        raise RetoneError("bad_model", f"The model in {folder} cannot be loaded: {error}") from error
    return model


def fingerprint(name: str) -> str:
    """The sha256 of the files that the model called ``name`` consists of; raises RetoneError(unknown_model)."""
    found, folder = hashlib.sha256(), find(name)
    for path in sorted(folder.rglob("*")):
        if path.suffix in _PARTS and path.is_file():
            found.update(path.relative_to(folder).as_posix().encode())
            with path.open("rb") as file:
                found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()


def _index(folder: Path) -> dict[str, Any]:
    for file in ("pocket.json", "model_index.json"):
        try:
            index = json.loads((folder / file).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(index, dict):
            return index
    if all((folder / file).is_file() for file in _TANGO_FILES):
        return {"_class_name": "Tango"}
    return {}


def _family(folder: Path) -> str | None:
    name = _index(folder).get("_class_name")
    return name if name in _FAMILIES else None


def _listed(folder: Path) -> Listed:
    index = _index(folder)
    words = index.get("words")
    return Listed(
        name=folder.name,
        family=index["_class_name"],
        path=str(folder),
        licence=str(index.get("licence", "see the checkpoint's own page")),
        sample_rate=index.get("sample_rate"),
        window_seconds=index.get("window_seconds"),
        words=None if words is None else tuple(words),
    )
