"""Bytes to messages and back, for packets that anyone may have sent.

python-osc is the codec of single messages. It trusts what it reads, so everything that it trusts is checked here
first: sizes, padding, tags, UTF-8. Bundles never reach it, they are walked here, with bounds. The time tag of a
bundle is not waited for: its messages count as sent now.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from pythonosc import osc_message
from pythonosc.parsing import osc_types

# What Retone sends stays below this: Max's udpsend stops at 5,096 bytes, other readers near 4,096.
MESSAGE_LIMIT = 2048
# What Retone reads: room for a bundle or for a long prompt in any script, and little enough to parse in a blink.
PACKET_LIMIT = 8192
BUNDLE_DEPTH = 4
BUNDLE_MESSAGES = 64
# In all of a packet. The longest request has some 120; each costs up to 80 bytes of memory for one that was sent.
ARGUMENTS_LIMIT = 256

_LARGEST = 3.4e38  # near the largest number of 32 bits
_BUNDLE = b"#bundle\0"
_FIXED_SIZES = {"i": 4, "f": 4, "h": 8, "d": 8, "T": 0, "F": 0, "N": 0}
# An impulse is what some programs send for a bang, a symbol is laid out like a string.
_SYNONYMS = str.maketrans("IS", "Ts")

Argument: TypeAlias = str | int | float | bytes | bool | None


class OscError(Exception):
    """Raised when bytes are no OSC that Retone reads, or a message cannot become bytes; says what is wrong."""


@dataclass(frozen=True)
class Message:
    """One OSC message: an address and its arguments."""

    address: str
    arguments: tuple[Argument, ...] = ()

    def __str__(self) -> str:
        shown = (f"{each:g}" if isinstance(each, float) else repr(each) for each in self.arguments)
        return " ".join([self.address, *shown])


def encode(message: Message) -> bytes:
    """The bytes of ``message``; raises OscError when it reaches ``MESSAGE_LIMIT`` or holds what OSC cannot carry."""
    _check_address(message.address)
    try:
        written = [_written(argument) for argument in message.arguments]
        tags = osc_types.write_string("," + "".join(tag for tag, _ in written))
        data: bytes = osc_types.write_string(message.address) + tags + b"".join(data for _, data in written)
    except (osc_types.BuildError, struct.error) as error:
        raise OscError(f"OSC cannot carry an argument of {message.address}: {error}") from error
    if len(data) >= MESSAGE_LIMIT:
        raise OscError(f"The message is {len(data)} bytes long, {MESSAGE_LIMIT} is the limit; shorten its texts.")
    return data


def _written(argument: Argument) -> tuple[str, bytes]:
    """The type tag of ``argument`` and its bytes; 64 bits only for a number that 32 do not hold."""
    match argument:
        case None:
            return "N", b""
        case bool():
            return "T" if argument else "F", b""
        case str():
            if "\0" in argument:
                raise OscError("A string holds a zero byte, which ends an OSC string.")
            return "s", osc_types.write_string(argument)
        case bytes():
            return "b", struct.pack(">i", len(argument)) + argument + bytes(-len(argument) % 4)
        case int():
            tag = "i" if -(2**31) <= argument < 2**31 else "h"
            return tag, struct.pack({"i": ">i", "h": ">q"}[tag], argument)
        case float():
            tag = "d" if math.isfinite(argument) and abs(argument) > _LARGEST else "f"
            return tag, struct.pack(">" + tag, argument)


def meant(number: float) -> float:
    """The shortest decimal with the same 32 bits: where OSC carries 0.60000002, its sender wrote 0.6.

    A number that 32 bits do not hold exactly came in 64 and is left as it is.
    """
    if not math.isfinite(number) or abs(number) > _LARGEST or in_32_bits(number) != number:
        return number
    shorter = (float(f"{number:.{digits}g}") for digits in range(6, 10))
    return next(each for each in shorter if in_32_bits(each) == number)


def in_32_bits(number: float) -> float:
    """What OSC carries of ``number``; raises OverflowError beyond 3.4e38."""
    (held,) = struct.unpack("f", struct.pack("f", number))
    return float(held)


def fits(message: Message) -> bool:
    """Whether ``message`` can be sent."""
    try:
        encode(message)
    except OscError:
        return False
    return True


def decode(packet: bytes) -> tuple[Message, ...]:
    """The messages of ``packet``, a message or a bundle, in order; raises OscError and nothing else."""
    if len(packet) > PACKET_LIMIT:
        raise OscError(f"The packet is {len(packet)} bytes long; {PACKET_LIMIT} is the limit.")
    return tuple(_walk(packet))


def _walk(packet: bytes) -> Iterator[Message]:
    # A stack, not recursion: (element, depth), the next one last.
    waiting = [(packet, 0)]
    count, left = 0, ARGUMENTS_LIMIT
    while waiting:
        element, depth = waiting.pop()
        if not element.startswith(_BUNDLE):
            count += 1
            if count > BUNDLE_MESSAGES:
                raise _too_many_messages()
            message = _message(element, left)
            left -= len(message.arguments)
            yield message
        elif depth == BUNDLE_DEPTH:
            raise OscError(f"Bundles are nested deeper than {BUNDLE_DEPTH}.")
        else:
            waiting.extend((inner, depth + 1) for inner in reversed(_elements(element)))


def _elements(bundle: bytes) -> list[bytes]:
    found: list[bytes] = []
    place = len(_BUNDLE) + 8
    if len(bundle) < place:
        raise OscError("The bundle ends inside its time tag.")
    while place < len(bundle):
        if place + 4 > len(bundle):
            raise OscError("The bundle ends inside the size of an element.")
        (size,) = struct.unpack_from(">i", bundle, place)
        place += 4
        # A size of nothing or less is what makes other readers loop for ever.
        if size <= 0 or size % 4 or place + size > len(bundle):
            raise OscError(f"An element of the bundle claims {size} bytes.")
        if len(found) == BUNDLE_MESSAGES:
            raise _too_many_messages()
        found.append(bundle[place : place + size])
        place += size
    return found


def _too_many_messages() -> OscError:
    return OscError(f"The bundle holds more than {BUNDLE_MESSAGES} messages.")


def _message(data: bytes, left: int) -> Message:
    """The one message in ``data``, which may have ``left`` arguments."""
    address, place = _string(data, 0)
    _check_address(address)
    if place == len(data):  # Old senders leave out the tags of a message without arguments.
        return Message(address)
    start = place
    tags, place = _string(data, start)
    if not tags.startswith(","):
        raise OscError(f"The type tags of {address} do not start with a comma.")
    if len(tags) - 1 > left:
        raise OscError(f"The packet holds more than {ARGUMENTS_LIMIT} arguments.")
    known = tags.translate(_SYNONYMS)
    data = data[:start] + osc_types.write_string(known) + data[place:]
    for tag in known[1:]:
        place = _end(data, place, tag)
    if place != len(data):
        raise OscError(f"{address} holds {len(data) - place} bytes more than its tags say.")
    try:
        parsed = osc_message.OscMessage(data)
    except (osc_message.ParseError, ValueError) as error:
        raise OscError(f"{address} cannot be read: {error}") from error
    return Message(address, tuple(parsed.params))


def _end(data: bytes, place: int, tag: str) -> int:
    """Where the argument of this ``tag`` at ``place`` ends; raises OscError when that is not inside ``data``."""
    if tag == "s":
        return _string(data, place)[1]
    if tag == "b":
        if place + 4 > len(data):
            raise OscError("A blob ends inside its size.")
        (size,) = struct.unpack_from(">i", data, place)
        end = place + 4 + size + (-size % 4)
        if size < 0 or end > len(data):
            raise OscError(f"A blob claims {size} bytes.")
        return int(end)
    width = _FIXED_SIZES.get(tag)
    if width is None:
        raise OscError(f"The type tag {tag!r} is not one that Retone reads.")
    if place + width > len(data):
        raise OscError(f"An argument of type {tag!r} is cut off.")
    return place + width


def _string(data: bytes, place: int) -> tuple[str, int]:
    end = data.find(b"\0", place)
    if end < 0:
        raise OscError("A string has no end.")
    after = end + 4 - end % 4
    if after > len(data) or data[end:after].strip(b"\0"):
        raise OscError("A string is not padded to four bytes.")
    try:
        return data[place:end].decode(), after
    except UnicodeDecodeError:
        raise OscError("A string is not UTF-8.") from None


def _check_address(address: str) -> None:
    if not address.startswith("/") or not address.isascii() or not address.isprintable() or " " in address:
        raise OscError(f"{address[:60]!r} is no OSC address.")
