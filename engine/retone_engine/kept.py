"""Inversions kept on the disk, so that the next run of Retone need not make them again.

A file is named by a hash of everything that the inversion depends on, the engine included: what is read is, bit for
bit, what would have been computed. The folder may be used by several processes at once, and be lost at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from retone_engine.inversion import Inversion
from retone_engine.path import Level, Schedule

# Part of every name: raised where what is kept, or what it means, changes.
_FORM = "retone inversion 1"
_NAME = re.compile(r"[0-9a-f]{64}\.safetensors|\.[0-9a-f]{64}-[0-9a-f]{8}")
# What a process that died was writing goes after that.
_STALE_SECONDS = 3600.0
_NEW = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)  # without it Windows changes line ends
# Left free on the disk: a result of the user's comes first.
_SPARE_BYTES = 1 << 30


@dataclass(frozen=True)
class Shelf:
    """Inversions in ``folder``, at most ``limit`` bytes, of which the least recently used go first.

    ``engine`` says what beside the key decides the bits. Nothing here raises because of the disk: what cannot be kept
    is made again.
    """

    folder: Path
    limit: int
    engine: Callable[[], Mapping[str, Any]] = dict

    def get(self, key: Sequence[Hashable]) -> Inversion | None:
        """What is kept under ``key``, in main memory; a file that is not whole is thrown away."""
        path = self.path(key)
        try:
            if not _is_ours(self.folder):
                return None
            found = _read(path)
            os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, SafetensorError, ValueError, KeyError, TypeError):
            _remove(path)
            return None
        return found

    def put(self, key: Sequence[Hashable], inversion: Inversion) -> None:
        """Keep ``inversion``, whole or not at all, for this user's eyes only, and throw away what is too much."""
        content = _written(inversion)
        path = self.path(key)
        unfinished = path.with_name(f".{path.stem}-{secrets.token_hex(4)}")
        try:
            for folder in (self.folder.parent, self.folder):  # the outer one is the service's, which shuts it, too
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            room = shutil.disk_usage(self.folder).free - _SPARE_BYTES
            if not _is_ours(self.folder):
                return
            if len(content) <= min(self.limit, room):
                with os.fdopen(os.open(unfinished, _NEW, 0o600), "wb") as file:
                    file.write(content)
                unfinished.replace(path)
            self._tidy()
        except OSError:
            _remove(unfinished)

    def path(self, key: Sequence[Hashable]) -> Path:
        """The file of what the engine, as it is now, makes by ``key``."""
        named = json.dumps([_FORM, *key, self.engine()], sort_keys=True)
        return self.folder / f"{hashlib.sha256(named.encode()).hexdigest()}.safetensors"

    def _tidy(self) -> None:
        own = [path for path in self.folder.iterdir() if _NAME.fullmatch(path.name)]
        newest_first = sorted(_looked_at(own), reverse=True)
        total, now = 0, time.time()
        for used, size, path in newest_first:
            unfinished = path.name.startswith(".")
            total += 0 if unfinished else size
            if now - used > _STALE_SECONDS if unfinished else total > self.limit:
                _remove(path)


def _is_ours(folder: Path) -> bool:
    """Whether nobody else puts anything into the folder, as far as the system says: it decides what is heard."""
    status = folder.stat()
    return os.name != "posix" or (status.st_uid == os.geteuid() and not status.st_mode & 0o022)


def _written(inversion: Inversion) -> bytes:
    schedule = inversion.schedule
    tensors = {
        "latent": inversion.latent,
        "kept": inversion.kept,
        "t": schedule.level.t,
        "a": schedule.level.a,
        "s": schedule.level.s,
        "keep": schedule.keep,
    }
    whole = {name: tensor.cpu().contiguous().clone() for name, tensor in tensors.items()}
    numbers = {"seed": inversion.seed, "time_axis": inversion.time_axis, "first": schedule.first}
    said = {name: str(number) for name, number in numbers.items()} | {"sha256": _digest(whole)}
    return bytes(save(whole, said))


def _read(path: Path) -> Inversion:
    with safe_open(path, framework="pt") as file:
        numbers = file.metadata() or {}
        # Copies: what is read from the file itself goes with it.
        tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    if numbers.pop("sha256") != _digest(tensors):
        raise ValueError(f"{path} is damaged.")
    level = Level(tensors["t"], tensors["a"], tensors["s"])
    schedule = Schedule(level, tensors["keep"], int(numbers["first"]))
    return Inversion(tensors["latent"], schedule, int(numbers["seed"]), int(numbers["time_axis"]), tensors["kept"])


def _digest(tensors: Mapping[str, Tensor]) -> str:
    found = hashlib.sha256()
    for name in sorted(tensors):
        found.update(f"{name} {tuple(tensors[name].shape)}".encode())
        found.update(tensors[name].flatten().view(torch.uint8).numpy().data)
    return found.hexdigest()


def _looked_at(paths: Iterable[Path]) -> Iterable[tuple[float, int, Path]]:
    for path in paths:
        with suppress(OSError):  # another process was faster
            status = path.stat(follow_symlinks=False)
            yield status.st_mtime, status.st_size, path


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
