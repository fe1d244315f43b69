"""Fetching a published checkpoint: the only code that may speak to the network, and only when a user asks for it.

``python -m retone_engine.models.download NAME [--to DIR]`` tells how it goes as JSON, one object a line. A download
lies in a folder of its own until all its files are whole and have the hashes that the hub states; one that is broken
off is taken up again where it stopped. The hub's own library knows where its address and the user's token are; its
downloads are not used, as they begin a broken file again.
"""

from __future__ import annotations

import argparse
import errno
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

from filelock import FileLock, Timeout

from retone_engine.models import models_folder
from retone_engine.models.catalogue import HUB, Known, Source, known
from retone_engine.models.digests import know
from retone_engine.models.folder import PART, lacking
from retone_engine.request import RetoneError

_BLOCK = 1 << 20
_CHUNK = 1 << 16  # at most so much is lost where the connection breaks
_TIMEOUT_SECONDS = 30.0
# How often a file is tried again while nothing of it comes, and how long is waited before.
_PAUSES = (1.0, 2.0, 4.0, 8.0)
_TOLD_SECONDS = 0.2
# Checking less takes no time worth telling.
_LONG = 1 << 28
# What stays free on the disk: systems and other programs need some.
_ROOM_LEFT = 1 << 28

# ``tell(stage, done, total)`` with bytes; the stages are "download" and "check".
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Wanted:
    """A file of the hub: where it goes below the model's folder, its size, and the hash that it must have."""

    source: Source
    revision: str
    path: str
    size: int
    sha256: str | None
    git_sha1: str | None

    @property
    def target(self) -> PurePosixPath:
        return PurePosixPath(self.source.under) / self.path

    def is_whole(self, path: Path) -> bool:
        """Whether the file at ``path`` is what the hub says it is."""
        if path.stat().st_size != self.size:
            return False
        # Git hashes small files together with their size; large ones have a hash of their content alone.
        found = hashlib.sha256() if self.sha256 else hashlib.sha1(b"blob %d\0" % self.size, usedforsecurity=False)
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                found.update(block)
        return found.hexdigest() == (self.sha256 or self.git_sha1)


def get(name: str, to: Path | None, tell: Tell, endpoint: str | None = None) -> Path:
    """Fetches the checkpoint called ``name`` into the folder ``to``/``name``, or the user's models; gives that folder.

    Raises RetoneError: unknown_model, no_such_folder, output_exists, busy, disk_full, cannot_write, not_allowed (it is
    gated), not_running (no network), bad_model (a file does not have its hash).
    """
    model = known(name)
    if to is not None and not to.is_dir():
        raise RetoneError("no_such_folder", f"The folder {to} is not there.")
    folder = (to or models_folder()) / name
    if folder.is_dir() and lacking(folder) is None:
        return folder
    if folder.exists():
        raise RetoneError("output_exists", f"{folder} is in the way, and no whole model; move it away first.")
    part = folder.with_name(name + PART)
    with _writing(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(folder.with_name(f".{name}.lock"), timeout=0):
                whole = _fill(part, model, tell, endpoint)
                part.rename(folder)
                know({folder / file.target: file.sha256 for file in whole if file.sha256})
        except Timeout:
            raise RetoneError("busy", f"{name} is being fetched already, by another retone.") from None
        except _Broken as broken:
            raise RetoneError(
                "not_running",
                f"The hub cannot be reached ({broken}). What has come is kept; when the network is there, go on with: "
                f"retone models get {name}",
            ) from broken
    return folder


def _fill(part: Path, model: Known, tell: Tell, endpoint: str | None) -> list[Wanted]:
    with _speaking(model):
        wanted = [file for source in model.sources for file in _files(source, endpoint)]
    total = sum(file.size for file in wanted)
    # Small ones first: where the hub wants a licence accepted it says so before the hours have gone by.
    wanted.sort(key=lambda file: file.size)
    _check_room(part, total - sum(_had(part / file.target) for file in wanted))
    done = 0
    for file in wanted:
        before = done

        def came(size: int, stage: str = "download", before: int = before) -> None:
            tell(stage, before + size, total)

        _fetch(file, part / file.target, came, model, endpoint)
        done += file.size
        came(file.size)
    return wanted


def _files(source: Source, endpoint: str | None) -> Iterator[Wanted]:
    """What the hub has of the files that are wanted."""
    from huggingface_hub import HfApi

    info = HfApi(endpoint=endpoint).model_info(source.repository, files_metadata=True, timeout=_TIMEOUT_SECONDS)
    siblings = {sibling.rfilename: sibling for sibling in info.siblings or ()}
    for path in source.wanted(list(siblings)):
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts or "\\" in path:
            raise RetoneError(
                "bad_model", f"The hub names a file {path!r}, which would lie outside the model's folder."
            )
        sibling = siblings[path]
        sha256 = sibling.lfs.sha256 if sibling.lfs else None
        if info.sha is None or sibling.size is None or not (sha256 or sibling.blob_id):
            raise RetoneError("bad_model", f"The hub does not state the size and the hash of {path}.")
        yield Wanted(source, info.sha, path, sibling.size, sha256, sibling.blob_id)


def _fetch(file: Wanted, target: Path, came: Callable[..., None], model: Known, endpoint: str | None) -> None:
    """The file whole at ``target``; what came of it before is gone on with."""
    if target.is_file():
        if file.size >= _LONG:
            came(0, "check")
        if file.is_whole(target):
            return
        target.unlink()  # of another version
    target.parent.mkdir(parents=True, exist_ok=True)
    coming = target.with_name(target.name + PART)
    for _ in range(2):  # what lay there may be of another version: then once more, from the start
        _receive(file, coming, came, model, endpoint)
        if file.size >= _LONG:
            came(file.size, "check")
        if file.is_whole(coming):
            coming.replace(target)
            return
        coming.unlink()
    raise RetoneError(
        "bad_model",
        f"{file.path} came twice with another content than the hub states for it, and is not kept. Try again later.",
    )


def _receive(file: Wanted, coming: Path, came: Callable[..., None], model: Known, endpoint: str | None) -> None:
    """Appends to ``coming`` until it has the file's size, however often the connection breaks while something comes."""
    pauses = iter(_PAUSES)
    while (had := _size(coming)) < file.size or not coming.exists():
        try:
            with _speaking(model), coming.open("ab") as out:
                _stream(file, out, came, endpoint)
                out.flush()
                os.fsync(out.fileno())
        except _Broken as broken:
            if _size(coming) > had:
                pauses = iter(_PAUSES)
            pause = next(pauses, None)
            if pause is None:
                raise broken
            time.sleep(pause)


def _stream(file: Wanted, out: Any, came: Callable[..., None], endpoint: str | None) -> None:
    from huggingface_hub import hf_hub_url
    from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

    url = hf_hub_url(file.source.repository, file.path, revision=file.revision, endpoint=endpoint)
    begun = had = out.tell()
    headers = {**build_hf_headers(), "accept-encoding": "identity"}
    if had:
        headers["range"] = f"bytes={had}-"
        came(had)
    # A redirect to where the content lies takes the range with it, and leaves the token behind.
    with get_session().stream("GET", url, headers=headers, follow_redirects=True, timeout=_TIMEOUT_SECONDS) as answer:
        if had and answer.status_code in (200, 416):  # the whole file from its start, or it is another, shorter one
            out.truncate(0)
            begun = had = 0
        if answer.status_code == 416:
            return
        hf_raise_for_status(answer)
        for block in answer.iter_bytes(_CHUNK):
            out.write(block)
            had += len(block)
            came(had)
    if had == begun < file.size:
        raise _Broken("nothing comes")


class _Broken(Exception):
    """The connection broke, or the hub has no time: worth another try."""


@contextmanager
def _speaking(model: Known) -> Iterator[None]:
    """Puts what can go wrong with the hub into the user's words; its own answers, which may hold keys, are not told."""
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, OfflineModeIsEnabled, RepositoryNotFoundError
    from huggingface_hub.utils import get_session

    # The library has changed the one that it is built on; the errors are of the one that it uses.
    http = import_module(type(get_session()).__module__.partition(".")[0])
    try:
        yield
    except OfflineModeIsEnabled:
        raise RetoneError(
            "not_running", "HF_HUB_OFFLINE is set, so that nothing may be fetched; unset it for this command."
        ) from None
    except GatedRepoError:
        raise _gated(model) from None
    except RepositoryNotFoundError:
        if model.gated:
            raise _gated(model) from None
        raise RetoneError("unknown_model", f"The hub has no {model.sources[0].repository} any more.") from None
    except HfHubHTTPError as error:
        status = error.response.status_code
        if status == 429 or status >= 500:
            raise _Broken(f"it answers {status}") from None
        if status == 401:
            raise RetoneError(
                "not_allowed", "The hub does not know your token any more; make a new one with: hf auth login"
            ) from None
        raise RetoneError(
            "not_running", f"The hub refuses {model.sources[0].repository} (it answers {status})."
        ) from None
    except http.HTTPError as error:
        raise _Broken(str(error) or type(error).__name__) from None


def _gated(model: Known) -> RetoneError:
    from huggingface_hub import constants, get_token

    why = (
        "Your token is known, but its account has not accepted the licence, or the token may not read gated models."
        if get_token()
        else "No token is known here."
    )
    return RetoneError(
        "not_allowed",
        f"{model.name} is gated: its makers want its licence accepted before it is fetched. {why}\n"
        f"  1. Log in at {HUB}, open {model.page}, read and accept.\n"
        f"  2. Make a token that may read, at {HUB}/settings/tokens.\n"
        "  3. Run: hf auth login (it lies beside retone, asks for the token and keeps it in\n"
        f"     {constants.HF_TOKEN_PATH}),\n"
        "     or put the token into the environment variable HF_TOKEN, or into a file that HF_TOKEN_PATH names.\n"
        f"  4. Run again: retone models get {model.name}",
    )


@contextmanager
def _writing(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise RetoneError(
                "disk_full", f"The disk of {place} is full. What has come is kept; make room and go on."
            ) from error
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
        if done - self._done > 2 * _BLOCK:  # which was here already
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
