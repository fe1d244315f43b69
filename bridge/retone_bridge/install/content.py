"""What files hold, by which Retone's own are known."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path


def digest(content: bytes) -> str:
    """The SHA-256 of ``content``, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def content_of(path: Path) -> bytes | None:
    """What a regular file holds; None for all else, links too. Raises OSError."""
    return path.read_bytes() if os.path.lexists(path) and stat.S_ISREG(path.lstat().st_mode) else None
