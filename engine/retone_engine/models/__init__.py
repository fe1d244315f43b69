"""Which models are here, and loading one. Listing needs no torch; a family's file is imported when one is loaded."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import platformdirs

from retone_engine.models.catalogue import KNOWN, OWN, SOUNDS, UNKNOWN, Known
from retone_engine.models.digests import digest
from retone_engine.models.folder import FAMILIES, family, files, index, lacking, weight_bytes
from retone_engine.request import RetoneError, is_path

if TYPE_CHECKING:
    import torch

    from retone_engine.memory import Placed

# Weights, configurations and vocabularies: what a model's folder holds beside them decides nothing.
_PARTS = {".safetensors", ".bin", ".json", ".txt", ".model"}
_SHIPPED = Path(__file__).parent / "pocket"

Told = TypeVar("Told")


@dataclass(frozen=True)
class Listed:
    """A model that is here, or one that could be.

    ``path``: its folder, or None where it is not here. ``licence`` and ``use``: its licence's name, and what may be
    done with results. ``words``: all it knows, or None where prompts are free text. ``download_bytes``: about
    what fetching it takes, None where it cannot be fetched. ``memory_bytes``: about what its weights take in memory in
    float32, ``memory_bytes_bfloat16`` with the network's in bfloat16. ``gated``: its licence is to be accepted on its
    ``page`` before it is fetched. ``lacks``: why the folder cannot be loaded, or None.
    """

    name: str
    family: str
    path: str | None
    licence: str
    use: str
    sample_rate: int | None
    channels: int | None
    window_seconds: float | None
    words: tuple[str, ...] | None
    download_bytes: int | None
    memory_bytes: int | None
    memory_bytes_bfloat16: int | None
    gated: bool
    page: str | None
    lacks: str | None = None

    @property
    def here(self) -> bool:
        return self.path is not None

    def plain(self) -> dict[str, Any]:
        return {**asdict(self), "here": self.here}


def models_folder() -> Path:
    """Where a user keeps checkpoints, one folder each."""
    return platformdirs.user_data_path("retone") / "models"


def listing() -> list[Listed]:
    """The shipped model first, then those in the user's folder by name, then those that could be fetched."""
    here = [_listed(path) for path in _folders()]
    names = {listed.name for listed in here}
    return [*here, *(_offered(known) for known in KNOWN if known.name not in names)]


def find(name: str) -> Path:
    """The folder of the model called ``name``, or that ``name`` says the path of.

    Raises RetoneError: unknown_model, which lists what is here or says how to fetch it, or bad_model where the folder
    lacks something.
    """
    here = {path.name: path for path in _folders()}
    folder = _at(name) if is_path(name) else here.get(name)
    if folder is not None:
        if lacks := lacking(folder):
            raise RetoneError("bad_model", lacks)
        return folder
    if is_path(name):
        raise RetoneError("unknown_model", f"There is no folder {name!r} that holds a model; check the path.")
    if any(known.name == name for known in KNOWN):
        raise RetoneError(
            "unknown_model", f"The model {name} is not here yet; fetch it with `retone models get {name}`."
        )
    raise RetoneError(
        "unknown_model",
        f"There is no model {name!r} here, only {', '.join(here)}. A folder in diffusers' format is named by its path, "
        f"such as ./mine; and retone models get NAME fetches one of {', '.join(known.name for known in KNOWN)}.",
    )


def load(name: str, device: torch.device, dtype: torch.dtype) -> Placed:
    """The model called ``name`` for ``device``, its network's products in ``dtype``; it goes there when it is called.

    Raises RetoneError: unknown_model, out_of_memory, or bad_model where its files cannot be read.
    """
    from retone_engine.device import is_out_of_memory
    from retone_engine.memory import Placed, full
    from retone_engine.models.part import why

    folder = find(name)
    loader = import_module(FAMILIES[family(folder) or ""])
    try:
        return Placed(loader.load(folder, device, dtype))
    except Exception as error:  # a folder may hold anything, and the libraries may raise anything on it
        if is_out_of_memory(error):
            raise full(device, folder.name) from error
        raise RetoneError("bad_model", f"The model in {folder} cannot be loaded: {why(error)}") from error


def fingerprint(name: str) -> str:
    """The sha256 of the files that the model called ``name`` consists of; raises RetoneError(unknown_model)."""
    found, folder = hashlib.sha256(), find(name)
    for path in files(folder):
        if path.suffix in _PARTS:
            found.update(path.relative_to(folder).as_posix().encode())
            found.update(digest(path))
    return found.hexdigest()


def _at(path: str) -> Path | None:
    """The folder there, if there is one."""
    try:
        folder = Path(path).expanduser()
        return folder if folder.is_dir() else None
    except (OSError, RuntimeError):  # it may not be looked at, or no name is so long, or "~somebody" is not here
        return None


def _folders() -> list[Path]:
    kept = models_folder()
    folders = sorted(kept.iterdir()) if kept.is_dir() else []
    others = (folder for folder in folders if folder.name != _SHIPPED.name)
    return [folder for folder in (_SHIPPED, *others) if family(folder) is not None]


def _listed(folder: Path) -> Listed:
    """What is known of the model in ``folder``: by its name where it was fetched, else by its family and its files."""
    said = index(folder)
    identity = (folder.name, said["_class_name"])
    published = next((known for known in KNOWN if (known.name, known.family) == identity), None)
    if published is not None:
        return replace(_offered(published), path=str(folder), lacks=lacking(folder))
    sound = SOUNDS.get(said["_class_name"])
    licence = OWN if folder == _SHIPPED else UNKNOWN
    words = _told(said, "words", list)
    return Listed(
        name=folder.name,
        family=said["_class_name"],
        path=str(folder),
        licence=_told(said, "licence", str) or licence.name,
        use=licence.use,
        sample_rate=_told(said, "sample_rate", int) or (sound.sample_rate if sound else None),
        channels=sound.channels if sound else 1 if folder == _SHIPPED else None,
        window_seconds=_told(said, "window_seconds", float) or (sound.window_seconds if sound else None),
        words=None if words is None else tuple(word for word in words if isinstance(word, str)),
        download_bytes=None,
        memory_bytes=weight_bytes(folder),
        memory_bytes_bfloat16=weight_bytes(folder),
        gated=False,
        page=None,
        lacks=lacking(folder),
    )


def _told(said: dict[str, Any], name: str, kind: type[Told]) -> Told | None:
    """What an index says, if it is of that ``kind``; anybody may have written it."""
    value = said.get(name)
    return value if isinstance(value, kind) else None


def _offered(known: Known) -> Listed:
    return Listed(
        name=known.name,
        family=known.family,
        path=None,
        licence=known.licence.name,
        use=known.licence.use,
        sample_rate=known.sound.sample_rate,
        channels=known.sound.channels,
        window_seconds=known.sound.window_seconds,
        words=None,
        download_bytes=known.download_bytes,
        memory_bytes=known.memory_bytes(),
        memory_bytes_bfloat16=known.memory_bytes(network_bytes=2),
        gated=known.gated,
        page=known.page,
    )
