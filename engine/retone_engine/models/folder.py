"""What a folder must hold to be a model: which family's it is, and what it lacks. No torch, no network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

# The class that a folder's index names, and the module that loads it with ``load(folder, device, dtype)``.
FAMILIES = {
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
_TANGO_PARTS = ("pytorch_model_main.bin", "pytorch_model_vae.bin", "text_encoder/config.json")
_INDEXES = ("pocket.json", "model_index.json")
_WEIGHTS = (".safetensors", ".bin")
# What a download that has not ended ends in: it holds a model's files, and is none.
PART = ".part"


def index(folder: Path) -> dict[str, Any]:
    """What the folder's index says; empty where there is none that can be read."""
    for file in _INDEXES:
        try:
            said = json.loads((folder / file).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(said, dict):
            return said
    if all((folder / file).is_file() for file in _TANGO_FILES):
        return {"_class_name": "Tango"}
    return {}


def family(folder: Path) -> str | None:
    """The class whose checkpoint the folder holds, or None where it holds none that Retone loads."""
    name = index(folder).get("_class_name")
    return name if isinstance(name, str) and name in FAMILIES and folder.suffix != PART else None


def lacking(folder: Path) -> str | None:
    """A sentence that says why the folder is no model that can be loaded, or None where nothing seems to be missing."""
    if folder.suffix == PART:
        return f"{folder} is a download that has not ended; go on with `retone models get {folder.stem}`."
    said = index(folder)
    name = said.get("_class_name")
    if name is None:
        return (
            f"{folder} is no model: it has no model_index.json that can be read, as a folder in diffusers' format has"
            f", nor TANGO's {', '.join(_TANGO_FILES)}."
        )
    if name not in FAMILIES:
        return f"{folder} holds a {name}, which Retone cannot load; it knows {', '.join(FAMILIES)}."
    if name == "Tango":
        missing = [file for file in _TANGO_PARTS if not (folder / file).is_file()]
    else:
        missing = [*_missing_parts(folder, said), *_missing_weights(folder)]
    if missing:
        return f"{folder} is not whole: it lacks {', '.join(missing)}."
    return None


def weight_bytes(folder: Path) -> int:
    """How much the folder's weights take up on the disk."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.suffix in _WEIGHTS and path.is_file())


def _missing_parts(folder: Path, said: dict[str, Any]) -> list[str]:
    """The parts that the index names, as [library, class], and that have no folder with anything in it."""
    parts = (name for name, part in said.items() if isinstance(part, list) and len(part) == 2 and all(part))
    return [name for name in parts if not (folder / name).is_dir() or not any((folder / name).iterdir())]


def _missing_weights(folder: Path) -> list[str]:
    """The weights that a list of shards names, and that are not there."""
    missing = []
    for listed in sorted(folder.glob("*/*.index.json")):
        try:
            shards = set(json.loads(listed.read_text(encoding="utf-8"))["weight_map"].values())
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            missing.append(f"a {listed.relative_to(folder).as_posix()} that can be read")
            continue
        missing += [
            (listed.parent / shard).relative_to(folder).as_posix()
            for shard in sorted(shards)
            if not (listed.parent / shard).is_file()
        ]
    return missing
