"""What the service throws away, so that its folder does not grow for ever.

Previews, which scripts play and never land, are kept within a size, the oldest going first; the journal forgets jobs
of long ago. Results of edits and steers lie in another folder, and nothing is ever removed there: projects use them.
"""

from __future__ import annotations

import logging
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from retone_bridge.logs import note

log = logging.getLogger(__name__)

EVERY_SECONDS = 3600.0
# A preview is heard when it is new: none goes before that, whatever the size.
YOUNG_SECONDS = 3600.0


class _Preview(NamedTuple):
    """A file in the folder of previews: when it was last changed, its size, its path."""

    mtime: float
    bytes: int
    path: Path


class Housekeeping:
    """Keeps the folder ``previews`` within ``limit_bytes`` and has the journal ``prune`` itself, once an hour.

    ``busy(path)`` says whether a file is of a job that has not ended, or ended within the last hour: it stays.
    """

    def __init__(
        self,
        previews: Path,
        limit_bytes: int,
        busy: Callable[[Path], bool],
        prune: Callable[[], None] = lambda: None,
    ) -> None:
        self._previews = previews
        self._limit_bytes = limit_bytes
        self._busy = busy
        self._prune = prune
        self._due = time.monotonic()

    def tick(self) -> None:
        """Does what is due; call it as often as you like. Raises nothing: what fails is logged and tried again."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + EVERY_SECONDS
        for work in (self._sweep, self._prune):
            try:
                work()
            except Exception as error:
                # A folder that cannot be tidied is no reason to end a service that edits clips.
                note(log, logging.ERROR, "housekeeping failed", error=error)

    def _sweep(self) -> None:
        found = sorted(_previews(self._previews))
        size = sum(preview.bytes for preview in found)
        oldest, gone, stuck, freed = time.time() - YOUNG_SECONDS, 0, 0, 0
        for preview in found:
            if size - freed <= self._limit_bytes:
                break
            if preview.mtime > oldest or self._busy(preview.path):
                continue
            try:
                preview.path.unlink()
            except FileNotFoundError:
                pass  # somebody else was faster
            except OSError:
                stuck += 1
                continue
            gone, freed = gone + 1, freed + preview.bytes
        if gone or stuck:
            level = logging.WARNING if stuck else logging.INFO
            note(log, level, "swept", previews=gone, bytes=freed, not_removed=stuck)


def size_of(folder: Path) -> int:
    """How many bytes the files of ``folder`` take, those in its folders not counted; 0 where there is none."""
    return sum(status.st_size for _, status in _files(folder))


def _previews(folder: Path) -> Iterator[_Preview]:
    """Files that look like Retone's own; what else somebody keeps there is let be."""
    for path, status in _files(folder):
        if path.suffix == ".wav" or path.name.startswith(".retone-"):
            yield _Preview(status.st_mtime, status.st_size, path)


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Files and links as they are: a link is never followed, it counts and goes as itself."""
    try:
        entries = os.scandir(folder)
    except FileNotFoundError:
        return
    with entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # gone since it was listed
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
                    yield Path(entry.path), status
