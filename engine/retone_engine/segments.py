"""Several prompts over time: the text that a person types, as checked segments."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from retone_engine.errors import RetoneError
from retone_engine.parameters import BY_NAME

# How long one prompt takes to give way to the next, or to the source.
FADE_SECONDS = 0.25

_SHAPE = re.compile(r"(?P<start>[0-9.]+)\s*-\s*(?P<end>[0-9.]*)\s+(?P<rest>.+)", re.DOTALL)
_SETTING = re.compile(r"(?<![a-z_])(?P<name>[a-z_]+)=(?P<value>\S*)")
_SETTINGS = ("strength", "guidance_scale")


@dataclass(frozen=True)
class Segment:
    """What holds from ``start`` to ``end``, in seconds of the file; ``end`` inf is the region's.

    ``strength`` and ``guidance_scale`` None are the request's own.
    """

    start: float
    end: float
    prompt: str
    strength: float | None = None
    guidance_scale: float | None = None


def segments_of(text: str) -> tuple[Segment, ...]:
    """The segments of ``START-END PROMPT [strength=S] [guidance_scale=G] | ...``, in order of time.

    Raises RetoneError(bad_request) that names the segment at fault: one that cannot be read, is empty or reversed, or
    overlaps another.
    """
    found = sorted(_each(text), key=lambda segment: segment.start)
    for before, after in pairwise(found):
        if after.start < before.end:
            raise _refuse(f"{_words(before)} and {_words(after)} overlap; let one end where the other starts")
    return tuple(found)


def _each(text: str) -> Iterator[Segment]:
    for part in filter(None, (part.strip() for part in text.split("|"))):
        shape = _SHAPE.fullmatch(part)
        if shape is None:
            raise _refuse(f"{part[:60]!r} is none; write START-END PROMPT, with seconds such as 0-2.5")
        start = _seconds(shape["start"], part)
        end = _seconds(shape["end"], part) if shape["end"] else math.inf
        if not start < end:
            raise _refuse(f"{part[:60]!r} ends before it starts; write the earlier second first")
        settings: dict[str, float] = {}
        for name, value in _SETTING.findall(shape["rest"]):
            if name not in _SETTINGS or name in settings:
                why = "is given twice" if name in settings else f"is no setting of a segment; it takes {_both()}"
                raise _refuse(f"{name} {why}")
            settings[name] = BY_NAME[name].coerce(value)
        prompt = " ".join(_SETTING.sub(" ", shape["rest"]).split())
        if not prompt:
            raise _refuse(f"{part[:60]!r} has no prompt; say what it should sound like")
        yield Segment(start, end, prompt, **settings)


def _seconds(text: str, part: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _refuse(f"{text!r} in {part[:60]!r} is no number of seconds") from None


def _words(segment: Segment) -> str:
    end = "" if segment.end == math.inf else f"{segment.end:g}"
    return f"{segment.start:g}-{end}"


def _both() -> str:
    return " and ".join(_SETTINGS)


def _refuse(why: str) -> RetoneError:
    return RetoneError("bad_request", f"segments: {why}.")
