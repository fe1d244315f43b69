"""Folders below one that a request names: made when their job begins, and taken away again when nothing came of it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from retone_engine.request import RetoneError

_LINKED = {errno.ELOOP, errno.ENOTDIR}
# Windows makes nothing relative to an open folder; there the path is used, and compared before it is written to.
_CAN_WALK = {os.open, os.mkdir} <= os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")


def below(folder: Path, names: Sequence[str], *, inside: bool) -> Path:
    """The real path that ``names`` lead to from the real ``folder``; what is missing of it is not made.

    ``inside``: no link may lead out of the folder. Raises RetoneError(no_such_folder or outside_roots).
    """
    path = folder
    for index, name in enumerate(names):
        path /= name
        if not os.path.lexists(path):
            return path.joinpath(*names[index + 1 :])
        try:
            real = path.resolve(strict=True)
            if not real.is_dir():
                raise NotADirectoryError
        except (OSError, RuntimeError):  # RuntimeError: a loop of links, in older Pythons
            raise RetoneError("no_such_folder", f"{path} is no folder; move it away, or name another.") from None
        path = real
        if inside and not path.is_relative_to(folder):
            raise RetoneError(
                "outside_roots", f"A link below {folder} leads out of it, to {path}; name another folder."
            )
    return path


class Subfolders:
    """Those that were made for jobs which have not come to their ends."""

    def __init__(self) -> None:
        self._made: dict[str, list[Path]] = {}

    def make(self, job: str, folder: Path) -> None:
        """Makes what is missing of the real path ``folder``, for ``job``; a link that was laid there is not followed.

        Raises RetoneError(outside_roots or cannot_write).
        """
        try:
            if folder.is_dir():
                return
            for path in _make(folder):
                self._made.setdefault(job, []).append(path)
        except OSError as error:
            if error.errno in _LINKED:
                words = f"{folder} is no longer the folder that was asked for; nothing was written there."
                raise RetoneError("outside_roots", words) from error
            raise RetoneError("cannot_write", f"{folder} cannot be made: {error.strerror or error}.") from error

    def tidy(self, job: str) -> None:
        """The job has come to its end: what was made for it and is empty goes again."""
        for path in reversed(self._made.pop(job, [])):
            with suppress(OSError):
                path.rmdir()


def _make(folder: Path) -> Iterator[Path]:
    """Makes each folder that is missing on the way to ``folder``, and gives it; raises OSError."""
    if not _CAN_WALK:
        for path in (*reversed(folder.parents), folder):
            if not os.path.lexists(path):
                path.mkdir()
                yield path
        return
    # From the root on, one in the other, as any of them may be a link by now.
    passing = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    path = Path(folder.anchor)
    at = os.open(path, passing)
    try:
        for name in folder.parts[1:]:
            path /= name
            try:
                inner = os.open(name, passing, dir_fd=at)
            except FileNotFoundError:
                with suppress(FileExistsError):  # made by another in this moment
                    os.mkdir(name, dir_fd=at)
                    yield path
                inner = os.open(name, passing, dir_fd=at)
            os.close(at)
            at = inner
    finally:
        os.close(at)
