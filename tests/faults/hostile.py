"""Hostile packets: every one that we could think of by name, and makers of as many more as are wanted.

What other readers fall over is among them: sizes of nothing, claims beyond the end, nesting, text that is no UTF-8,
patterns that explode. ``named`` is the corpus, ``nearly_valid`` and ``mutated`` make packets from a seeded generator.
"""

import random
import struct
from collections.abc import Sequence

from retone_bridge.osc import BUNDLE_DEPTH, PACKET_LIMIT, Message, encode

NOW = bytes(7) + b"\1"
TYPES = "ifsbhtdScrmTFNI[]"
NUMBERS = (0, 1, -1, 2**31 - 1, -(2**31), 2**31, 2**32 - 1)
FLOATS = (b"\x7f\x80\0\0", b"\xff\x80\0\0", b"\x7f\xc0\0\0", b"\x7f\xff\xff\xff", b"\0\0\0\1", b"\x7f\x7f\xff\xff")
TEXTS = {
    "a lone continuation byte": b"\x80",
    "a first byte alone": b"\xc3",
    "an overlong slash": b"\xc0\xaf",
    "an overlong zero": b"\xc0\x80",
    "a surrogate": b"\xed\xa0\x80",
    "a pair of surrogates": b"\xed\xa0\xbd\xed\xb8\x80",
    "beyond Unicode": b"\xf4\x90\x80\x80",
    "bytes that UTF-8 never has": b"\xfe\xff",
    "a byte order mark": b"\xef\xbb\xbfprompt",
    "an end cut inside an emoji": "🎻".encode()[:3],
}
GOOD = tuple(
    encode(message)
    for message in (
        Message("/retone/hello", ("surface", 1)),
        Message("/retone/sync", (7,)),
        Message("/retone/edit", ("r1", "/music/My löop.wav", "prompt", "violins 🎻", "strength", 0.5, "seed", 3)),
        Message("/retone/steer", ("s1", "/a.wav", "direction", 1, "amount", "-1,0.5", "direction", 2, "amount", 0.25)),
        Message("/retone/directions", ("d1", "/a.wav", "count", 2, "each_step", True, "reply_port", 9131)),
        Message("/retone/param/strength", (0.25,)),
        Message("/retone/notify", (b"blob", None, False, 2**40)),
    )
)


def text(data: bytes) -> bytes:
    """An OSC string of any bytes."""
    return data + bytes(4 - len(data) % 4)


def message(tags: str, body: bytes = b"", address: bytes = b"/retone/sync") -> bytes:
    return text(address) + text(b"," + tags.encode()) + body


def bundle(*elements: bytes, tag: bytes = NOW) -> bytes:
    return b"#bundle\0" + tag + b"".join(struct.pack(">i", len(each)) + each for each in elements)


def named() -> dict[str, bytes]:
    """The corpus: packets by what is wrong, or only odd, about them."""
    return {**_strings(), **_arguments(), **_bundles(), **_sizes(), **_cut_and_flipped()}


def _strings() -> dict[str, bytes]:
    found = {
        "nothing": b"",
        "one byte": b"/",
        "one zero": b"\0",
        "zeros": bytes(PACKET_LIMIT),
        "an address with no end": b"/retone/sync",
        "an address not padded": b"/a\0",
        "an address padded with ones": b"/a\0\1",
        "an address without a slash": text(b"retone/sync"),
        "an address with a space": text(b"/retone/sync now"),
        "an address with a newline": text(b"/retone/sync\n"),
        "an address with an escape": text(b"/\x1b[2J"),
        "an address beyond ASCII": text("/retone/síync".encode()),
        "an address of slashes": text(b"/" * 8000),
        "an address as long as may be": text(b"/" + b"a" * (PACKET_LIMIT - 5)),
        "two zeros inside": text(b"/a\0\0\0\0b"),
        "no comma": text(b"/a") + text(b"i") + bytes(4),
        "no tags, but an argument": text(b"/a") + b"\0\0\0\1",
        "only a comma": message(""),
        "tags with no end": text(b"/a") + b",iii",
        "tags padded with ones": text(b"/a") + b",i\1\1" + bytes(4),
        "tags beyond ASCII": message("Tü"),
        "tags of emoji": message("T" * 200 + "🎻"),
        "a string with no end": message("s", b"abcd"),
        "a string of nothing": message("s", bytes(4)),
        "a string padded with ones": message("s", b"a\0\1\1"),
        "a string with a zero inside": message("s", b"a\0b\0"),
        "a string one byte short": message("s", b"abc\0abc"),
        "a string as long as may be": message("s", text(b"a" * (PACKET_LIMIT - 24))),
        "a string that widens": message("s", text(b"a" * (PACKET_LIMIT - 28) + "🎻".encode())),
        "a string of digits": message("s", text(b"9" * 5000), b"/retone/param/seed"),
        "a number's name": message("s", text(b"nan"), b"/retone/param/strength"),
        "a text of escapes": message("s", text(b"\x1b]0;title\x07"), b"/retone/param/prompt"),
        "a format": message("s", text(b"%s%n{0.__class__}"), b"/retone/param/prompt"),
    }
    for pattern in (b"*", b"?", b"{a,b}", b"[!a-z]", b"//", b"{", b"["):
        found[f"a pattern of many {pattern.decode()}"] = text(b"/" + (pattern * 4000)[:4000] + b"x")
    for what, data in TEXTS.items():
        found[f"{what} in the address"] = text(b"/" + data) + text(b",")
        found[f"{what} in the tags"] = text(b"/a") + text(b"," + data)
        found[f"{what} in a string"] = message("s", text(data), b"/retone/param/prompt")
    return found


def _arguments() -> dict[str, bytes]:
    found = {}
    for tag in [chr(code) for code in range(1, 128)] + list("é🎻"):
        for body in (b"", bytes(4), bytes(8), b"\xff" * 8):
            found[f"tag {tag!r} with {body.hex() or 'nothing'}"] = message(tag, body)
    for data in FLOATS:
        double = struct.pack(">d", struct.unpack(">f", data)[0])
        for address in (b"/retone/sync", b"/retone/notify", b"/retone/param/steps", b"/retone/action/edit"):
            found[f"float {data.hex()} at {address.decode()}"] = message("f", data, address)
            found[f"double {double.hex()} at {address.decode()}"] = message("d", double, address)
    for number in (2**63 - 1, -(2**63), 2**53 + 1):
        for address in (b"/retone/sync", b"/retone/notify", b"/retone/param/seed"):
            found[f"{number} at {address.decode()}"] = message("h", struct.pack(">q", number), address)
    for size in (-(2**31), -4, -1, 0, 1, 3, 5, 2**31 - 1, 2**31 - 4):
        found[f"a blob that claims {size}"] = message("b", struct.pack(">i", size) + b"abcd")
    found |= {
        "a blob inside its size": message("b", b"\0\0"),
        "a blob padded with ones": message("b", b"\0\0\0\1a\1\1\1"),
        "a blob as long as may be": message("b", struct.pack(">i", 8000) + bytes(8000)),
        "an array": message("[ii]", bytes(8)),
        "arrays in arrays": message("[" * 200 + "]" * 200),
        "an array that does not end": message("[[[["),
        "an array that does not begin": message("]]]]"),
        "more bytes than tags": message("i", bytes(8)),
        "an int cut": message("ii", bytes(6)),
        "as many switches as fit": message("T" * 8000),
        "as many ints as fit": message("i" * 1600, bytes(6400)),
        "as many strings as fit": message("s" * 1600, b"ab\0\0" * 1600),
        "as many blobs as fit": message("b" * 1600, bytes(6400)),
        "256 ints": message("i" * 256, b"\x7f\1\1\1" * 256),
        "256 strings": message("s" * 256, b"ab\0\0" * 256),
        "256 wide strings": message("s" * 256, ("é" * 10).encode() + bytes(4) + b"ab\0\0" * 255),
        "256 blobs": message("b" * 256, b"\0\0\0\1a\0\0\0" * 256),
        "256 doubles": message("d" * 256, b"\x40\x09\x21\xfb\x54\x44\x2d\x18" * 256),
    }
    return found


def _bundles() -> dict[str, bytes]:
    small, inner = b"/a\0\0", message("i", bytes(4))
    deep = {}
    packet = inner
    for depth in range(1, 300):
        packet = bundle(packet)
        if depth <= BUNDLE_DEPTH + 1 or depth in (20, 299):
            deep[f"bundles {depth} deep"] = packet
    found = {
        "a bundle without a time tag": b"#bundle\0",
        "a bundle inside its time tag": b"#bundle\0" + NOW[:4],
        "a bundle of nothing": bundle(),
        "a bundle whose name is padded wrongly": b"#bundle\1" + NOW,
        "a bundle of another name": b"#bundel\0" + NOW,
        "a bundle of bundles of nothing": bundle(*[bundle()] * 60),
        "a wide tree of bundles": bundle(*[bundle(*[bundle(*[small] * 7)] * 7)] * 7),
        "1,020 elements": bundle(*[small] * 1020),
        "64 elements, three deep": bundle(bundle(bundle(*[inner] * 64))),
        "a bundle that ends in a size": bundle(inner) + b"\0\0",
        "a bundle and more after it": bundle(inner) + inner,
        "an element that is no message": bundle(b"abcd"),
        "an element not of four bytes": bundle(b"/a\0\0\0"),
        "an element that overlaps the next": b"#bundle\0" + NOW + struct.pack(">i", 12) + small + b"\0\0\0\4" + small,
        "an inner bundle that claims its parent's": bundle(b"#bundle\0" + NOW + struct.pack(">i", 64) + inner) + small,
        "255 arguments and two": bundle(message("T" * 255), message("TT")),
        "63 messages of 112 switches": bundle(*[message("T" * 100, address=b"/a")] * 63),
    }
    for size in (*NUMBERS[:5], -4, 3, 5, 4096):
        found[f"an element that claims {size}"] = b"#bundle\0" + NOW + struct.pack(">i", size) + small
    for tag in (bytes(8), b"\xff" * 8, b"\x80" + bytes(7), struct.pack(">Q", 2**63 + 2**40)):
        found[f"the time tag {tag.hex()}"] = bundle(inner, tag=tag)
    return found | deep


def _sizes() -> dict[str, bytes]:
    lengths = (1, 2, 3, 5, 7, 9, PACKET_LIMIT - 1, PACKET_LIMIT, PACKET_LIMIT + 1, PACKET_LIMIT + 4, 65_507)
    kinds = {"zeros": b"\0", "ones": b"\xff", "slashes": b"/", "hashes": b"#bundle\0", "commas": b","}
    return {f"{length} bytes of {kind}": (data * length)[:length] for kind, data in kinds.items() for length in lengths}


def _cut_and_flipped() -> dict[str, bytes]:
    found = {}
    for number, packet in enumerate((*GOOD, bundle(*GOOD[:3]), bundle(bundle(GOOD[2]), GOOD[5]))):
        for end in range(len(packet)):
            found[f"good packet {number} cut at {end}"] = packet[:end]
            for value in (0, 255, packet[end] ^ 1, packet[end] ^ 0x80, 44, 47):
                flipped = packet[:end] + bytes([value]) + packet[end + 1 :]
                found[f"good packet {number} with {value} at {end}"] = flipped
    return found


def nearly_valid(chance: random.Random) -> bytes:
    """A packet built by the rules, now and then one of them broken."""
    if chance.random() < 0.25:
        elements = [nearly_valid(chance) for _ in range(chance.randrange(5))]
        packet = bundle(*elements, tag=chance.choice((NOW, chance.randbytes(8))))
        if elements and chance.random() < 0.2:
            size = struct.pack(">I", chance.choice(NUMBERS) % 2**32)
            packet = packet[:16] + size + packet[20:]
        return packet
    address = chance.choice(_ADDRESSES) if chance.random() < 0.9 else b"/" + chance.randbytes(chance.randrange(9))
    tags = "".join(chance.choice(TYPES if chance.random() < 0.1 else "ifshdTFNIb") for _ in range(chance.randrange(9)))
    body = b"".join(_argument(tag, chance) for tag in tags)
    return message(tags, body, address)


def mutated(chance: random.Random, good: Sequence[bytes] = GOOD) -> bytes:
    """A good packet with some bytes changed, and maybe a piece cut out, doubled or put elsewhere."""
    data = bytearray(chance.choice(good) if chance.random() < 0.7 else bundle(*chance.choices(good, k=3)))
    for _ in range(chance.randint(1, 4)):
        data[chance.randrange(len(data))] = chance.choice((0, 255, 44, 47, chance.randrange(256)))
    if chance.random() < 0.3:
        start, end = sorted((chance.randrange(len(data)), chance.randrange(len(data))))
        piece = data[start:end]
        if chance.random() < 0.5:
            del data[start:end]
        place = chance.randint(0, len(data))
        data[place:place] = piece if chance.random() < 0.7 else b""
    return bytes(data[: chance.randint(0, len(data))] if chance.random() < 0.2 else data)


_ADDRESSES = tuple(
    f"/retone/{name}".encode()
    for name in (
        "hello", "version", "status", "sync", "notify", "edit", "directions", "steer", "cancel", "job", "received",
        "clips", "param/strength", "param/prompt", "param/seed", "param/path", "param/highs", "param/stereo",
        "action/edit", "action/steer", "action/cancel", "param/", "action/", "done", "ack", "nothing",
    )
)  # fmt: skip
_WORDS = tuple(
    word.encode()
    for word in (
        "", "r1", "auto", "prompt", "strength", "seed", "direction", "amount", "reply_port", "output_folder",
        "output_subfolder", "a/../b", "segments", "0-1 flute | 1- organ", "-1,0,1", "1e999", "nan", "/a.wav",
        "../a.wav", "~x/a.wav", "ü🎻", "x" * 600,
    )
)  # fmt: skip


def _argument(tag: str, chance: random.Random) -> bytes:
    if tag in "sS":
        return text(chance.choice(_WORDS) if chance.random() < 0.9 else chance.choice(list(TEXTS.values())))
    if tag == "b":
        data = chance.randbytes(chance.randrange(12))
        size = len(data) if chance.random() < 0.9 else chance.choice(NUMBERS) % 2**31
        return struct.pack(">i", size) + data + bytes(-len(data) % 4)
    if tag == "f" and chance.random() < 0.4:
        return chance.choice(FLOATS)
    return chance.randbytes({"i": 4, "f": 4, "c": 4, "r": 4, "m": 4, "h": 8, "d": 8, "t": 8}.get(tag, 0))
