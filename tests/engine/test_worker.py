"""The engine as the bridge meets it: a process that is spoken to in lines of JSON."""

import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import soundfile

from engine.tiny import audioldm as tiny
from retone_engine.kept import Shelf
from retone_engine.request import EditRequest
from retone_engine.worker import DESERTED_SECONDS, NICENESS, _shelf


class Worker:
    """A real worker process."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "retone_engine.worker", "--device", "cpu", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.timer = threading.Timer(120, self.process.kill)
        self.timer.start()

    def tell(self, **order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def hear(self):
        line = self.process.stdout.readline()
        return json.loads(line) if line else None

    def until(self, *events):
        heard = []
        while not heard or heard[-1]["event"] not in events:
            heard.append(self.hear())
            assert heard[-1] is not None, heard
        return heard

    def close(self):
        self.timer.cancel()
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny.save(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def worker(model):
    worker = Worker("--model", str(model))
    assert worker.hear()["event"] == "ready"
    yield worker
    worker.close()


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clip.wav"
    soundfile.write(path, 0.3 * np.sin(np.arange(22050) / 10), 22050)
    return path


def render(clip, output, **settings):
    request = EditRequest.of(str(clip), {"prompt": "a choir", "steps": 4, **settings})
    return {"do": "render", "request": request.values(), "outputs": [str(output)], "overwrite": False}


def test_a_job_is_told_from_progress_to_done(worker, clip, tmp_path):
    worker.tell(job="a", **render(clip, tmp_path / "out.wav"))
    heard = worker.until("done", "fail")
    assert heard[-1]["event"] == "done"
    assert {event["job"] for event in heard} == {"a"}
    stages = [event["stage"] for event in heard if event["event"] == "progress"]
    assert [stage for stage in dict.fromkeys(stages)] == [
        "read",
        "load",
        "encode",
        "invert",
        "replay",
        "decode",
        "write",
    ]
    assert heard[-2] == {"event": "result", "job": "a", "index": 1, "path": str(tmp_path / "out.wav")}
    assert soundfile.info(tmp_path / "out.wav").frames == 22050


def test_a_failure_has_its_code_and_the_next_job_runs(worker, clip, tmp_path):
    worker.tell(job="a", **render(tmp_path / "nothing.wav", tmp_path / "out.wav"))
    failed = worker.until("done", "fail")[-1]
    assert failed["code"] == "no_such_file"
    assert "nothing.wav" in failed["message"]
    worker.tell(job="b", **render(clip, tmp_path / "out.wav"))
    assert worker.until("done", "fail")[-1]["event"] == "done"


def test_a_cancel_is_heard_while_the_job_runs_and_leaves_no_file(worker, clip, tmp_path):
    worker.tell(job="long", **render(clip, tmp_path / "out.wav", steps=1000, strength=1))
    worker.until("progress")
    worker.tell(do="cancel", job="long")
    assert worker.until("done", "fail")[-1]["code"] == "cancelled"
    assert not list(tmp_path.glob("*out*"))


def test_a_job_cancelled_while_it_waits_never_starts(worker, clip, tmp_path):
    worker.tell(job="long", **render(clip, tmp_path / "a.wav", steps=1000, strength=1))
    worker.tell(job="next", **render(clip, tmp_path / "b.wav"))
    worker.tell(do="cancel", job="next")
    worker.tell(do="cancel", job="long")
    assert [worker.until("done", "fail")[-1]["code"] for _ in range(2)] == ["cancelled", "cancelled"]


def test_a_device_that_is_not_here_is_said_at_once():
    worker = Worker("--device", "cuda:99")
    heard = worker.hear()
    assert (heard["event"], heard["code"]) == ("unusable", "device_error")
    assert worker.process.wait() == 1
    worker.close()


def test_a_deserted_worker_drops_its_job_and_leaves(model, clip, tmp_path):
    worker = Worker("--model", str(model))
    worker.hear()
    worker.tell(job="long", **render(clip, tmp_path / "out.wav", steps=1000, strength=1))
    worker.until("progress")
    worker.process.stdin.close()
    # Between two network calls when that comes soon, else where it stands.
    assert worker.process.wait(timeout=DESERTED_SECONDS + 3) in (0, 4)
    assert not list(tmp_path.glob("*out*"))
    worker.timer.cancel()
    worker.process.stdout.close()


def test_a_quit_lets_the_job_finish(model, clip, tmp_path):
    worker = Worker("--model", str(model))
    worker.hear()
    worker.tell(job="a", **render(clip, tmp_path / "out.wav"))
    worker.tell(do="quit")
    assert worker.until("done", "fail")[-1]["event"] == "done"
    assert worker.process.wait(timeout=60) == 0
    worker.close()


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="this system has no niceness")
def test_it_yields_to_the_programs_beside_it(model):
    worker = Worker("--model", str(model))
    worker.hear()
    assert os.getpriority(os.PRIO_PROCESS, worker.process.pid) >= min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)
    worker.close()


def test_a_warm_worker_has_read_its_model_before_the_first_job_and_keeps_inversions(clip, tmp_path):
    model, kept = tiny.save(tmp_path / "tiny"), tmp_path / "state" / "inversions"
    worker = Worker("--model", str(model), "--warm", "--inversions", str(kept), "--keep-inversions", "0.1")
    worker.tell(job="refused", **render(tmp_path / "nothing.wav", tmp_path / "out.wav"))
    assert [event["event"] for event in worker.until("fail") if event["event"] != "progress"] == ["ready", "fail"]
    weights = model / "unet" / "diffusion_pytorch_model.safetensors"
    weights.unlink()  # not overwritten: the worker's weights may be this very file, read as they are needed
    weights.write_bytes(b"no weights any more")
    # The precision that a request leaves to the device is the one that was made warm.
    worker.tell(job="a", **render(clip, tmp_path / "out.wav"))
    assert worker.until("done", "fail")[-1]["event"] == "done"
    assert len(list(kept.glob("*.safetensors"))) == 1
    worker.close()


def test_room_for_inversions_is_counted_in_gigabytes_and_0_keeps_none(tmp_path):
    assert _shelf(str(tmp_path), 2.5) == Shelf(tmp_path, 2_500_000_000)
    assert _shelf(str(tmp_path), 0.0) is None


def test_a_model_that_cannot_be_made_warm_is_told_of_by_the_first_job(clip, tmp_path):
    worker = Worker("--model", "nonesuch", "--warm")
    worker.tell(job="a", **render(clip, tmp_path / "out.wav"))
    assert worker.hear()["event"] == "ready"
    assert worker.until("done", "fail")[-1]["code"] == "unknown_model"
    worker.close()


def test_of_two_with_one_lock_the_second_waits_until_the_first_has_ended(model, tmp_path):
    lock = ("--lock", str(tmp_path / "engine.lock"))
    first, second = Worker("--model", str(model), *lock), None
    try:
        assert first.hear()["event"] == "ready"
        second = Worker("--model", str(model), *lock)
        heard = []
        listening = threading.Thread(target=lambda: heard.append(second.hear()))
        listening.start()
        listening.join(6)
        assert heard == [], "it has had time to start"
        first.process.kill()
        listening.join(10)
        assert [event["event"] for event in heard] == ["ready"]
    finally:
        for worker in filter(None, (first, second)):
            worker.close()
