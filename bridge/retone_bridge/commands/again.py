"""retone again: a result once more, from the recipe inside it, with changes where they are given."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from retone_bridge import engine
from retone_bridge.client import Client
from retone_bridge.commands import settings, steer, work
from retone_bridge.commands.inspect import recipe_of
from retone_bridge.paths import JOURNAL, state_folder
from retone_bridge.terminal import Display
from retone_engine.request import KINDS, PLACES, ClipRequest, RetoneError, steering

# What decides the bits besides the request, and how a sentence names it.
_DECIDES = {
    "retone": "Retone",
    "torch": "torch",
    "device": "the device",
    "threads": "a thread count of",
    "model_sha256": "the weights",
}
# Said only where memory was short: how much of the work went into one call.
_SHORT = ("rows", "vectors")


def add(commands: Any) -> None:
    again = commands.add_parser("again", help="make a result once more, with changes", description=__doc__)
    again.add_argument("result", metavar="FILE", help="a file that Retone made")
    again.add_argument("--clip", metavar="IN", help="the clip, when it is found nowhere, or another one")
    again.add_argument("--prompt", metavar="PROMPT", help="another prompt")
    steer.add_pushes(again)
    work.add_options(again)
    again.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    result = Path(options.result).expanduser().absolute()
    recipe = recipe_of(options.result)
    given = settings.collected(options, recipe["request"].get("kind", "edit"))
    source, is_same = _source(result, recipe, options)
    request = _request(recipe, source, given, options.along)
    default = work.free(result.with_name(f"{result.stem}-again.wav"), ".wav")
    plan = work.Plan.of(request, options, default)
    display = Display()
    if not is_same:
        display.say(f"note: {source} is not the clip that {result.name} was made from")
    status = work.carry_out(plan, options)
    if is_same and not given and not options.along:
        for sentence in _differences(recipe["engine"], recipe_of(str(plan.outputs[0]))["engine"]):
            display.say(f"note: {sentence}; other samples are to be expected")
    return status


def _request(recipe: Mapping[str, Any], source: Path, given: Mapping[str, Any], along: Sequence[object]) -> ClipRequest:
    """What the recipe asks for, with ``given`` settings and pushes ``along`` in place of its own."""
    values = dict(recipe["request"])
    kind = KINDS[values.pop("kind", "edit")]
    own = values.pop("pushes", ())
    if along and kind.kind != "steer":
        raise RetoneError("bad_request", f"A direction and an amount are for steer; this result is of {kind.kind}.")
    for push in () if along else own:
        along = (*along, "direction", push["direction"], "amount", ",".join(map(str, push["amounts"])))
    more = {"pushes": steering(along)[0]} if along else {}
    kept = {name: value for name, value in values.items() if name not in PLACES}
    return kind.of(str(source), {**kept, **given}, **more)


def _source(result: Path, recipe: Mapping[str, Any], options: argparse.Namespace) -> tuple[Path, bool]:
    """The clip that ``result`` was made from, or the one that is named, and whether it has the same samples."""
    if options.clip:
        source = work.clip(options.clip)
        return source, _among(result, [source]) is not None
    name = Path(recipe["source"]["name"]).name
    beside = (result.parent / name, result.parent.parent / name)
    found = _among(result, [path for path in (*_remembered(name, options), *beside) if path.is_file()])
    if found is None:
        sentence = f"The clip {name}, which {result.name} was made from, is not found any more; name it with --clip."
        raise RetoneError("no_such_file", sentence)
    return work.clip(str(found)), True


def _among(result: Path, candidates: Sequence[Path]) -> Path | None:
    """The first of the files that holds what ``result`` was made from."""
    if not candidates:
        return None
    found = engine.ask("recipe", str(result), "--among", *map(str, candidates))["clip"]
    return Path(found) if found else None


def _remembered(name: str, options: argparse.Namespace) -> list[Path]:
    """Where the service, or the journal that it left, knows clips of this name."""
    if not options.no_service:
        with Client(port=options.port) as client:
            try:
                return [Path(path) for path in client.clips(name, 0.3)]
            except RetoneError:
                pass  # no service, or one that does not know the question
    file = state_folder() / JOURNAL
    if not file.exists():
        return []
    from retone_bridge.journal import Journal  # here, since other commands need no database

    try:
        journal = Journal(file)
    except RetoneError:
        return []  # held by a service on another port, or damaged: there are other places to look
    try:
        return [Path(path) for path in journal.clips(name)]
    finally:
        journal.close()


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name, words in _DECIDES.items():
        if name in before and name in now and before[name] != now[name]:
            # Of a checksum the beginning tells enough.
            yield f"made with {words} {str(before[name])[:16]}, this is {str(now[name])[:16]}"
    if any(before.get(name) != now.get(name) for name in _SHORT):
        yield "memory was short for one of the two, which was made in smaller batches"
