"""Folders that are this user's alone, and files in them that are what they seem."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

_LINK_ON_WINDOWS = getattr(stat, "FILE_ATTRIBUTE_REPARSE_POINT", 0)


class NotPrivate(OSError):
    """Raised when a folder is a link, no folder, or another user's; its words name no path."""


def check(folder: Path) -> os.stat_result:
    """What ``folder`` is; raises NotPrivate, or another OSError when it is not there."""
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or is_link(found):
        raise NotPrivate("it is a link, or no folder; remove it")
    if os.name == "posix" and found.st_uid != os.geteuid():
        raise NotPrivate("it belongs to another user; remove it, or run the service as that user")
    return found


def make(folder: Path) -> None:
    """Makes ``folder`` where it is missing, and shuts it to everybody else; raises as ``check`` does."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if os.name == "posix" and check(folder).st_mode & 0o077:
        folder.chmod(0o700)


def is_link(status: os.stat_result) -> bool:
    """Whether this, from ``lstat``, is a link, or what Windows has of that kind."""
    return stat.S_ISLNK(status.st_mode) or bool(getattr(status, "st_file_attributes", 0) & _LINK_ON_WINDOWS)


def read(path: Path, limit_bytes: int) -> bytes | None:
    """What the regular file ``path`` holds; None when it is no such file, or a longer one.

    It follows no link and waits for no pipe. Raises OSError when it cannot be read, or not now.
    """
    found = os.lstat(path)
    if not stat.S_ISREG(found.st_mode) or is_link(found) or found.st_size > limit_bytes:
        return None
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags)
    with os.fdopen(handle, "rb") as file:
        data = file.read(limit_bytes + 1)
    return data if len(data) <= limit_bytes else None


def replace(path: Path, data: bytes) -> None:
    """Puts ``data`` in the place of ``path``: all of it is on the disk before the name is, so that none is ever half.

    Raises OSError, and then leaves what was there.
    """
    part = path.with_name(f".{path.name}.part")
    write(part, data, lasting=True)
    part.replace(path)
    if os.name == "posix":
        place = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(place)
        finally:
            os.close(place)


def write(path: Path, data: bytes, *, lasting: bool = False) -> None:
    """Writes a new file ``path``, in the place of what had that name; ``lasting``, it is on the disk when this returns.

    Raises OSError.
    """
    with suppress(FileNotFoundError):
        path.unlink()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(data)
        if lasting:
            file.flush()
            os.fsync(file.fileno())
