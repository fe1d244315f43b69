"""When the engine breaks, hangs or cannot start: the job, the others and the service go on."""

import os
import signal
import sys
import time

import pytest

from bridge.harness import SCRIPT, running


def test_a_job_that_does_not_stop_is_killed_after_the_grace_time(impatient, tmp_path, clip):
    with running(tmp_path / "state") as service:
        peer = service.peer()
        peer.send("edit", "r1", str(clip), "prompt", "deaf")
        peer.until("progress")
        before = service.worker_pid
        peer.send("cancel", "r1")
        end = peer.until("fail")[-1]
        assert end[:3] == ("fail", "r1", "cancelled") and "signal" not in end[3]
        peer.send("received", "r1")
        peer.send("edit", "r2", str(clip), "prompt", "strings")
        assert peer.until("done")[-1][:2] == ("done", "r2")
        assert service.worker_pid != before


def test_a_dead_engine_fails_its_job_and_a_fresh_one_takes_the_next(service, clip):
    peer = service.peer()
    peer.send("edit", "r1", str(clip), "prompt", "crash")
    peer.send("edit", "r2", str(clip), "prompt", "strings")
    events = peer.until("fail")
    code, message = events[-1][2:]
    assert code == "worker_crashed"
    assert "exit code 9" in message and "the script says crash" in message
    assert peer.until("done")[-1][:2] == ("done", "r2")


def test_a_killed_engine_is_replaced_when_it_was_idle(service, clip):
    peer = service.peer()
    peer.send("edit", "r1", str(clip), "prompt", "strings")
    peer.until("done")
    peer.send("received", "r1")
    os.kill(service.worker_pid, signal.SIGKILL)
    time.sleep(0.2)
    peer.send("edit", "r2", str(clip), "prompt", "strings")
    assert peer.until("done", "fail")[-1][:2] == ("done", "r2")


def test_silence_is_filled_and_then_ended(impatient, tmp_path, clip):
    with running(tmp_path / "state") as service:
        peer = service.peer()
        peer.send("edit", "r1", str(clip), "prompt", "silent")
        events = peer.until("fail")
    assert events[-1][2] == "worker_hung" and "silent for 1.5 seconds" in events[-1][3]
    left = [event[4] for event in events if event[0] == "progress" and event[3] == "read"]
    assert len(left) >= 3 and left == sorted(left, reverse=True), "the last report is repeated, with less time left"


def test_a_device_that_fails_twice_fails_its_job_each_time_in_a_fresh_engine(service, clip):
    peer = service.peer()
    peer.send("edit", "r0", str(clip), "prompt", "strings")
    peer.until("done")
    peer.send("received", "r0")
    before = service.worker_pid
    peer.send("edit", "r1", str(clip), "prompt", "fail device_error")
    events = peer.until("fail")
    assert [event[2] for event in events if event[0] == "warning"] == ["begun_again"]
    assert events[-1][:3] == ("fail", "r1", "device_error") and "It was so 2 times" in events[-1][3]
    peer.send("received", "r1")
    peer.send("edit", "r2", str(clip), "prompt", "strings")
    assert peer.until("done", "fail")[-1][:2] == ("done", "r2")
    assert service.worker_pid != before


def test_a_job_whose_engine_dies_once_is_begun_again_after_the_others(service, clip):
    peer = service.peer()
    peer.send("edit", "r1", str(clip), "prompt", "crash once")
    peer.until("queued")
    peer.send("edit", "r2", str(clip), "prompt", "count")
    ends = []
    events = []
    while len(ends) < 2:
        events += peer.until("done", "fail")
        ends.append(events[-1][:2])
        peer.send("received", events[-1][1])
    assert ("warning", "r1", "begun_again") in [event[:3] for event in events]
    assert sorted(ends) == [("done", "r1"), ("done", "r2")]
    assert sorted(path.name for path in (clip.parent / "state" / "renders").iterdir()) == [
        "My loop-r1.wav",
        "My loop-r2.wav",
    ]


@pytest.mark.parametrize("how", ["unusable", "crashing", "absent"])
def test_jobs_are_held_while_no_engine_can_start_and_done_when_one_can(tmp_path, clip, how):
    broken, why = {
        "unusable": ((*SCRIPT, "unusable"), "use --device cpu"),
        "crashing": ((sys.executable, "-c", "raise SystemExit('no torch')"), "no torch"),
        "absent": ((str(tmp_path / "no python"),), "cannot be started: No such file"),
    }[how]
    with running(tmp_path / "state", worker=broken) as service:
        peer = service.peer()
        for id in ("r1", "r2"):
            peer.send("edit", id, str(clip), "prompt", "strings")
        held = [peer.until("warning")[-1] for _ in range(2)]
        assert sorted(event[1:3] for event in held) == [("r1", "held"), ("r2", "held")]
        assert why in held[0][3]
        peer.send("status")
        status = peer.until("status.reply")[-1]
        assert status[1:5] == ("", 2, 0, 0) and held[0][3].startswith(status[-1])
    with running(tmp_path / "state") as service:
        other = service.peer()
        for id in ("r1", "r2"):
            other.send("job", id)
            assert other.until("done", "fail")[-1][:2] == ("done", id)
            other.send("received", id)


def test_an_engine_that_can_start_again_is_taken_without_being_asked(tmp_path, clip):
    mended = tmp_path / "mended"
    code = f"import os, sys; os.path.exists({str(mended)!r}) or sys.exit('broken'); os.execv({SCRIPT[0]!r}, {SCRIPT!r})"
    with running(tmp_path / "state", worker=(sys.executable, "-c", code)) as service:
        peer = service.peer()
        peer.send("edit", "r1", str(clip), "prompt", "strings")
        assert "broken" in peer.until("warning")[-1][3]
        mended.touch()
        assert peer.until("done", "fail")[-1][:2] == ("done", "r1")
        peer.send("status")
        assert peer.until("status.reply")[-1][-1] == ""


def test_jobs_are_held_while_the_service_s_own_model_cannot_be_loaded(service, clip):
    peer, gone = service.peer(), clip.with_name("no model")
    gone.touch()
    peer.send("edit", "r1", str(clip), "prompt", "load")
    assert peer.until("warning")[-1][1:] == (
        "r1",
        "held",
        "There is no model here. The job is kept until that is mended.",
    )
    peer.send("status")
    assert peer.until("status.reply")[-1][-1] == "There is no model here."
    peer.send("edit", "other", str(clip), "prompt", "strings", "model", "mine")
    assert peer.until("done", "fail")[-1][:2] == ("done", "other"), "who names another model does not wait for this one"
    peer.send("received", "other")
    gone.unlink()
    assert peer.until("done", "fail")[-1][:2] == ("done", "r1")
    peer.send("received", "r1")
    gone.touch()
    peer.send("edit", "r2", str(clip), "prompt", "load", "model", "mine")
    assert peer.until("done", "fail")[-1][:3] == ("fail", "r2", "unknown_model"), (
        "what a request names is its own matter"
    )
