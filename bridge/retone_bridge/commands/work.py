"""What the commands that make files share: what their results are called, and how a request is done."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from retone_bridge import engine, paths
from retone_bridge.commands import settings
from retone_bridge.protocol import Direction, Fail
from retone_bridge.runner import AtService, OwnEngine, Runner
from retone_bridge.terminal import Display, interrupt_calls
from retone_bridge.workers import engine_command, keeping
from retone_engine.request import Asked, ClipRequest, RetoneError


def add_options(parser: argparse.ArgumentParser, kind: Asked | None = None) -> None:
    """The options of a command whose results are sounds of one name: where they go, and all settings."""
    parser.add_argument("-o", "--output", metavar="OUT", help="the result, a .wav file (IN's name with -retone)")
    parser.add_argument("--force", action="store_true", help="replace files that are there")
    parser.add_argument("--picture", metavar="PNG", help="the picture before and after (beside the result)")
    parser.add_argument("--no-picture", action="store_true", help="draw none")
    settings.add_place(parser)
    settings.add_settings(parser, kind)


def clip(given: str) -> Path:
    """The clip's real path; raises RetoneError as ``paths.clip`` does."""
    return paths.clip(str(Path(given).expanduser().absolute()))


@dataclass(frozen=True)
class Plan:
    """What one command will make, checked before anything starts."""

    request: ClipRequest
    outputs: tuple[Path, ...]
    picture: Path | None
    force: bool

    @staticmethod
    def of(request: ClipRequest, options: argparse.Namespace, default: Path | None = None) -> Plan:
        """Results are called what -o says, or ``default``, or like the clip; raises RetoneError on what must fail."""
        source = Path(request.path)
        given = Path(options.output).expanduser().absolute() if options.output else default
        output = given or source.with_name(f"{source.stem}-retone.wav")
        if output.suffix.lower() != ".wav":
            raise RetoneError("bad_request", f"{output.name} is no name for a WAV file; end it in .wav.")
        outputs = numbered(paths.folder(str(output.parent)) / output.name, request.results)
        picture = None if options.no_picture else Path(options.picture or output.with_suffix(".png")).absolute()
        for path in (*outputs, *([picture] if picture else [])):
            if path.resolve() == source:
                raise RetoneError("output_exists", f"{path} is the clip itself; choose another name with -o.")
            if path.is_dir() or not options.force:
                paths.check_new(path)
            paths.check_room(paths.folder(str(path.parent)))
        return Plan(request, outputs, picture, options.force)


def numbered(output: Path, labels: tuple[str, ...]) -> tuple[Path, ...]:
    """The names of the results of these ``labels``; a single one keeps the name."""
    if len(labels) == 1:
        return (output,)
    return tuple(output.with_name(f"{output.stem}-{label}{output.suffix}") for label in labels)


def free(path: Path, ending: str = "") -> Path:
    """``path``, or where something is there, the first of its name with -2, -3 ... before ``ending`` that is free."""
    stem = path.name.removesuffix(ending)
    others = (path.with_name(f"{stem}-{number}{ending}") for number in count(2))
    return path if not os.path.lexists(path) else next(other for other in others if not os.path.lexists(other))


def carry_out(plan: Plan, options: argparse.Namespace) -> int:
    """Makes the results, draws the picture and prints where the files are."""
    have_done(plan.request, plan.outputs, options, force=plan.force)
    for path in plan.outputs:
        print(path)
    if plan.picture is not None:
        engine.draw(Path(plan.request.path), plan.outputs, plan.picture)
        print(plan.picture)
    return 0


def have_done(
    request: ClipRequest, outputs: tuple[Path, ...], options: argparse.Namespace, *, force: bool = False
) -> list[Direction]:
    """Has ``request`` done, showing how it goes; gives the directions it told of. Raises RetoneError when it fails."""
    runner = _runner(request, options)
    display = Display()
    told: list[Direction] = []
    try:
        with interrupt_calls(runner.cancel):
            for event in runner.run(request, outputs, force=force):
                display.show(event)
                if isinstance(event, Fail):
                    raise RetoneError(event.code, event.message)
                if isinstance(event, Direction):
                    told.append(event)
    finally:
        display.clear()
        runner.close()
    return told


def _runner(request: ClipRequest, options: argparse.Namespace) -> Runner:
    service = None if options.no_service else AtService.found(options.port)
    kept = keeping(paths.state_folder(), options.keep_inversions)
    return service or OwnEngine(engine_command(options.device, request.model, *kept))
