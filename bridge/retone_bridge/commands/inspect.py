"""retone doctor, recipe: what is here, read by a child of the engine's."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from retone_bridge import engine, failures, logs
from retone_bridge.client import Client
from retone_bridge.housekeeping import size_of
from retone_bridge.paths import INVERSIONS, spool_folder, state_folder
from retone_bridge.protocol import DEFAULT_PORT, Fail, Job
from retone_bridge.terminal import table
from retone_engine.request import CODES, RetoneError

LITTLE_ROOM_BYTES = 1 << 30


def add(commands: Any) -> None:
    doctor = commands.add_parser("doctor", help="show what Retone has to work with", description=__doc__)
    doctor.add_argument("--port", type=int, default=DEFAULT_PORT, help="the service's port (%(default)s)")
    doctor.add_argument("--state", metavar="DIR", help=f"where the service keeps what it knows ({state_folder()})")
    doctor.set_defaults(run=run_doctor)
    recipe = commands.add_parser("recipe", help="show what a result was made from", description=__doc__)
    recipe.add_argument("file", metavar="FILE", help="a file that Retone made")
    recipe.set_defaults(run=run_recipe)


def run_doctor(options: argparse.Namespace) -> int:
    state = Path(options.state).expanduser().absolute() if options.state else state_folder()
    found = engine.ask("doctor")
    try:
        with Client(port=options.port) as client:
            status = client.status()
        service = f"runs on port {options.port}: {status.model or 'starting'} {status.device}".strip()
        wrong = [status.trouble] if status.trouble else []
    except RetoneError:
        service = f"none on port {options.port}"
        wrong = list(_port_trouble(options.port))
    wrong += [*_folder_trouble(state), *found.pop("wrong")]
    rows: list[tuple[str, object]] = [("service", service), ("state folder", state), *_sizes(state)]
    rows.append(("spool", _spool()))
    for name, value in found.items():
        if isinstance(value, dict):
            rows.append((name, ""))
            rows += [(f"  {inner}", told or "not here") for inner, told in value.items()]
        else:
            rows.append((name, ", ".join(map(str, value)) if isinstance(value, list) else value))
    print(table(rows))
    print()
    for sentence in (*(wrong or ["Nothing is wrong."]), *_last_failure(state / logs.FOLDER, options.port)):
        print(sentence)
    return 1 if wrong else 0


def _sizes(state: Path) -> Iterator[tuple[str, str]]:
    """How much room what Retone keeps takes up."""
    oldest = dict.fromkeys(("previews", INVERSIONS), "the oldest go first")
    told = {"renders": "never removed by Retone", **oldest, logs.FOLDER: logs.FILE}
    for name, what in told.items():
        try:
            yield f"  {name}", f"{size_of(state / name) / 2**20:.1f} MiB, {what}"
        except OSError as error:
            yield f"  {name}", f"cannot be read: {error.strerror}"


def _spool() -> str:
    """Where REAPER's scripts leave their requests, and whether a service takes them."""
    from retone_bridge.spool import in_use  # which nothing else here needs

    folder = spool_folder()
    if folder is None:
        return "none, as the environment does not say where the home folder is"
    return f"{folder}, {'in use by a service' if in_use(folder) else 'no service uses it'}"


def _last_failure(folder: Path, port: int) -> Iterator[str]:
    """The newest failure that the log tells of, and where the log is; a job that failed is no fault of the house."""
    failure = failures.last(folder)
    if failure is None:
        yield f"No failed job is in the log, {folder / logs.FILE}."
        return
    yield f"The last failure: job {failure.job}, {failure.when:%Y-%m-%d at %H:%M:%S}, {failure.code}."
    yield f"  {CODES[failure.code]}"
    try:
        with Client(port=port) as client:
            told = client.ask(Job(failure.job), Fail)
        if (told.id, told.code) == (failure.job, failure.code):
            yield f"  {told.message}"
    except RetoneError:
        pass  # no service runs, so that only the log can tell
    yield f"  The log: {folder / logs.FILE}"


def _port_trouble(port: int) -> Iterator[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            yield f"Port {port} is held by another program; choose another with: retone serve --port {port + 1}"


def _folder_trouble(state: Path) -> Iterator[str]:
    there = next(folder for folder in (state, *state.parents) if folder.exists())
    if not os.access(there, os.W_OK):
        yield f"{there} cannot be written; choose another folder with: retone serve --state DIR"
    elif (free := shutil.disk_usage(there).free) < LITTLE_ROOM_BYTES:
        yield f"Only {free / 2**30:.1f} GiB are free in {there}; a render of a long clip may not fit."


def run_recipe(options: argparse.Namespace) -> int:
    print(json.dumps(recipe_of(options.file), indent=2, ensure_ascii=False))
    return 0


def recipe_of(file: str) -> dict[str, Any]:
    """What a result was made from; raises RetoneError when the file holds no recipe."""
    recipe = engine.ask("recipe", str(Path(file).expanduser().absolute()))
    if not isinstance(recipe, dict) or "request" not in recipe:
        raise RetoneError("unreadable_audio", f"{file} holds no recipe that this version reads.")
    return recipe
