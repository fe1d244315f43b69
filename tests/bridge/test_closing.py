"""Told to end, the service ends within five seconds, and the job that ran goes on at the next start."""

import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

from bridge.harness import SCRIPT, Peer, running
from retone_bridge.closing import waits_for

SERVICE = """
import sys, threading
from pathlib import Path
from retone_bridge.closing import on_closing
from retone_bridge.server import Server, Settings
state, *worker = sys.argv[1:]
server, ended = Server(Settings(port=0, state=Path(state), worker=tuple(worker))), threading.Event()
on_closing(server.stop, ended)
print(server.endpoint.port, flush=True)
server.run()
"""
SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process that is sent a signal")
def test_signals_that_were_ignored_from_the_start_stay_ignored_and_another_ends_it(tmp_path):
    """As of nohup, and of a shell that starts it in the background."""
    command = ["sh", "-c", "trap '' HUP INT; exec \"$@\"", "sh", sys.executable, "-c", SERVICE, str(tmp_path), *SCRIPT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        peer = Peer(("127.0.0.1", int(process.stdout.readline())))
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        peer.send("version")
        assert peer.next()[0] == "version.reply"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        peer.socket.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process that is sent a signal")
@pytest.mark.parametrize("prompt", ["slow", "deaf"])
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_ends_it_soon_and_puts_the_job_back(tmp_path, clip, number, prompt):
    state = tmp_path / "state"
    command = [sys.executable, "-c", SERVICE, str(state), *SCRIPT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        peer = Peer(("127.0.0.1", int(process.stdout.readline())))
        peer.send("edit", "r1", str(clip), "prompt", prompt)
        peer.send("edit", "r2", str(clip), "prompt", "strings")
        peer.until("progress")
        started = time.monotonic()
        process.send_signal(number)
        assert process.wait(10) == 0
        assert time.monotonic() - started < 5
        peer.socket.close()
    journal = sqlite3.connect(state / "journal.sqlite")
    assert journal.execute("SELECT id, state, crashes FROM jobs").fetchall() == [
        ("r1", "queued", 0),
        ("r2", "queued", 0),
    ]
    journal.close()
    assert list((state / "renders").iterdir()) == []
    if prompt == "deaf":
        return  # it would be deaf to the cancel, too
    with running(state) as service:
        other = service.peer()
        other.send("job", "r1")
        assert other.until("progress")[-1][1] == "r1"
        other.send("cancel", "r1")
        assert other.until("fail")[-1][:3] == ("fail", "r1", "cancelled")


def test_a_console_window_that_is_closed_waits_for_the_end():
    stopped, ended = threading.Event(), threading.Event()
    handler = waits_for(stopped.set, ended)
    assert not handler(0) and not stopped.is_set(), "Ctrl-C comes as a signal"
    threading.Timer(0.3, ended.set).start()
    started = time.monotonic()
    assert handler(2) and stopped.is_set()
    assert time.monotonic() - started > 0.2
