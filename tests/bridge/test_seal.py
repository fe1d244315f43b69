"""A seal opens once, for the endpoint that was challenged, and for nothing but what was sealed."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.harness import running
from bridge.test_client import bad_network
from retone_bridge.client import Client
from retone_bridge.osc import Message, OscError, decode, encode
from retone_bridge.protocol import Challenge, Challenged, Done, Fail, Sealed
from retone_bridge.seal import COUNTER_LIMIT, IDLE_SECONDS, Sealer, Sessions, mac, seal
from retone_bridge.udp import Endpoint
from retone_engine.request import RetoneError

TOKEN = "a token of the tests"
TABLET = Endpoint("192.168.0.20", 9131)
LAPTOP = Endpoint("192.168.0.21", 9131)
EDIT = Message("/retone/edit", ("r1", "/music/loop.wav", "prompt", "strings"))


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def refusal(sessions, source, sealed):
    with pytest.raises(RetoneError) as caught:
        sessions.open(source, sealed)
    return caught.value.code


def test_the_seal_is_the_hmac_of_nonce_counter_and_packet():
    # Written out after RFC 2104, so that the library is not its own judge.
    def sha256(data):
        return hashlib.sha256(data).digest()

    key = TOKEN.encode().ljust(64, b"\0")
    inner, outer = bytes(each ^ 0x36 for each in key), bytes(each ^ 0x5C for each in key)
    text = b"0123456789abcdef" + b"\0\0\0\0\0\1\2\3" + b"a packet"
    assert mac(TOKEN, "0123456789abcdef", 0x10203, b"a packet") == sha256(outer + sha256(inner + text)).hex()


def test_a_request_is_opened_once_and_counters_may_leave_gaps():
    sessions = Sessions(TOKEN)
    nonce = sessions.challenge(TABLET)
    assert sessions.open(TABLET, seal(TOKEN, nonce, 3, EDIT)) == EDIT
    assert refusal(sessions, TABLET, seal(TOKEN, nonce, 3, EDIT)) == "bad_request"
    assert refusal(sessions, TABLET, seal(TOKEN, nonce, 2, EDIT)) == "bad_request"
    assert sessions.open(TABLET, seal(TOKEN, nonce, COUNTER_LIMIT, EDIT)) == EDIT


def test_a_recording_works_neither_elsewhere_nor_after_a_restart_nor_under_a_new_challenge():
    sessions = Sessions(TOKEN)
    recorded = seal(TOKEN, sessions.challenge(TABLET), 1, EDIT)
    sessions.challenge(LAPTOP)
    for other in (LAPTOP, Endpoint(TABLET.host, 9132), Endpoint("192.168.0.99", TABLET.port)):
        assert refusal(sessions, other, recorded) == "not_allowed"
    again = Sessions(TOKEN)
    again.challenge(TABLET)
    assert refusal(again, TABLET, recorded) == "not_allowed"
    assert sessions.open(TABLET, recorded) == EDIT
    renewed = sessions.challenge(TABLET)
    assert sessions.open(TABLET, seal(TOKEN, renewed, 1, EDIT)) == EDIT
    assert sessions.open(TABLET, recorded) is None


@given(st.data())
def test_whatever_is_changed_the_seal_breaks(data):
    sessions = Sessions(TOKEN)
    good = seal(TOKEN, sessions.challenge(TABLET), 5, EDIT)
    place = data.draw(st.integers(0, len(good.packet) - 1))
    packet = good.packet[:place] + bytes([good.packet[place] ^ 1 << data.draw(st.integers(0, 7))])
    packet += good.packet[place + 1 :]
    digit = data.draw(st.integers(0, 63))
    other = good.mac[:digit] + format(int(good.mac[digit], 16) ^ data.draw(st.integers(1, 15)), "x")
    other += good.mac[digit + 1 :]
    counter = data.draw(st.integers(1, COUNTER_LIMIT).filter(lambda one: one != 5))
    forged = [
        Sealed(counter, good.mac, good.packet),
        Sealed(5, other, good.packet),
        Sealed(5, good.mac[: data.draw(st.integers(0, 63))], good.packet),
        Sealed(5, data.draw(st.text()), good.packet),
        Sealed(5, "ﬀ" * 32, good.packet),
        Sealed(5, good.mac.upper() + "\0", good.packet),
        Sealed(5, good.mac, packet),
        Sealed(5, good.mac, b""),
        seal(TOKEN + "!", sessions.challenge(TABLET), 5, EDIT),
    ]
    for each in forged:
        assert refusal(sessions, TABLET, each) == "not_allowed"
    assert sessions.open(TABLET, good) == EDIT


@pytest.mark.parametrize("counter", [0, -1, COUNTER_LIMIT + 1, 2**64, 10**308])
def test_a_counter_outside_its_range_is_refused(counter):
    sessions = Sessions(TOKEN)
    sessions.challenge(TABLET)
    assert refusal(sessions, TABLET, Sealed(counter, "0" * 64, encode(EDIT))) == "bad_request"


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"no osc",
        b"#bundle\0" + bytes(8),
        b"#bundle\0" + bytes(8) + len(encode(EDIT)).to_bytes(4, "big") + encode(EDIT),
        encode(seal(TOKEN, "0" * 32, 1, EDIT).to_osc()),
    ],
)
def test_only_one_plain_message_may_be_sealed(packet):
    sessions = Sessions(TOKEN)
    nonce = sessions.challenge(TABLET)
    sealed = Sealed(1, mac(TOKEN, nonce, 1, packet), packet)
    assert refusal(sessions, TABLET, sealed) == "bad_request"
    assert sessions.open(TABLET, seal(TOKEN, nonce, 2, EDIT)) == EDIT


def test_a_forgery_in_a_clients_name_neither_ends_its_session_nor_is_answered():
    sessions = Sessions(TOKEN)
    nonce = sessions.challenge(TABLET)
    assert sessions.open(TABLET, seal(TOKEN, nonce, 1, EDIT)) == EDIT
    sessions.challenge(TABLET)
    assert sessions.open(TABLET, seal("some other token", nonce, 2, EDIT)) is None
    assert sessions.open(TABLET, seal(TOKEN, nonce, 2, EDIT)) == EDIT


def test_a_flood_of_challenges_is_bounded_and_forgets_nobody_who_showed_the_token():
    sessions = Sessions(TOKEN, limit=8)
    nonce = sessions.challenge(TABLET)
    assert sessions.open(TABLET, seal(TOKEN, nonce, 1, EDIT)) == EDIT
    first = sessions.challenge(LAPTOP)
    for port in range(1, 1000):
        sessions.challenge(Endpoint("192.168.0.66", port))
    assert len(sessions) == 9
    assert refusal(sessions, LAPTOP, seal(TOKEN, first, 1, EDIT)) == "not_allowed"
    assert sessions.open(TABLET, seal(TOKEN, nonce, 2, EDIT)) == EDIT


def test_sessions_of_token_holders_are_bounded_too_the_longest_unused_goes():
    sessions = Sessions(TOKEN, limit=8)
    nonces = {}
    for port in range(1, 10):
        nonces[port] = sessions.challenge(Endpoint(TABLET.host, port))
        sessions.open(Endpoint(TABLET.host, port), seal(TOKEN, nonces[port], 1, EDIT))
    assert len(sessions) == 8
    assert refusal(sessions, Endpoint(TABLET.host, 1), seal(TOKEN, nonces[1], 2, EDIT)) == "not_allowed"
    assert sessions.open(Endpoint(TABLET.host, 2), seal(TOKEN, nonces[2], 2, EDIT)) == EDIT


def test_a_session_that_is_not_used_ends_and_what_was_kept_back_with_it():
    clock = Clock()
    sessions = Sessions(TOKEN, clock=clock)
    nonce = sessions.challenge(TABLET)
    kept_back = seal(TOKEN, nonce, 3, EDIT)
    sessions.open(TABLET, seal(TOKEN, nonce, 1, EDIT))
    clock.now = IDLE_SECONDS - 1
    assert sessions.open(TABLET, seal(TOKEN, nonce, 2, EDIT)) == EDIT
    clock.now += IDLE_SECONDS
    assert refusal(sessions, TABLET, kept_back) == "not_allowed"
    assert sessions.challenge(TABLET) != nonce


def test_a_challenge_that_is_asked_for_twice_is_the_same_until_it_is_used():
    sessions = Sessions(TOKEN)
    nonce = sessions.challenge(TABLET)
    assert sessions.challenge(TABLET) == nonce != sessions.challenge(LAPTOP)
    sessions.open(TABLET, seal(TOKEN, nonce, 1, EDIT))
    assert sessions.challenge(TABLET) != nonce


class Wire:
    """A sealer and a service's sessions, with a network between them that a test may disturb."""

    def __init__(self, token=TOKEN):
        self.sealer = Sealer(token)
        self.sessions = Sessions(TOKEN)
        self.done = []

    def answer(self, packet):
        """What the service says to ``packet``."""
        (message,) = decode(packet)
        if message.address == Challenge.address:
            return Challenged(self.sessions.challenge(TABLET)).to_osc()
        try:
            self.done.append(self.sessions.open(TABLET, Sealed(*message.arguments)))
        except RetoneError as error:
            return Fail(Sealed.address, error.code, error.message).to_osc()
        return Message("/retone/ack", ("r1",))

    def carry(self, *packets):
        """Carries packets to and fro until there is quiet; gives what the client's caller hears."""
        heard, waiting = [], list(packets)
        while waiting:
            answer = self.answer(waiting.pop(0))
            more = self.sealer.incoming(answer)
            waiting += more or ()
            heard += [answer] if more is None else []
        return heard


def test_a_client_asks_for_a_challenge_by_itself_and_once():
    wire = Wire()
    first = wire.sealer.outgoing(EDIT)
    assert decode(first) == (Challenge().to_osc(),)
    assert [each.address for each in wire.carry(first)] == ["/retone/ack"]
    later = Message("/retone/status")
    assert decode(wire.sealer.outgoing(later))[0].address == Sealed.address
    wire.carry(wire.sealer.outgoing(later))
    assert wire.done == [EDIT, later]


def test_a_client_goes_on_after_the_service_was_started_again():
    wire = Wire()
    wire.carry(wire.sealer.outgoing(EDIT))
    wire.sessions = Sessions(TOKEN)
    assert [each.address for each in wire.carry(wire.sealer.outgoing(EDIT))] == ["/retone/ack"]
    assert wire.done == [EDIT, EDIT]


def test_doubled_packets_and_answers_change_nothing():
    wire = Wire()
    first = wire.sealer.outgoing(EDIT)
    (sealed,) = wire.sealer.incoming(wire.answer(first))
    assert wire.sealer.incoming(wire.answer(first)) == ()
    wire.answer(sealed)
    assert wire.sealer.incoming(wire.answer(sealed)) == ()
    assert wire.done == [EDIT]
    wire.carry(wire.sealer.outgoing(EDIT))
    assert wire.done == [EDIT, EDIT]


def test_a_lost_challenge_is_asked_for_with_the_next_request_and_nothing_waits_twice():
    wire = Wire()
    wire.sealer.outgoing(EDIT)
    wire.carry(wire.sealer.outgoing(EDIT))
    assert wire.done == [EDIT]


def test_what_waits_for_a_challenge_is_bounded():
    wire = Wire()
    for number in range(100):
        packet = wire.sealer.outgoing(Message("/retone/sync", (number,)))
    wire.carry(packet)
    assert [each.arguments for each in wire.done] == [(number,) for number in range(84, 100)]


def test_a_wrong_token_is_told_after_a_few_tries():
    wire = Wire("another token, alas")
    with pytest.raises(RetoneError, match="RETONE_TOKEN") as caught:
        wire.carry(wire.sealer.outgoing(EDIT))
    assert caught.value.code == "not_allowed"
    assert wire.done == []


def test_what_was_answered_is_not_sent_again_when_somebody_forges_a_refusal():
    wire = Wire()
    wire.carry(wire.sealer.outgoing(EDIT))
    forged = Fail(Sealed.address, "not_allowed", "Again!").to_osc()
    wire.carry(*wire.sealer.incoming(forged))
    assert wire.done == [EDIT]


@pytest.mark.parametrize("nonce", ["", "0" * 31, "g" * 32, "0" * 33])
def test_a_nonce_that_is_none_of_retones_is_not_sealed_with(nonce):
    sealer = Sealer(TOKEN)
    sealer.outgoing(EDIT)
    assert sealer.incoming(Challenged(nonce).to_osc()) == ()


def test_a_service_without_a_token_is_told_of():
    sealer = Sealer(TOKEN)
    sealer.outgoing(EDIT)
    with pytest.raises(RetoneError, match="no token"):
        sealer.incoming(Fail(Challenge.address, "unsupported", "This service has no token.").to_osc())


def test_a_request_too_long_for_its_seal_is_refused_before_anything_is_sent():
    fits = Message("/retone/sync", ("x" * 1900,))
    assert len(Sealer(TOKEN).outgoing(fits)) < 100
    with pytest.raises(OscError, match="is the limit"):
        Sealer(TOKEN).outgoing(Message("/retone/sync", ("x" * 2000,)))


@pytest.mark.parametrize("seed", [1, 2])
def test_sealed_edits_are_done_once_each_over_a_bad_network(tmp_path, clip, seed):
    with (
        running(tmp_path / "state", token=TOKEN) as service,
        bad_network(service.port, seed) as port,
        Client(port=port, token=TOKEN) as client,
    ):
        for number in range(4):
            assert isinstance(list(client.edit(clip, "count", id=f"r{number}"))[-1], Done)
    assert (clip.parent / "starts").read_text() == "r0\nr1\nr2\nr3\n"
