"""The hashes of large files, kept between runs: reading gigabytes again would take longer than many an edit.

A file that has the size and the time of its last change that it had then is taken for unchanged, as make and git do.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import platformdirs

# Less is read in no time.
LARGE = 1 << 24


def digest(path: Path) -> bytes:
    """The sha256 of the file at ``path``; raises OSError where it cannot be read."""
    stamp = _stamp(path)
    if stamp[0] < LARGE:
        return _read(path)
    kept = _kept().get(str(path.resolve()))
    if isinstance(kept, list) and kept[:2] == stamp:
        with suppress(IndexError, TypeError, ValueError):
            return bytes.fromhex(kept[2])
    found = _read(path)
    if _stamp(path) == stamp:  # else it is being written
        know({path: found.hex()})
    return found


def know(digests: Mapping[Path, str]) -> None:
    """Keeps the sha256 that files of these paths are known to have."""
    kept = {path: entry for path, entry in _kept().items() if Path(path).is_file()}
    for path, sha256 in digests.items():
        stamp = _stamp(path)
        if stamp[0] >= LARGE:
            kept[str(path.resolve())] = [*stamp, sha256]
    place = _place()
    coming = place.with_name(f"{place.name}.{os.getpid()}")
    with suppress(OSError):  # then they are read again
        place.parent.mkdir(parents=True, exist_ok=True)
        coming.write_text(json.dumps(kept), encoding="utf-8")
        coming.replace(place)


def _stamp(path: Path) -> list[int]:
    about = path.stat()
    return [about.st_size, about.st_mtime_ns]


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _kept() -> dict[str, object]:
    try:
        kept = json.loads(_place().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _place() -> Path:
    return platformdirs.user_cache_path("retone") / "digests.json"
