"""Questions to the engine that need no worker: a child process of one of its modules, which prints JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from retone_engine.request import CODES, RetoneError


def ask(module: str, *arguments: str) -> Any:
    """The JSON that ``retone_engine.module`` prints; raises the RetoneError that it reports as ``code: sentence``."""
    # Names of files may hold anything: they are to come back as they went, whatever the system's own encoding is.
    command = (sys.executable, "-X", "utf8", "-m", f"retone_engine.{module}", *arguments)
    child = subprocess.run(command, capture_output=True, encoding="utf-8", errors="surrogateescape")
    if child.returncode == 0:
        return json.loads(child.stdout)
    last = (child.stderr.strip().splitlines() or [""])[-1]
    code, colon, message = last.partition(": ")
    if colon and code in CODES:
        raise RetoneError(code, message)
    raise RetoneError("internal", f"retone_engine.{module} failed: {last or child.returncode}")


def draw(before: Path, afters: Sequence[Path], output: Path) -> None:
    """Draw the spectrograms of a clip's region and of its edits into the PNG ``output``."""
    ask("picture", str(before), *map(str, afters), "--output", str(output))


def draw_directions(clip: Path, listing: Path, output: Path) -> None:
    """Draw the previews of a clip's directions, which the JSON file ``listing`` names, into the PNG ``output``."""
    ask("picture", str(clip), "--directions", str(listing), "--output", str(output))
