"""Attempts to get into a service that other machines may use, from hosts of their own: what it does of them.

Requests without a seal, recordings sent again from everywhere, forgeries in the name of a client whose session is in
use, and what a paired host may not do, among a client's own sealed requests. Needs Linux, root and ip.

python -m faults.intruders [--small] [--attempts N] [--seed N] [--figures PATH]
"""

import logging
import random
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import soundfile

from bridge.hosts import TOKEN, Network, payload, renders, why_not
from faults.figures import Row, main
from retone_bridge.client import Client
from retone_bridge.osc import Message, decode, encode
from retone_bridge.protocol import Sealed
from retone_bridge.seal import mac
from retone_bridge.udp import Endpoint
from retone_engine.request import RetoneError

SMALL = {"attempts": 4_000, "seed": 1}
LONG = {"attempts": 200_000, "seed": 2}

STRANGERS = [f"10.93.1.{number}" for number in range(100, 140)]
_TOGETHER = 40  # attempts before the service is asked whether it took them all in
_OWN_EVERY = 1000  # attempts between two requests of the client
_RECORDINGS = 64


class Watched:
    """Counts what a service's guard says to other machines."""

    def __init__(self, server):
        self.judged = self.refused = self.dropped = self.not_read = 0
        self.admitted = Counter()
        self._hears, server._guard.hears = server._guard.hears, self._hear
        self._admitted, server._guard.admitted = server._guard.admitted, self._judge

    def _hear(self, host):
        found = self._hears(host)
        self.not_read += not found
        return found

    def _judge(self, message, source):
        if source.host.startswith("127."):
            return self._admitted(message, source)
        self.judged += 1
        try:
            found = self._admitted(message, source)
        except RetoneError:
            self.refused += 1
            raise
        if found is None:
            self.dropped += 1
        else:
            self.admitted[("sealed " if message.address == Sealed.address else "") + found.address] += 1
        return found


class Intruders:
    """The attempts: each is what is sent, from where, and by which way."""

    def __init__(self, network, clip, chance):
        self.chance = chance
        self.recorded = []  # (source, packet) of a client with the token
        self._network, self._clip = network, str(clip)
        for address in STRANGERS:
            network.laptop.run("ip", "addr", "add", f"{address}/24", "dev", "lan1", check=True)

    def attempt(self):
        """Makes one attempt; gives its kind."""
        kind = self.chance.choice(("plain", "bundle", "recording", "forgery", "guess", "tablet"))
        source, data = getattr(self, f"_{kind}")()
        host = self._network.tablet if source.host == self._network.tablet.address else self._network.laptop
        host.forge(source, self._network.to, data)
        return kind

    def _somewhere(self):
        return Endpoint(self.chance.choice(STRANGERS), self.chance.randint(1024, 65535))

    def _request(self):
        name = f"i{self.chance.getrandbits(40)}"
        return self.chance.choice(
            [
                Message("/retone/edit", (name, self._clip, "prompt", "count")),
                Message("/retone/directions", (name, self._clip, "source_prompt", "count")),
                Message("/retone/steer", (name, self._clip, "direction", 1, "amount", 0.5, "source_prompt", "count")),
                Message("/retone/param/path", ("/etc/passwd",)),
                Message("/retone/param/model", ("/tmp",)),
                Message("/retone/clips", (Path(self._clip).name,)),
                *(Message(f"/retone/{verb}", (name,)) for verb in ("cancel", "job", "received")),
                Message("/retone/quit"),
            ]
        )

    def _plain(self):
        more = [Message("/retone/action/edit", (1.0,)), Message("/retone/notify", (1,)), Message("/retone/status")]
        return self._somewhere(), encode(self.chance.choice([self._request(), *more]))

    def _bundle(self):
        parts = [encode(self._request()) for _ in range(self.chance.randint(1, 8))]
        parts.insert(self.chance.randint(0, len(parts)), self.chance.choice(self.recorded)[1])
        body = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return self._somewhere(), b"#bundle\0" + bytes(8) + body

    def _recording(self):
        source, packet = self.chance.choice(self.recorded)
        tablet = Endpoint(self._network.tablet.address, source.port)
        return self.chance.choice([source, source, tablet, self._somewhere()]), packet

    def _forgery(self):
        """A recording with another counter, a bit turned over or its seal cut, in the name of who sent it."""
        source, packet = self.chance.choice(self.recorded)
        counter, seal, inner = decode(packet)[0].arguments
        turned = bytearray(inner)
        turned[self.chance.randrange(len(inner))] ^= 1 << self.chance.randrange(8)
        forged = self.chance.choice(
            [
                Sealed(counter + self.chance.randint(1, 10**6), seal, inner),
                Sealed(counter + 10**6, seal, bytes(turned)),
                Sealed(counter + 10**6, seal[: self.chance.randint(0, 63)], inner),
                Sealed(counter + 10**6, "", inner),
            ]
        )
        return source, encode(forged.to_osc())

    def _guess(self):
        """A request of one's own, sealed with a token that is not the one."""
        source = self.chance.choice([self.chance.choice(self.recorded)[0], self._somewhere()])
        packet, counter = encode(self._request()), self.chance.randint(1, 2**31 - 1)
        token = self.chance.choice(["", TOKEN[:-1], TOKEN + " ", TOKEN.upper(), "0123456789abcdef"])
        nonce = f"{self.chance.getrandbits(128):032x}"
        return source, encode(Sealed(counter, mac(token, nonce, counter, packet), packet).to_osc())

    def _tablet(self):
        return Endpoint(self._network.tablet.address, self.chance.randint(1024, 65535)), encode(self._request())


def campaign(attempts, seed):
    logging.getLogger("retone_bridge").addHandler(logging.NullHandler())
    with TemporaryDirectory(prefix="retone-faults-") as folder, ExitStack() as stack:
        clip = Path(folder) / "loop.wav"
        soundfile.write(clip, [0.1, -0.1] * 400, 8000)
        network = Network(stack, Path(folder) / "state")
        own = network.hold(clip)
        intruders = Intruders(network, clip, random.Random(seed))
        watched = Watched(network.service.server)
        kinds, pressed = Counter(), 0
        for number in range(attempts):
            if number % _OWN_EVERY == 0:
                time.sleep(1)  # what its host may send and hear a second is used up by others in its name
                intruders.recorded = [*intruders.recorded, pressed_and_recorded(network)][-_RECORDINGS:]
                pressed += 1
            kinds[intruders.attempt()] += 1
            if number % _TOGETHER == 0:
                own.send("sync", number)
                own.until("synced")
        own.send("param/path")
        held = own.until("param/path")[-1][1]
        rights = Counter({"/retone/challenge": pressed, "sealed /retone/action/edit": pressed})
        return {
            "attempts": attempts,
            "of_these": dict(kinds),
            "messages_judged": watched.judged,
            "packets_not_read": watched.not_read,
            "refused": watched.refused,
            "dropped": watched.dropped,
            "own_requests": pressed,
            "own_requests_admitted": watched.admitted["sealed /retone/action/edit"],
            "admitted_without_a_right": (watched.admitted - rights).total(),
            "renders_without_a_right": renders(clip) - pressed,
            "held_path_changed": held != str(clip),
            "subscribers": len(tuple(network.service.server._subscribers)),
            "sessions_kept": len(network.service.server._guard._sessions),
        }


def pressed_and_recorded(network):
    """A client on the laptop presses a button, sealed; gives (source, packet) as the cable carried it."""
    with network.studio.heard_on("lan1") as ear:
        with network.laptop.do(Client, network.lan, network.port, TOKEN) as client:
            client.send(Message("/retone/action/edit", (1.0,)))
            while client.listen(10).address != "/retone/done":
                pass
        while True:
            found = payload(ear.recv(65536))
            if found is not None and found[1].startswith(b"/retone/sealed"):
                return found


def rows(figures):
    return [
        Row(
            "A service on a network lets nobody in",
            "requests without a seal, recordings, forgeries and guesses from 42 hosts, among a client's own",
            figures["attempts"],
            f"{figures['admitted_without_a_right']} requests let in, {figures['renders_without_a_right']} renders; "
            f"{figures['own_requests_admitted']} of {figures['own_requests']} sealed requests of the client done",
        ),
    ]


if __name__ == "__main__":
    if why_not():
        sys.exit(f"There can be no intruders here: {why_not()}.")
    sys.exit(main(campaign, SMALL, LONG))
