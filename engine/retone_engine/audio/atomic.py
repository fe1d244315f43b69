"""A file appears under its name whole, or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from retone_engine.audio.folder import Folder
from retone_engine.bounds import Bounds
from retone_engine.request import RetoneError

# EFBIG is what a quota by file size says; to the asker it is the same.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def free(path: str | Path, overwrite: bool = False) -> None:
    """See that the file ``path`` may be made, before any work is spent on it.

    Raises RetoneError(no_such_folder, output_exists).
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise RetoneError("no_such_folder", f"There is no folder {target.parent}; make it, or name another one.")
    if not overwrite and os.path.lexists(target):
        raise _taken(target)


def place(
    path: str | Path, fill: Callable[[BinaryIO], None], overwrite: bool = False, bounds: Bounds | None = None
) -> None:
    """Make the file ``path`` of the bytes that ``fill`` writes, in the folder of ``bounds`` and no other.

    The bytes go to a hidden file beside it, ``.retone-JOB.RANDOM.part``, and reach the disk before the name is given;
    a name that is taken stays as it is unless ``overwrite``. Whatever fails, nothing is left.
    Raises RetoneError(no_such_folder, outside_roots, output_exists, disk_full, cannot_write).
    """
    target, bounds = Path(path), bounds or Bounds()
    free(target, overwrite)
    # A name of its own length, as the target's may be as long as the file system allows.
    hidden = f".retone-{bounds.job or 'own'}.{secrets.token_hex(8)}.part"
    with _told(target), Folder(target.parent, bounds.folder) as folder:
        try:
            with folder.create(hidden) as file:
                fill(file)
                file.flush()
                os.fsync(file.fileno())
            _name(folder, hidden, target, overwrite)
        finally:
            with suppress(FileNotFoundError):
                folder.remove(hidden)
        try:
            folder.sync()
        except OSError:
            if not overwrite:  # where something stood, a whole new file is better than none
                folder.remove(target.name)
            raise


def _name(folder: Folder, hidden: str, target: Path, overwrite: bool) -> None:
    if overwrite:
        folder.rename(hidden, target.name)
        return
    try:
        # A link never replaces a name, so two writers cannot both win.
        folder.link(hidden, target.name)
    except FileExistsError:
        raise _taken(target) from None
    except OSError:
        # No links here (FAT, some network drives): claim the name first, then fill it.
        try:
            folder.create(target.name).close()
        except FileExistsError:
            raise _taken(target) from None
        try:
            folder.rename(hidden, target.name)
        except OSError:
            folder.remove(target.name)
            raise


@contextmanager
def _told(target: Path) -> Iterator[None]:
    """The system's errors in words that the asker can act on."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise RetoneError("disk_full", f"The disk is full: {target} was not written; make room.") from error
        raise RetoneError("cannot_write", f"{target} cannot be written: {error.strerror or error}.") from error


def _taken(target: Path) -> RetoneError:
    return RetoneError("output_exists", f"{target} is there already; name another file, or ask to overwrite it.")
