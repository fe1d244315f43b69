"""Opening a path that is known to hold no link: where one has been laid on the way since, it is not followed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

LINKED = {errno.ELOOP, errno.ENOTDIR}

# Windows opens nothing relative to an open folder; there the path is opened as it is, and what is opened is compared.
_CAN_WALK = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")


def open_unlinked(path: Path, flags: int) -> int:
    """A handle of the real ``path``, opened folder by folder from its root.

    Looking first and opening then can always be tricked by who is quick enough to lay a link between the two; this
    cannot. Raises OSError; ELOOP or ENOTDIR (``LINKED``) where a part of the path is a link.
    """
    if not _CAN_WALK:
        return os.open(path, flags)
    # A folder that may be passed through need not be one that may be listed.
    passing = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    path = path.absolute()
    at = os.open(path.anchor, passing)
    try:
        for folder in path.parts[1:-1]:
            try:
                inner = os.open(folder, passing, dir_fd=at)
            except PermissionError:
                # Where there is no O_PATH such a folder cannot be opened; what is opened is compared all the same.
                return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC)
            os.close(at)
            at = inner
        return os.open(path.name or ".", flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
    finally:
        os.close(at)
