"""Every language writes and reads the same bytes."""

import pytest

from bridge.harness import running
from contract.packets import NONCE, REPLIES, REQUESTS, TOKEN, by_liblo, kept, liblo, plain
from retone_bridge import protocol
from retone_bridge.osc import Message, decode, encode
from retone_bridge.seal import seal

ROWS = {"requests": REQUESTS, "replies": REPLIES}
PACKETS = [pytest.param(kind, packet, id=f"{kind}: {packet['name']}") for kind in ROWS for packet in kept(kind)]
# Python reads doubles and sends none.
WRITTEN = [each for each in PACKETS if "d" not in each.values[1]["tags"]]


@pytest.mark.parametrize(("kind", "packet"), PACKETS)
def test_python_reads_the_bytes(kind, packet):
    (message,) = decode(bytes.fromhex(packet["hex"]))
    assert message == Message(packet["address"], plain(packet["tags"], packet["arguments"]))
    read = protocol.read_request if kind == "requests" else protocol.read_reply
    assert read(message).to_osc().address == packet["address"]


@pytest.mark.parametrize(("kind", "packet"), WRITTEN)
def test_python_writes_the_bytes(kind, packet):
    assert encode(Message(packet["address"], plain(packet["tags"], packet["arguments"]))).hex() == packet["hex"]


def test_python_seals_the_bytes():
    (packet,) = (each for each in kept("requests") if each["name"] == "sealed status")
    assert encode(seal(TOKEN, NONCE, 7, Message("/retone/status")).to_osc()).hex() == packet["hex"]


@pytest.mark.parametrize("kind", ROWS)
def test_the_files_hold_the_rows_and_every_address(kind):
    assert [(p["name"], p["address"], p["tags"], p["arguments"]) for p in kept(kind)] == ROWS[kind]
    kinds = protocol.REQUESTS if kind == "requests" else protocol.REPLIES
    addresses = [packet["address"] for packet in kept(kind)]
    for each in kinds:
        assert any(address.startswith(each.address.removesuffix("NAME")) for address in addresses)


def test_a_service_understands_them_all(tmp_path):
    with running(tmp_path / "state") as service:
        service.peer().send("param/path", "/music/loop.wav")
        for packet in kept("requests"):
            if packet["address"] != "/retone/quit":
                peer = service.peer()
                peer.send_bytes(bytes.fromhex(packet["hex"]))
                peer.send_bytes(encode(Message("/retone/notify", (0, peer.port))))
                heard = peer.until("ack")
                assert [event for event in heard if "bad_request" in event] == [], packet["name"]


@pytest.mark.skipif(liblo() is None, reason="liblo (which liblo-tools brings) is not installed")
@pytest.mark.parametrize(("kind", "packet"), PACKETS)
def test_liblo_writes_the_bytes(kind, packet):
    assert by_liblo(packet["address"], packet["tags"], packet["arguments"]).hex() == packet["hex"]
