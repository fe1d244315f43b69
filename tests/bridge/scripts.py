"""A program that talks with the service through the spool folder, as a script in a DAW does."""

import os
import secrets
import time

from retone_bridge.osc import Message, decode, encode


class Script:
    """One run of a script. It sends and reads by the rules in PROTOCOL.md, and notes what it has heard."""

    def __init__(self, spool, client=None):
        self.spool = spool
        self.client = client or f"c{secrets.token_hex(6)}"
        self.heard = []
        self._sent = 0
        self._read = 0

    @property
    def replies(self):
        return self.spool / "out" / self.client

    def send(self, address, *arguments):
        return self.send_bytes(encode(Message(f"/retone/{address}", arguments)))

    def send_bytes(self, data):
        """Puts one request there; gives its file."""
        self._sent += 1
        path = self.spool / "in" / f"{self.client}-{self._sent:06}.osc"
        part = path.with_suffix(".part")
        part.write_bytes(data)
        part.rename(path)
        return path

    def next(self, seconds=10.0):
        """The next reply as (address without /retone/, arguments); fails the test when none comes."""
        path = self.replies / f"{self._read + 1:06}.osc"
        end = time.monotonic() + seconds
        while not path.exists():
            assert time.monotonic() < end, f"no reply came; heard: {self.heard}"
            time.sleep(0.01)
        (message,) = decode(path.read_bytes())
        if self._read:
            (self.replies / f"{self._read:06}.osc").unlink()
        self._read += 1
        found = (message.address.removeprefix("/retone/"), *message.arguments)
        self.heard.append(found)
        return found

    def until(self, *addresses, seconds=20.0):
        """Everything up to the first reply of one of these addresses, which comes last."""
        found = []
        end = time.monotonic() + seconds
        while not found or found[-1][0] not in addresses:
            found.append(self.next(max(0.01, end - time.monotonic())))
        return found


def eventually(true, seconds=10.0):
    """Whether ``true()`` comes to be, soon."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def heartbeat(spool):
    """The arguments of the heartbeat, or None where there is none."""
    try:
        (message,) = decode((spool / "heartbeat.osc").read_bytes())
    except FileNotFoundError:
        return None
    assert message.address == "/retone/heartbeat"
    return message.arguments


def lying(folder):
    """The names of what lies in ``folder``."""
    return sorted(path.name for path in folder.iterdir())


def aged(path, seconds):
    """Makes ``path`` as old as that."""
    when = time.time() - seconds
    os.utime(path, (when, when), follow_symlinks=False)
