"""The paper that spectrograms are drawn on: panels with their axes, one scale of level, one palette."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from retone_engine.audio.atomic import place
from retone_engine.audio.files import Samples
from retone_engine.spectrograms import LOW_HZ, Numbers

# Drawn at twice the size at which it is read: sharp on dense screens.
WIDTH = 1840
LEFT, RIGHT = 132, 172  # the room of the frequencies, and of the levels
_LABEL, _SMALL = 28, 24
_PAPER, _INK, _SOFT = (19, 20, 32), (240, 238, 234), (158, 160, 178)
# Lightness rises evenly, from night blue through violet and coral to cream.
_COLOURS = (
    (9, 10, 22), (34, 20, 72), (80, 28, 112), (134, 40, 120), (188, 58, 106), (230, 96, 82), (248, 152, 86),
    (252, 206, 134), (255, 250, 224),
)  # fmt: skip
_SHADES = 208  # of the picture's 256 colours; the rest is for the letters' edges
_RANGE_DB = 72
_TICKS_HZ = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)


@dataclass(frozen=True)
class Panel:
    """A rectangle of the sheet, in pixels, that stands for ``seconds`` from ``begin`` on and for LOW_HZ to ``high``."""

    left: int
    top: int
    width: int
    height: int
    begin: float
    seconds: float
    high: float

    @property
    def bottom(self) -> int:
        return self.top + self.height

    def x(self, second: float) -> float:
        return self.left + self.width * (second - self.begin) / self.seconds

    def y(self, hertz: float) -> float:
        return float(self.top + self.height * np.log(self.high / hertz) / np.log(self.high / LOW_HZ))


class Sheet:
    """A picture of ``height`` pixels and ``WIDTH``; everything on it shares one scale of level."""

    def __init__(self, height: int) -> None:
        self._image = Image.new("RGB", (WIDTH, height), _PAPER)
        self._draw = ImageDraw.Draw(self._image)

    def line(self, x: int, y: int, text: str, size: int = _LABEL) -> None:
        """``text`` on its base line, its end left out where it would run past the panels."""
        shown = text
        while self._draw.textlength(shown, _font(size)) > WIDTH - RIGHT - x:
            text = text[:-1]
            shown = text.rstrip() + "..."
        self._draw.text((x, y), shown, _INK, _font(size), anchor="ls")

    def plane(self, panel: Panel, level: Samples, loudest: float) -> None:
        """``level`` in dB (height, width), the brightest where it is ``loudest``."""
        self._image.paste(_coloured(1 + (level - loudest) / _RANGE_DB), (panel.left, panel.top))

    def frame(self, panel: Panel, begin: float, end: float, low: float, high: float) -> None:
        """A line around the seconds ``begin`` to ``end`` and the frequencies ``low`` to ``high``, open where they leave
        the panel."""
        box = (panel.left, panel.top, panel.left + panel.width, panel.bottom)
        inside = self._image.crop(box)
        left, right = (panel.x(second) - panel.left for second in (begin, end))
        top, bottom = (panel.y(max(hertz, 1.0)) - panel.top for hertz in (high, low))
        ImageDraw.Draw(inside).rectangle((left, top, right, bottom), outline=_INK, width=2)
        self._image.paste(inside, box)

    def frequencies(self, panel: Panel) -> None:
        for hertz in _TICKS_HZ:
            if hertz > panel.high:
                break
            y = panel.y(hertz)
            self._draw.line((panel.left - 12, y, panel.left - 4, y), _SOFT, 2)
            name = f"{hertz // 1000}k" if hertz >= 1000 else str(hertz)
            self._draw.text((panel.left - 22, y), name, _SOFT, _font(_SMALL), anchor="rm")
        self._draw.text((panel.left - 22, panel.top - 14), "Hz", _SOFT, _font(_SMALL), anchor="rs")

    def times(self, panel: Panel, about: int, *, named: bool = True) -> None:
        """``about`` as many ticks at round seconds below the panel, ``named`` by their numbers."""
        step = _step(panel.seconds, about)
        first = int(np.ceil(panel.begin / step - 1e-9))
        for index in range(first, int((panel.begin + panel.seconds) / step + 1e-9) + 1):
            x = panel.x(index * step)
            self._draw.line((x, panel.bottom + 4, x, panel.bottom + 12), _SOFT, 2)
            if named:
                text = f"{index * step:.6g}"
                self._draw.text((x, panel.bottom + 22), text, _SOFT, _font(_SMALL), anchor="mt")

    def seconds(self, panel: Panel) -> None:
        """What the numbers below the panel are."""
        middle = panel.left + panel.width / 2
        self._draw.text((middle, panel.bottom + 64), "seconds", _SOFT, _font(_SMALL), anchor="mt")

    def levels(self, top: int, bottom: int) -> None:
        """The scale of level, at the right."""
        left, width, height = WIDTH - RIGHT + 32, 24, bottom - top
        self._image.paste(_coloured(np.linspace(1, 0, height)[:, None].repeat(width, axis=1)), (left, top))
        for decibel in range(0, _RANGE_DB + 1, 12):
            y = top + (height - 1) * decibel / _RANGE_DB
            self._draw.line((left + width + 4, y, left + width + 12, y), _SOFT, 2)
            name = f"-{decibel}" if decibel else "0"
            self._draw.text((left + width + 22, y), name, _SOFT, _font(_SMALL), anchor="lm")
        self._draw.text((left, top - 14), "dB", _SOFT, _font(_SMALL), anchor="ls")

    def write(self, path: str | Path) -> None:
        """Write the PNG ``path``, in place of one that is there.

        Raises RetoneError(no_such_folder, disk_full, cannot_write).
        """

        def fill(file: BinaryIO) -> None:
            self._image.quantize(palette=_palette(), dither=Image.Dither.NONE).save(file, "PNG", optimize=True)

        place(path, fill, overwrite=True)


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


def _step(seconds: float, count: int) -> float:
    """A round distance between ticks that gives about ``count`` of them."""
    size = 10.0 ** np.floor(np.log10(seconds / count))
    return float(min((size * m for m in (1, 2, 5, 10)), key=lambda step: abs(np.log(seconds / step / count))))


@cache
def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)
