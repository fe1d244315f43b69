"""Machines of their own, as far as the network goes: threads in network namespaces, with cables between them.

A namespace here has no name and no file: it ends with its last thread, process and socket, however that comes about.
Nothing of this machine's own network is touched.
"""

import ctypes
import os
import shutil
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from bridge.harness import Peer, running
from retone_bridge.client import Client
from retone_bridge.udp import Endpoint

TOKEN = "a token of the tests"
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET
_RAW_HEADER_BYTES = 28  # IPv4 without options, and UDP


def why_not():
    """Why there can be no such hosts here; empty where there can."""
    if not Path("/proc/self/ns/net").exists():
        return "network namespaces are Linux's"
    if shutil.which("ip") is None:
        return "ip (iproute2) is not installed"
    probe = f"import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare({_NEW_NETWORK}) != 0)"
    if os.geteuid() or subprocess.run([sys.executable, "-c", probe]).returncode:
        return "a network namespace takes root"
    return ""


def _leave_the_network():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_NETWORK):
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


class Host:
    """A machine. What ``do`` calls in it opens sockets and starts threads and processes that belong to it."""

    def __init__(self):
        self._thread = ThreadPoolExecutor(1, initializer=_leave_the_network)
        self.address = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._thread.shutdown()

    def do(self, what, *arguments, **named):
        return self._thread.submit(what, *arguments, **named).result()

    def run(self, *command, **named):
        """A process in this machine; gives it when it has ended."""
        return self.do(subprocess.run, list(map(str, command)), capture_output=True, text=True, **named)

    def joined_to(self, other, network):
        """Lays a cable to ``other``; on the network 10.93.``network``.0 this is 1 and the other 2. Gives both."""
        link, far = f"lan{network}", other.do(threading.get_native_id)
        addresses = [f"10.93.{network}.{number}" for number in (1, 2)]
        self._ip("link", "add", link, "type", "veth", "peer", "name", link, "netns", far)
        for host, address in zip((self, other), addresses, strict=True):
            host._ip("addr", "add", f"{address}/24", "dev", link)
            host._ip("link", "set", link, "up")
        # All that the other does not know itself is over here.
        other._ip("route", "add", "default", "via", addresses[0])
        other.address = addresses[1]
        return addresses

    def _ip(self, *words):
        self.run("ip", *words, check=True)

    def peer(self, to, port=0, address=None):
        """A program in this machine that speaks OSC with ``to``."""
        return self.do(_HostPeer, (address or self.address, port), Endpoint(*to))

    def heard_on(self, link):
        """A socket that hears every IP packet on an interface of this machine."""

        def listen():
            ear = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
            ear.bind((link, 0))
            ear.settimeout(5)
            return ear

        return self.do(listen)

    def forge(self, source, to, data):
        """Sends ``data`` as if it came from the endpoint ``source``."""

        def send():
            udp = source.port.to_bytes(2, "big") + to.port.to_bytes(2, "big") + (len(data) + 8).to_bytes(2, "big")
            # The system fills in length and checksum of the IP header; a UDP checksum of 0 is none.
            addresses = socket.inet_aton(source.host) + socket.inet_aton(to.host)
            ip = b"\x45" + bytes(7) + b"\x40\x11" + bytes(2) + addresses
            with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
                raw.sendto(ip + udp + bytes(2) + data, (to.host, 0))

        self.do(send)


class _HostPeer(Peer):
    def __init__(self, at, to):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(at)
        self.to = to
        self.heard = []

    @property
    def endpoint(self):
        return Endpoint(*self.socket.getsockname())


def payload(packet):
    """(source, data) of a UDP packet as ``heard_on`` gives it; None when it is another."""
    if len(packet) < _RAW_HEADER_BYTES or packet[0] != 0x45 or packet[9] != 0x11:
        return None
    source = Endpoint(socket.inet_ntoa(packet[12:16]), int.from_bytes(packet[20:22], "big"))
    return source, packet[_RAW_HEADER_BYTES : 20 + int.from_bytes(packet[24:26], "big")]


class Network:
    """A studio's machine with a service, a laptop and a tablet on cables of their own; the tablet is paired."""

    def __init__(self, stack, state):
        self.studio, self.laptop, self.tablet = (stack.enter_context(Host()) for _ in range(3))
        self.lan, _ = self.studio.joined_to(self.laptop, 1)
        self.studio.joined_to(self.tablet, 2)
        self._stack, self._state = stack, state
        self._now = stack.enter_context(ExitStack())
        self.port = 0
        self.start()

    def start(self):
        settings = {"host": "0.0.0.0", "token": TOKEN, "paired": ("10.93.2.2",), "port": self.port}
        self.service = self.studio.do(self._now.enter_context, running(self._state, **settings))
        self.port = self.service.port

    def start_again(self):
        self._now.close()
        self.start()

    @property
    def to(self):
        return Endpoint(self.lan, self.port)

    def peer(self, host, **options):
        to = ("127.0.0.1", self.port) if host is self.studio else self.to
        address = "127.0.0.1" if host is self.studio else host.address
        peer = host.peer(to, address=address, **options)
        self._stack.callback(peer.socket.close)
        return peer

    def client(self, host, token=TOKEN, **options):
        return self._stack.enter_context(host.do(Client, self.lan, self.port, token, **options))

    def hold(self, clip):
        """The studio's own machine holds ``clip`` and the prompt "count" for actions; gives its program."""
        own = self.peer(self.studio)
        own.send("param/path", str(clip))
        own.send("param/prompt", "count")
        own.send("sync", 1)
        own.until("synced")
        return own


def renders(clip):
    """How many jobs of the prompt "count" were begun of it."""
    starts = clip.parent / "starts"
    return len(starts.read_text().splitlines()) if starts.exists() else 0
