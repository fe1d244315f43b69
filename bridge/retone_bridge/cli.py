"""The command line. Commands import what they need when they run, so that this starts in a blink."""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from collections.abc import Sequence

from retone_bridge.commands import again, demo, directions, edit, inspect, install, models, preset, send, serve, steer
from retone_bridge.terminal import EXITS, complain
from retone_engine.request import RetoneError

# What a shell gives a program that a broken pipe ended.
_NOBODY_READS = 141
_AMOUNTS = re.compile(r"-[0-9.][-+0-9.e, ]*")
_EPILOG = "exit status: 0 done; " + "; ".join(f"{status} {meaning}" for status, (meaning, _) in EXITS.items()) + "."


def parser() -> argparse.ArgumentParser:
    """What ``retone`` takes."""
    top = argparse.ArgumentParser(
        prog="retone",
        description="Edit clips by a text prompt, or along directions found in them, on your own machine.",
        epilog=_EPILOG,
    )
    top.add_argument("--version", action=_Version, nargs=0, help="print the version")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (demo, serve, edit, directions, steer, again, send, preset, models, inspect, install):
        module.add(commands)
    for command in commands.choices.values():
        command.epilog = _EPILOG
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; gives the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a file's name may hold bytes that are no text
            stream.reconfigure(errors="surrogateescape")
    options = _parsed(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(options)
    except RetoneError as error:
        return complain(error)
    except KeyboardInterrupt:
        sys.stderr.write("retone: interrupted\n")
        return 130


def _run(options: argparse.Namespace) -> int:
    """Runs the command; ends it quietly when whoever read what it prints has had enough, as ``head`` has."""
    try:
        status = int(options.run(options))
        if sys.stdout is not None:  # as under pythonw
            sys.stdout.flush()
    except BrokenPipeError:
        # What is left in the buffer would be tried again at the end, and complained of.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        return _NOBODY_READS
    return status


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The arguments, read, with two things that argparse misunderstands put right."""
    words: list[str] = []
    for word in arguments:
        # A list that begins with a minus looks like an option to it, unless it hangs together with its own, or a space
        # stands before it.
        if words and words[-1] == "--amount" and _AMOUNTS.fullmatch(word):
            words[-1] += f"={word}"
        elif words[:1] == ["send"] and "," in word and _AMOUNTS.fullmatch(word):
            words.append(f" {word}")
        else:
            words.append(word)
    top = parser()
    options, rest = top.parse_known_args(words)
    # A prompt that may be left out is taken to be so where options stand before it.
    if options.run is edit.run and options.prompt is None and len(rest) == 1 and not rest[0].startswith("-"):
        options.prompt = rest.pop()
    if rest:
        top.error(f"unrecognized arguments: {' '.join(rest)}")
    return options


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> None:
        from importlib.metadata import version

        print(f"retone {version('retone')}")
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
