"""The table of parameters as options, shared by the commands that make files."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from pathlib import Path
from typing import Any

from retone_bridge.paths import INVERSIONS_GB
from retone_bridge.protocol import DEFAULT_PORT
from retone_engine.request import PARAMETERS, Asked, Parameter, RetoneError, is_path, parameter_named, taken_by

# These have a place of their own on the command line.
_FOLDERS = {"output_folder", "output_subfolder"}
_ELSEWHERE = {"prompt", "direction", "amount", *_FOLDERS}


def add_settings(parser: argparse.ArgumentParser, kind: Asked | None = None, without: Collection[str] = ()) -> None:
    """An option for each parameter that requests of ``kind`` take, or any kind, ``without`` some, and --set for all."""
    group = parser.add_argument_group("settings (each also as --set name=value)")
    for parameter in PARAMETERS if kind is None else taken_by(kind):
        if parameter.name not in {*_ELSEWHERE, *without}:
            flag = "--" + parameter.name.replace("_", "-")
            group.add_argument(flag, dest=parameter.name, metavar=_metavar(parameter), help=_help(parameter))
    group.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="any setting by its name")


def add_place(parser: argparse.ArgumentParser) -> None:
    """Where a one-off command lets its work be done."""
    group = parser.add_argument_group("where")
    group.add_argument("--port", type=int, default=DEFAULT_PORT, help="the service's port (%(default)s)")
    group.add_argument("--no-service", action="store_true", help="use an engine of its own, even if a service runs")
    group.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"), help="for its own engine")
    add_keeping(group)


def add_keeping(parser: argparse._ActionsContainer) -> None:
    """How much an engine may keep of clips for its next run."""
    parser.add_argument(
        "--keep-inversions",
        type=gigabytes,
        default=INVERSIONS_GB,
        metavar="GB",
        help="room for what makes the next edit of the same clip start sooner, 0 keeps none (%(default)s)",
    )


def gigabytes(text: str) -> float:
    """A size in GB; raises argparse.ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e6:  # nor is nan
        raise argparse.ArgumentTypeError(f"{text} is no size; give a number of GB, 0 or more")
    return value


def collected(options: argparse.Namespace, kind: Asked) -> dict[str, Any]:
    """The settings that were given, unchecked.

    Raises RetoneError(bad_request) on a name given twice, or that requests of ``kind`` do not take.
    """
    named = [(p.name, getattr(options, p.name, None)) for p in PARAMETERS]
    pairs = [(name, value) for name, value in named if value is not None]
    for text in options.set:
        name, equals, value = text.partition("=")
        if not equals:
            raise RetoneError("bad_request", f"--set {text!r} has no value; write --set name=value.")
        pairs.append((name.strip().replace("-", "_"), value))
    found: dict[str, Any] = {}
    for given, value in pairs:
        name = parameter_named(given, kind).name
        if name in found:
            raise RetoneError("bad_request", f"{name} is given twice.")
        if name in _FOLDERS:
            raise RetoneError("bad_request", f"{name} is for the service; name the result with -o.")
        found[name] = _folder(value) if name == "model" else value
    return found


def _folder(model: str) -> str:
    """A model's folder by its full path, as a service stands elsewhere; a name stays a name."""
    try:
        return str(Path(model).expanduser().absolute()) if is_path(model) else model
    except RuntimeError:  # "~somebody" who is not here
        return model


def _metavar(parameter: Parameter) -> str:
    plain = {"text": "TEXT", "float": "NUMBER", "int": "N", "switch": "on|off"}
    return plain.get(parameter.kind) or "|".join(parameter.choices)


def _help(parameter: Parameter) -> str:
    default = "auto" if parameter.has_auto else {True: "on", False: "off"}.get(parameter.default == 1, "")
    if parameter.kind != "switch" and not parameter.has_auto:
        default = str(parameter.default)
    limits = "" if parameter.low is None else f"{parameter.takes().removesuffix(', or auto')}; "
    text = f"{parameter.sentence} ({limits}{default})" if default else parameter.sentence
    return text.replace("%", "%%")
