"""What a campaign leaves: its figures as JSON, and a row for each claim that they bear out."""

import argparse
import json
import math
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "build" / "reliability"


@dataclass(frozen=True)
class Row:
    """One line of the table. ``tried``: what was done, ``times``: how often, ``outcome``: what came of it."""

    claim: str
    tried: str
    times: int
    outcome: str


def machine() -> str:
    """What the figures depend on, without a date or a name."""
    python = f"Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, {python}"


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Median, 99th percentile (nearest rank) and maximum in milliseconds, and how many there were."""
    if not seconds:
        return {"count": 0, "median_ms": math.nan, "p99_ms": math.nan, "max_ms": math.nan}
    ordered = sorted(seconds)
    ranks = {"median_ms": 0.5, "p99_ms": 0.99, "max_ms": 1.0}
    at = {name: ordered[math.ceil(share * len(ordered)) - 1] for name, share in ranks.items()}
    return {"count": len(ordered), **{name: round(1000 * value, 2) for name, value in at.items()}}


def milliseconds(found: Mapping[str, float]) -> str:
    """A ``spread`` in words; of less than a hundred values there is no 99th percentile to speak of."""
    if not found["count"]:
        return "none"
    most = [f"99 % within {_time(found['p99_ms'])}"] if found["count"] >= 100 else []
    return ", ".join([f"median {_time(found['median_ms'])}", *most, f"longest {_time(found['max_ms'])}"])


def _time(milliseconds: float) -> str:
    return f"{milliseconds:.3g} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def keep(name: str, figures: Mapping[str, Any], command: str, path: Path | None = None) -> Path:
    """Writes the ``figures`` that ``command`` made of the campaign ``name`` where the report looks, or to ``path``."""
    path = path or FOLDER / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {"campaign": name, "command": command, "machine": machine(), "figures": dict(figures)}
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    return path


def main(campaign: Callable[..., dict[str, Any]], small: Mapping[str, Any], long: Mapping[str, Any]) -> int:
    """The command line of a campaign, ``python -m faults.NAME``: its long version, or with --small CI's."""
    name = Path(sys.argv[0]).stem
    parser = argparse.ArgumentParser(prog=f"python -m faults.{name}")
    parser.add_argument("--small", action="store_true", help="as CI runs it")
    parser.add_argument("--figures", type=Path, help="write the figures to this file")
    for option, value in long.items():
        parser.add_argument(
            f"--{option.replace('_', '-')}", type=type(value), help=f"(long {value}, small {small[option]})"
        )
    given = vars(parser.parse_args())
    chosen = {**(small if given["small"] else long), **{k: given[k] for k in long if given[k] is not None}}
    started = time.monotonic()
    figures = campaign(**chosen)
    seconds = time.monotonic() - started
    options = [f"--{k.replace('_', '-')} {v}" for k, v in given.items() if k in long and v is not None]
    command = " ".join([f"python -m faults.{name}", *(["--small"] if given["small"] else []), *options])
    path = keep(name, figures, command, given["figures"])
    sys.stdout.write(f"{path.read_text()}{name}: {seconds:.1f} s; {path}\n")
    return 0
