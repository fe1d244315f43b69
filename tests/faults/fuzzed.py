"""A live service under hostile packets: the next good request is answered, and nothing else has changed."""

import gc
import logging
import os
import random
import re
import socket
import sys
import time
from contextlib import contextmanager
from itertools import chain, islice

import psutil
import soundfile

from bridge.harness import running
from faults.figures import spread
from faults.hostile import GOOD, mutated, named, nearly_valid
from retone_bridge.osc import Message, OscError, decode, encode
from retone_bridge.protocol import HELD, Done

BATCH = 20  # packets between two good requests: as many large ones as a socket's buffer surely holds
JOBS = 10  # good edits among the packets
_PORTS = range(200, 1000)  # where nobody listens
_RESULT = re.compile(r"My loop-[A-Za-z][A-Za-z0-9_-]*\.wav")
_WRITES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod")


def fuzz_a_service(folder, count, seed=0):
    """``count`` hostile packets at a service that lives in ``folder``; gives what became of it as figures."""
    clips = folder / "clips"
    clips.mkdir()
    clip = clips / "My loop.wav"
    soundfile.write(clip, [0.1, -0.1] * 400, 8000)
    sound = clip.read_bytes()
    own = (*GOOD, *(encode(one) for one in _of(clip)))
    chance = random.Random(seed)
    with running(folder / "state", roots=(str(clips),)) as service, _watched(folder / "state") as seen:
        enemy, friend, client = service.peer(), service.peer(), service.client()
        _done(client, clip)
        threads, rss = None, 0
        answers, jobs, sent = [], [], 0
        packets = _harmless(chance, own)
        while sent < count:
            for packet in islice(packets, min(BATCH, count - sent)):
                enemy.send_bytes(packet)
                sent += 1
            answers.append(_answered(friend, sent))
            _drained(enemy.socket, seen)
            friend.heard.clear()  # else it is this that grows
            if sent % (count // JOBS) < BATCH:
                jobs.append(_done(client, clip))
            if threads is None and sent >= count // 10:  # from here on everything is warm
                threads, rss = _threads(), _resident()
        crowd = _crowded(service, friend)
        jobs.append(_done(client, clip))
        held = [friend.send(f"param/{name}") or friend.until(f"param/{name}") for name in HELD]
        found = {
            "packets": sent,
            "good_requests": len(answers) + len(jobs) + len(held),
            "answered": len(answers) + sum(jobs) + len(held),
            "time_to_an_answer": spread(answers),
            "threads_gone": sorted(threads - _threads()),
            "resident_bytes_grown": _resident() - rss,
            "status_waiting": client.status().waiting,
            **crowd,
        }
    found |= {
        "faults_of_our_own": seen["internal"],
        "answers_too_long_to_send": seen["unsent"],
        "written_elsewhere": seen["writes"],
        # A packet may name the clips' own folder for its results: it is inside the roots, and their names are new.
        "clips_changed": clip.read_bytes() != sound,
        "strange_files": [path.name for path in clips.iterdir() if not _RESULT.fullmatch(path.name) and path != clip],
    }
    return found


def _of(clip):
    yield Message("/retone/edit", ("fuzz1", str(clip), "prompt", "strings", "seed", 3))
    yield Message("/retone/edit", ("fuzz2", str(clip), "prompt", "warn", "output_folder", str(clip.parent / "x")))
    yield Message("/retone/directions", ("fuzz3", str(clip), "count", 2))
    yield Message("/retone/steer", ("fuzz4", str(clip), "direction", 1, "amount", "-1,1"))
    yield Message("/retone/param/path", (str(clip),))
    yield Message("/retone/action/edit", (1.0,))
    yield Message("/retone/cancel", ("fuzz1",))


def _harmless(chance, own):
    """Hostile packets, the named ones first, but for those that ask the service to end, which it would do."""
    for packet in chain(named().values(), _without_end(chance, own)):
        try:
            quits = any(message.address == "/retone/quit" for message in decode(packet))
        except OscError:
            quits = False
        if not quits:
            yield packet


def _without_end(chance, own):
    while True:
        yield nearly_valid(chance)
        yield mutated(chance, own)


def _answered(friend, token):
    """Seconds until a good request is answered; a packet that the full socket lost is sent again, as it may be."""
    started = time.monotonic()
    for patience in (0.5, 1, 2, 4):
        friend.send("sync", token)
        try:
            while friend.next(patience) != ("synced", token):
                pass
        except TimeoutError:
            continue
        return time.monotonic() - started
    raise AssertionError(f"the service does not answer after {token} packets")


def _done(client, clip):
    """Whether an edit comes to its good end."""
    *_, last = client.edit(str(clip), "strings")
    return isinstance(last, Done)


def _crowded(service, friend):
    """How many are remembered when very many ask to be."""
    crowd = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(400)]
    try:
        for number, (peer, port) in enumerate(zip(crowd, _PORTS, strict=False)):
            for address in ("/retone/hello", "/retone/notify"):
                arguments = ("crowd", 1, port) if address.endswith("hello") else (1, port)
                peer.sendto(encode(Message(address, arguments)), friend.to)
            if number % BATCH == 0:
                _answered(friend, number)
        _answered(friend, len(crowd))
    finally:
        for peer in crowd:
            peer.close()
    server = service.server
    return {
        "crowd": len(crowd),
        "subscribers_kept": len(tuple(server._subscribers)),
        "reply_ports_kept": len(server._reply_ports._ports),
    }


def _drained(heard, seen):
    """Reads what came, and notes answers that blame the service itself."""
    heard.setblocking(False)
    try:
        while True:
            for message in decode(heard.recv(65536)):
                if message.address == "/retone/fail" and message.arguments[1] == "internal":
                    seen["internal"].append(message.arguments[2])
    except BlockingIOError:
        pass


@contextmanager
def _watched(state):
    """What this process writes outside ``state``, and the faults it logs, while this is open."""
    global _watching
    seen = {"writes": [], "internal": [], "unsent": 0}
    if not _hooked:
        sys.addaudithook(_audit)  # it stays, and looks at nothing when nobody watches
        _hooked.append(True)

    class Faults(logging.Handler):
        def emit(self, record):
            # What sync asks to hear again may be longer than any reply is.
            if record.getMessage() == "reply not sent":
                seen["unsent"] += 1
            else:
                seen["internal"].append(f"{record.getMessage()} {getattr(record, 'about', '')}")

    logger = logging.getLogger("retone_bridge")
    handler = Faults(logging.ERROR)
    propagated, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    _watching = (os.fspath(state), seen["writes"])
    try:
        yield seen
    finally:
        _watching = None
        logger.removeHandler(handler)
        logger.propagate = propagated


_hooked = []
_watching = None


def _audit(event, arguments):
    if _watching is None:
        return
    state, writes = _watching
    if event == "open":
        path, _, flags = arguments
        wrote = isinstance(path, str | bytes) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    else:
        path, wrote = (arguments[0], event in _WRITES) if arguments else ("", False)
    if wrote and not os.fsdecode(path).startswith((state, "/dev/null")):
        writes.append(f"{event} {os.fsdecode(path)}")


def _threads():
    return {thread.id for thread in psutil.Process().threads()}


def _resident():
    gc.collect()
    return psutil.Process().memory_info().rss
