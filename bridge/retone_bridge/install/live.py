"""Where Live keeps what is the user's: the User Library, and the device in it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

import retone_bridge
from retone_engine.request import RetoneError

DEVICE = "Retone.amxd"
# Where Live puts an audio effect of Max's that is saved, and where its browser shows it.
INNER = "Presets/Audio Effects/Max Audio Effect"
# Beside the device lie the user's own, and what other installers note of theirs.
NOTE = "Retone.installed.json"
_PACKAGE = Path(retone_bridge.__file__).parent
# In a wheel, and in a checkout.
_PLACES = (_PACKAGE / "data" / "live", _PACKAGE.parents[1] / "max_for_live")
# Live's are some KB long, with a line for each pack and each folder in the browser.
_CONFIGURATION_BYTES = 4 << 20
_HOW = "in Live, Settings > Library shows where it lies"


def device(places: Sequence[Path] = _PLACES) -> bytes:
    """The Max for Live device; raises RetoneError(internal) without it."""
    found = next((place / DEVICE for place in places if (place / DEVICE).is_file()), None)
    if found is None:
        raise RetoneError("internal", "This copy of Retone came without its Live device; install Retone again.")
    return found.read_bytes()


@dataclass(frozen=True)
class Library:
    """A User Library: its real ``folder``, and ``why`` it is taken for the right one."""

    folder: Path
    why: str

    @property
    def effects(self) -> Path:
        """The folder that the device belongs into; a link on the way, of the user's own, is followed."""
        return Path(os.path.realpath(self.folder / INNER))


def found(platform: str, environment: Mapping[str, str]) -> Library:
    """The library of the newest Live, by its own configuration, else the one in its usual place.

    Raises RetoneError(no_such_folder) when there is none.
    """
    if platform not in ("darwin", "win32"):
        raise RetoneError(
            "no_such_folder",
            "Live runs on Windows and macOS; to put the device into a User Library that can be reached from here, name "
            "it with --path DIR.",
        )
    for configuration in _configurations(platform, environment):
        folder = _named_in(configuration)
        if folder is not None:
            return Library(Path(os.path.realpath(folder)), f"as {configuration} says")
    usual = _usual(platform, environment)
    for folder in usual:
        if folder.is_dir():
            return Library(Path(os.path.realpath(folder)), "its usual place")
    looked = f" in {' or '.join(map(str, usual))}" if usual else ""
    raise RetoneError(
        "no_such_folder",
        f"No User Library of Live's was found{looked}. Start Live once, or name it with --path DIR: {_HOW}.",
    )


def named(given: str) -> Library:
    """The library that the user names; raises RetoneError(no_such_folder)."""
    try:
        path = Path(given).expanduser()
    except RuntimeError:  # "~somebody" who is not here
        path = Path(given)
    if not path.is_dir():
        raise RetoneError("no_such_folder", f"There is no folder {path}; check --path: {_HOW}.")
    if (path / "User Library").is_dir() and not (path / "Presets").is_dir():
        raise RetoneError(
            "no_such_folder", f"{path} holds the User Library and is not it; name {path / 'User Library'}."
        )
    return Library(Path(os.path.realpath(path)), "as --path says")


def _configurations(platform: str, environment: Mapping[str, str]) -> list[Path]:
    """Each Live's Library.cfg that is there, that of the newest first."""
    if platform == "win32":
        base, inner = Path(environment.get("APPDATA", ""), "Ableton"), "Preferences/Library.cfg"
    else:
        base, inner = Path(environment.get("HOME", ""), "Library/Preferences/Ableton"), "Library.cfg"
    if not base.is_absolute() or not base.is_dir():
        return []
    folders = sorted(filter(_version, base.iterdir()), key=lambda folder: _version(folder) or (), reverse=True)
    return [folder / inner for folder in folders if (folder / inner).is_file()]


def _version(folder: Path) -> tuple[tuple[int, ...], bool] | None:
    """The version that the name of a folder such as "Live 12.1.5" tells, a beta before what follows it."""
    parts = re.fullmatch(r"Live ([0-9]+(?:\.[0-9]+)*)(b[0-9]+)?", folder.name)
    return None if parts is None else (tuple(map(int, parts[1].split("."))), parts[2] is None)


def _named_in(configuration: Path) -> Path | None:
    """The User Library that Live's ``configuration`` names; None when it cannot be read, or names none that exists."""
    told: dict[str, str] = {}
    inside: list[str] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        inside.append(name)
        if inside[-3:-1] == ["UserLibrary", "LibraryProject"]:
            told.setdefault(name, attributes.get("Value", ""))

    def end(_name: str) -> None:
        inside.pop()

    def refuse(*_words: object) -> None:
        raise ValueError("Live writes no document type, which could make a long file of a short one")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.StartDoctypeDeclHandler = refuse
    try:
        with configuration.open("rb") as file:
            content = file.read(_CONFIGURATION_BYTES + 1)
        if len(content) <= _CONFIGURATION_BYTES:
            parser.Parse(content, True)
        path, name = told.get("ProjectPath", ""), told.get("ProjectName", "")
        folder = Path(path, name)
        return folder if name and Path(path).is_absolute() and folder.is_dir() else None
    except (OSError, ValueError, LookupError, expat.ExpatError):  # LookupError: an encoding that nobody knows
        return None


def _usual(platform: str, environment: Mapping[str, str]) -> list[Path]:
    if platform == "darwin":
        places = [(environment.get("HOME", ""), "Music")]
    else:
        # The documents of some lie in the cloud.
        places = [(environment.get(base, ""), "Documents") for base in ("USERPROFILE", "OneDrive")]
    return [Path(base, inner, "Ableton/User Library") for base, inner in places if Path(base).is_absolute()]
