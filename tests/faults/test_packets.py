"""Hostile packets, the small version: ``python -m faults.packets`` is the long one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faults import hostile
from faults.fuzzed import fuzz_a_service
from faults.packets import BYTES_BESIDE, BYTES_PER_BYTE, DECODE_MS, SMALL, tried
from retone_bridge.osc import OscError, decode
from retone_bridge.protocol import Asking, read_request
from retone_engine.request import RetoneError


def test_a_hundred_thousand_hostile_packets_are_messages_or_refused_at_once():
    found = tried(SMALL["count"], SMALL["seed"])
    assert found["escaped"] == []
    assert found["packets"] == SMALL["count"] == 100_000
    assert found["messages"] > 10_000, "what is refused at the door tries nothing behind it"
    assert found["requests"] > 1_000
    assert found["slowest_decode_ms"] < DECODE_MS
    assert found["most_bytes_beyond_the_bound"] < 0, f"{BYTES_PER_BYTE} a byte and {BYTES_BESIDE} beside are exceeded"


def test_a_service_answers_at_once_after_twenty_thousand_hostile_packets(tmp_path):
    found = fuzz_a_service(tmp_path, SMALL["service"], SMALL["seed"])
    assert found["answered"] == found["good_requests"] > 1_000
    assert found["time_to_an_answer"]["p99_ms"] < 250
    assert found["time_to_an_answer"]["max_ms"] < 2_000
    assert found["threads_gone"] == []
    assert found["faults_of_our_own"] == []
    assert found["written_elsewhere"] == []
    assert not found["clips_changed"]
    assert found["strange_files"] == []
    assert found["resident_bytes_grown"] < 32 * 1024 * 1024
    assert found["subscribers_kept"] <= 32
    assert found["reply_ports_kept"] <= 256


@pytest.mark.parametrize(
    "name",
    [
        "nothing",
        "a pattern of many *",
        "an element that claims -1",
        "an element that claims 2147483647",
        "an overlong slash in the address",
        "a surrogate in a string",
        "bundles 299 deep",
        "as many switches as fit",
        "a blob that claims 2147483647",
        "65507 bytes of zeros",
    ],
)
def test_what_others_fall_over_is_refused(name):
    packet = hostile.named()[name]
    if name.startswith("a pattern"):
        assert read_fails(decode(packet)[0])
    else:
        with pytest.raises(OscError):
            decode(packet)


def read_fails(message):
    with pytest.raises(RetoneError) as caught:
        read_request(message)
    return caught.value.code == "bad_request"


addresses = st.sampled_from(["/retone/edit", "/retone/sync", "/retone/param/prompt", "/retone/steer", "/", "/a b", ""])
sized = st.builds(lambda size, data: size.to_bytes(4, "big") + data, st.integers(0, 2**32 - 1), st.binary(max_size=40))
texts = st.text(max_size=12).map(lambda letters: hostile.text(letters.encode(errors="replace")))
bodies = st.lists(st.one_of(st.binary(max_size=24), texts, sized)).map(b"".join)
single = st.builds(
    lambda address, tags, body: hostile.message(tags, body, address.encode()),
    addresses,
    st.text(hostile.TYPES, max_size=16),
    bodies,
)
nearly_valid = st.recursive(
    single, lambda inner: st.lists(inner, max_size=5).map(lambda each: hostile.bundle(*each)), max_leaves=20
)


@st.composite
def mutations(draw):
    """A good packet with bytes changed and an end cut off."""
    data = bytearray(draw(st.sampled_from(hostile.GOOD)))
    for place, value in draw(st.lists(st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255)), max_size=8)):
        data[place] = value
    return bytes(data[: draw(st.integers(0, len(data)))])


@settings(max_examples=600, deadline=None)
@given(st.one_of(nearly_valid, mutations()))
def test_whatever_hypothesis_finds_is_a_message_or_refused(packet):
    try:
        messages = decode(packet)
    except OscError:
        return
    for message in messages:
        try:
            request = read_request(message)
            if isinstance(request, Asking):
                request.asked()
        except RetoneError as error:
            assert error.message.endswith((".", "!", "?")) or ":" in error.message
