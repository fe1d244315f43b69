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
from pathlib import Path

from bridge.harness import Peer
from retone_bridge.udp import Endpoint

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
