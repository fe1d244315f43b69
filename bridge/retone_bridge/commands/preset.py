"""retone preset: settings under a name, shared by REAPER, Live and the command line."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from retone_bridge.commands import settings
from retone_bridge.paths import state_folder
from retone_bridge.protocol import DEFAULT_PORT
from retone_bridge.said import as_argument
from retone_engine.request import RetoneError


class _Kept(Protocol):
    """The presets, of a service or in a file."""

    def names(self) -> Sequence[str]: ...
    def load(self, name: str) -> Mapping[str, Any]: ...
    def save(self, name: str, settings: Mapping[str, object], *, replace: bool = False) -> None: ...
    def delete(self, name: str) -> None: ...


def add(commands: Any) -> None:
    preset = commands.add_parser("preset", help="keep settings of edits under a name", description=__doc__)
    preset.add_argument("--port", type=int, default=DEFAULT_PORT, help="the service's port (%(default)s)")
    preset.add_argument(
        "--state", metavar="DIR", help=f"where they lie, which is asked when no service runs ({state_folder()})"
    )
    does = preset.add_subparsers(title="what to do", metavar="WHAT", required=True)
    does.add_parser("list", help="print the names of all").set_defaults(run=run_list)
    for name, run, words in (
        ("show", run_show, "print the settings of one"),
        ("save", run_save, "keep settings under a name"),
        ("delete", run_delete, "forget one"),
    ):
        one = does.add_parser(name, help=words)
        one.add_argument("name", metavar="NAME", help="1 to 60 characters")
        one.set_defaults(run=run)
        if name == "save":
            one.add_argument("--replace", action="store_true", help="in the place of one with other settings")
            one.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of edits")


def run_list(options: argparse.Namespace) -> int:
    with _kept(options.port, options.state) as kept:
        for name in kept.names():
            print(name)
    return 0


def run_show(options: argparse.Namespace) -> int:
    with _kept(options.port, options.state) as kept:
        for name, value in kept.load(options.name).items():
            print(f"{name}={as_argument(value)!s}")
    return 0


def run_save(options: argparse.Namespace) -> int:
    with _kept(options.port, options.state) as kept:
        kept.save(options.name, settings.collected(options, "edit"), replace=options.replace)
    return 0


def run_delete(options: argparse.Namespace) -> int:
    with _kept(options.port, options.state) as kept:
        kept.delete(options.name)
    return 0


def load(name: str, options: argparse.Namespace) -> Mapping[str, Any]:
    """The settings of a preset for another command; raises RetoneError(unknown_preset)."""
    with _kept(None if options.no_service else options.port, None) as kept:
        return kept.load(name)


@contextmanager
def _kept(port: int | None, state: str | None) -> Iterator[_Kept]:
    """The presets of the service that runs, or else those in the file that it will read."""
    # Here, since most commands need neither.
    from retone_bridge.client import Client
    from retone_bridge.presets import FILE, Presets

    if port is not None:
        with Client(port=port) as client:
            try:
                client.status()
            except RetoneError:
                pass
            else:
                yield client.presets
                return
    yield Presets((Path(state).expanduser().absolute() if state else state_folder()) / FILE)
