"""What the Live device sends means what the golden packets mean, and it reads every reply.

Max makes the packets, and decides by each number alone whether it leaves as an int or a float: so meanings are compared.
"""

import pytest

from contract.packets import kept
from live.node import call

REPLIES = [pytest.param(packet, id=packet["name"]) for packet in kept("replies")]
# The device asks for nothing that these answer.
UNHEARD = ("version.reply", "synced", "clips.reply", "preset/", "challenged", "heartbeat", "param/")


@pytest.mark.parametrize("packet", REPLIES)
def test_the_device_reads_the_reply(packet):
    word = packet["address"].removeprefix("/retone/")
    event = call("replies", "read", packet["address"], packet["arguments"])
    if word.startswith(UNHEARD):
        assert event is None
    else:
        assert event.pop("kind") == word
        assert list(event.values()) == packet["arguments"]
