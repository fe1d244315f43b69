"""What a result was made from, kept inside its file, so that it can be made again.

``python -m retone_engine.recipe FILE`` prints it; with ``--among PATH ...`` it also says which of these files the
result was made from, by their content.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retone_engine.audio.files import Clip, read
from retone_engine.audio.wav import read_text
from retone_engine.request import PLACES, ClipRequest, RetoneError, request_of

VERSION = 1
# By this a text in a file is known as a recipe.
_KIND = "retone recipe"
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Recipe:
    """All that decides a result, and no place of the machine it was made on.

    ``request``: ClipRequest.values() but for its places, no auto left that is the model's; a result of
    several of one batch has its number in ``only``. ``source``: the clip's file name, rate, channels, the result's own
    stretch of it (start, frames) and the sha256 of the samples there. ``engine``: the model and the sha256 of its
    files, the versions of Retone and torch, device and threads. ``job``: the id of the service's job, by which it knows
    its results again. ``version`` of this form.
    """

    request: Mapping[str, Any]
    source: Mapping[str, Any]
    engine: Mapping[str, Any]
    job: str | None = None
    version: int = VERSION

    @staticmethod
    def of(request: ClipRequest, clip: Clip, engine: Mapping[str, Any], job: str | None = None) -> Recipe:
        """The recipe of an edit of ``clip`` by ``request``, with what the ``engine`` says of itself (plain values)."""
        source = {
            "name": Path(clip.path).name,
            "rate": clip.rate,
            "channels": clip.channels,
            "start": clip.start,
            "frames": clip.frames,
            "sha256": fingerprint(clip),
        }
        values = {name: value for name, value in request.values().items() if name not in PLACES}
        return Recipe(values, source, engine, job)

    def to_json(self) -> str:
        """One line of ASCII JSON, the same for the same recipe."""
        return json.dumps({"kind": _KIND, **asdict(self)}, sort_keys=True, allow_nan=False)

    @staticmethod
    def from_json(text: str) -> Recipe:
        """The recipe of ``to_json``'s text; raises ValueError where it is none, or of a later form."""
        found = json.loads(text)
        match found:
            case {"kind": kind, "request": dict(request), "engine": dict(engine), "version": int(version),
                  "source": {"name": str(), "start": int(), "frames": int(), "sha256": str()} as source,
                  } if kind == _KIND:  # fmt: skip
                pass
            case _:
                raise ValueError("its text is none, or a part of it is missing")
        if version > VERSION:
            raise ValueError(f"the recipe is of the form {version}, this Retone knows {VERSION}; update it")
        try:
            request_of({"path": "", **request})
        except (KeyError, TypeError) as error:
            raise ValueError("it asks for what this Retone does not know; update it") from error
        return Recipe(request, source, engine, job if isinstance(job := found.get("job"), str) else None, version)

    @staticmethod
    def from_file(path: str | Path) -> Recipe:
        """The recipe in the file ``path``.

        Raises RetoneError(no_such_file, not_a_file, unreadable_audio), the last where the file holds none.
        """
        text = read_text(path)
        if text is None:
            raise _none_in(path, "only the WAV files that Retone wrote hold one, until another program rewrites them")
        try:
            return Recipe.from_json(text)
        except (ValueError, RecursionError) as error:
            raise _none_in(path, str(error)) from error

    def is_of(self, path: str | Path) -> bool:
        """Whether the file ``path`` holds the samples that the result was made from."""
        try:
            clip = read(path, int(self.source["start"]), int(self.source["frames"]))
        except RetoneError:
            return False
        return fingerprint(clip) == str(self.source["sha256"])


def fingerprint(clip: Clip) -> str:
    """sha256 of the region's samples as little-endian float32, channel after channel within each frame."""
    found = hashlib.sha256()
    for first in range(0, clip.frames, _BLOCK):
        found.update(np.ascontiguousarray(clip.samples[:, first : first + _BLOCK].T, dtype="<f4").tobytes())
    return found.hexdigest()


def _none_in(path: str | Path, why: str) -> RetoneError:
    return RetoneError("unreadable_audio", f"{Path(path).name} holds no recipe: {why}.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the recipe of the file that is named; 0 where there was one, 1 where not, 2 on a wrong call."""
    parser = argparse.ArgumentParser(prog="python -m retone_engine.recipe")
    parser.add_argument("file")
    parser.add_argument("--among", nargs="+", metavar="PATH", help="say which of these the file was made from")
    options = parser.parse_args(arguments)
    try:
        recipe = Recipe.from_file(options.file)
    except RetoneError as error:
        sys.stderr.write(f"{error.code}: {error.message}\n")
        return 1
    found = json.loads(recipe.to_json())
    if options.among is not None:
        found["clip"] = next((path for path in options.among if recipe.is_of(path)), None)
    sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
