"""Which files and folders may be read and written, and what results are called."""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from retone_bridge import subfolders
from retone_engine.request import Bounds, ClipRequest, RetoneError, Stamp, is_path

# Room for the results of one job and for what the disk's owner does meanwhile.
FREE_BYTES = 64 * 1024 * 1024
# A path travels in a message of less than 2,048 bytes, beside a job's id.
PATH_BYTES = 1800
_STEM_BYTES = 150
# How much the previews of directions may take by default.
PREVIEWS_GB = 1.0
# The folder of what the engine keeps of clips between its runs, in the state folder, and how much it may take.
INVERSIONS = "inversions"
INVERSIONS_GB = 1.0
# The journal's name in the state folder.
JOURNAL = "journal.sqlite"
# Of the engines of this folder's services only one works at a time.
ENGINE_LOCK = "engine.lock"


def state_folder() -> Path:
    """Where the journal and the renders lie when nothing else is said: the user's own data folder."""
    return Path(platformdirs.user_data_dir("retone", appauthor=False))


def spool_folder() -> Path | None:
    """Where programs without sockets put their requests: the same for all services of a user, and for its scripts.

    They can read nothing but these variables; None where there is no such variable.
    """
    if sys.platform == "win32":
        home, inside = os.environ.get("LOCALAPPDATA", ""), "retone/spool"
    elif sys.platform == "darwin":
        home, inside = os.environ.get("HOME", ""), "Library/Application Support/retone/spool"
    else:
        home, inside = os.environ.get("HOME", ""), ".local/share/retone/spool"
    return Path(home, inside) if Path(home).is_absolute() else None


@dataclass(frozen=True)
class Places:
    """Where a service reads and writes.

    ``roots``: folders that clips and output folders lie in, empty is anywhere; ``spooled``: one more for clips, of the
    audio that programs wrote for the service. ``renders``: results, which a project
    may refer to, so that Retone never removes one. ``previews``: those of directions, which may go when room is short.
    """

    renders: Path
    previews: Path
    roots: tuple[Path, ...] = ()
    spooled: Path | None = None

    @staticmethod
    def of(state: Path, roots: Sequence[str | Path] = (), spooled: Path | None = None) -> Places:
        """The places of a service with this ``state`` folder, which are made.

        Raises RetoneError(no_such_folder or cannot_write).
        """
        checked = tuple(folder(str(root), ()) for root in roots)
        # As they really are, once: what is written there is compared with where it was to go.
        state = Path(os.path.realpath(state))
        if spooled is not None:
            # The folder itself is no link when it is used, nor is the spool that it lies in: one would lead elsewhere.
            spooled = Path(os.path.realpath(spooled.parent.parent), *spooled.parts[-2:])
        places = Places(state / "renders", state / "previews", checked, spooled)
        try:
            # What lies in it tells of prompts and paths: nobody else's to read.
            state.mkdir(parents=True, exist_ok=True, mode=0o700)
            for own in (places.renders, places.previews):
                own.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise RetoneError("cannot_write", f"{state} cannot be used: {error.strerror or error}.") from error
        return places

    def clip(self, given: str) -> tuple[Path, str]:
        """The clip's real path, and its state, by which a change is seen; raises RetoneError as ``clip`` does."""
        path = clip(given, self._readable)
        return path, _state(_looked_at(path))

    def check_model(self, given: str | None) -> None:
        """Raises RetoneError where ``given`` is no name but a path, and not that of a folder that may be read.

        Its codes are unknown_model, outside_roots or bad_request.
        """
        if given is not None and is_path(given):
            path = _resolve(given, "unknown_model", "There is no model in {}; check the path.")
            if not path.is_dir():
                raise RetoneError("unknown_model", f"{path} is no folder, as a model is.")
            _check_inside(path, self.roots)

    @property
    def _readable(self) -> tuple[Path, ...]:
        return (*self.roots, self.spooled) if self.roots and self.spooled else self.roots

    def where(self, request: ClipRequest) -> Path:
        """The folder of the results, of which an inner part may be missing; raises RetoneError as ``folder`` does."""
        if not request.output_folder:
            return self.previews if request.kind == "directions" else self.renders
        named = folder(request.output_folder, self.roots)
        return subfolders.below(named, request.subfolders, inside=bool(self.roots))

    def outputs(self, source: Path, job: str, request: ClipRequest) -> tuple[Path, ...]:
        """New names for the results of ``job``, one for each label; an empty label adds nothing to the name.

        Raises RetoneError(no_such_folder, outside_roots, cannot_write, disk_full, output_exists or bad_request).
        """
        where = self.where(request)
        names = ["-".join(filter(None, (_stem(source), job, label))) + ".wav" for label in request.results]
        found = tuple(where / name for name in names)
        check_room(where)
        for path in found:
            check_new(path)
            if len(os.fsencode(path)) > PATH_BYTES:
                raise RetoneError("bad_request", f"The path of {path.name} is too long; choose a shorter folder.")
        return found

    def bounds(self, job: str, given: str, state: str, outputs: Sequence[str]) -> Bounds:
        """What the engine is held to, as the files are now.

        Raises RetoneError as ``clip`` does, clip_changed when the clip ``given`` is not in the ``state`` it was in, and
        no_such_folder or outside_roots when the folder of ``outputs`` has gone or is another one.
        """
        path = clip(given, self._readable)
        status = _looked_at(path)
        if state and state != _state(status):
            raise RetoneError("clip_changed", f"{path.name} was changed after the edit was asked for; ask again.")
        where = Path(outputs[0]).parent
        if folder(str(where), ()) != where:
            raise RetoneError("outside_roots", f"{where} is no longer the folder that was asked for.")
        try:
            place = Stamp.of(where.stat())
        except OSError:  # gone in this very moment
            raise RetoneError("no_such_folder", f"There is no folder {where} any more; make it again.") from None
        return Bounds(job, Stamp.of(status), place, signed=True)


def clip(given: str, roots: Sequence[Path] = ()) -> Path:
    """The real path of a readable regular file.

    Raises RetoneError(no_such_file, not_a_file, unreadable_audio, outside_roots or bad_request).
    """
    path = _as_text(_resolve(given, "no_such_file", "There is no file {}; check the path."))
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
    path = _as_text(_resolve(given, "no_such_folder", "There is no folder {}; make it first, or name another."))
    if not path.is_dir():
        raise RetoneError("no_such_folder", f"{path} is no folder; name an existing one.")
    _check_inside(path, roots)
    return path


def check_room(where: Path) -> None:
    """Raises RetoneError unless a result fits into the folder ``where``, which may still have to be made.

    Its codes are cannot_write, disk_full, or no_such_folder where it goes in this very moment.
    """
    where = next(path for path in (where, *where.parents) if path.is_dir())
    try:
        free = shutil.disk_usage(where).free
    except OSError:
        raise RetoneError("no_such_folder", f"There is no folder {where} any more; make it again.") from None
    if not os.access(where, os.W_OK | os.X_OK):
        raise RetoneError("cannot_write", f"{where} may not be written; choose another folder.")
    if free < FREE_BYTES:
        raise RetoneError("disk_full", f"The disk of {where} is full; make room and ask again.")


def check_new(path: Path) -> None:
    """Raises RetoneError(output_exists) when something of this name is there."""
    if os.path.lexists(path):
        raise RetoneError("output_exists", f"{path} is there already, and nothing is overwritten; choose another name.")


def _resolve(given: str, code: str, sentence: str) -> Path:
    if given.startswith("\\\\") or (os.name == "nt" and given[:2] in ("//", "/\\", "\\/")):
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


def _as_text(path: Path) -> Path:
    """A link may lead to a name that is no text: no message can say it."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise RetoneError("bad_request", f"{str(path)!a} is no text that a message can carry; rename it.") from None
    return path


def _looked_at(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError:
        raise RetoneError("no_such_file", f"There is no file {path} any more.") from None


def _state(status: os.stat_result) -> str:
    return f"{status.st_size} {status.st_mtime_ns}"


def _check_inside(path: Path, roots: Sequence[Path]) -> None:
    if roots and not any(path.is_relative_to(root) for root in roots):
        named = ", ".join(map(str, roots))
        raise RetoneError(
            "outside_roots",
            f"{path} lies outside the folders of this service ({named}); use one there, or start it with --root for "
            "this one too.",
        )


def _stem(source: Path) -> str:
    """The clip's name without what a file name cannot hold everywhere, short enough for every file system."""
    plain = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]', "_", source.stem).strip(" .") or "clip"
    return plain.encode(errors="replace")[:_STEM_BYTES].decode(errors="ignore")
