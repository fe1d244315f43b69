"""retone directions: what the model says may vary in a clip, as a listing, short previews and a picture."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from retone_bridge import engine, paths
from retone_bridge.commands import settings, work
from retone_bridge.protocol import Direction
from retone_bridge.terminal import table
from retone_engine.request import DirectionsRequest, RetoneError

_HEADS = ("direction", "variance", "seconds", "Hz", "plus", "minus")
LISTING, PICTURE = "directions.json", "directions.png"


def add(commands: Any) -> None:
    directions = commands.add_parser("directions", help="find the directions of a clip", description=__doc__)
    directions.add_argument("clip", metavar="IN", help="an audio file")
    directions.add_argument(
        "-o", "--output", metavar="DIR", help="a new folder, or an empty one (IN's name with -directions)"
    )
    directions.add_argument("--json", action="store_true", help="print the listing as JSON")
    directions.add_argument("--no-picture", action="store_true", help="draw none")
    settings.add_place(directions)
    settings.add_settings(directions, "directions", without=["only"])
    directions.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    source = work.clip(options.clip)
    request = DirectionsRequest.of(str(source), settings.collected(options, "directions"))
    if request.only is not None:
        why = "all previews are made here; make one of them once more with: retone again PREVIEW"
        raise RetoneError("bad_request", f"only is {request.only}; {why}.")
    folder = _folder(options.output, source)
    with _filled(folder, request):
        previews = tuple(folder / f"{label}.wav" for label in request.results)
        listing = _listing(source, request, work.have_done(request, previews, options))
        _write(folder / LISTING, listing)
        if not options.no_picture:
            engine.draw_directions(source, folder / LISTING, folder / PICTURE)
    if options.json:
        print(json.dumps({"folder": str(folder), **listing}, indent=2))
    else:
        print(table([_HEADS, *_rows(listing)]))
        print(f"\n{folder}")
    return 0


def _folder(given: str | None, source: Path) -> Path:
    """Where the previews go; raises RetoneError unless it is new or empty, in a folder that is there."""
    if given is None:
        folder = work.free(source.with_name(f"{source.stem}-directions"))
    else:
        folder = Path(given).expanduser().absolute()
    parent = paths.folder(str(folder.parent))
    folder = parent / folder.name
    if not folder.is_dir():
        paths.check_new(folder)
    elif any(folder.iterdir()):
        raise RetoneError("output_exists", f"{folder} is not empty, and nothing is mixed; name a new folder with -o.")
    paths.check_room(folder if folder.is_dir() else parent)
    return folder


@contextmanager
def _filled(folder: Path, request: DirectionsRequest) -> Iterator[None]:
    """``folder``, made unless it is there; where anything fails, nothing of this is left."""
    new = not folder.is_dir()
    if new:
        folder.mkdir()
    try:
        yield
    except BaseException:
        if new:
            shutil.rmtree(folder)
        else:
            for name in (*(f"{label}.wav" for label in request.results), LISTING, PICTURE):
                (folder / name).unlink(missing_ok=True)
        raise


def _listing(source: Path, request: DirectionsRequest, told: list[Direction]) -> dict[str, Any]:
    """What was found, for programs: places in frames of the file, shares of 1, files beside the listing."""
    import soundfile  # takes a while, which other commands need not wait for

    found = {direction.direction: direction for direction in told}
    if len(found) < request.count:
        raise RetoneError("internal", f"The engine told of {len(found)} directions; {request.count} were asked for.")
    return {
        "clip": source.name,
        "rate": soundfile.info(source).samplerate,
        "directions": [
            {
                "direction": number,
                "share": _short(each.share),
                "start": each.start,
                "frames": each.frames,
                "low_hz": _short(each.low_hz),
                "high_hz": _short(each.high_hz),
                "plus": f"{number}-plus.wav",
                "minus": f"{number}-minus.wav",
            }
            for number, each in sorted(found.items())
        ],
    }


def _write(path: Path, listing: Mapping[str, Any]) -> None:
    try:
        path.write_text(json.dumps(listing, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise RetoneError("cannot_write", f"{path} cannot be written: {error.strerror}.") from error


def _rows(listing: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    for each in listing["directions"]:
        begin, end = (frame / listing["rate"] for frame in (each["start"], each["start"] + each["frames"]))
        band = f"{each['low_hz']:.0f} - {each['high_hz']:.0f}"
        share = f"{100 * each['share']:.2g} %"
        yield each["direction"], share, f"{begin:.2f} - {end:.2f}", band, each["plus"], each["minus"]


def _short(number: float) -> float:
    """Without the digits that a way through OSC's floats adds."""
    return float(f"{number:.6g}")
