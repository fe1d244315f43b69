"""What the Live device sends means what the golden packets mean, and it reads every reply.

Max makes the packets, and decides by each number alone whether it leaves as an int or as a float: so it is meanings
that are compared.
"""

import re

import pytest

from contract.packets import kept
from live.desk import CLIP
from live.host import Live
from live.node import call
from live.scene import a_set, audio_clip, audio_track
from retone_bridge.osc import Message
from retone_bridge.protocol import read_request
from retone_bridge.requests import PROTOCOL

REQUESTS = {packet["name"]: packet for packet in kept("requests")}
REPLIES = [pytest.param(packet, id=packet["name"]) for packet in kept("replies")]
# The device asks for nothing that these answer.
UNHEARD = ("version.reply", "synced", "clips.reply", "preset/", "challenged", "heartbeat", "param/")
COMMON = ("status with a reply port", "cancel with a reply port", "job with a reply port", "received")
SENT = [name for name in REQUESTS if "Live device" in name or name in COMMON]
ID = re.compile("m[0-9a-f]{12}|r1")


def meaning(address, arguments, port=9131):
    """What the service makes of it, but for the id and the port, which the device makes by chance."""

    def usual(one):
        return "m1" if isinstance(one, str) and ID.fullmatch(one) else 9131 if one == port else one

    return read_request(Message(address, tuple(usual(one) for one in arguments)))


class Sent:
    """What a device sends: the last packet of an address, as its meaning."""

    def __init__(self, live):
        self.live, self.device = live, live.load()
        live.select(CLIP)
        live.advance(0.5)
        self.device.hear("/retone/welcome", "1.0.0", PROTOCOL, "cpu", "pocket", 3600)

    def last(self, word):
        address, arguments = [one for one in self.device.sent if one[0] == f"/retone/{word}"][-1]
        return meaning(address, arguments, self.device.port)

    def press(self, button, word):
        self.device.press(button)
        return self.last(word)


def in_a_set():
    """A warp-less clip of which two seconds are seen, in a saved set, with everything set."""
    song = "/Users/mé/A song Project"
    clip = audio_clip(f"{song}/Loop 1.wav", frames=176400, rate=44100, start_marker=1.0, end_marker=3.0)
    with Live(set=a_set(audio_track("Drums", [clip]), path=f"{song}/A song.als")) as live:
        sent = Sent(live)
        for name, value in {"Strength": "75 %", "Guidance": "2.5", "Seed": 7, "Variations": 2}.items():
            sent.device.turn(name, value)
        sent.device.type("Model", "pocket", enter=True)
        sent.device.type("Prompt", "played by a string quartet")
        return {"edit of the Live device": sent.press("Edit", "edit")}


def unsaved():
    """A whole clip in an unsaved set, with everything at auto; then a search, a steer, and the rest of the talk."""
    clip = audio_clip("/music/loop.wav", frames=176400, rate=44100)
    with Live(set=a_set(audio_track("Drums", [clip]))) as live:
        sent = Sent(live)
        found = {"hello of the Live device": sent.last("hello")}
        sent.device.type("Prompt", "808")
        found["edit of the Live device at auto"] = sent.press("Edit", "edit")
        sent.device.turn("Count", 4)
        sent.device.turn("Noise Level", "50 %")
        found["directions of the Live device"] = sent.press("Find", "directions")
        sent.device.turn("Direction 1", -0.5)
        sent.device.turn("Direction 3", 1)
        found["steer of the Live device"] = sent.press("Steer", "steer")
        for address, arguments in list(sent.device.sent):
            if address in ("/retone/edit", "/retone/directions", "/retone/steer"):
                sent.device.hear("/retone/ack", arguments[0])
        live.advance(5.5)
        found["job with a reply port"] = sent.last("job")
        found["status with a reply port"] = sent.last("status")
        sent.device.press("Cancel")
        live.advance(0.1)
        found["cancel with a reply port"] = sent.last("cancel")
        id = next(arguments[0] for address, arguments in sent.device.sent if address == "/retone/edit")
        sent.device.hear("/retone/fail", id, "cancelled", "The job was cancelled.")
        found["received"] = sent.last("received")
        return found


@pytest.fixture(scope="module")
def sent():
    return in_a_set() | unsaved()


@pytest.mark.parametrize("name", SENT)
def test_the_device_sends_what_the_packet_means(sent, name):
    assert sent[name] == meaning(REQUESTS[name]["address"], REQUESTS[name]["arguments"])


@pytest.mark.parametrize("packet", REPLIES)
def test_the_device_reads_the_reply(packet):
    word = packet["address"].removeprefix("/retone/")
    event = call("replies", "read", packet["address"], packet["arguments"])
    if word.startswith(UNHEARD):
        assert event is None
    else:
        assert event.pop("kind") == word
        assert list(event.values()) == packet["arguments"]
