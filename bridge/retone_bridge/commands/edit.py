"""retone edit: one clip, one prompt, one file beside it; retone again: the same from a result's recipe."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retone_bridge import engine, paths
from retone_bridge.commands import settings
from retone_bridge.commands.inspect import recipe_of
from retone_bridge.protocol import Done, Fail
from retone_bridge.runner import AtService, OwnEngine, Runner
from retone_bridge.terminal import Display, complain, interrupt_calls
from retone_bridge.workers import engine_command
from retone_engine.request import EditRequest, RetoneError


def add(commands: Any) -> None:
    edit = commands.add_parser("edit", help="edit a clip by a prompt", description=__doc__)
    edit.add_argument("clip", metavar="IN", help="an audio file")
    edit.add_argument("prompt", metavar="PROMPT", help="what the clip should sound like")
    _add_output(edit)
    edit.set_defaults(run=run)
    again = commands.add_parser("again", help="make a result once more, with changes", description=__doc__)
    again.add_argument("result", metavar="FILE", help="a file that Retone made")
    again.add_argument("--clip", metavar="IN", help="the clip, when it is no longer where it was")
    again.add_argument("--prompt", metavar="PROMPT", help="another prompt")
    _add_output(again)
    again.set_defaults(run=run_again)


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="OUT", help="the result, a .wav file (IN's name with -retone)")
    parser.add_argument("--force", action="store_true", help="replace files that are there")
    parser.add_argument("--picture", metavar="PNG", help="the picture before and after (beside the result)")
    parser.add_argument("--no-picture", action="store_true", help="draw none")
    settings.add_place(parser)
    settings.add_settings(parser)


@dataclass(frozen=True)
class Plan:
    """What one command will do, checked before anything starts."""

    request: EditRequest
    outputs: tuple[Path, ...]
    picture: Path | None
    force: bool

    @staticmethod
    def of(clip: str, values: dict[str, Any], options: argparse.Namespace) -> Plan:
        """Raises RetoneError on anything that can be known to fail."""
        source = paths.clip(str(Path(clip).expanduser().absolute()))
        request = EditRequest.of(str(source), values)
        given = Path(options.output).expanduser().absolute() if options.output else None
        output = given or source.with_name(f"{source.stem}-retone.wav")
        if output.suffix.lower() != ".wav":
            raise RetoneError("bad_request", f"{output.name} is no name for a WAV file; end it in .wav.")
        outputs = numbered(paths.folder(str(output.parent)) / output.name, request.variations)
        picture = None if options.no_picture else Path(options.picture or output.with_suffix(".png")).absolute()
        for path in (*outputs, *([picture] if picture else [])):
            if path.resolve() == source:
                raise RetoneError("output_exists", f"{path} is the clip itself; choose another name with -o.")
            if path.is_dir() or not options.force:
                paths.check_new(path)
            paths.check_room(paths.folder(str(path.parent)))
        return Plan(request, outputs, picture, options.force)


def numbered(output: Path, count: int) -> tuple[Path, ...]:
    """The names of ``count`` variations; a single one keeps the name."""
    if count == 1:
        return (output,)
    return tuple(output.with_name(f"{output.stem}-{k}{output.suffix}") for k in range(1, count + 1))


def run(options: argparse.Namespace) -> int:
    return carry_out(Plan.of(options.clip, {"prompt": options.prompt, **settings.collected(options)}, options), options)


def run_again(options: argparse.Namespace) -> int:
    recipe = recipe_of(options.result)
    values = dict(recipe["request"])
    given = settings.collected(options) | ({"prompt": options.prompt} if options.prompt is not None else {})
    clip = options.clip or values["path"]
    if options.output is None:
        options.output = str(_free(Path(options.result).absolute()))
    return carry_out(Plan.of(clip, settings.changed(values, given), options), options)


def _free(result: Path) -> Path:
    """``name-again.wav``, or the first number after it that is free."""
    names = [result.with_name(f"{result.stem}-again{f'-{k}' if k else ''}.wav") for k in (0, *range(2, 1000))]
    return next((name for name in names if not name.exists()), names[-1])


def carry_out(plan: Plan, options: argparse.Namespace) -> int:
    """Edits, draws the picture and prints where the files are."""
    runner = _runner(plan, options)
    display = Display()
    try:
        with interrupt_calls(runner.cancel):
            for event in runner.edit(plan.request, plan.outputs, force=plan.force):
                display.show(event)
                if isinstance(event, Fail):
                    display.clear()
                    return complain(RetoneError(event.code, event.message))
                if isinstance(event, Done):
                    display.clear()
        for path in plan.outputs:
            print(path)
        if plan.picture is not None:
            engine.draw(Path(plan.request.path), plan.outputs, plan.picture)
            print(plan.picture)
    finally:
        display.clear()
        runner.close()
    return 0


def _runner(plan: Plan, options: argparse.Namespace) -> Runner:
    if not options.no_service:
        service = AtService.found("127.0.0.1", options.port)
        if service is not None:
            return service
    return OwnEngine(engine_command(options.device, plan.request.model))
