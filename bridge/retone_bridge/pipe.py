"""What the bridge and the engine say to each other: one JSON object a line.

Orders go to the engine's standard input, events come from its standard output.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from retone_bridge.protocol import Direction, Fail, Progress, Result, Warned
from retone_engine.request import CODES, WARNINGS, Bounds, ClipRequest


@dataclass(frozen=True)
class Ready:
    """The engine can take jobs."""

    device: str
    model: str
    version: str


@dataclass(frozen=True)
class Finished:
    """The engine has done a job; ``figures`` is what it measured."""

    id: str
    count: int
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Crashed:
    """The engine's process ``pid`` is gone; ``message`` says how, and its last words."""

    message: str
    pid: int
    code: str = "worker_crashed"


@dataclass(frozen=True)
class Unusable:
    """The engine cannot work at all as it was started: the device is not there, or its process dies at once."""

    code: str
    message: str
    pid: int = 0


WorkerEvent: TypeAlias = Unusable | Ready | Progress | Warned | Direction | Result | Finished | Fail | Crashed


@dataclass(frozen=True)
class Render:
    """One job for the engine: what is asked, and the files that it may write, within ``bounds``."""

    id: str
    request: ClipRequest
    outputs: tuple[str, ...]
    overwrite: bool = False
    bounds: Bounds = field(default_factory=Bounds)

    def line(self) -> dict[str, Any]:
        return {
            "do": "render",
            "job": self.id,
            "request": self.request.values(),
            "outputs": list(self.outputs),
            "overwrite": self.overwrite,
            "bounds": self.bounds.values(),
        }


def read_event(line: str) -> WorkerEvent | None:
    """The event of one line of the engine's, or None when it is none."""
    try:
        said = json.loads(line)
        job = str(said.get("job") or "")
        match said["event"]:
            case "ready":
                return Ready(str(said["device"]), str(said["model"]), str(said["version"]))
            case "progress":
                left = said.get("seconds_left")
                return Progress(job, float(said["fraction"]), str(said["stage"]), -1.0 if left is None else float(left))
            case "warning" if said["code"] in WARNINGS:
                return Warned(job, said["code"], str(said["message"]))
            case "direction":
                where = int(said["start"]), int(said["frames"]), float(said["low_hz"]), float(said["high_hz"])
                return Direction(job, int(said["direction"]), float(said["share"]), *where)
            case "result":
                return Result(job, int(said["index"]), str(said["path"]))
            case "done":
                return Finished(job, int(said["count"]), dict(said.get("figures") or {}))
            case "fail":
                return Fail(job, _code(said["code"]), str(said["message"]))
            case "unusable":
                return Unusable(_code(said["code"]), str(said["message"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return None


def _code(word: object) -> str:
    return word if isinstance(word, str) and word in CODES else "internal"
