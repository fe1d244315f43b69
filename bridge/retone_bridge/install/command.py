"""The command that starts the service from outside a terminal."""

from __future__ import annotations

import sys
from pathlib import Path

from retone_engine.request import RetoneError


def service_command(platform: str = sys.platform, executable: str = sys.executable) -> tuple[str, ...]:
    """This Python, by its full path, as ``retone serve``; on Windows the one that opens no terminal, if it is there.

    A virtual environment's Python is left the link that it is, since only so it finds its packages. Raises
    RetoneError(cannot_write) when the path is not known or holds what no file could say.
    """
    if not executable or not executable.isprintable():
        raise RetoneError(
            "cannot_write", f"Python does not know a plain path to itself ({executable!a}); install Retone elsewhere."
        )
    if platform == "win32":
        quiet = Path(executable).with_name("pythonw.exe")
        if quiet.is_file():
            executable = str(quiet)
    return (executable, "-m", "retone_bridge.cli", "serve")
