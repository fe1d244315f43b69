"""Reading OSC in Lua: no bytes make it fail, and no wrong argument is sent."""

from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reaper.table import SCRIPTS
from retone_bridge.osc import Message, OscError, decode, encode

VERSIONS = ["5.3", "5.4"]


def library(version):
    runtime = import_module("lupa.lua" + version.replace(".", "")).LuaRuntime(encoding=None)
    runtime.execute(f"package.path = [==[{SCRIPTS / 'Retone'}/?.lua]==]".encode())
    return runtime.execute(b'return (require("retone.osc"))')


LIBRARIES = {version: library(version) for version in VERSIONS}
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
ARGUMENTS = st.lists(
    st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, width=32) | TEXTS | st.binary(max_size=9)
    | st.booleans() | st.none(), max_size=8,
)  # fmt: skip
# Beyond this Python writes 64 bits, and Lua 32 as ever.
FLOATS = st.floats(allow_nan=False, width=32).filter(lambda number: not 3.4e38 < abs(number) < float("inf"))


def damaged(packet, places):
    """``packet`` with some of its bytes others, or cut off."""
    found = bytearray(packet)
    for place, byte in places:
        if byte is None:
            del found[place:]
        elif place < len(found):
            found[place] = byte
    return bytes(found)


def found_in(osc, packet):
    """(address, arguments) as Python has them; None where Lua says why not."""
    address, rest = osc[b"decode"](packet)
    if address is None:
        assert isinstance(rest, bytes) and rest
        return None
    return address, [rest[place] for place in range(1, rest[b"n"] + 1)]


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda tail: b"/a\0\0," + tail))
def test_no_bytes_make_reading_fail(version, packet):
    found_in(LIBRARIES[version], packet)


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=200, deadline=None)
@given(ARGUMENTS, st.lists(st.tuples(st.integers(0, 80), st.none() | st.integers(0, 255)), max_size=3))
def test_what_python_sends_is_read_alike_and_damage_is_never_fatal(version, arguments, places):
    packet = encode(Message("/retone/x", tuple(arguments)))
    read = [each.encode() if isinstance(each, str) else each for each in decode(packet)[0].arguments]
    assert found_in(LIBRARIES[version], packet) == (b"/retone/x", read)
    found_in(LIBRARIES[version], damaged(packet, places))


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(-(2**31), 2**31 - 1) | FLOATS | TEXTS, max_size=8))
def test_what_lua_sends_python_reads(version, arguments):
    given = [each.encode() if isinstance(each, str) else each for each in arguments]
    packet = LIBRARIES[version][b"encode"](b"/retone/x", *given)
    assert packet == encode(Message("/retone/x", tuple(arguments)))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("argument", [2**31, -(2**31) - 1, None, True, b"a\0b"])
def test_what_cannot_be_sent_is_an_error(version, argument):
    with pytest.raises(Exception, match="cannot"):
        LIBRARIES[version][b"encode"](b"/retone/x", argument)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "text",
    [b"", b"plain", "\u00e9\U0001f3bb".encode(), b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"a\0"],
)
def test_text_is_what_python_reads(version, text):
    try:
        decode(b"/a\0\0,s\0\0" + text + bytes(4 - len(text) % 4))
        read = b"\0" not in text
    except OscError:
        read = False
    assert LIBRARIES[version][b"is_text"](text) == read
