"""The service as a client sees it: real packets, a real child process."""

import os
import sys
import time
from pathlib import Path

import pytest

from bridge.harness import running
from bridge.scripted_worker import stamped
from retone_bridge.jobs import ASKER_LIMIT
from retone_bridge.osc import Message, decode
from retone_bridge.paths import Places
from retone_bridge.server import Server, Settings
from retone_engine.request import RetoneError


def words(events):
    return [event[0] for event in events]


def test_an_edit_is_acknowledged_done_and_in_place(service, clip):
    peer = service.peer()
    peer.send("edit", "r1", str(clip), "prompt", "strings")
    events = peer.until("done")
    assert words(events)[:2] == ["ack", "queued"]
    assert [event for event in events if event[0] in ("result", "done")] == [
        ("result", "r1", 1, events[-1][3]),
        ("done", "r1", 1, events[-1][3]),
    ]
    fractions = [event[2] for event in events if event[0] == "progress"]
    assert fractions == sorted(fractions) and fractions
    result = Path(events[-1][3])
    assert result.name == "My loop-r1.wav"
    assert result.read_bytes() == stamped(clip.read_bytes(), "r1")


def test_variations_are_numbered_and_go_to_the_folder_that_is_named(service, clip, tmp_path):
    folder = tmp_path / "für später"
    folder.mkdir()
    peer = service.peer()
    peer.send("edit", "r1", str(clip), "prompt", "strings", "variations", 3.0, "output_folder", str(folder))
    assert peer.until("done")[-1] == ("done", "r1", 3, str(folder / "My loop-r1-1.wav"))
    assert sorted(path.name for path in folder.iterdir()) == [f"My loop-r1-{k}.wav" for k in (1, 2, 3)]


def test_the_same_request_again_is_an_ack_and_the_present_state(service, clip):
    peer = service.peer()
    for _ in range(3):
        peer.send("edit", "r1", str(clip), "prompt", "count")
    assert words(peer.until("done")).count("ack") == 3
    peer.send("edit", "r1", str(clip), "prompt", "count")
    again = peer.until("result", "fail")
    assert again[-1][:3] == ("result", "r1", 1)
    assert (clip.parent / "starts").read_text() == "r1\n", "it ran once"


def test_the_same_id_with_other_contents_is_refused(service, clip):
    peer = service.peer()
    peer.send("edit", "r1", str(clip), "prompt", "strings")
    peer.until("done")
    peer.send("received", "r1")
    peer.send("edit", "r1", str(clip), "prompt", "brass")
    assert peer.until("fail")[-1][:3] == ("fail", "r1", "id_reused")


def test_jobs_run_in_order_and_their_places_are_told(service, clip):
    peer = service.peer()
    for id, prompt in (("a", "slow"), ("b", "count"), ("c", "count")):
        peer.send("edit", id, str(clip), "prompt", prompt)
    peer.send("cancel", "a")
    ends = []
    events = []
    while len(ends) < 3:
        events += peer.until("done", "fail")
        ends.append(events[-1][:2])
        peer.send("received", events[-1][1])
    assert ends == [("fail", "a"), ("done", "b"), ("done", "c")]
    assert [event[2] for event in events if event[:2] == ("queued", "c")] == [2, 1, 0]
    assert (clip.parent / "starts").read_text() == "b\nc\n"


def test_a_running_job_is_cancelled_and_writes_nothing(service, clip):
    peer = service.peer()
    peer.send("edit", "r1", str(clip), "prompt", "slow")
    peer.until("progress")
    peer.send("cancel", "r1")
    assert peer.until("fail")[-1][:3] == ("fail", "r1", "cancelled")
    peer.send("job", "r1")
    assert peer.until("fail")[-1][:3] == ("fail", "r1", "cancelled")
    assert list((clip.parent / "state" / "renders").iterdir()) == []


@pytest.mark.parametrize("code", ["out_of_memory", "unreadable_audio"])
def test_what_the_engine_says_is_passed_on(service, clip, code):
    peer = service.peer()
    peer.send("edit", "r1", str(clip), "prompt", f"fail {code}")
    assert peer.until("fail")[-1] == ("fail", "r1", code, "The script says fail.")
    peer.send("received", "r1")
    peer.send("edit", "r2", str(clip), "prompt", "warn")
    events = peer.until("done")
    assert ("warning", "r2", "mono", "The script warns.") in events


def test_a_clip_that_is_another_one_when_its_turn_comes_is_not_taken_for_the_one_that_was_asked_for(service, clip):
    peer = service.peer()
    peer.send("edit", "slow", str(clip), "prompt", "slow")
    peer.until("progress")
    changed, gone = clip.with_name("changed.wav"), clip.with_name("gone.wav")
    for path in (changed, gone):
        path.write_bytes(clip.read_bytes())
        peer.send("edit", path.stem, str(path), "prompt", "strings")
        peer.until("ack")
    changed.write_bytes(clip.read_bytes() * 2)
    gone.unlink()
    peer.send("cancel", "slow")
    found = {}
    while len(found) < 3:
        event = peer.until("fail", "done")[-1]
        found[event[1]] = event[2]
    assert found == {"slow": "cancelled", "changed": "clip_changed", "gone": "no_such_file"}


def test_too_many_jobs_are_told_to_come_again(service, clip):
    peer = service.peer()
    for k in range(ASKER_LIMIT + 2):  # one runs
        peer.send("edit", f"r{k}", str(clip), "prompt", "slow")
    assert peer.until("busy")[-1] == ("busy", f"r{ASKER_LIMIT + 1}", 2000)
    peer.send("job", f"r{ASKER_LIMIT + 1}")
    assert peer.until("fail")[-1][2] == "unknown_job", "nothing of it was kept"
    other = service.peer()
    other.send("edit", "other", str(clip), "prompt", "slow")
    assert other.next()[0] == "ack", "the bound is each client's own"


def test_the_end_is_told_again_until_it_is_received(service, clip):
    peer = service.peer()
    peer.send("edit", "r1", str(clip), "prompt", "strings")
    peer.until("done")
    assert peer.next()[:2] == ("done", "r1")
    peer.send("received", "r1")
    peer.send("sync", 1)
    peer.until("synced")
    assert peer.quiet(1.5)


def test_questions_are_answered(service):
    peer = service.peer()
    peer.send("hello", "a test", 1)
    name, version, protocol, *_ = peer.next()
    assert (name, protocol) == ("welcome", 1)
    peer.send("version")
    assert peer.next() == ("version.reply", "retone", version, 1)
    peer.send("sync", 42)
    assert peer.next() == ("synced", 42)
    peer.send("status")
    assert peer.next()[:5] == ("status.reply", "", 0, 0, 0)


def test_a_reply_goes_to_the_port_that_is_asked_for(service, clip):
    sender, listener, other = service.peer(), service.peer(), service.peer()
    sender.send("edit", "r1", str(clip), "prompt", "strings", "reply_port", listener.port)
    assert words(listener.until("done"))[0] == "ack"
    listener.send("received", "r1")
    sender.send("hello", "a test", 1, other.port)
    assert other.next()[0] == "welcome"
    sender.send("status")
    assert other.next()[0] == "status.reply"
    sender.send("status", listener.port)
    sender.send("job", "r1", listener.port)
    sender.send("cancel", "r2", listener.port)
    assert listener.next()[0] == "status.reply"
    assert listener.until("done")[-1][1] == "r1"
    assert listener.next()[:3] == ("fail", "r2", "unknown_job")
    assert sender.quiet()


def test_quit_ends_the_service_and_the_job_goes_on_at_the_next_start(tmp_path, clip):
    with running(tmp_path / "state") as service:
        peer = service.peer()
        peer.send("edit", "r1", str(clip), "prompt", "slow")
        peer.send("edit", "r2", str(clip), "prompt", "strings")
        peer.until("progress")
        peer.send("quit")
        assert peer.until("ack")[-1] == ("ack", "/retone/quit") or peer.until("ack")
        asker = peer.socket.getsockname()
        for _ in range(100):
            if not service.server._udp._reader.is_alive():
                break
            time.sleep(0.05)
        with running(tmp_path / "state") as again:
            other = again.peer()
            other.send("job", "r1")
            assert other.until("progress")[-1][1] == "r1"
            other.send("cancel", "r1")
            assert other.until("fail")[-1][:3] == ("fail", "r1", "cancelled")
            assert asker
            assert peer.until("done")[-1][:2] == ("done", "r2"), "the first asker is still known"


def test_roots_bound_what_is_read_and_written(tmp_path, clip):
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.wav").symlink_to(clip)
    (inside / "model").mkdir()
    (inside / "link").symlink_to(tmp_path)
    own = inside / "own.wav"
    own.write_bytes(clip.read_bytes())
    with running(tmp_path / "state", roots=(str(inside),)) as service:
        peer = service.peer()
        for id, path, folder in (("a", clip, inside), ("b", inside / "link.wav", inside), ("c", own, tmp_path)):
            peer.send("edit", id, str(path), "prompt", "strings", "output_folder", str(folder))
            assert peer.next()[:3] == ("fail", id, "outside_roots")
        for model in (tmp_path, inside / "link", inside / "model" / ".." / ".."):
            peer.send("edit", "m", str(own), "prompt", "strings", "model", str(model))
            assert peer.next()[:3] == ("fail", "m", "outside_roots")
        inner = str(inside / ".." / "inside" / "own.wav")
        for id, more in (("d", ()), ("e", ("model", str(inside / "model"))), ("f", ("model", "pocket"))):
            peer.send("edit", id, inner, "prompt", "strings", *more)
            assert peer.until("done", "fail")[-1][:2] == ("done", id)
            peer.send("received", id)


def test_a_model_that_has_gone_when_its_job_begins_is_told(tmp_path, clip):
    (tmp_path / "model").mkdir()
    broken = (sys.executable, "-c", "raise SystemExit('broken')")
    with running(tmp_path / "state", worker=broken) as service:
        peer = service.peer()
        peer.send("edit", "m", str(clip), "prompt", "strings", "model", str(tmp_path / "model"))
        assert peer.until("warning", "fail")[-1][:3] == ("warning", "m", "held")
    (tmp_path / "model").rmdir()
    with running(tmp_path / "state") as service:
        peer = service.peer()
        peer.send("job", "m")
        assert peer.until("done", "fail")[-1][:3] == ("fail", "m", "unknown_model")


def test_broken_packets_and_stray_replies_are_not_answered(service):
    peer = service.peer()
    peer.send_bytes(b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xfc")
    peer.send_bytes(b"\xff" * 100)
    peer.send("fail", "r1", "internal", "An echo of an echo.")
    peer.send("sync", 1)
    assert peer.next() == ("synced", 1)


def test_an_unknown_address_is_told(service):
    peer = service.peer()
    peer.send("nothing")
    assert peer.next()[:3] == ("fail", "/retone/nothing", "bad_request")


def test_a_port_or_a_state_folder_that_is_in_use_is_named(service, tmp_path):
    with pytest.raises(RetoneError, match=f"Port {service.port} .* --port") as caught:
        Server(Settings(port=service.port, state=tmp_path / "other"))
    assert caught.value.code == "port_in_use"
    with pytest.raises(RetoneError, match=r"Another Retone service works in .*--state") as caught:
        Server(Settings(port=0, state=tmp_path / "state"))
    assert caught.value.code == "busy"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.7", "example.org"])
def test_other_machines_are_kept_out(tmp_path, host):
    with pytest.raises(RetoneError, match=r"use --host 127\.0\.0\.1"):
        Server(Settings(host=host, port=0, state=tmp_path))


def test_a_bundle_is_taken_in_order(service):
    peer = service.peer()
    one = b"/retone/sync\0\0\0\0,i\0\0\0\0\0\1"
    two = b"/retone/sync\0\0\0\0,i\0\0\0\0\0\2"
    parts = b"".join(len(each).to_bytes(4, "big") + each for each in (one, two))
    peer.send_bytes(b"#bundle\0" + bytes(7) + b"\1" + parts)
    assert [peer.next(), peer.next()] == [("synced", 1), ("synced", 2)]
    assert decode(one) == (Message("/retone/sync", (1,)),)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_results_are_nobody_else_s_to_read_in_a_folder_that_others_may_look_into(tmp_path):
    (tmp_path / "state").mkdir(mode=0o755)
    places = Places.of(tmp_path / "state")
    assert {path.stat().st_mode & 0o077 for path in (places.renders, places.previews)} == {0}
