"""The command line in this process, with an engine that follows a script and notes what it is asked for."""

import json
import sys
from pathlib import Path

from bridge.harness import SCRIPT
from retone_bridge.cli import main

NO_SERVICE = ("--port", "1")  # nobody listens there

_NOTING = """
import runpy, sys

class Noting:
    def __init__(self, lines):
        self._lines = lines
    def __iter__(self):
        for line in self._lines:
            with open({notes!r}, "a") as file:
                file.write(line)
            yield line

sys.stdin = Noting(sys.stdin)
sys.argv = sys.argv[:1]
runpy.run_path({script!r}, run_name="__main__")
"""


def noting(notes):
    """The command of the scripted engine, which notes its orders in the file ``notes``."""
    return (sys.executable, "-c", _NOTING.format(notes=str(notes), script=SCRIPT[-1]))


def run(capsys, *arguments):
    """Runs a command; gives its exit status and what it printed."""
    try:
        status = main([str(argument) for argument in arguments])
    except SystemExit as exit_:
        status = exit_.code
    return status, *capsys.readouterr()


class Retone:
    """Runs commands; knows what they asked the engine for."""

    def __init__(self, notes, capsys):
        self._notes = notes
        self._capsys = capsys

    def __call__(self, *arguments):
        """Exit status, stdout, stderr."""
        return run(self._capsys, *arguments)

    @property
    def requests(self):
        orders = map(json.loads, self._notes.read_text().splitlines()) if self._notes.exists() else ()
        return [order["request"] for order in orders if order["do"] == "render"]


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())
