"""Reads a frozen .amxd by its byte layout alone: what the device's builder writes is checked by other hands.

Outer chunks are tag, little-endian size, payload. Inside 'ptch' lies 'mx@c' with the files and a directory, whose
numbers are big-endian and whose sizes count their own eight bytes.
"""

import json
import struct
from dataclasses import dataclass
from pathlib import Path

DEVICE = Path(__file__).parents[2] / "max_for_live/Retone.amxd"


@dataclass(frozen=True)
class Entry:
    """One file of the device, as its directory tells of it."""

    name: str
    kind: bytes
    content: bytes
    start: int
    version: int
    flag: int
    date: int


@dataclass(frozen=True)
class Container:
    device_type: bytes
    frozen: int
    entries: tuple[Entry, ...]

    @property
    def patcher(self):
        """The patch, from the first entry."""
        content = self.entries[0].content
        assert content.endswith(b"\0") and content.count(b"\0") == 1
        return json.loads(content[:-1])["patcher"]

    def text(self, name):
        """The text of an embedded file."""
        return next(entry.content for entry in self.entries if entry.name == name).decode()


def read(data):
    """The container in ``data``. Every byte must be told of: what is left over or missing fails."""
    version, data = _chunk(data, b"ampf")
    meta, data = _chunk(data, b"meta")
    collective, data = _chunk(data, b"ptch")
    assert data == b""
    tag, head, directory_at = struct.unpack_from(">4sIQ", collective)
    assert (tag, head) == (b"mx@c", 16)
    directory, rest = _field(collective[directory_at:], b"dlst")
    assert rest == b""
    entries, end = [], head
    while directory:
        fields, directory = _field(directory, b"dire")
        entry = _entry(fields, collective)
        assert entry.start == end, "the files lie back to back"
        end += len(entry.content)
        entries.append(entry)
    assert end == directory_at
    return Container(version, struct.unpack("<I", meta)[0], tuple(entries))


def _entry(fields, collective):
    kind, fields = _field(fields, b"type")
    name, fields = _field(fields, b"fnam")
    assert len(name) % 4 == 0 and name.rstrip(b"\0") + b"\0" == name[: len(name.rstrip(b"\0")) + 1]
    assert len(name) - len(name.rstrip(b"\0")) <= 4
    numbers = []
    for tag in (b"sz32", b"of32", b"vers", b"flag", b"mdat"):
        value, fields = _field(fields, tag)
        numbers.append(struct.unpack(">I", value)[0])
    assert fields == b""
    size, start, version, flag, date = numbers
    content = collective[start : start + size]
    assert len(content) == size
    return Entry(name.rstrip(b"\0").decode(), kind, content, start, version, flag, date)


def _chunk(data, tag):
    found, size = struct.unpack_from("<4sI", data)
    assert found == tag and len(data) >= 8 + size
    return data[8 : 8 + size], data[8 + size :]


def _field(data, tag):
    found, size = struct.unpack_from(">4sI", data)
    assert found == tag and 8 <= size <= len(data)
    return data[8:size], data[size:]
