"""The command line. Commands import what they need when they run, so that this starts in a blink."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence

from retone_bridge.commands import demo, edit, inspect, send, serve
from retone_bridge.terminal import EXITS, complain
from retone_engine.request import RetoneError

_EPILOG = "exit status: 0 done; " + "; ".join(f"{status} {meaning}" for status, (meaning, _) in EXITS.items()) + "."


def parser() -> argparse.ArgumentParser:
    """What ``retone`` takes."""
    top = argparse.ArgumentParser(
        prog="retone", description="Edit clips by a text prompt, on your own machine.", epilog=_EPILOG
    )
    top.add_argument("--version", action=_Version, nargs=0, help="print the version")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (demo, serve, edit, send, inspect):
        module.add(commands)
    for command in commands.choices.values():
        command.epilog = _EPILOG
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; gives the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a file's name may hold bytes that are no text
            stream.reconfigure(errors="surrogateescape")
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except RetoneError as error:
        return complain(error)
    except KeyboardInterrupt:
        sys.stderr.write("retone: interrupted\n")
        return 130


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> None:
        from importlib.metadata import version

        print(f"retone {version('retone')}")
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
