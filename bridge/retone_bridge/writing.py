"""Files that are whole or not there."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from retone_engine.request import RetoneError

# What the system says where there is no room.
FULL = {errno.ENOSPC, errno.EDQUOT}


def replace(path: Path, content: bytes, *, mode: int = 0o666, lasting: bool = True) -> None:
    """Writes ``content`` beside ``path`` and moves it there, so that nobody ever reads half of it.

    ``lasting``: all of it is on the disk before the name is. Raises OSError, and then leaves what was there.
    """
    part = part_of(path)
    try:
        write(part, content, mode=mode, lasting=lasting)
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    if lasting and os.name == "posix":
        with suppress(OSError):  # a disk of the network may not know how; the file is there all the same
            place = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(place)
            finally:
                os.close(place)


def write(path: Path, content: bytes, *, mode: int = 0o666, lasting: bool = False) -> None:
    """Writes a new file ``path``; what had that name, a link too, is removed and not written to.

    ``lasting``: it is on the disk when this returns. Raises OSError.
    """
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, mode), "wb") as file:
        file.write(content)
        if lasting:
            file.flush()
            os.fsync(file.fileno())


def part_of(path: Path) -> Path:
    """What ``path`` is called until it is whole."""
    return path.with_name(f".{path.name}.part")


@contextmanager
def told() -> Iterator[None]:
    """Turns what the system refuses into RetoneError(disk_full or cannot_write)."""
    try:
        yield
    except OSError as error:
        code = "disk_full" if error.errno in FULL else "cannot_write"
        where, why = error.filename or "A file", error.strerror or error
        raise RetoneError(code, f"{where} cannot be used: {why}. Put that right and try again.") from error
