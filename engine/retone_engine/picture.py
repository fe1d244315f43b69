"""A clip and what became of it, as one picture of spectrograms on the same scales.

``python -m retone_engine.picture BEFORE AFTER ... --output PNG`` draws edits one under the other, and
``python -m retone_engine.picture BEFORE --directions LISTING --output PNG`` the previews of a clip's directions, a row
for each. An AFTER stands for the part of BEFORE that its recipe names. No torch is needed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retone_engine.audio.files import Clip, Samples, read
from retone_engine.recipe import Recipe
from retone_engine.request import RetoneError
from retone_engine.sheet import LEFT, RIGHT, WIDTH, Panel, Sheet
from retone_engine.spectrograms import HIGH_HZ, spectrogram

_TOP, _GAP, _BOTTOM, _HEIGHT = 92, 88, 116, 400
_COLUMNS = ("the clip", "minus", "plus")
_HEAD, _ROW_HEIGHT, _ROW_GAP, _COLUMN_GAP = 146, 300, 124, 28


@dataclass(frozen=True)
class Row:
    """One direction in the picture of all.

    ``source``: the piece of the clip that the previews ``minus`` and ``plus`` stand for. ``share``: the direction's
    part of the variance, 0 to 1. It acts from second ``begin`` to ``end`` of the file and from ``low_hz`` to
    ``high_hz``.
    """

    number: int
    share: float
    begin: float
    end: float
    low_hz: float
    high_hz: float
    source: Clip
    minus: Samples
    plus: Samples

    @property
    def clips(self) -> tuple[Samples, Samples, Samples]:
        """What stands in the columns."""
        return self.source.samples, self.minus, self.plus

    def label(self) -> str:
        """What stands above the row."""
        when = f"{self.begin:.2f} to {self.end:.2f} s"
        band = f"{self.low_hz:.0f} to {self.high_hz:.0f} Hz"
        return f"direction {self.number}: {100 * self.share:.2g} % of the variance, {when}, {band}"


def compare(
    before: Samples,
    afters: Sequence[Samples],
    rate: int,
    path: str | Path,
    labels: Sequence[str],
    *,
    begin: float = 0.0,
) -> None:
    """Write the PNG ``path``: a spectrogram of ``before`` (channels, frames) and one of each of ``afters``.

    ``labels``: one for ``before`` and one for each of ``afters``. Time runs from second ``begin`` on, which the first
    frame of all is, frequency on a logarithmic axis, level in dB under the loudest point of all. An existing picture is
    replaced.
    Raises RetoneError(empty_audio, no_such_folder, disk_full, cannot_write).
    """
    clips = [before, *afters]
    if len(labels) != len(clips):
        raise ValueError(f"{len(labels)} labels came for {len(clips)} clips")
    seconds = max(clip.shape[1] for clip in clips) / rate
    high = min(HIGH_HZ, rate / 2)
    tops = [_TOP + index * (_HEIGHT + _GAP) for index in range(len(clips))]
    panels = [Panel(LEFT, top, WIDTH - LEFT - RIGHT, _HEIGHT, begin, seconds, high) for top in tops]
    sheet = Sheet(panels[-1].bottom + _BOTTOM)
    _spectrograms(sheet, list(zip(panels, clips, strict=True)), rate)
    for panel, label in zip(panels, labels, strict=True):
        sheet.line(panel.left, panel.top - 14, label)
        sheet.frequencies(panel)
        sheet.times(panel, 8, named=panel is panels[-1])
    sheet.seconds(panels[-1])
    sheet.write(path)


def compare_directions(rows: Sequence[Row], path: str | Path) -> None:
    """Write the PNG ``path``: a row for each direction, with its piece of the clip and a step to both its sides.

    Each row has its own seconds, of the file; a frame shows when and on which frequencies the direction acts. Level is
    in dB under the loudest point of all. An existing picture is replaced.
    Raises RetoneError(empty_audio, no_such_folder, disk_full, cannot_write).
    """
    rate = rows[0].source.rate
    width = (WIDTH - LEFT - RIGHT - (len(_COLUMNS) - 1) * _COLUMN_GAP) // len(_COLUMNS)
    lefts = [LEFT + index * (width + _COLUMN_GAP) for index in range(len(_COLUMNS))]

    def panels_of(index: int, row: Row) -> list[Panel]:
        top = _HEAD + index * (_ROW_HEIGHT + _ROW_GAP)
        begin, seconds = row.source.start / rate, row.source.frames / rate
        return [Panel(left, top, width, _ROW_HEIGHT, begin, seconds, min(HIGH_HZ, rate / 2)) for left in lefts]

    grid = [(row, panels_of(index, row)) for index, row in enumerate(rows)]
    sheet = Sheet(_HEAD + len(rows) * (_ROW_HEIGHT + _ROW_GAP))
    drawn = [pair for row, panels in grid for pair in zip(panels, row.clips, strict=True)]
    _spectrograms(sheet, drawn, rate)
    for left, name in zip(lefts, _COLUMNS, strict=True):
        sheet.line(left, 52, name, 32)
    for row, panels in grid:
        sheet.line(LEFT, panels[0].top - 14, row.label())
        sheet.frequencies(panels[0])
        for panel in panels:
            sheet.frame(panel, row.begin, row.end, row.low_hz, row.high_hz)
            sheet.times(panel, 4)
    for panel in grid[-1][1]:
        sheet.seconds(panel)
    sheet.write(path)


def _spectrograms(sheet: Sheet, drawn: Sequence[tuple[Panel, Samples]], rate: int) -> None:
    """The clips in their panels, and the scale that they share."""
    if min(clip.shape[1] for _, clip in drawn) < 1:
        raise RetoneError("empty_audio", "There is nothing to draw: a clip holds no frames.")
    planes = [spectrogram(clip, rate, at.seconds, at.high, at.width, at.height) for at, clip in drawn]
    loudest = max(float(plane.max()) for plane in planes)
    for (panel, _), plane in zip(drawn, planes, strict=True):
        sheet.plane(panel, plane, loudest)
    sheet.levels(drawn[0][0].top, drawn[-1][0].bottom)


def rows_of(before: str | Path, listing: str | Path) -> list[Row]:
    """The rows of the directions that the JSON file ``listing`` names, with the previews that lie beside it.

    Raises RetoneError(bad_request) where it is no such listing, and what ``read`` raises.
    """
    try:
        told = json.loads(Path(listing).read_text(encoding="utf-8"))["directions"]
        if not told:
            raise ValueError("it lists none")
        return [_row(before, Path(listing).parent, each) for each in told]
    except FileNotFoundError:
        raise RetoneError("no_such_file", f"There is no listing {listing}.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise RetoneError("bad_request", f"{listing} is no listing of directions ({error!r}).") from error


def _row(before: str | Path, folder: Path, told: Mapping[str, Any]) -> Row:
    minus, plus = (read(folder / told[side]) for side in ("minus", "plus"))
    source = read(before, _start_of(plus.path), plus.frames)
    return Row(
        number=int(told["direction"]),
        share=float(told["share"]),
        begin=told["start"] / source.rate,
        end=(told["start"] + told["frames"]) / source.rate,
        low_hz=float(told["low_hz"]),
        high_hz=float(told["high_hz"]),
        source=source,
        minus=minus.samples,
        plus=plus.samples,
    )


def _start_of(result: str | Path) -> int:
    """The frame of the clip where ``result`` begins; one without a recipe stands for the clip's beginning."""
    try:
        return int(Recipe.from_file(result).source["start"])
    except RetoneError as error:
        if error.code != "unreadable_audio":
            raise
        return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw what is asked for; 0 when it is drawn, 1 when not, 2 on a wrong call."""
    parser = argparse.ArgumentParser(prog="python -m retone_engine.picture")
    parser.add_argument("before", help="the clip")
    parser.add_argument("after", nargs="*", help="edits of one region of it")
    parser.add_argument("--directions", metavar="LISTING", help="the JSON file beside the previews")
    parser.add_argument("--output", required=True, metavar="PNG")
    options = parser.parse_args(arguments)
    if bool(options.after) == bool(options.directions):
        parser.error("name edits, or the --directions")
    try:
        if options.directions:
            compare_directions(rows_of(options.before, options.directions), options.output)
        else:
            afters = [read(path) for path in options.after]
            before = read(options.before, _start_of(options.after[0]), afters[0].frames)
            labels = ["before", *(Path(path).stem for path in options.after)]
            edits, begin = [after.samples for after in afters], before.start / before.rate
            compare(before.samples, edits, before.rate, options.output, labels, begin=begin)
    except RetoneError as error:
        sys.stderr.write(f"{error.code}: {error.message}\n")
        return 1
    json.dump({"picture": options.output}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
