"""Whatever bytes come, there is a message or an OscError, at once."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retone_bridge.osc import (
    ARGUMENTS_LIMIT,
    BUNDLE_DEPTH,
    BUNDLE_MESSAGES,
    MESSAGE_LIMIT,
    Message,
    OscError,
    decode,
    encode,
    in_32_bits,
    meant,
)

TAG = bytes(7) + b"\1"  # a bundle's time: now


def bundle(*elements):
    return b"#bundle\0" + TAG + b"".join(struct.pack(">i", len(e)) + e for e in elements)


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
arguments = st.one_of(
    texts,
    st.integers(-(2**63), 2**63 - 1),
    st.floats(width=32, allow_nan=False),
    st.booleans(),
    st.none(),
    st.binary(max_size=40),
)
messages = st.builds(
    Message, st.from_regex(r"/[a-z_/]{0,40}", fullmatch=True), st.lists(arguments, max_size=12).map(tuple)
)


@given(messages)
def test_a_message_comes_back_as_it_was_sent(message):
    assert decode(encode(message)) == (message,)


@given(st.lists(messages, max_size=5))
def test_a_bundle_is_its_messages_in_order_however_nested(sent):
    nested = bundle(bundle(*map(encode, sent[:2])), *map(encode, sent[2:]))
    assert decode(nested) == tuple(sent)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"#bundle\0" + TAG + b"\xff\xff\xff\xfc", "claims -4 bytes"),  # loops for ever in other readers
        (b"#bundle\0" + TAG + bytes(4), "claims 0 bytes"),
        (b"#bundle\0" + TAG + b"\0\0\0\x10/a\0\0", "claims 16 bytes"),
        (b"#bundle\0" + TAG[:4], "inside its time tag"),
        (b"#bundle\0" + TAG + b"\0\0", "inside the size"),
        (b"/\xff\xfe\0,\0\0\0", "not UTF-8"),
        (b"/a\0\0,s\0\0\xc3\x28\0\0", "not UTF-8"),
        (b"/a\0\0,f\0\0\x3f\x80", "cut off"),
        (b"/a\0\0,i\0\0", "cut off"),
        (b"/a\0\0,ff\0\0\0\0\0", "cut off"),
        (b"/a\0\0,Q\0\0\0\0\0\0", "type tag 'Q'"),
        (b"/a\0\0,[i]\0\0\0\0\0\0\0\1", "type tag '['"),
        (b"/a\0\0,b\0\0\x7f\xff\xff\xff", "claims 2147483647 bytes"),
        (b"/a\0\0,b\0\0\xff\xff\xff\xff", "claims -1 bytes"),
        (b"/a\0\0,i\0\0\0\0\0\1\0\0\0\2", "4 bytes more"),
        (b"/a\0\0i\0\0\0\0\0\0\1", "comma"),
        (b"/a\0\0,s\0\0abcd", "no end"),
        (b"/a\0x,\0\0\0", "not padded"),
        (b"/a b\0\0\0\0", "no OSC address"),
        (b"abc\0", "no OSC address"),
        (b"", "no end"),
        (bytes(9000), "8192 is the limit"),
    ],
)
def test_broken_bytes_are_refused_in_words(data, words):
    with pytest.raises(OscError, match=words.replace("[", r"\[")):
        decode(data)


def test_bundles_have_bounds():
    inner = encode(Message("/a"))
    for _ in range(BUNDLE_DEPTH):
        inner = bundle(inner)
    assert decode(inner) == (Message("/a"),)
    with pytest.raises(OscError, match="nested deeper"):
        decode(bundle(inner))
    many = [encode(Message("/a"))] * BUNDLE_MESSAGES
    assert len(decode(bundle(*many))) == BUNDLE_MESSAGES
    with pytest.raises(OscError, match="more than"):
        decode(bundle(*many, many[0]))


def test_a_packet_has_a_bound_of_arguments():
    most = Message("/a", (True,) * ARGUMENTS_LIMIT)
    assert decode(encode(most)) == (most,)
    half = encode(Message("/a", (1,) * (ARGUMENTS_LIMIT // 2)))
    assert len(decode(bundle(half, half))) == 2
    for packet in (encode(Message("/a", (True,) * (ARGUMENTS_LIMIT + 1))), bundle(half, half, encode(most))):
        with pytest.raises(OscError, match="more than 256 arguments"):
            decode(packet)


def test_a_number_beyond_32_bits_goes_in_64():
    sent = Message("/a", (1e39, -1e308, 0.5))
    assert decode(encode(sent)) == (sent,)
    assert b",ddf" in encode(sent)


def test_a_message_without_tags_an_impulse_and_a_symbol_are_read():
    assert decode(b"/a\0\0") == (Message("/a"),)
    assert decode(b"/a\0\0,I\0\0") == (Message("/a", (True,)),)
    assert decode(b"/,S\0,S\0\0hi\0\0") == (Message("/,S", ("hi",)),)


@pytest.mark.parametrize(
    "message",
    [
        Message("/a", ("x" * MESSAGE_LIMIT,)),
        Message("/a", ("with\0zero",)),
        Message("/a", ("\ud800",)),
        Message("/a", (2**63,)),
        Message("no slash"),
    ],
)
def test_what_cannot_be_sent_is_refused(message):
    with pytest.raises(OscError):
        encode(message)


@given(st.decimals(-99, 99, places=4).map(float))
def test_a_number_is_what_its_sender_wrote_after_32_bits(number):
    (message,) = decode(encode(Message("/a", (number,))))
    assert meant(message.arguments[0]) == number


@given(st.floats(width=32, allow_nan=False))
def test_a_number_of_32_bits_keeps_them(number):
    assert meant(number) == number or in_32_bits(meant(number)) == number


@given(st.floats(allow_nan=False))
def test_a_number_of_64_bits_is_left_alone(number):
    assert meant(number) == number or in_32_bits(number) == number
