"""What a service holds a render to: the very files that it was asked for, not what lies at their paths by now.

Between the request and the render a path can come to name something else: by a new export, or by a link that somebody
lays there to lead out of the folders that may be used. So the service notes what a path named when it was checked, and
the engine compares after opening.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any


@dataclass(frozen=True)
class Stamp:
    """Which file or folder (``device``, ``inode``) and its state: ``size`` in bytes, ``mtime_ns``, nanoseconds."""

    device: int
    inode: int
    size: int
    mtime_ns: int

    @staticmethod
    def of(status: os.stat_result) -> Stamp:
        return Stamp(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)

    def is_place_of(self, status: os.stat_result) -> bool:
        """Whether it is the same file or folder, in whatever state."""
        return (self.device, self.inode) == (status.st_dev, status.st_ino)


@dataclass(frozen=True)
class Bounds:
    """``clip`` and ``folder``: what may be read and written, None is whatever is there.

    ``job`` names the hidden files of unfinished results; ``signed``: their recipes carry it, too, so that a service
    knows its results again. Without that the same request gives the same bytes whatever its job is called.
    """

    job: str | None = None
    clip: Stamp | None = None
    folder: Stamp | None = None
    signed: bool = False

    def values(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "job": self.job,
            "clip": None if self.clip is None else astuple(self.clip),
            "folder": None if self.folder is None else astuple(self.folder),
            "signed": self.signed,
        }

    @staticmethod
    def of(values: Mapping[str, Any]) -> Bounds:
        """The bounds of ``values``."""
        clip, folder = _stamp(values.get("clip")), _stamp(values.get("folder"))
        return Bounds(values.get("job"), clip, folder, bool(values.get("signed")))


def _stamp(values: Sequence[int] | None) -> Stamp | None:
    return None if values is None else Stamp(*values)
