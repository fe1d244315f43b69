"""What `retone install reaper` lays into REAPER's folder, and where else copies of it lie."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import retone_bridge
from retone_engine.request import RetoneError

# Beside the actions: what "start the service" runs.
INSTALLED = "installed.lua"
_PACKAGE = Path(retone_bridge.__file__).parent
# In a wheel, and in a checkout.
_PLACES = (_PACKAGE / "data" / "reaper", _PACKAGE.parents[1] / "reaper_scripts" / "Retone")


def scripts(places: Sequence[Path] = _PLACES) -> dict[str, bytes]:
    """The actions and their library: contents by names with slashes. Raises RetoneError(internal) without them."""
    folder = next((place for place in places if place.is_dir()), None)
    found = {} if folder is None else {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.lua")}
    if not found:
        raise RetoneError("internal", "This copy of Retone came without its REAPER scripts; install Retone again.")
    return {name: path.read_bytes() for name, path in sorted(found.items())}


def installed(command: Sequence[str]) -> bytes:
    """``installed.lua``: a table of Retone's version and the command that starts the service."""
    from importlib.metadata import version  # takes a while, which other commands need not wait for

    words = b", ".join(map(lua_string, command))
    return b"return { version = %s, command = { %s } }\n" % (lua_string(version("retone")), words)


def lua_string(text: str) -> bytes:
    """``text`` as a Lua literal in UTF-8."""
    escaped = re.sub(r'["\\]', r"\\\g<0>", text)
    return b'"%s"' % re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\{ord(found[0]):03d}", escaped).encode()


def copies(scripts_folder: Path, ours: Path, names: Iterable[str]) -> list[Path]:
    """Other folders under ``scripts_folder`` that hold one of the actions ``names``."""
    actions = {name for name in names if "/" not in name} - {INSTALLED}
    found = []
    for folder, inner, files in os.walk(scripts_folder):
        if Path(folder) == ours:
            inner.clear()
        elif actions & {*files}:
            found.append(Path(folder))
    return sorted(found)
