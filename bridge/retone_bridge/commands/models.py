"""retone models: which there are, what may be done with their results, and fetching one."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from retone_bridge import engine
from retone_bridge.protocol import Progress
from retone_bridge.terminal import Display, shown, table
from retone_engine.request import RetoneError

_WIDTH = 100
_STAGES = {"download": "downloading", "check": "checking"}

Model = Mapping[str, Any]


def add(commands: Any) -> None:
    models = commands.add_parser("models", help="list the models there are, or fetch one", description=__doc__)
    models.add_argument("--json", action="store_true", help="the list as JSON")
    models.set_defaults(run=run)
    verbs = models.add_subparsers(title="what else", metavar="get")
    get = verbs.add_parser("get", help="fetch a model; the only command that uses the network", description=_GET)
    get.add_argument("name", metavar="NAME", help="a model that retone models lists")
    get.add_argument("--to", metavar="DIR", help="put its folder into this one (the user's own models)")
    get.set_defaults(run=run_get)


_GET = (
    "Fetch a published model. A download that is broken off goes on where it stopped when it is asked for again; "
    "what has come is checked against the hash that the hub states. Of a model whose licence is to be accepted first "
    "it says where, and where the token goes."
)


def run(options: argparse.Namespace) -> int:
    models = engine.ask("models")
    if options.json:
        print(json.dumps(models, indent=2))
        return 0
    print(table([("name", "", "sound", "window", "download", "memory", "licence"), *map(_row, models)]))
    print()
    for paragraph in _paragraphs(models):
        print(textwrap.fill(shown(paragraph), width=_WIDTH, subsequent_indent="  ", break_on_hyphens=False))
    return 0


def run_get(options: argparse.Namespace) -> int:
    model = _asked(options.name)
    to = str(Path(options.to).expanduser().absolute()) if options.to else ""
    if model["here"] and not (to and model["download_bytes"]):
        if model["lacks"]:
            raise RetoneError("output_exists", f"{model['lacks']} Move that folder away, then it can be fetched again.")
        print(f"{model['name']} is here already: {model['path']}")
        return 0
    display = Display()
    display.say(f"{model['name']}: about {_gb(model['download_bytes'])}, {model['licence']}. {model['use']}")
    place = ("--to", to) if to else ()
    path = ""
    try:
        for told in engine.follow("models.download", model["name"], *place):
            if "path" in told:
                path = told["path"]
                continue
            fraction = told["done"] / max(told["total"], 1)
            display.show(Progress("get", fraction, _STAGES[told["stage"]], told["seconds_left"]))
    except KeyboardInterrupt:
        display.clear()
        again = f"retone models get {model['name']}" + (f" --to {to}" if to else "")
        raise RetoneError("cancelled", f"stopped; what has come is kept, and this goes on with it: {again}") from None
    finally:
        display.clear()
    if not path:
        raise RetoneError("internal", "The download ended without a word.")
    print(path)
    print(f"Use it with: --model {path if to else model['name']}")
    return 0


def _asked(name: str) -> Model:
    """The model of this name; raises RetoneError(unknown_model), which lists those that can be fetched."""
    models = engine.ask("models")
    for model in models:
        if model["name"] == name:
            return dict(model)
    names = ", ".join(model["name"] for model in models if model["download_bytes"])
    raise RetoneError("unknown_model", f"No model is known as {name!r}. These can be fetched: {names}.")


def _row(model: Model) -> Sequence[str]:
    rate, channels, window = model["sample_rate"], model["channels"], model["window_seconds"]
    return (
        model["name"],
        "broken" if model["lacks"] else "here" if model["here"] else "gated" if model["gated"] else "",
        f"{rate / 1000:g} kHz {'mono' if channels == 1 else 'stereo'}" if rate else "",
        "" if window is None else f"{window:.1f} s" if window < 100 else f"{window / 60:.0f} min",
        "" if model["here"] else _gb(model["download_bytes"]),
        _gib(model["memory_bytes"]),
        model["licence"],
    )


def _paragraphs(models: Sequence[Model]) -> Iterator[str]:
    """What the table has no room for."""
    uses: dict[tuple[str, str], list[str]] = {}
    for model in models:
        uses.setdefault((model["licence"], model["use"]), []).append(model["name"])
    for (licence, use), names in uses.items():
        yield f"{licence} ({', '.join(names)}): {use}"
    yield "This is no legal advice; each licence stands on its model's page."
    yield from (model["lacks"] for model in models if model["lacks"])
    for model in models:
        if model["words"]:
            yield f"{model['name']} knows: {', '.join(model['words'])}"
    if not all(model["here"] for model in models):
        yield "Fetch one with: retone models get NAME. A gated one wants its licence accepted first; get says where."


def _gb(size: int | None) -> str:
    return f"{size / 1e9:.1f} GB" if size else ""


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 1 << 30 else f"{size / 2**20:.0f} MiB"
