"""What a job leaves on the disk when its engine or its service dies: files that are whole, and files that are not.

The engine hides a file as ``.retone-JOB.RANDOM.part`` until it is whole, and each result's recipe, which stands before
its samples, carries the job's id: so what is a job's own is known from the files alone, and nobody else's is touched.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

# Where a recipe ends at the latest; the longest prompts make some 20 KB.
_HEAD_BYTES = 1 << 18


def finished(outputs: Sequence[str], job: str) -> bool:
    """Whether every one of ``outputs`` is there, whole, and of this ``job``."""
    return bool(outputs) and all(_is_of(Path(path), job) for path in outputs)


def discard(outputs: Sequence[str], job: str) -> None:
    """Removes what ``job`` left under the names ``outputs`` and beside them. What cannot be removed stays."""
    for path in map(Path, outputs):
        if _is_of(path, job):
            with suppress(OSError):
                path.unlink()
    for folder in {Path(path).parent for path in outputs}:
        sweep(folder, job)


def sweep(folder: Path, job: str = "*") -> None:
    """Removes the hidden files of ``job``, or of all, in ``folder``. What cannot be removed stays, and no more."""
    with suppress(OSError):  # a folder that cannot be listed
        for path in folder.glob(f".retone-{job}.*.part"):
            with suppress(OSError):
                path.unlink()


def _is_of(path: Path, job: str) -> bool:
    try:
        # A pipe or a link that was laid there is nothing of ours.
        handle = os.open(
            path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        )
    except OSError:
        return False
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return False
        head = os.read(handle, _HEAD_BYTES)
    except OSError:
        return False
    finally:
        os.close(handle)
    # Inside the texts of a recipe every quotation mark has a backslash before it, so that no prompt can pose as this.
    return b'"kind": "retone recipe"' in head and f'"job": {json.dumps(job)}'.encode() in head
