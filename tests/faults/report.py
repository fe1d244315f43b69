"""One table of what the campaigns found, docs/reliability.md.

    python -m faults.report [--fresh]

Takes the figures in build/reliability that are younger than the code, and makes the others by the campaigns' small
versions; with --fresh it makes all of them.
"""

import argparse
import importlib
import json
import math
import subprocess
import sys
from pathlib import Path

from faults.figures import FOLDER

HOUSE = Path(__file__).parents[2]
PAGE = HOUSE / "docs" / "reliability.md"

# In the order of the table, with the options of the small version where they are not --small.
CAMPAIGNS = {
    "delivery": ["--small"],
    "kills": ["--small"],
    "isolation": ["--small"],
    "cancels": ["--small"],
    "pressure": ["--small"],
    "packets": ["--small"],
    "intruders": ["--small"],
    "bad_files": ["--small"],
    "disk": ["--small"],
    "soak": ["--minutes", "1.5"],  # too short to tell of growth: make soak
}

HEAD = """# What was tried against the service

Made by `make reliability`; do not edit by hand. Each row was printed by its command, run from `tests/`; `make faults`
runs the long versions and `make soak` the long-lasting one, and `make reliability` then takes their figures.

| claim | what was tried | times | what came out | command |
|---|---|---|---|---|
"""
TAIL = """
Where nothing went wrong in N trials, the chance of it in one trial like these is below 3/N at 95 % confidence: below
0.3 % after 1,000. It says nothing of what was not tried.

Measured on: {machines}.
"""


def main() -> int:
    """Makes what figures there are not, and the page; 1 when a campaign broke down, and the page stays as it was."""
    parser = argparse.ArgumentParser(prog="python -m faults.report")
    parser.add_argument("--fresh", action="store_true", help="run every campaign again")
    fresh = parser.parse_args().fresh
    youngest = max(path.stat().st_mtime for path in _code())
    broken = []
    for name, options in CAMPAIGNS.items():
        figures = FOLDER / f"{name}.json"
        if fresh or not figures.exists() or figures.stat().st_mtime < youngest:
            sys.stderr.write(f"{name} ...\n")
            command = [sys.executable, "-m", f"faults.{name}", *options]
            if subprocess.run(command, cwd=HOUSE / "tests", stdout=subprocess.DEVNULL).returncode:
                broken.append(name)
    if broken:
        sys.stderr.write(f"No page was made: {', '.join(broken)} broke down.\n")
        return 1
    PAGE.write_text(page([json.loads((FOLDER / f"{name}.json").read_text()) for name in CAMPAIGNS]))
    sys.stdout.write(f"{PAGE}\n")
    return 0


def page(kept):
    """The page of what the campaigns ``kept``: a mapping each, as ``figures.keep`` writes it."""
    lines = []
    for each in kept:
        for row in importlib.import_module(f"faults.{each['campaign']}").rows(each["figures"]):
            cells = (row.claim, row.tried, _number(row.times), row.outcome, f"`{each['command']}`")
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n")
    return HEAD + "".join(lines) + TAIL.format(machines="; ".join(dict.fromkeys(each["machine"] for each in kept)))


def _number(count):
    return f"{count:,}" if math.isfinite(count) else "none"


def _code():
    found = [path for folder in ("bridge", "engine", "tests/faults") for path in (HOUSE / folder).rglob("*.py")]
    return [path for path in found if not path.name.startswith("test_")]


if __name__ == "__main__":
    sys.exit(main())
