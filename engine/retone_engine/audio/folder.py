"""One open folder: what is done in it is done in this very folder, wherever its path leads by now."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from retone_engine.audio.unlinked import LINKED, open_unlinked
from retone_engine.bounds import Stamp
from retone_engine.request import RetoneError

# Windows knows no files relative to an open folder; there the path is used, checked once.
_HELD_OPEN = os.open in os.supports_dir_fd
_DISK_FAILED = {errno.EIO, errno.ENOSPC, errno.EDQUOT}


class Folder:
    """The folder ``path``, to be used in a ``with``; raises RetoneError(outside_roots) unless it has the ``stamp``.

    Its methods take names in it and raise OSError.
    """

    def __init__(self, path: Path, stamp: Stamp | None = None) -> None:
        self._path = path
        # Opened first and looked at then: what is looked at is what is used.
        self._handle = _opened(path, stamp) if _HELD_OPEN else None
        status = path.stat() if self._handle is None else os.fstat(self._handle)
        if stamp is not None and not stamp.is_place_of(status):
            self._close()
            raise _moved(path)

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def create(self, name: str) -> BinaryIO:
        """A new empty file to be written."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        return os.fdopen(os.open(self._named(name), flags, 0o666, **self._within("dir_fd")), "wb")

    def link(self, name: str, other: str) -> None:
        """Another name for a file; a name that is there is never replaced."""
        os.link(self._named(name), self._named(other), **self._within("src_dir_fd", "dst_dir_fd"))

    def rename(self, name: str, other: str) -> None:
        """Another name instead; a file that has it is replaced."""
        within = self._within("src_dir_fd", "dst_dir_fd")
        os.replace(self._named(name), self._named(other), **within)  # noqa: PTH105  # Path knows no open folders

    def remove(self, name: str) -> None:
        os.unlink(self._named(name), **self._within("dir_fd"))

    def sync(self) -> None:
        """Bring the names themselves to the disk, where the system has a way to ask for it."""
        if self._handle is not None:
            try:
                os.fsync(self._handle)
            except OSError as error:
                # Some network drives cannot, and say so in many ways; the file is there all the same. A disk that
                # fails is another matter: the name may be gone tomorrow.
                if error.errno in _DISK_FAILED:
                    raise

    def _named(self, name: str) -> str | Path:
        return self._path / name if self._handle is None else name

    def _within(self, *keywords: str) -> dict[str, Any]:
        return {} if self._handle is None else dict.fromkeys(keywords, self._handle)

    def _close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _opened(path: Path, stamp: Stamp | None) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY
    if stamp is None:
        return os.open(path, flags)
    try:
        # A stamp is of a real path: a link that is in it now has been laid since.
        return open_unlinked(path, flags)
    except OSError as error:
        if error.errno in LINKED:
            raise _moved(path) from error
        raise


def _moved(path: Path) -> RetoneError:
    return RetoneError(
        "outside_roots", f"{path} is no longer the folder that was asked for; nothing was written there."
    )
