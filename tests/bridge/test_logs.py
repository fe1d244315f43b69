"""The log: whole lines of JSON, no secrets in it, and no way to hurt the service by it."""

import contextlib
import errno
import io
import json
import logging
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from datetime import datetime
from types import SimpleNamespace

import pytest
import soundfile

from bridge.harness import running
from retone_bridge import logs
from retone_bridge.logs import LogFile, Plain, Watched, kept, note
from retone_bridge.osc import Message, encode

log = logging.getLogger("retone.test")
SECRETS = ("tuba_of_my_dreams", "unreleased_single", "label_contract")


def lines(folder):
    """Every line of every log file in ``folder``, read as JSON, the oldest first."""
    names = sorted(folder.glob("retone.log*"), key=lambda path: path.name, reverse=True)
    return [json.loads(line) for path in names for line in path.read_text().splitlines()]


def events(folder):
    return [line["event"] for line in lines(folder)]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "state" / "logs"


def test_a_line_says_when_how_grave_what_and_about_what(folder):
    with kept(folder, stream=io.StringIO()):
        note(log, logging.WARNING, "job failed", job="r1", code="disk_full", seconds=1.25, again=False, why=None)
    (line,) = lines(folder)
    when = datetime.fromisoformat(line.pop("time"))
    assert when.tzinfo is not None and abs(time.time() - when.timestamp()) < 10
    assert list(line) == ["level", "event", "job", "code", "seconds", "again", "why"]
    assert line == {
        "level": "warning",
        "event": "job failed",
        "job": "r1",
        "code": "disk_full",
        "seconds": 1.25,
        "again": False,
        "why": None,
    }


def test_a_human_reads_a_short_line(folder):
    stream = io.StringIO()
    with kept(folder, stream=stream):
        note(log, logging.INFO, "job done", job="r1", seconds=1.25, of="two words")
    assert re.fullmatch(r'\d\d:\d\d:\d\d job done  job=r1  seconds=1.25  of="two words"\n', stream.getvalue())


def test_nobody_else_may_read_the_log(folder):
    before = os.umask(0)
    try:
        with kept(folder, stream=io.StringIO()):
            note(log, logging.INFO, "listening")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder.parent, folder, folder / "retone.log")]
    assert modes == [0o700, 0o700, 0o600]


@pytest.mark.parametrize("value", ["a\nb", "\x1b[2Jgone", "\x9b31mred", "\r\u2028\u202e", "\udcff", "ü", '"} {"', "\0"])
def test_nothing_in_a_value_can_make_a_second_line_or_reach_a_terminal(folder, value):
    stream = io.StringIO()
    with kept(folder, verbose=True, stream=stream):
        note(log, logging.INFO, "packet dropped", why=value)
        log.info("as it was before: %s", value)
    assert [line.get("why", value) for line in lines(folder)] == [value, value]
    assert len((folder / "retone.log").read_bytes().splitlines()) == 2
    shown = stream.getvalue()
    assert shown.count("\n") == 2 and shown.replace("\n", "").isprintable()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"\xff", ("127.0.0.1", 1), object(), {"a": 1}])
def test_any_value_becomes_valid_json(folder, value):
    with kept(folder, stream=io.StringIO()):
        note(log, logging.INFO, "odd", value=value)
    text = (folder / "retone.log").read_text()
    assert json.loads(text, parse_constant=pytest.fail)["value"] == str(value)


def test_no_field_can_pass_for_the_time_or_the_event(folder):
    with kept(folder, stream=io.StringIO()):
        log.info("real", extra={"about": {"event": "false", "time": "never", "level": "none"}})
    (line,) = lines(folder)
    assert (line["event"], line["level"], line["time"] != "never") == ("real", "info", True)


def test_an_exception_is_one_field_that_tells_its_places_but_not_its_words(folder):
    def fall():
        try:
            open(f"/{SECRETS[2]}/{SECRETS[1]}.wav")  # noqa: PTH123, SIM115
        except OSError as error:
            raise RuntimeError(SECRETS[0]) from error

    for verbose in (False, True):
        with kept(folder, verbose=verbose, stream=io.StringIO()):
            try:
                fall()
            except RuntimeError as error:
                note(log, logging.ERROR, "fault", job="r1", error=error)
                log.exception("the older way with %s", SECRETS[0])
    quiet, older, loud, _ = lines(folder)
    assert re.search(r"test_logs.py:\d+ fall > RuntimeError \| after test_logs.py:\d+ fall > .*ENOENT", quiet["error"])
    assert quiet["error"] == older["error"] or "RuntimeError" in older["error"]
    assert not any(secret in json.dumps([quiet, older]) for secret in SECRETS)
    assert all(secret in loud["error"] for secret in SECRETS) and "Traceback" in loud["error"]


def test_a_thread_that_dies_is_written_down(folder):
    with kept(folder, stream=io.StringIO()):
        thread = threading.Thread(target=lambda: 1 // 0, name="udp")
        thread.start()
        thread.join()
    (line,) = lines(folder)
    assert (line["event"], line["thread"]) == ("thread died", "udp") and "ZeroDivisionError" in line["error"]


def test_the_log_turns_over_and_keeps_the_newest_files(folder):
    complaints = []
    file = LogFile(folder / "retone.log", complaints.append, limit_bytes=1000, files=3)
    file.setFormatter(logs.Lines())
    for number in range(100):
        file.emit(record("job done", number=number))
    file.close()
    kept_ones = [line["number"] for line in lines(folder)]
    assert kept_ones == list(range(kept_ones[0], 100)) and 10 < len(kept_ones) < 50
    assert sorted(path.name for path in folder.iterdir()) == ["retone.log", "retone.log.1", "retone.log.2"]
    assert all(path.stat().st_size <= 1000 for path in folder.iterdir()) and not complaints


def test_a_full_disk_costs_lines_is_said_once_and_leaves_no_half_line(folder, monkeypatch):
    stream = io.StringIO()
    write, full = os.write, SimpleNamespace(now=False)

    def half(descriptor, data):
        if not full.now or not data.startswith(b'{"time"'):
            return write(descriptor, data)
        return write(descriptor, data[:20])

    monkeypatch.setattr(os, "write", half)
    with kept(folder, stream=stream):
        for number in range(6):
            full.now = 1 <= number <= 3
            note(log, logging.INFO, "job done", number=number)
    assert [line["number"] for line in lines(folder)] == [0, 4, 5]
    assert stream.getvalue().count("cannot be written: No space left on device. Retone goes on without it.") == 1
    assert stream.getvalue().count("job done") == 6


@pytest.mark.parametrize("obstacle", ["a file where the folder should be", "a folder where the file should be"])
def test_a_log_that_cannot_be_opened_stops_nothing(folder, obstacle):
    if obstacle.startswith("a file"):
        folder.parent.mkdir()
        folder.touch()
    else:
        (folder / "retone.log").mkdir(parents=True)
    stream = io.StringIO()
    with kept(folder, stream=stream):
        note(log, logging.INFO, "job done")
        note(log, logging.INFO, "job done")
    assert stream.getvalue().count("goes on without it") == 1 and stream.getvalue().count("job done") == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes that can be filled")
def test_a_pipe_that_nobody_empties_holds_up_nothing():
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        watched = Watched(stream)
        watched.setFormatter(Plain())
        started = time.monotonic()
        for number in range(5000):
            watched.emit(record("job done", number=number, words="x" * 200))
        assert time.monotonic() - started < 5
        threading.Thread(target=empty, args=(reading,), daemon=True).start()
        watched.close()


@pytest.mark.parametrize("stream", [None, "closed", "broken"])
def test_a_terminal_that_is_gone_stops_nothing(folder, stream):
    if stream == "closed":
        stream = io.StringIO()
        stream.close()
    elif stream == "broken":
        stream = SimpleNamespace(write=raising(OSError(errno.EIO, "gone")), flush=lambda: None)
    watched = Watched(stream)
    watched.setFormatter(Plain())
    watched.emit(record("job done"))
    watched.close()
    assert not watched._writer.is_alive()


@pytest.mark.parametrize("verbose", [False, True])
def test_a_service_tells_no_prompt_clip_or_folder_unless_it_is_asked_to(tmp_path, folder, verbose):
    prompt, name, where = SECRETS
    clip = tmp_path / where / f"{name}.wav"
    clip.parent.mkdir()
    soundfile.write(clip, [0.1, -0.1] * 400, 8000)
    stream = io.StringIO()
    with kept(folder, verbose=verbose, stream=stream), running(tmp_path / "state") as service:
        peer = service.peer()
        peer.send("hello", f"{name}", 1)
        for number, does in enumerate(("strings", "crash", "fail out_of_memory", "warn", "crash once")):
            job = f"r{number}"
            peer.send("edit", job, str(clip), "prompt", does, "negative_prompt", prompt, "source_prompt", prompt)
            peer.until("done", "fail")
            peer.send("received", job)
        peer.send("edit", "refused", str(clip.parent), "prompt", prompt)
        peer.send("edit", "bad", str(clip), "prompt", prompt, "strength", 7)
        peer.send("edit", "r0", str(clip), "prompt", prompt)
        peer.send(f"{prompt}/{where}", name)
        peer.send_bytes(b"/retone/edit\0\0\0\0,s\0\0" + prompt.encode())
        peer.send("sync", 1)
        peer.until("synced")
    written = lines(folder)
    for line in written:
        assert {"time", "level", "event"} <= line.keys()
        assert datetime.fromisoformat(line["time"]).tzinfo is not None
    text = "".join(path.read_text() for path in folder.iterdir()) + stream.getvalue()
    assert [secret in text for secret in SECRETS] == [verbose] * 3
    failed = {line["job"]: line for line in written if line["event"] == "job failed"}
    assert {job: line["code"] for job, line in failed.items()} == {"r1": "worker_crashed", "r2": "out_of_memory"}
    assert all(isinstance(line["seconds"], int | float) for line in failed.values())
    assert {line["job"] for line in written if line["event"] == "job done"} == {"r0", "r3", "r4"}
    told = set(events(folder))
    assert {"listening", "engine ready", "engine died", "job asked", "job begun", "packet dropped", "ended"} <= told


def test_the_engines_own_words_are_told_only_when_all_is(tmp_path, folder, clip):
    """A traceback of the engine's may name the clip: what it writes to stderr stays out of a log that is shown."""
    engine = tmp_path / "engine.py"
    engine.write_text(TALKATIVE)
    for verbose in (False, True):
        with (
            kept(folder, verbose=verbose, stream=io.StringIO()),
            running(tmp_path / str(verbose), worker=(sys.executable, str(engine))) as service,
        ):
            peer = service.peer()
            peer.send("edit", "r1", str(clip), "prompt", SECRETS[0])
            assert peer.until("done", "fail")[-1][:3] == ("fail", "r1", "internal")
        assert (SECRETS[0] in (folder / "retone.log").read_text()) is verbose


TALKATIVE = """
import json, sys, traceback

def say(event, **values):
    print(json.dumps({"event": event, **values}), flush=True)

say("ready", device="cpu", model="script", version="0")
for line in sys.stdin:
    order = json.loads(line)
    if order["do"] != "render":
        break
    try:
        raise ValueError(order["request"]["prompt"])
    except ValueError as error:
        traceback.print_exc()
        print("no event, but", order["request"]["prompt"], flush=True)
        say("fail", job=order["job"], code="internal", message=str(error))
"""


def test_packets_cannot_write_lines_of_their_own_or_move_the_terminal(tmp_path, folder):
    forged = '\n{"time": "2000-01-01", "level": "critical", "event": "forged"}\n\x1b[2J\x9b31m\r\u2028'
    stream = io.StringIO()
    with kept(folder, verbose=True, stream=stream), running(tmp_path / "state") as service:
        peer = service.peer()
        peer.send("hello", forged, 1)
        peer.send("edit", forged, forged, forged, forged)
        peer.send("edit", "r1", f"/{forged}", "prompt", forged)
        peer.send("cancel", forged)
        peer.send("clips", forged)
        peer.send("param/prompt", forged)
        peer.send_bytes(encode(Message("/retone/fail", (forged, forged, forged))))
        peer.send_bytes(b"/retone" + forged.encode() + b"\0\0\0\0,\0\0\0")
        peer.send("sync", 1)
        peer.until("synced")
    assert "forged" not in events(folder) and "ended" in events(folder)
    assert all(line.isascii() and line.isprintable() for line in (folder / "retone.log").read_text().splitlines())
    assert stream.getvalue().replace("\n", "").isprintable()
    assert len(stream.getvalue().splitlines()) == len(lines(folder))


def test_serve_prints_one_line_and_logs_the_rest(tmp_path):
    command = [sys.executable, "-m", "retone_bridge.cli", "serve", "--port", "0", "--state", str(tmp_path / "state")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as serve:
        first = serve.stdout.readline()
        serve.send_signal(signal.SIGTERM)
        rest, shown = serve.communicate(timeout=20)
    assert first.startswith("Retone listens on 127.0.0.1:") and rest == "" and serve.returncode == 0
    assert re.match(r"\d\d:\d\d:\d\d listening\b", shown)
    assert [events(tmp_path / "state" / "logs")[at] for at in (0, -1)] == ["listening", "ended"]


def record(event, **about):
    made = logging.LogRecord("retone.test", logging.INFO, "", 0, event, (), None)
    made.about = about
    return made


def raising(error):
    def fail(*_):
        raise error

    return fail


def empty(descriptor):
    with contextlib.suppress(OSError):
        while os.read(descriptor, 65536):
            pass
