"""REAPER projects, as text: the few lines that lay clips on tracks.

A project is a tree of ``<NAME arguments`` blocks, closed by ``>``, with ``NAME arguments`` lines inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Line = str
Block = tuple[str, "Sequence[Line | Block]"]


@dataclass(frozen=True)
class Item:
    """One clip on a track: ``file`` relative to the project, places in seconds, ``source`` WAVE or FLAC."""

    name: str
    file: str
    position_seconds: float
    length_seconds: float
    source: str = "WAVE"


@dataclass(frozen=True)
class Track:
    """A track and what lies on it."""

    name: str
    items: tuple[Item, ...]


def project(tracks: Sequence[Track], *, rate: int, beats_per_minute: float = 120.0) -> str:
    """The text of a .rpp file with ``tracks`` from top to bottom, at ``rate`` Hz."""
    lines: list[Line | Block] = [
        f"TEMPO {beats_per_minute:g} 4 4",
        f"SAMPLERATE {rate} 0 0",
        *map(_track, tracks),
    ]
    return "\n".join(_text(('REAPER_PROJECT 0.1 "7.0" 0', lines), "")) + "\n"


def _track(track: Track) -> Block:
    return ("TRACK", [f"NAME {_quoted(track.name)}", *map(_item, track.items)])


def _item(item: Item) -> Block:
    return (
        "ITEM",
        [
            f"POSITION {item.position_seconds:.14g}",
            f"LENGTH {item.length_seconds:.14g}",
            "LOOP 0",
            f"NAME {_quoted(item.name)}",
            (f"SOURCE {item.source}", [f"FILE {_quoted(item.file)}"]),
        ],
    )


def _text(block: Block, indent: str) -> Iterator[str]:
    head, inside = block
    yield f"{indent}<{head}"
    for each in inside:
        if isinstance(each, str):
            yield f"{indent}  {each}"
        else:
            yield from _text(each, f"{indent}  ")
    yield f"{indent}>"


def _quoted(text: str) -> str:
    """REAPER quotes with whichever of the three quotes the text does not hold, and has no escape."""
    plain = " ".join(text.split())
    for quote in "\"'`":
        if quote not in plain:
            return f"{quote}{plain}{quote}"
    return "`" + plain.replace("`", "'") + "`"
