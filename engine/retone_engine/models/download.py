"""Fetching a published checkpoint, which only happens when a user asks for it.

``python -m retone_engine.models.download NAME [--to DIR]`` tells how it goes as JSON, one object a line. A download
lies in a folder of its own until all its files are whole and have the hashes that the hub states; one that is broken
off is taken up again where it stopped.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from retone_engine.models import models_folder
from retone_engine.models.catalogue import known
from retone_engine.models.digests import know
from retone_engine.models.folder import PART, lacking, lacking_when_named
from retone_engine.models.hub import Broken, Hub, Wanted
from retone_engine.request import RetoneError

# How often a file is tried again while nothing of it comes, and how long is waited before.
_PAUSES = (1.0, 2.0, 4.0, 8.0)
_TOLD_SECONDS = 0.2
# Checking less takes no time worth telling.
_LONG = 1 << 28
# What stays free on the disk: systems and other programs need some.
_ROOM_LEFT = 1 << 28

# ``tell(stage, done, total)`` with bytes; the stages are "download" and "check".
Tell = Callable[[str, int, int], None]


def get(name: str, to: Path | None, tell: Tell, endpoint: str | None = None) -> Path:
    """Fetches the checkpoint called ``name`` into the folder ``to``/``name``, or the user's models; gives that folder.

    Raises RetoneError: unknown_model, no_such_folder, output_exists, busy, disk_full, cannot_write, not_allowed (it is
    gated), not_running (no network), bad_model (a file does not have its hash).
    """
    hub = Hub(known(name), endpoint)
    if to is not None and not to.is_dir():
        raise RetoneError("no_such_folder", f"The folder {to} is not there.")
    folder = (to or models_folder()) / name
    if folder.is_dir() and lacking(folder) is None:
        return folder
    if folder.exists():
        raise RetoneError("output_exists", f"{folder} is in the way, and no whole model; move it away first.")
    part = folder.with_name(name + PART)
    with _writing(folder.parent):
        # By default it lies in the folder of the service's state, which is nobody else's to read.
        folder.parent.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.parent.mkdir(exist_ok=True)
        try:
            with FileLock(folder.with_name(f".{name}.lock"), timeout=0):
                whole = _fill(part, hub, tell)
                if lacks := lacking_when_named(part):
                    raise RetoneError("bad_model", f"The hub has no whole {name} any more. {lacks}")
                part.rename(folder)
                know({folder / file.target: file.sha256 for file in whole if file.sha256})
        except Timeout:
            raise RetoneError("busy", f"{name} is being fetched already, by another retone.") from None
        except Broken as broken:
            raise RetoneError(
                "not_running",
                f"The hub cannot be reached ({broken}). What has come is kept; when the network is there, go on with: "
                f"retone models get {name}" + (f" --to {to}" if to else ""),
            ) from broken
    return folder


def _fill(part: Path, hub: Hub, tell: Tell) -> list[Wanted]:
    """All files whole in the folder ``part``; gives them."""
    # Small ones first: where the hub wants a licence accepted it says so before the hours have gone by.
    files = sorted(hub.files(), key=lambda file: file.size)
    total = sum(file.size for file in files)
    _check_room(part, total - sum(_had(part / file.target) for file in files))
    done = 0
    for file in files:
        before = done

        def came(size: int, stage: str = "download", before: int = before) -> None:
            tell(stage, before + size, total)

        _fetch(file, part / file.target, hub, came)
        done += file.size
        came(file.size)
    return files


def _fetch(file: Wanted, target: Path, hub: Hub, came: Callable[..., None]) -> None:
    """The file whole at ``target``; what came of it before is gone on with."""

    def whole(path: Path) -> bool:
        if file.size >= _LONG:
            came(file.size, "check")
        return file.is_whole(path)

    if target.is_file():
        if whole(target):
            return
        target.unlink()  # of another version
    target.parent.mkdir(parents=True, exist_ok=True)
    coming = target.with_name(target.name + PART)
    for _ in range(2):  # what lay there may be of another version: then once more, from the start
        _receive(file, coming, hub, came)
        if whole(coming):
            coming.replace(target)
            return
        coming.unlink()
    raise RetoneError(
        "bad_model",
        f"{file.path} came twice with another content than the hub states for it, and is not kept. Try again later.",
    )


def _receive(file: Wanted, coming: Path, hub: Hub, came: Callable[..., None]) -> None:
    """Appends to ``coming`` until it has the file's size, however often the connection breaks while something comes."""
    pauses = iter(_PAUSES)
    while (had := _size(coming)) < file.size or not coming.exists():
        try:
            with coming.open("ab") as out:
                hub.append(file, out, came)
                out.flush()
                os.fsync(out.fileno())
        except Broken:
            if _size(coming) > had:
                pauses = iter(_PAUSES)
            pause = next(pauses, None)
            if pause is None:
                raise
            time.sleep(pause)


@contextmanager
def _writing(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            told = f"The disk of {place} is full. What has come is kept; make room and go on."
            raise RetoneError("disk_full", told) from error
        raise RetoneError("cannot_write", f"{error.filename or place} cannot be written: {error.strerror}") from error


def _check_room(part: Path, missing: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if free - _ROOM_LEFT < missing:
        raise RetoneError(
            "disk_full",
            f"{missing / 1e9:.1f} GB are to come, and only {free / 1e9:.1f} GB are free on the disk of {part.parent}; "
            "make room, or name a folder on another disk with --to.",
        )


def _had(target: Path) -> int:
    return _size(target) or _size(target.with_name(target.name + PART))


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


class _Told:
    """Prints how it goes, a few times a second, with the time that is left at the rate since the start."""

    def __init__(self) -> None:
        self._begun = (time.monotonic(), 0)
        self._done = 0
        self._last = ("", 0.0)

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if done - self._done > 1 << 20:  # which was here already
            self._begun = (now, done)
        self._done = done
        if stage == self._last[0] and now - self._last[1] < _TOLD_SECONDS and done < total:
            return
        self._last = (stage, now)
        seconds, came = now - self._begun[0], done - self._begun[1]
        left = (total - done) * seconds / came if came > 0 and seconds > 1 else -1.0
        _say(stage=stage, done=done, total=total, seconds_left=left)


def _say(**told: Any) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--to", type=Path, default=None)
    asked = parser.parse_args()
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"  # read when the library is imported
    try:
        _say(path=str(get(asked.name, asked.to, _Told())))
    except RetoneError as error:
        _say(error=error.code, message=error.message)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
