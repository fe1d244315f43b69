"""What the doctor tells of the past: the last failure, where the log is, and what takes up room."""

import io
import logging
from datetime import datetime

import pytest
import soundfile

from bridge.harness import running
from retone_bridge import failures
from retone_bridge.logs import kept, note
from retone_bridge.paths import spool_folder

log = logging.getLogger("retone.test")


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "loop.wav"
    soundfile.write(path, [0.1, -0.1] * 400, 8000)
    return path


def fail(service, clip, id, prompt):
    """Has a job fail; gives the message that its asker heard."""
    *_, end = service.client().edit(clip, prompt, id=id)
    return end.message


def test_it_tells_the_last_failure_with_the_services_own_words_and_is_content(retone, state, clip):
    with kept(state / "logs", stream=io.StringIO()), running(state, spool=spool_folder()) as service:
        fail(service, clip, "r1", "fail disk_full")
        message = fail(service, clip, "r2", "fail out_of_memory")
        fail(service, clip, "r3", "fail cancelled")
        status, out, _ = retone("doctor", "--port", service.port, "--state", state)
    assert status == 0 and "Nothing is wrong." in out
    assert f"The last failure: job r2, {datetime.now():%Y-%m-%d}" in out
    assert "The device has too little memory." in out and message in out
    assert str(state / "logs" / "retone.log") in out
    assert f"{spool_folder()}, in use by a service" in out


def test_without_a_service_it_tells_what_the_log_knows(retone, state, clip):
    with kept(state / "logs", stream=io.StringIO()), running(state) as service:
        message = fail(service, clip, "r1", "fail disk_full")
    status, out, _ = retone("doctor", "--port", 1, "--state", state)
    assert status == 0 and "job r1" in out and "The disk is full." in out and message not in out


def test_it_says_when_nothing_failed_and_what_takes_up_room(retone, state):
    (state / "renders").mkdir(parents=True)
    (state / "renders" / "loop-r1.wav").write_bytes(bytes(3 << 20))
    status, out, _ = retone("doctor", "--port", 1, "--state", state)
    assert status == 0 and "No failed job is in the log" in out and f"{spool_folder()}, no service uses it" in out
    rows = {line.split()[0]: line for line in out.splitlines() if line.startswith("  ")}
    assert "3.0 MiB, never removed" in rows["renders"] and "0.0 MiB" in rows["previews"] and "0.0 MiB" in rows["logs"]


def test_the_last_failure_is_found_in_an_older_file_and_past_what_is_no_line(tmp_path):
    with kept(tmp_path, stream=io.StringIO()):
        note(log, logging.INFO, "job failed", job="r1", code="disk_full", seconds=1.0)
        note(log, logging.INFO, "job failed", job="r2", code="a code of tomorrow")
        note(log, logging.INFO, "job failed", job="r3")
    (tmp_path / "retone.log").rename(tmp_path / "retone.log.2")
    (tmp_path / "retone.log").write_bytes(b'{"event": "job fai\n[]\n7\n\xff\n')
    found = failures.last(tmp_path)
    assert (found.job, found.code) == ("r1", "disk_full")
    assert failures.last(tmp_path / "none") is None
