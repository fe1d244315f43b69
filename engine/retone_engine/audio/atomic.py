"""A file appears under its name whole, or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

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


def place(path: str | Path, fill: Callable[[BinaryIO], None], overwrite: bool = False) -> None:
    """Make the file ``path`` of the bytes that ``fill`` writes.

    The bytes go to a hidden file beside it and reach the disk before the name is given; a name that is taken stays
    as it is unless ``overwrite``. Whatever fails, nothing is left.
    Raises RetoneError(no_such_folder, output_exists, disk_full, cannot_write).
    """
    target = Path(path)
    free(target, overwrite)
    # A name of its own length, as the target's may be as long as the file system allows.
    hidden = target.with_name(f".retone-{secrets.token_hex(8)}.part")
    try:
        with hidden.open("xb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        _name(hidden, target, overwrite)
    except OSError as error:
        if error.errno in _FULL:
            raise RetoneError("disk_full", f"The disk is full: {target} was not written; make room.") from error
        raise RetoneError("cannot_write", f"{target} cannot be written: {error.strerror or error}.") from error
    finally:
        hidden.unlink(missing_ok=True)
    _sync_folder(target.parent)


def _name(hidden: Path, target: Path, overwrite: bool) -> None:
    if overwrite:
        hidden.replace(target)
        return
    try:
        # A link never replaces a name, so two writers cannot both win.
        target.hardlink_to(hidden)
    except FileExistsError:
        raise _taken(target) from None
    except OSError:
        # No links here (FAT, some network drives): claim the name first, then fill it.
        try:
            target.open("xb").close()
        except FileExistsError:
            raise _taken(target) from None
        try:
            hidden.replace(target)
        except OSError:
            target.unlink()
            raise


def _sync_folder(folder: Path) -> None:
    """Bring the name itself to the disk, where the system has a way to ask for it."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        pass  # Some network drives cannot; the file is there all the same.
    finally:
        os.close(handle)


def _taken(target: Path) -> RetoneError:
    return RetoneError("output_exists", f"{target} is there already; name another file, or ask to overwrite it.")
