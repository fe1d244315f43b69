"""Files that are whole or not there."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from retone_engine.request import RetoneError


def replace(path: Path, content: bytes) -> None:
    """Writes ``content`` beside ``path`` and moves it there, so that nobody ever reads half of it."""
    part = part_of(path)
    part.unlink(missing_ok=True)  # of a run that was killed
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def part_of(path: Path) -> Path:
    """What ``path`` is called until it is whole."""
    return path.with_name(f".{path.name}.part")


def digest(content: bytes) -> str:
    """The SHA-256 of ``content``, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def content_of(path: Path) -> bytes | None:
    """What a regular file holds; None for all else, links too."""
    return path.read_bytes() if os.path.lexists(path) and stat.S_ISREG(path.lstat().st_mode) else None


@contextmanager
def told() -> Iterator[None]:
    """Turns what the system refuses into RetoneError(disk_full or cannot_write)."""
    try:
        yield
    except OSError as error:
        code = "disk_full" if error.errno == errno.ENOSPC else "cannot_write"
        where, why = error.filename or "A file", error.strerror or error
        raise RetoneError(code, f"{where} cannot be changed: {why}. Put that right and run this again.") from error
