"""The service dies, or there are two of it, while a script talks with it through files: nothing is lost or doubled."""

import logging
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from bridge.harness import SCRIPT, running
from bridge.scripts import Script, eventually, heartbeat, lying

pytestmark = pytest.mark.usefixtures("brisk")

_SERVICE = """
import os, signal
from pathlib import Path
from retone_bridge.server import Server, Settings

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

{deadly}
server = Server(Settings(port=0, state=Path({state!r}), worker={worker!r}, spool=Path({spool!r})))
signal.signal(signal.SIGTERM, lambda *_: server.stop())
print("runs", flush=True)
server.run()
"""
# Where it dies: what is put in the place of what.
DEATHS = {
    "before the job is kept": """
from retone_bridge.journal import Journal
Journal.add = die
""",
    "before the request is removed": """
from retone_bridge.spool_in import Incoming
Incoming.remove = die
""",
    "before the first reply has its name": """
Path.rename = die
""",
    "after some replies, before one has its name": """
rename, left = Path.rename, [3]

def fourth(path, target):
    left[0] -= 1
    die() if left[0] < 0 else rename(path, target)

Path.rename = fourth
""",
}


@pytest.fixture
def spool(tmp_path):
    return tmp_path / "spool"


@contextmanager
def process(tmp_path, spool, deadly="", state="state"):
    """A service in a process of its own."""
    code = _SERVICE.format(deadly=deadly, state=str(tmp_path / state), worker=SCRIPT, spool=str(spool))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as found:
        try:
            assert found.stdout.readline() == "runs\n"
            yield found
        finally:
            found.kill()


@pytest.mark.parametrize("where", DEATHS)
def test_a_service_that_is_killed_loses_nothing_and_does_nothing_twice(tmp_path, spool, clip, where):
    script = Script(spool)
    (spool / "in").mkdir(parents=True)
    with process(tmp_path, spool, DEATHS[where]) as service:
        script.send("edit", "r1", str(clip), "prompt", "strings")
        assert service.wait(20) == -signal.SIGKILL
        assert heartbeat(spool), "nobody could remove it"
        before = lying(script.replies) if script.replies.exists() else []
    with running(tmp_path / "state", spool=spool) as service:
        heard = script.until("done")
        assert heard[-1][1:3] == ("r1", 1)
        assert heard[0] == ("ack", "r1")
        assert service.client().status().done == 1
        script.send("received", "r1")
        assert eventually(lambda: service.server._journal.find("r1").received)
        assert eventually(lambda: lying(spool / "in") == [])
    assert lying(tmp_path / "state" / "renders") == ["My loop-r1.wav"]
    assert "next.part" not in lying(script.replies)
    kept = [name for name in before if name.endswith(".osc")]
    assert script.heard.count(("done", *heard[-1][1:])) >= 1 and len(script.heard) > len(kept), "it counted on"


def test_replies_are_numbered_on_from_the_last_that_was_read(tmp_path, spool):
    script = Script(spool)
    for turn in range(3):
        with running(tmp_path / "state", spool=spool):
            assert eventually(lambda: heartbeat(spool))
            script.send("sync", turn)
            assert script.next() == ("synced", turn)
        assert lying(script.replies) == [f"{turn + 1:06}.osc"]


def test_a_heartbeat_stays_after_a_kill_alone(tmp_path, spool):
    for end, stays in (("terminate", False), ("kill", True)):
        with process(tmp_path, spool) as service:
            assert eventually(lambda: heartbeat(spool))
            getattr(service, end)()
            service.wait(20)
            assert (heartbeat(spool) is not None) == stays


def test_a_service_that_is_killed_leaves_the_spool_to_the_next(tmp_path, spool):
    script = Script(spool)
    with process(tmp_path, spool) as service:
        assert eventually(lambda: heartbeat(spool))
        service.kill()
        service.wait(20)
    script.send("sync", 1)
    with process(tmp_path, spool):
        assert script.next() == ("synced", 1)


def test_of_two_services_one_has_the_spool_and_the_other_follows(tmp_path, spool, clip, monkeypatch, caplog):
    monkeypatch.setattr("retone_bridge.spool.TRY_AGAIN_SECONDS", 0.2)
    caplog.set_level(logging.INFO)
    script = Script(spool)
    with process(tmp_path, spool, state="first") as first:
        assert eventually(lambda: heartbeat(spool))
        with running(tmp_path / "second", spool=spool) as second:
            assert eventually(lambda: "spool not used" in caplog.messages)
            for number in range(8):
                script.send("edit", f"r{number}", str(clip), "prompt", "strings")
            ended = set()
            while len(ended) < 8:
                ended.add(script.until("done")[-1][1])
            assert second.client().status().done == 0, "one service has them all"
            first.terminate()
            first.wait(20)
            assert eventually(lambda: heartbeat(spool))
            script.send("edit", "last", str(clip), "prompt", "strings")
            while script.until("done")[-1][1] != "last":
                pass
            assert second.client().status().done == 1


def test_a_request_that_waits_for_a_service_is_taken_up(tmp_path, spool, clip):
    (spool / "in").mkdir(parents=True)
    script = Script(spool)
    script.send("edit", "r1", str(clip), "prompt", "strings")
    time.sleep(0.05)
    with running(tmp_path / "state", spool=spool):
        assert script.until("done")[-1][:2] == ("done", "r1")
