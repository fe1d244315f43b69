"""kill -9 as CI tries it; ``python -m faults.kills`` is the long version."""

import time
from contextlib import closing, contextmanager

import psutil
import pytest

from bridge.harness import Peer
from bridge.scripted_worker import stamped
from faults.kills import SMALL, campaign, rows
from faults.witness import service, short_clip

NEVER = (
    "faults", "lost", "ends_other_than_one", "heard_otherwise", "ends_changed", "forgotten_at_a_kill", "integrity_bad",
    "stray_files", "missing_files", "damaged_files", "processes_left",
)  # fmt: skip


def test_kills_at_any_moment_lose_no_job_and_leave_no_stray_file():
    found = campaign(**SMALL)
    scripted = found["scripted"]
    assert {name: scripted[name] for name in NEVER} == dict.fromkeys(NEVER, 0) | {"faults": []}
    assert scripted["acked"] == scripted["done"] + scripted["failed"] > SMALL["kills"]
    assert scripted["codes"].keys() <= {"cancelled", "worker_crashed"}
    assert set(scripted["kills"]) == {"service", "worker", "both"}
    assert scripted["seconds_to_quit"] < 5
    assert rows(found)[0].times == SMALL["kills"]


def test_a_restart_takes_the_queue_up_without_a_word_from_anybody(tmp_path):
    clip = short_clip(tmp_path)
    ids = [f"r{k}" for k in range(6)]
    with service(tmp_path / "state") as (_, port), _peer(port) as peer:
        for id in ids:
            peer.send("edit", id, str(clip), "prompt", "slow once" if id == "r0" else "strings")
            peer.until("progress" if id == "r0" else "ack")
    results = {f"loop-{id}.wav": stamped(clip.read_bytes(), id) for id in ids}
    with service(tmp_path / "state"):
        end = time.monotonic() + 20
        while (found := _results(tmp_path / "state" / "renders")) != results and time.monotonic() < end:
            time.sleep(0.05)
    assert found == results


def test_what_lies_beside_a_finished_result_goes_when_it_is_adopted(tmp_path, folder):
    """A kill between the name of a whole file and the end of its hidden twin."""
    clip = short_clip(tmp_path)
    with _peer() as peer:
        with service(tmp_path / "state") as (process, port):
            peer.to = ("127.0.0.1", port)
            peer.send("edit", "r1", str(clip), "prompt", "slow", "output_folder", str(folder))
            peer.until("progress")
            (worker,) = psutil.Process(process.pid).children()
        worker.wait(10)
        for name in ("loop-r1.wav", ".retone-r1.0123456789abcdef.part"):
            (folder / name).write_bytes(stamped(clip.read_bytes(), "r1"))
        with service(tmp_path / "state", port=port):
            assert peer.until("done", "fail")[-1][:3] == ("done", "r1", 1)
    assert [path.name for path in folder.iterdir()] == ["loop-r1.wav"]


@pytest.mark.parametrize(
    "asked",
    [
        ("edit", "prompt", "late"),
        ("edit", "prompt", "late", "variations", 3),
        ("directions", "source_prompt", "late", "count", 1),
    ],
)
def test_an_engine_that_outlives_its_service_does_the_next_one_no_harm(tmp_path, folder, asked):
    """Its files come when the next service has begun the job again."""
    clip = short_clip(tmp_path)
    kind, *settings = asked
    with _peer() as peer:
        with service(tmp_path / "state") as (_, port):
            peer.to = ("127.0.0.1", port)
            peer.send(kind, "r1", str(clip), *settings, "output_folder", str(folder))
            while peer.until("progress")[-1][3] != "write":
                pass
        with service(tmp_path / "state", port=port):
            end = peer.until("done", "fail")[-1]
            time.sleep(1.5)  # both engines have come to their ends by now
    assert end[0] == "done", end
    expected = stamped(clip.read_bytes(), "r1")
    assert list(_results(folder, "*").values()) == [expected] * end[2]


def test_an_engine_that_outlives_its_service_leaves_no_file_of_a_job_that_is_given_up(tmp_path, folder):
    clip = short_clip(tmp_path)
    with _peer() as peer:
        port = 0
        for kills_the_engine, asked in ((True, "edit"), (False, "job")):
            with service(tmp_path / "state", port=port) as (process, port):
                peer.to = ("127.0.0.1", port)
                more = (str(clip), "prompt", "late", "output_folder", str(folder)) if asked == "edit" else ()
                peer.send(asked, "r1", *more)
                while peer.until("progress")[-1][3] != "write":
                    pass
                (worker,) = psutil.Process(process.pid).children()
                if kills_the_engine:
                    process.kill()
                    worker.kill()
        with service(tmp_path / "state", port=port):
            end = peer.until("done", "fail")[-1]
            time.sleep(1.5)  # the engine has come to its end by now
    files = [path.name for path in folder.iterdir()]
    assert (end[0], files) in (("fail", []), ("done", ["loop-r1.wav"]))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mine").mkdir()
    return tmp_path / "mine"


def _results(folder, names="loop-*"):
    return {path.name: path.read_bytes() for path in folder.glob(names)}


@contextmanager
def _peer(port=0):
    peer = Peer(("127.0.0.1", port))
    with closing(peer.socket):
        yield peer
