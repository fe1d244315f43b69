"""Where REAPER keeps what is the user's: its resource folders."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from retone_engine.request import RetoneError

# Every resource folder has it.
MARK = "reaper.ini"
_HOW = "in REAPER, Options > Show REAPER resource path opens the right one"


def folders(platform: str, environment: Mapping[str, str]) -> tuple[Path, ...]:
    """The resource folders in REAPER's usual places; raises RetoneError(no_such_folder) when there is none."""
    places = _places(platform, environment)
    found = {_real(place): None for place in places if (place / MARK).is_file()}
    if not found:
        looked = f" in {' or '.join(map(str, places))}" if places else ""
        raise RetoneError(
            "no_such_folder",
            f"No {MARK} was found{looked}. Start REAPER once, or name its folder with --path DIR: {_HOW}.",
        )
    return tuple(found)


def named(given: Sequence[str]) -> tuple[Path, ...]:
    """The resource folders that the user names, of portable installs for one.

    Raises RetoneError(no_such_folder) on one that is none.
    """
    found: dict[Path, None] = {}
    for text in given:
        try:
            path = Path(text).expanduser()
        except RuntimeError:  # "~somebody" who is not here
            path = Path(text)
        if not path.is_dir():
            raise RetoneError("no_such_folder", f"There is no folder {path}; check --path: {_HOW}.")
        if not (path / MARK).is_file():
            raise RetoneError(
                "no_such_folder",
                f"{path} is no resource folder of REAPER's, as it holds no {MARK}; {_HOW}. A portable REAPER has it "
                "beside the program, once it was started.",
            )
        found[_real(path)] = None
    return tuple(found)


def _places(platform: str, environment: Mapping[str, str]) -> list[Path]:
    if platform == "win32":
        bases = [environment.get("APPDATA", "")]
    elif platform == "darwin":
        bases = [environment["HOME"] + "/Library/Application Support"] if environment.get("HOME") else []
    else:
        bases = [environment["HOME"] + "/.config"] if environment.get("HOME") else []
        bases.append(environment.get("XDG_CONFIG_HOME", ""))
    return list({Path(base) / "REAPER": None for base in bases if Path(base).is_absolute()})


def _real(folder: Path) -> Path:
    """A resource folder that is a link, as some keep theirs elsewhere, is written to where it leads."""
    return Path(os.path.realpath(folder))
