"""The result's file: a float32 WAV with a text in it.

Written here and not by libsndfile, which stamps the time of day into float files (the same request must give the same
bytes), hides why a write failed, and cannot read texts of over 2,048 bytes back.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from retone_engine.audio.atomic import place
from retone_engine.audio.files import Samples
from retone_engine.bounds import Bounds
from retone_engine.request import RetoneError

_BLOCK = 1 << 16
_FLOAT, _EXTENSIBLE = 3, 0xFFFE
# The sub-format GUID of 32-bit float samples (mmreg.h).
_FLOAT_GUID = bytes.fromhex("0300000000001000800000aa00389b71")
# A text longer than this is none of ours.
_TEXT_LIMIT = 1 << 20
_SIZE_LIMIT = 2**32 - 1


def write(
    path: str | Path,
    samples: Samples,
    rate: int,
    text: str,
    overwrite: bool = False,
    bounds: Bounds | None = None,
) -> None:
    """``samples`` (channels, frames) at ``rate`` Hz as the float32 WAV file ``path``, with ``text`` as its comment.

    ``text`` is kept as a LIST/INFO comment, which readers may show or skip. Atomic: see ``place``.
    Raises RetoneError(no_such_folder, outside_roots, output_exists, disk_full, cannot_write, bad_samples).
    """
    path = Path(path)
    channels, frames = samples.shape
    if not np.isfinite(samples).all():
        raise RetoneError("bad_samples", f"{path.name} was not written: the audio holds samples that are no numbers.")
    size = 4 * channels * frames
    head = _format(rate, channels) + _chunk(b"fact", struct.pack("<I", frames)) + _comment(text)
    riff = 4 + len(head) + 8 + size
    if riff > _SIZE_LIMIT:
        raise RetoneError("cannot_write", f"{path.name} was not written: a WAV file holds 4 GB; take a shorter region.")

    def fill(file: BinaryIO) -> None:
        file.write(b"RIFF" + struct.pack("<I", riff) + b"WAVE" + head + b"data" + struct.pack("<I", size))
        for first in range(0, frames, _BLOCK):
            file.write(np.ascontiguousarray(samples[:, first : first + _BLOCK].T, dtype="<f4").tobytes())

    place(path, fill, overwrite, bounds)


def read_text(path: str | Path) -> str | None:
    """The comment that ``write`` left in a file, or None where there is none.

    Raises RetoneError(no_such_file, not_a_file, unreadable_audio).
    """
    path = Path(path)
    if not path.exists():
        raise RetoneError("no_such_file", f"There is no file {path}.")
    if not path.is_file():
        raise RetoneError("not_a_file", f"{path} is no regular file; give an audio file.")
    try:
        with path.open("rb") as file:
            for name, size in _chunks(file):
                if name == b"LIST" and size <= _TEXT_LIMIT:
                    found = _comment_in(file.read(size))
                    if found is not None:
                        return found
    except OSError as error:
        raise RetoneError("unreadable_audio", f"{path.name} cannot be read: {error.strerror or error}.") from error
    return None


def _format(rate: int, channels: int) -> bytes:
    body = struct.pack("<HIIHH", channels, rate, rate * 4 * channels, 4 * channels, 32)
    if channels <= 2:
        return _chunk(b"fmt ", struct.pack("<H", _FLOAT) + body + struct.pack("<H", 0))
    # No speakers are named: the clip's own order is kept.
    extension = struct.pack("<HHI", 22, 32, 0) + _FLOAT_GUID
    return _chunk(b"fmt ", struct.pack("<H", _EXTENSIBLE) + body + extension)


def _comment(text: str) -> bytes:
    return _chunk(b"LIST", b"INFO" + _chunk(b"ICMT", text.encode() + b"\0"))


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Name and size of each chunk, the file standing at its body; ends where the file is no RIFF any more."""
    head = file.read(12)
    if len(head) < 12 or head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
        return
    place = 12
    while len(head := file.read(8)) == 8:
        name, size = head[:4], struct.unpack("<I", head[4:])[0]
        yield name, size
        place += 8 + size + size % 2
        file.seek(place)


def _comment_in(body: bytes) -> str | None:
    if body[:4] != b"INFO":
        return None
    place = 4
    while place + 8 <= len(body):
        name, size = body[place : place + 4], struct.unpack("<I", body[place + 4 : place + 8])[0]
        if name == b"ICMT":
            return body[place + 8 : place + 8 + size].rstrip(b"\0").decode("utf-8", "replace")
        place += 8 + size + size % 2
    return None
