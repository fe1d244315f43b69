"""Builds the device from its sources: ``python max_for_live/build.py`` writes Retone.amxd.

With ``--check`` nothing is written; it fails where the device is not what the sources build.
"""

import argparse
import json
import sys
from pathlib import Path

from amxd import File, freeze
from bundle import bundle
from patch import patcher

HERE = Path(__file__).parent
DEVICE = HERE / "Retone.amxd"
SCRIPT = "retone-device.js"


def files() -> list[File]:
    """What the device holds beside its patch: the one script, the displays and the pictures, by name."""
    modules = {path.stem: path.read_text(encoding="utf-8") for path in (HERE / "device").glob("*.js")}
    found = [File(SCRIPT, bundle(modules).encode())]
    for path in [*(HERE / "display").glob("*.js"), *(HERE / "pictures").glob("*.svg")]:
        # Read as text, so that line ends are the same on every system.
        found.append(File(path.name, path.read_text(encoding="utf-8").encode()))
    return sorted(found, key=lambda file: file.name)


def build() -> bytes:
    """The device's bytes: the same for the same sources, whenever and wherever."""
    held = files()
    patch = json.dumps(patcher(SCRIPT, [file.name for file in held]), indent=1, sort_keys=True, ensure_ascii=False)
    return freeze(File(DEVICE.name, patch.encode()), held)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="fail where the device is not what the sources build")
    asked = parser.parse_args(arguments)
    built = build()
    if not asked.check:
        DEVICE.write_bytes(built)
        print(f"{DEVICE}: {len(built)} bytes")
        return 0
    if DEVICE.is_file() and DEVICE.read_bytes() == built:
        return 0
    print(f"{DEVICE} is not what its sources build: run `make device` and commit it.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
