"""Before and after, as one picture: spectrograms with the same scales, one under the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from retone_engine.audio.atomic import place
from retone_engine.audio.files import Samples
from retone_engine.audio.spectra import Spectra
from retone_engine.request import RetoneError

# Everything is drawn at twice the size at which it is read: sharp on dense screens.
WIDTH = 1800
_PLOT_HEIGHT, _LEFT, _RIGHT, _TOP, _GAP, _BOTTOM = 380, 128, 168, 40, 84, 92
_INK, _SOFT, _PAPER, _LINE = (28, 30, 40), (110, 114, 128), (255, 255, 255), (214, 217, 225)
_RANGE_DB = 72.0
_LOW_HZ, _HIGH_HZ = 40.0, 16_000.0
_TICKS_HZ = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000)
# Lightness rises evenly from night blue through violet and coral to cream.
_ANCHORS = ((8, 9, 24), (38, 22, 78), (88, 30, 116), (144, 42, 122), (198, 62, 104), (238, 104, 80), (250, 160, 90),
            (252, 210, 138), (255, 248, 220))  # fmt: skip


@dataclass(frozen=True)
class _Frame:
    left: int
    top: int
    width: int
    height: int


def compare(
    before: Samples, afters: Sequence[Samples], rate: int, path: str | Path, labels: Sequence[str], title: str = ""
) -> None:
    """Write the PNG ``path``: a spectrogram of ``before`` (channels, frames) and one of each of ``afters``.

    ``labels``: one for ``before`` and one for each of ``afters``. Time runs from the clip's first frame, frequency on a
    logarithmic axis, level in dB under the loudest point of all. An existing picture is replaced.
    Raises RetoneError(no_such_folder, disk_full, cannot_write, empty_audio).
    """
    clips = [before, *afters]
    if len(labels) != len(clips):
        raise ValueError(f"{len(labels)} labels came for {len(clips)} clips")
    if min(clip.shape[1] for clip in clips) < 1:
        raise RetoneError("empty_audio", "There is nothing to draw: a clip holds no frames.")
    head = 74 if title else 0
    height = head + _TOP + len(clips) * _PLOT_HEIGHT + (len(clips) - 1) * _GAP + _BOTTOM
    sheet = Image.new("RGB", (WIDTH, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    if title:
        draw.text((_LEFT, 30), title, _INK, _font(38))
    seconds = max(clip.shape[1] for clip in clips) / rate
    high = min(_HIGH_HZ, rate / 2)
    plot_width = WIDTH - _LEFT - _RIGHT
    planes = [_plane(clip, rate, high, seconds, plot_width, _PLOT_HEIGHT) for clip in clips]
    loudest = max(float(plane.max()) for plane in planes)
    for index, (plane, label) in enumerate(zip(planes, labels, strict=True)):
        frame = _Frame(_LEFT, head + _TOP + index * (_PLOT_HEIGHT + _GAP), plot_width, _PLOT_HEIGHT)
        sheet.paste(_coloured((plane - loudest) / _RANGE_DB + 1), (frame.left, frame.top))
        draw.text((frame.left, frame.top - 40), label, _INK, _font(26))
        _frequency_axis(draw, frame, high)
        _time_axis(draw, frame, seconds, named=index == len(clips) - 1)
    _scale(sheet, draw, _Frame(WIDTH - _RIGHT + 28, head + _TOP, 24, _PLOT_HEIGHT))
    place(path, partial(_save, sheet), overwrite=True)


def _save(sheet: Image.Image, file: BinaryIO) -> None:
    sheet.quantize(256, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)


def _plane(clip: Samples, rate: int, high: float, seconds: float, width: int, height: int) -> Samples:
    """Level in dB of each point, (height, width), the highest frequency first."""
    spectra = Spectra.of(rate, 0.046)
    mono = clip.mean(axis=0, keepdims=True, dtype=np.float32)
    power = np.empty((spectra.count(clip.shape[1]), spectra.bins), np.float32)
    for first, last in spectra.blocks(clip.shape[1]):
        power[first:last] = np.abs(spectra.analyse(mono, first, last)[0]) ** 2
    level = 10 * np.log10(power + 1e-12)
    times = (np.arange(width) + 0.5) / width * seconds * rate / spectra.hop + 1
    pitches = high * (_LOW_HZ / high) ** ((np.arange(height) + 0.5) / height) * spectra.size / rate
    across = _between(level, times)
    return _between(across.T, pitches)


def _between(rows: Samples, place: NDArray[np.float64]) -> Samples:
    """``rows`` (n, m) at fractional places: (len(place), m)."""
    place = np.clip(place, 0, rows.shape[0] - 1)
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, rows.shape[0] - 1)
    part = (place - low)[:, None].astype(np.float32)
    mixed: Samples = rows[low] * (1 - part) + rows[high] * part
    return mixed


def _coloured(plane: Samples) -> Image.Image:
    anchors = np.asarray(_ANCHORS, np.float32)
    place = np.clip(plane, 0, 1) * (len(anchors) - 1)
    low = np.minimum(place.astype(int), len(anchors) - 2)
    part = (place - low)[..., None]
    return Image.fromarray(np.round(anchors[low] * (1 - part) + anchors[low + 1] * part).astype(np.uint8))


def _frequency_axis(draw: ImageDraw.ImageDraw, frame: _Frame, high: float) -> None:
    for hertz in _TICKS_HZ:
        if hertz > high:
            break
        y = frame.top + frame.height * np.log(high / hertz) / np.log(high / _LOW_HZ)
        draw.line((frame.left - 10, y, frame.left - 2, y), _SOFT, 2)
        name = f"{hertz // 1000}k" if hertz >= 1000 else str(hertz)
        draw.text((frame.left - 18, y), name, _SOFT, _font(22), anchor="rm")
    draw.text((frame.left - 18, frame.top - 28), "Hz", _SOFT, _font(22), anchor="rm")


def _time_axis(draw: ImageDraw.ImageDraw, frame: _Frame, seconds: float, named: bool) -> None:
    step = _step(seconds)
    bottom = frame.top + frame.height
    for index in range(int(seconds / step) + 1):
        x = frame.left + frame.width * index * step / seconds
        draw.line((x, bottom + 2, x, bottom + 10), _SOFT, 2)
        if named:
            draw.text((x, bottom + 16), f"{index * step:g}", _SOFT, _font(22), anchor="mt")
    if named:
        draw.text((frame.left + frame.width / 2, bottom + 52), "seconds", _SOFT, _font(22), anchor="mt")


def _step(seconds: float) -> float:
    """A round distance between ticks that gives about eight of them."""
    size = 10.0 ** np.floor(np.log10(seconds / 8))
    return float(min((size * m for m in (1, 2, 5, 10)), key=lambda step: abs(np.log(seconds / step / 8))))


def _scale(sheet: Image.Image, draw: ImageDraw.ImageDraw, frame: _Frame) -> None:
    column = np.linspace(1, 0, frame.height, dtype=np.float32)[:, None].repeat(frame.width, axis=1)
    sheet.paste(_coloured(column), (frame.left, frame.top))
    for decibel in range(0, int(_RANGE_DB) + 1, 12):
        y = frame.top + frame.height * decibel / _RANGE_DB
        draw.text((frame.left + frame.width + 12, y), f"-{decibel}" if decibel else "0", _SOFT, _font(22),
                  anchor="lm")  # fmt: skip
    draw.text((frame.left, frame.top - 28), "dB", _SOFT, _font(22), anchor="lm")


def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)
