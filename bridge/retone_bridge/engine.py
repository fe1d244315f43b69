"""Questions to the engine that need no worker: a child process of one of its modules, which prints JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from retone_engine.request import CODES, RetoneError


def ask(module: str, *arguments: str) -> Any:
    """The JSON that ``retone_engine.module`` prints; raises the RetoneError that it reports as ``code: sentence``."""
    command = _command(module, arguments)
    child = subprocess.run(command, capture_output=True, encoding="utf-8", errors="surrogateescape")
    if child.returncode == 0:
        return json.loads(child.stdout)
    last = (child.stderr.strip().splitlines() or [""])[-1]
    code, colon, message = last.partition(": ")
    if colon and code in CODES:
        raise RetoneError(code, message)
    raise RetoneError("internal", f"retone_engine.{module} failed: {last or child.returncode}")


def follow(module: str, *arguments: str) -> Iterator[Mapping[str, Any]]:
    """The objects that ``retone_engine.module`` prints, one a line, as they come; it ends when they are no longer read.

    Raises the RetoneError that it reports as an object with ``error`` and ``message``.
    """
    with subprocess.Popen(
        _command(module, arguments), stdout=subprocess.PIPE, encoding="utf-8", errors="surrogateescape"
    ) as child:
        assert child.stdout is not None
        try:
            for line in child.stdout:
                told = json.loads(line)
                if "error" in told:
                    raise RetoneError(told["error"], told["message"])
                yield told
        finally:
            child.terminate()
    if child.returncode > 0:
        raise RetoneError("internal", f"retone_engine.{module} failed: {child.returncode}")


def draw(before: Path, afters: Sequence[Path], output: Path) -> None:
    """Draw the spectrograms of a clip's region and of its edits into the PNG ``output``."""
    ask("picture", str(before), *map(str, afters), "--output", str(output))


def draw_directions(clip: Path, listing: Path, output: Path) -> None:
    """Draw the previews of a clip's directions, which the JSON file ``listing`` names, into the PNG ``output``."""
    ask("picture", str(clip), "--directions", str(listing), "--output", str(output))


def _command(module: str, arguments: Sequence[str]) -> tuple[str, ...]:
    # Names of files may hold anything: they are to come back as they went, whatever the system's own encoding is.
    return (sys.executable, "-X", "utf8", "-m", f"retone_engine.{module}", *arguments)
