"""The container that Live loads: a frozen .amxd holds the patch and every file that the patch names.

Layout: chunks of tag, size (little-endian) and payload, without padding. The payload of 'ptch' is a collective: 'mx@c',
the files back to back, and a directory of them, whose numbers are big-endian and whose sizes count their own heads.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

AUDIO_EFFECT = b"aaaa"
FROZEN = 7
COLLECTIVE_HEAD = 16  # 'mx@c', a number of 4 bytes and one of 8
PATCH_FLAG = 0x11  # marks the entry that is the device itself
# Seconds since 1904. One date for all builds, as a device must come out the same whenever it is built.
DATE = 3_850_000_000
KINDS = {".js": b"TEXT", ".svg": b"svg "}


@dataclass(frozen=True)
class File:
    """A file inside the device: its name (as boxes and scripts name it) and its bytes."""

    name: str
    content: bytes


def freeze(device: File, others: Sequence[File]) -> bytes:
    """The bytes of a frozen audio effect: ``device`` (the patch as JSON), then ``others`` in the order given.

    Raises ValueError where a name comes twice or its ending is of no known kind.
    """
    names = [device.name, *(file.name for file in others)]
    if len(set(names)) < len(names):
        raise ValueError(f"A name comes twice in the device: {', '.join(sorted(names))}.")
    entries = [(device.name, b"JSON", device.content + b"\0", PATCH_FLAG)]
    entries += [(file.name, _kind(file.name), file.content, 0) for file in others]
    contents = b"".join(content for _, _, content, _ in entries)
    directory, start = b"", COLLECTIVE_HEAD
    for name, kind, content, flag in entries:
        directory += _entry(name, kind, len(content), start, flag)
        start += len(content)
    head = b"mx@c" + struct.pack(">IQ", COLLECTIVE_HEAD, COLLECTIVE_HEAD + len(contents))
    collective = head + contents + _field(b"dlst", directory)
    return _chunk(b"ampf", AUDIO_EFFECT) + _chunk(b"meta", struct.pack("<I", FROZEN)) + _chunk(b"ptch", collective)


def _entry(name: str, kind: bytes, size: int, start: int, flag: int) -> bytes:
    ended = name.encode() + b"\0"
    fields = _field(b"type", kind)
    fields += _field(b"fnam", ended + b"\0" * (-len(ended) % 4))
    for tag, number in ((b"sz32", size), (b"of32", start), (b"vers", 0), (b"flag", flag), (b"mdat", DATE)):
        fields += _field(tag, struct.pack(">I", number))
    return _field(b"dire", fields)


def _kind(name: str) -> bytes:
    ending = name[name.rfind(".") :]
    if ending not in KINDS:
        raise ValueError(f"{name} is of no kind that a device holds; there are {', '.join(sorted(KINDS))}.")
    return KINDS[ending]


def _field(tag: bytes, value: bytes) -> bytes:
    return tag + struct.pack(">I", 8 + len(value)) + value


def _chunk(tag: bytes, payload: bytes) -> bytes:
    return tag + struct.pack("<I", len(payload)) + payload
