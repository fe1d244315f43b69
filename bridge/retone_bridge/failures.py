"""What the log tells of jobs that failed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from retone_bridge.logs import FILE, FILES
from retone_engine.request import CODES


@dataclass(frozen=True)
class Failure:
    """A job that failed: when, which, and with what code."""

    when: datetime
    job: str
    code: str


def last(folder: Path) -> Failure | None:
    """The newest failure in the log files of ``folder``, or None; a job that was cancelled did not fail."""
    for line in _newest_first(folder):
        try:
            if line["event"] == "job failed" and line["code"] in CODES and line["code"] != "cancelled":
                return Failure(datetime.fromisoformat(line["time"]), str(line["job"]), line["code"])
        except (KeyError, TypeError, ValueError):
            continue  # not written by this version
    return None


def _newest_first(folder: Path) -> Iterator[Any]:
    for name in (FILE, *(f"{FILE}.{number}" for number in range(1, FILES))):
        try:
            lines = (folder / name).read_text("ascii", "replace").splitlines()
        except OSError:
            continue  # not there, or not readable: what can be read is told
        for line in reversed(lines):
            try:
                yield json.loads(line)
            except ValueError:
                continue  # cut off by a crash of the machine
