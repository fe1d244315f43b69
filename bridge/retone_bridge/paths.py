"""Which files and folders may be read and written, and what results are called."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from retone_engine.request import RetoneError

# Room for the results of one job and for what the disk's owner does meanwhile.
FREE_BYTES = 64 * 1024 * 1024
# A path travels in a message of less than 2,048 bytes, beside a job's id.
PATH_BYTES = 1800
_STEM_BYTES = 150
# The journal's name in the state folder.
JOURNAL = "journal.sqlite"


def state_folder() -> Path:
    """Where the journal and the renders lie when nothing else is said: the user's own data folder."""
    return Path(platformdirs.user_data_dir("retone", appauthor=False))


@dataclass(frozen=True)
class Places:
    """Where a service reads and writes: ``roots`` empty is anywhere, ``renders`` is the folder for results."""

    renders: Path
    roots: tuple[Path, ...] = ()

    @staticmethod
    def of(state: Path, roots: Sequence[str | Path] = ()) -> Places:
        """The places of a service with this ``state`` folder; raises RetoneError(no_such_folder) on a bad root."""
        return Places(state / "renders", tuple(folder(str(root), ()) for root in roots))

    def sweep(self) -> None:
        """Removes what an engine that was killed left half written in ``renders``, which is the service's alone."""
        for part in self.renders.glob(".retone-*.part"):
            part.unlink(missing_ok=True)

    def clip(self, given: str) -> Path:
        """The clip's real path; raises RetoneError as ``clip`` does."""
        return clip(given, self.roots)

    def outputs(self, source: Path, job: str, labels: Sequence[str], output_folder: str) -> tuple[Path, ...]:
        """New names for the results of ``job``, one for each of ``labels``; an empty label adds nothing to the name.

        Raises RetoneError(no_such_folder, outside_roots, cannot_write, disk_full, output_exists or bad_request).
        """
        where = folder(output_folder, self.roots) if output_folder else self.renders
        names = ["-".join(filter(None, (_stem(source), job, label))) + ".wav" for label in labels]
        found = tuple(where / name for name in names)
        check_room(where)
        for path in found:
            check_new(path)
            if len(os.fsencode(path)) > PATH_BYTES:
                raise RetoneError("bad_request", f"The path of {path.name} is too long; choose a shorter folder.")
        return found


def clip(given: str, roots: Sequence[Path] = ()) -> Path:
    """The real path of a readable regular file.

    Raises RetoneError(no_such_file, not_a_file, unreadable_audio, outside_roots or bad_request).
    """
    path = _resolve(given, "no_such_file", "There is no file {}; check the path.")
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise RetoneError("unreadable_audio", f"{path} cannot be read: {error.strerror}.") from error
    if stat.S_ISDIR(mode):
        raise RetoneError("not_a_file", f"{path} is a folder; name one audio file in it.")
    if not stat.S_ISREG(mode):
        raise RetoneError("not_a_file", f"{path} is a device or a pipe; give an audio file.")
    _check_inside(path, roots)
    if not os.access(path, os.R_OK):
        raise RetoneError("unreadable_audio", f"{path} may not be read; check its permissions.")
    return path


def folder(given: str, roots: Sequence[Path] = ()) -> Path:
    """The real path of a folder; raises RetoneError(no_such_folder, outside_roots or bad_request)."""
    path = _resolve(given, "no_such_folder", "There is no folder {}; make it first, or name another.")
    if not path.is_dir():
        raise RetoneError("no_such_folder", f"{path} is no folder; name an existing one.")
    _check_inside(path, roots)
    return path


def check_room(where: Path) -> None:
    """Raises RetoneError(cannot_write or disk_full) unless a result fits into the folder ``where``."""
    if not os.access(where, os.W_OK | os.X_OK):
        raise RetoneError("cannot_write", f"{where} may not be written; choose another folder.")
    if shutil.disk_usage(where).free < FREE_BYTES:
        raise RetoneError("disk_full", f"The disk of {where} is full; make room and ask again.")


def check_new(path: Path) -> None:
    """Raises RetoneError(output_exists) when something of this name is there."""
    if os.path.lexists(path):
        raise RetoneError("output_exists", f"{path} is there already, and nothing is overwritten; choose another name.")


def _resolve(given: str, code: str, sentence: str) -> Path:
    if given.startswith("\\\\"):
        raise RetoneError("outside_roots", f"{given[:200]} lies on another machine; copy it to this one.")
    try:
        path = Path(given).expanduser()
    except RuntimeError:  # "~somebody" who is not here
        raise RetoneError(code, sentence.format(given)) from None
    if not path.is_absolute():
        raise RetoneError("bad_request", f"{given[:200]!r} is no full path; give it from the root of the disk.")
    try:
        return path.resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: a loop of links, in older Pythons
        raise RetoneError(code, sentence.format(path)) from None


def _check_inside(path: Path, roots: Sequence[Path]) -> None:
    if roots and not any(path.is_relative_to(root) for root in roots):
        named = ", ".join(map(str, roots))
        raise RetoneError("outside_roots", f"{path} lies outside the folders of this service ({named}).")


def _stem(source: Path) -> str:
    """The clip's name without what a file name cannot hold everywhere, short enough for every file system."""
    plain = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]', "_", source.stem).strip(" .") or "clip"
    return plain.encode(errors="replace")[:_STEM_BYTES].decode(errors="ignore")
