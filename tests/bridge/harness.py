"""A real service on a free port, with real sockets and a real child process that follows a script."""

import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from retone_bridge.client import Client
from retone_bridge.osc import Message, decode, encode
from retone_bridge.server import Server, Settings, in_background

SCRIPT = (sys.executable, str(Path(__file__).parent / "scripted_worker.py"))


class Peer:
    """A program that speaks OSC: it sends and notes what comes, in the order it comes."""

    def __init__(self, to=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.to = to
        self.heard = []

    @property
    def port(self):
        return self.socket.getsockname()[1]

    def send(self, address, *arguments):
        self.socket.sendto(encode(Message(f"/retone/{address}", arguments)), self.to)

    def send_bytes(self, data):
        self.socket.sendto(data, self.to)

    def next(self, seconds=10.0):
        """The next message as (address without /retone/, arguments); fails the test when none comes."""
        self.socket.settimeout(seconds)
        (message,) = decode(self.socket.recv(65536))
        self.heard.append(message)
        return (message.address.removeprefix("/retone/"), *message.arguments)

    def until(self, *addresses, seconds=20.0):
        """Everything up to the first message of one of these addresses, which comes last."""
        found = []
        end = time.monotonic() + seconds
        while not found or found[-1][0] not in addresses:
            found.append(self.next(max(0.01, end - time.monotonic())))
        return found

    def quiet(self, seconds=0.3):
        """Whether nothing comes."""
        self.socket.settimeout(seconds)
        try:
            self.heard.append(self.socket.recv(65536))
        except TimeoutError:
            return True
        return False


class Running:
    """A service that runs in this process, and those who talk to it."""

    def __init__(self, server, stack):
        self.server = server
        self.port = server.endpoint.port
        self._stack = stack

    def peer(self):
        peer = Peer(("127.0.0.1", self.port))
        self._stack.callback(peer.socket.close)
        return peer

    def client(self, **options):
        return self._stack.enter_context(Client(port=self.port, **options))

    @property
    def worker_pid(self):
        return self.server._executor.pid


@contextmanager
def running(state, worker=SCRIPT, port=0, **settings):
    with ExitStack() as stack:
        server = Server(Settings(port=port, state=state, worker=worker, **settings))
        server._udp._socket.settimeout(0.02)  # which its end waits for, and each test for its end
        thread = in_background(server)
        stack.callback(thread.join)
        stack.callback(server.stop)
        _settle(server)
        yield Running(server, stack)


def _settle(server, seconds=20):
    """Waits until the engine is there, or is known not to come: from then on a job begins when it comes."""
    end = time.monotonic() + seconds
    while not (server._executor.ready or server._jobs.runs.trouble) and time.monotonic() < end:
        time.sleep(0.01)


def serve(state, port=0, worker=SCRIPT, defaults=()):
    """A service in a process of its own, to be killed; gives the process and its port.

    ``defaults``: other values of keyword arguments, as ``(("jobs.Jobs", "waiting_limit", 1000), ...)``.
    """
    changes = "".join(
        f"from retone_bridge.{where.split('.')[0]} import {where.split('.')[1]} as changed\n"
        f"changed.__init__.__kwdefaults__[{name!r}] = {value!r}\n"
        for where, name, value in defaults
    )
    code = f"""
from pathlib import Path
{changes}
from retone_bridge.server import Server, Settings
server = Server(Settings(port={port}, state=Path({str(state)!r}), worker={tuple(worker)!r}))
print(server.endpoint.port, flush=True)
server.run()
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    return process, int(process.stdout.readline())


def kill(process):
    process.kill()
    process.wait()
    process.stdout.close()
