"""What a folder must hold to be a model: which family's it is, and what it lacks. No torch, no network."""

from __future__ import annotations

import json
import re
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
# Thousands of weights may be listed; what is longer is no index.
_INDEX_BYTES = 1 << 22
# So many missing things are named.
_TOLD = 6
# Of a part, or of a file of weights.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")
# What a download that has not ended ends in: it holds a model's files, and is none.
PART = ".part"


def index(folder: Path) -> dict[str, Any]:
    """What the folder's index says; empty where there is none that can be read."""
    for file in _INDEXES:
        said = _read(folder / file)
        if isinstance(said, dict):
            return said
    if all(is_file(folder / file) for file in _TANGO_FILES):
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
    return lacking_when_named(folder)


def lacking_when_named(folder: Path) -> str | None:
    """As ``lacking``, of a download's folder, too, which gets its name when it lacks nothing."""
    said = index(folder)
    name = said.get("_class_name")
    if name is None:
        return (
            f"{folder} is no model: it has no model_index.json that can be read, as a folder in diffusers' format has"
            f", nor TANGO's {', '.join(_TANGO_FILES)}."
        )
    if not isinstance(name, str) or name not in FAMILIES:
        return f"{folder} holds a {str(name)[:60]!r}, which Retone cannot load; it knows {', '.join(FAMILIES)}."
    if name == "Tango":
        missing = [file for file in _TANGO_PARTS if not is_file(folder / file)]
    else:
        missing = [*_missing_parts(folder, said), *_missing_weights(folder)]
    if missing:
        more = [f"{len(missing) - _TOLD} more"] if len(missing) > _TOLD else []
        return f"{folder} is not whole: it lacks {', '.join([*missing[:_TOLD], *more])}."
    return None


def files(folder: Path) -> list[Path]:
    """The model's files, which lie in its folder and its parts', wherever links lead from there; in order."""
    return sorted(path for pattern in ("*", "*/*") for path in folder.glob(pattern) if is_file(path))


def is_file(path: Path) -> bool:
    """Whether there is one that may be looked at."""
    try:
        return path.is_file()
    except OSError:
        return False


def weight_bytes(folder: Path) -> int:
    """How much the folder's weights take up on the disk."""
    return sum(path.stat().st_size for path in files(folder) if path.suffix in _WEIGHTS)


def _read(path: Path) -> Any:
    """What a JSON file says; None where it is none, or none of a model's. It waits for no pipe."""
    try:
        if not is_file(path) or path.stat().st_size > _INDEX_BYTES:
            return None
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _missing_parts(folder: Path, said: dict[str, Any]) -> list[str]:
    """The parts that the index names, as [library, class], and that have no folder with anything in it."""
    parts = (name for name, part in said.items() if isinstance(part, list) and len(part) == 2 and all(part))
    return [
        name if _is_name(name) else f"a part that is called {name[:60]!r}"
        for name in parts
        if not _is_name(name) or not _holds_anything(folder / name)
    ]


def _missing_weights(folder: Path) -> list[str]:
    """The weights that a list of shards names, and that are not there."""
    missing = []
    for listed in sorted(folder.glob("*/*.index.json")):
        said = _read(listed)
        shards = said.get("weight_map") if isinstance(said, dict) else None
        names = set(map(str, shards.values())) if isinstance(shards, dict) else {""}
        if not all(map(_is_name, names)):  # they lie beside their list: another place is none of the model's
            missing.append(f"a {listed.relative_to(folder).as_posix()} that can be read")
            continue
        missing += [
            (listed.parent / shard).relative_to(folder).as_posix()
            for shard in sorted(names)
            if not is_file(listed.parent / shard)
        ]
    return missing


def _holds_anything(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except OSError:
        return False


def _is_name(name: str) -> bool:
    """Whether this names something in a folder, and nothing beside or above it."""
    return _NAME.fullmatch(name) is not None
