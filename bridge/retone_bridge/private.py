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
