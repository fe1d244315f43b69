"""Before and after, as one picture: spectrograms on the same scales, one under the other.

``python -m retone_engine.picture BEFORE AFTER ... --output PNG`` draws one; no torch is needed for it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from retone_engine.audio.atomic import place
from retone_engine.audio.files import Samples, read
from retone_engine.request import RetoneError

# Drawn at twice the size at which it is read: sharp on dense screens.
WIDTH = 1840
_LEFT, _RIGHT, _TOP, _TITLE, _GAP, _BOTTOM = 132, 172, 92, 76, 88, 116
_HEIGHT = 400
_PAPER, _INK, _SOFT = (19, 20, 32), (240, 238, 234), (158, 160, 178)
# Lightness rises evenly, from night blue through violet and coral to cream.
_COLOURS = (
    (9, 10, 22), (34, 20, 72), (80, 28, 112), (134, 40, 120), (188, 58, 106), (230, 96, 82), (248, 152, 86),
    (252, 206, 134), (255, 250, 224),
)  # fmt: skip
_SHADES = 208  # of the picture's 256 colours; the rest is for the letters' edges
_RANGE_DB = 72
_LOW_HZ, _HIGH_HZ = 40.0, 16_000.0
_TICKS_HZ = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
# Seconds of a window, and the frequencies from which it and the next, shorter one take over within an octave.
_WINDOWS = ((0.185, 1.0, 250.0), (0.093, 250.0, 1_000.0), (0.046, 1_000.0, 1e6))
_COLUMNS_AT_ONCE = 64

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class _Panel:
    top: int
    left: int = _LEFT
    width: int = WIDTH - _LEFT - _RIGHT
    height: int = _HEIGHT


def compare(
    before: Samples, afters: Sequence[Samples], rate: int, path: str | Path, labels: Sequence[str], title: str = ""
) -> None:
    """Write the PNG ``path``: a spectrogram of ``before`` (channels, frames) and one of each of ``afters``.

    ``labels``: one for ``before`` and one for each of ``afters``. Time runs from the clips' first frame, frequency on a
    logarithmic axis, level in dB under the loudest point of all. An existing picture is replaced.
    Raises RetoneError(empty_audio, no_such_folder, disk_full, cannot_write).
    """
    clips = [before, *afters]
    if len(labels) != len(clips):
        raise ValueError(f"{len(labels)} labels came for {len(clips)} clips")
    if min(clip.shape[1] for clip in clips) < 1:
        raise RetoneError("empty_audio", "There is nothing to draw: a clip holds no frames.")
    head = _TOP + (_TITLE if title else 0)
    panels = [_Panel(head + index * (_HEIGHT + _GAP)) for index in range(len(clips))]
    sheet = Image.new("RGB", (WIDTH, panels[-1].top + _HEIGHT + _BOTTOM), _PAPER)
    draw = ImageDraw.Draw(sheet)
    _line(draw, (_LEFT, 74), title, 40)
    seconds = max(clip.shape[1] for clip in clips) / rate
    high = min(_HIGH_HZ, rate / 2)
    planes = [_plane(clip, rate, seconds, high, panels[0]) for clip in clips]
    loudest = max(float(plane.max()) for plane in planes)
    for plane, panel, label in zip(planes, panels, labels, strict=True):
        sheet.paste(_coloured(1 + (plane - loudest) / _RANGE_DB), (panel.left, panel.top))
        _line(draw, (panel.left, panel.top - 14), label, 28)
        _frequencies(draw, panel, high)
        _times(draw, panel, seconds, named=panel is panels[-1])
    _levels(sheet, draw, panels[0].top, panels[-1].top + _HEIGHT)

    def fill(file: BinaryIO) -> None:
        sheet.quantize(palette=_palette(), dither=Image.Dither.NONE).save(file, "PNG", optimize=True)

    place(path, fill, overwrite=True)


def _plane(clip: Samples, rate: int, seconds: float, high: float, panel: _Panel) -> Samples:
    """Level in dB of each point (height, width), the highest frequency in the first row.

    Long windows tell low notes apart, short ones place the attacks of high ones: each row takes the window that suits
    its frequency.
    """
    rows = high * (_LOW_HZ / high) ** ((np.arange(panel.height) + 0.5) / panel.height)
    plane = np.zeros((panel.height, panel.width), np.float32)
    for window_seconds, since, until in _WINDOWS:
        share = _risen(rows, since) - _risen(rows, until)
        used = np.flatnonzero(share)
        if not used.size:
            continue
        size = 2 ** max(4, round(np.log2(window_seconds * rate)))
        reading = _reading(rows, rate, size)[used]
        bins = int(np.flatnonzero(reading.any(axis=0))[-1]) + 1
        for first, power in _powers(clip, rate, seconds, size, panel.width):
            # The square of a Hann window's sum is size^2 / 4: a tone reads the same in each window.
            level = 10 * np.log10(reading[:, :bins] @ power[:, :bins].T * (4 / size**2) + 1e-12)
            plane[used, first : first + level.shape[1]] += share[used, None] * level
    return plane


def _risen(rows: Numbers, hertz: float) -> Numbers:
    """0 below ``hertz``, 1 from an octave above."""
    risen: Numbers = np.clip(np.log2(rows / hertz), 0, 1)
    return risen


def _powers(clip: Samples, rate: int, seconds: float, size: int, columns: int) -> Iterator[tuple[int, Samples]]:
    """Power spectra (columns, bins) of Hann windows, meaned over the channels: blocks, and the first column of each.

    A column of a long clip is the mean of as many windows as leave no gap in it.
    """
    frames = clip.shape[1]
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    many = max(1, round(2 * seconds * rate / columns / size))
    for first in range(0, columns, _COLUMNS_AT_ONCE):
        last = min(first + _COLUMNS_AT_ONCE, columns)
        centres = (np.arange(first * many, last * many) + 0.5) / (columns * many) * seconds * rate
        begins = np.round(centres).astype(np.int64) - size // 2
        places = begins[:, None] + np.arange(size)
        inside = (places >= 0) & (places < frames)
        power = np.zeros((len(begins), size // 2 + 1), np.float32)
        for channel in clip:
            cut = channel[np.clip(places, 0, frames - 1)] * inside
            power += np.abs(np.fft.rfft(cut * window)) ** 2 / len(clip)
        yield first, power.reshape(last - first, many, -1).mean(axis=1)


def _reading(rows: Numbers, rate: int, size: int) -> Samples:
    """Weights (rows, bins): a way between two bins where rows lie closer, the mean of several where they do not."""
    places = rows * size / rate
    reach = np.maximum(1, np.abs(np.gradient(places)))
    weights = np.maximum(0, 1 - np.abs(np.arange(size // 2 + 1) - places[:, None]) / reach[:, None])
    reading: Samples = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return reading


def _shades(count: int) -> Numbers:
    places = np.linspace(0, len(_COLOURS) - 1, count)
    anchors = np.asarray(_COLOURS, float)
    shades: Numbers = np.stack([np.interp(places, range(len(anchors)), column) for column in anchors.T], axis=1)
    return shades


def _coloured(plane: Samples | Numbers) -> Image.Image:
    """``plane`` (height, width) of 0..1 in the picture's colours."""
    index = np.round(np.clip(np.asarray(plane, float), 0, 1) * (_SHADES - 1)).astype(np.int64)
    return Image.fromarray(np.round(_shades(_SHADES)).astype(np.uint8)[index])


def _palette() -> Image.Image:
    """The 256 colours: the shades, and the letters' way from paper to ink."""
    way = np.linspace(0, 1, (256 - _SHADES) // 2)[:, None]
    paper = np.array(_PAPER, float)
    edges = [paper + way * (np.array(letters, float) - paper) for letters in (_INK, _SOFT)]
    image = Image.new("P", (1, 1))
    image.putpalette(np.round(np.concatenate([_shades(_SHADES), *edges])).astype(np.uint8).tobytes())
    return image


def _line(draw: ImageDraw.ImageDraw, place: tuple[int, int], text: str, size: int) -> None:
    """``text`` on its base line, its end left out where it would run out of the panel's width."""
    room = WIDTH - _RIGHT - place[0]
    shown = text
    while draw.textlength(shown, _font(size)) > room:
        text = text[:-1]
        shown = text.rstrip() + "..."
    draw.text(place, shown, _INK, _font(size), anchor="ls")


def _frequencies(draw: ImageDraw.ImageDraw, panel: _Panel, high: float) -> None:
    for hertz in _TICKS_HZ:
        if hertz > high:
            break
        y = panel.top + panel.height * np.log(high / hertz) / np.log(high / _LOW_HZ)
        draw.line((panel.left - 12, y, panel.left - 4, y), _SOFT, 2)
        name = f"{hertz // 1000}k" if hertz >= 1000 else str(hertz)
        draw.text((panel.left - 22, y), name, _SOFT, _font(24), anchor="rm")
    draw.text((panel.left - 22, panel.top - 14), "Hz", _SOFT, _font(24), anchor="rs")


def _times(draw: ImageDraw.ImageDraw, panel: _Panel, seconds: float, named: bool) -> None:
    step = _step(seconds)
    bottom = panel.top + panel.height
    for index in range(int(seconds / step + 1e-9) + 1):
        x = panel.left + panel.width * index * step / seconds
        draw.line((x, bottom + 4, x, bottom + 12), _SOFT, 2)
        if named:
            draw.text((x, bottom + 22), f"{index * step:g}", _SOFT, _font(24), anchor="mt")
    if named:
        draw.text((panel.left + panel.width / 2, bottom + 64), "seconds", _SOFT, _font(24), anchor="mt")


def _step(seconds: float) -> float:
    """A round distance between ticks that gives about eight of them."""
    size = 10.0 ** np.floor(np.log10(seconds / 8))
    return float(min((size * m for m in (1, 2, 5, 10)), key=lambda step: abs(np.log(seconds / step / 8))))


def _levels(sheet: Image.Image, draw: ImageDraw.ImageDraw, top: int, bottom: int) -> None:
    left, width, height = WIDTH - _RIGHT + 32, 24, bottom - top
    sheet.paste(_coloured(np.linspace(1, 0, height)[:, None].repeat(width, axis=1)), (left, top))
    for decibel in range(0, _RANGE_DB + 1, 12):
        y = top + (height - 1) * decibel / _RANGE_DB
        draw.line((left + width + 4, y, left + width + 12, y), _SOFT, 2)
        draw.text((left + width + 22, y), f"-{decibel}" if decibel else "0", _SOFT, _font(24), anchor="lm")
    draw.text((left, top - 14), "dB", _SOFT, _font(24), anchor="ls")


@cache
def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw a clip's region and what became of it; 0 when it is drawn, 1 when not, 2 on a wrong call."""
    parser = argparse.ArgumentParser(prog="python -m retone_engine.picture")
    parser.add_argument("before")
    parser.add_argument("after", nargs="+")
    parser.add_argument("--output", required=True)
    parser.add_argument("--region-start", type=int, default=0, help="first frame of BEFORE that AFTER stands for")
    options = parser.parse_args(arguments)
    try:
        afters = [read(path) for path in options.after]
        before = read(options.before, options.region_start, afters[0].frames)
        labels = ["before", *(Path(path).stem for path in options.after)]
        compare(before.samples, [after.samples for after in afters], before.rate, options.output, labels)
    except RetoneError as error:
        sys.stderr.write(f"{error.code}: {error.message}\n")
        return 1
    json.dump({"picture": options.output}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
