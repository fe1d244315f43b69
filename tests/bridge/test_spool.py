"""A service that is talked with through files."""

import errno
import os
import stat
import time
from contextlib import contextmanager

import pytest

from bridge.harness import SCRIPT, running
from bridge.scripts import Script, eventually, heartbeat, lying
from retone_bridge import private
from retone_bridge.document import document
from retone_bridge.paths import spool_folder
from retone_bridge.spool import STALE_SECONDS

pytestmark = pytest.mark.usefixtures("brisk")


@pytest.fixture
def spool(tmp_path):
    return tmp_path / "data" / "retone" / "spool"


@contextmanager
def serving(tmp_path, spool, **settings):
    """A service that owns the spool."""
    with running(tmp_path / "state", spool=spool, **settings) as service:
        assert eventually(lambda: heartbeat(spool))
        yield service


@pytest.fixture
def service(tmp_path, spool):
    with serving(tmp_path, spool) as found:
        yield found


def test_a_script_has_a_whole_job_done(service, spool, clip):
    script = Script(spool)
    request = script.send("edit", "r1", str(clip), "prompt", "strings", "variations", 2)
    heard = script.until("done")
    assert not request.exists()
    assert [each[:2] for each in heard if each[0] != "progress"] == [
        ("ack", "r1"),
        ("queued", "r1"),
        ("result", "r1"),
        ("result", "r1"),
        ("done", "r1"),
    ]
    assert {each[0] for each in heard} >= {"progress"}
    assert heard[-1][2] == 2
    script.send("received", "r1")
    assert eventually(lambda: service.server._journal.find("r1").received)
    assert eventually(lambda: lying(spool / "in") == [])
    assert lying(script.replies)[0] == f"{len(script.heard):06}.osc", "the last one read stays, to count on from"


def test_requests_are_done_in_order_and_clients_take_turns(service, spool):
    many, one = Script(spool), Script(spool)
    for number in range(150):
        many.send("sync", number)
    one.send("sync", 1)
    assert one.next() == ("synced", 1)
    assert len(lying(many.replies)) < 150, "it was not waited for all of them"
    assert [many.next() for _ in range(150)] == [("synced", number) for number in range(150)]


def test_a_reply_port_means_nothing_to_a_script(service, spool, clip):
    script, peer = Script(spool), service.peer()
    script.send("hello", "reaper", 1, peer.port)
    assert script.next()[0] == "welcome"
    script.send("notify", 0, peer.port)
    assert script.next() == ("ack", "/retone/notify")
    script.send("edit", "r1", str(clip), "prompt", "strings", "reply_port", peer.port)
    assert script.until("done")[0] == ("ack", "r1")
    assert peer.quiet()


def test_a_script_may_subscribe(service, spool, clip):
    script = Script(spool)
    script.send("notify", 1)
    assert script.until("param/path")[0] == ("ack", "/retone/notify")
    peer = service.peer()
    peer.send("edit", "r1", str(clip), "prompt", "strings")
    assert script.until("done")[-1][:2] == ("done", "r1")


def test_a_script_is_this_machine_whoever_else_is_let_in(tmp_path, spool, clip):
    with serving(tmp_path, spool, token="a token of the tests") as service:
        script = Script(spool)
        script.send("status")
        assert script.next()[0] == "status.reply"
        script.send("nothing")
        assert script.next()[:3] == ("fail", "/retone/nothing", "bad_request")
        script.send_bytes(b"no OSC")
        script.send("quit")
        assert script.next() == ("ack", "/retone/quit")
        assert eventually(lambda: service.server._stopping)


def test_a_heartbeat_tells_that_the_service_runs(tmp_path, spool):
    with serving(tmp_path, spool):
        assert eventually(lambda: heartbeat(spool)[3:] == ("cpu", "script", ""))
        seconds, version, protocol, *_ = heartbeat(spool)
        assert abs(time.time() - int(seconds)) < STALE_SECONDS
        assert (version, protocol) == ("0.1.0", 1)
        assert eventually(lambda: heartbeat(spool)[0] != seconds)
    assert heartbeat(spool) is None


def test_a_heartbeat_tells_what_is_wrong(tmp_path, spool):
    with serving(tmp_path, spool, worker=(*SCRIPT, "unusable")):
        assert eventually(lambda: "no such device" in heartbeat(spool)[5])


def test_a_heart_beats_on_where_the_disk_is_full(tmp_path, spool, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with serving(tmp_path, spool):
        monkeypatch.setattr("retone_bridge.writing.write", full)
        before = heartbeat(spool)[0]
        assert eventually(lambda: heartbeat(spool)[0] != before)


def test_a_quit_from_before_the_service_began_is_not_done(tmp_path, spool, clip):
    (spool / "in").mkdir(parents=True)
    script = Script(spool)
    script.send("quit")
    script.send("edit", "r1", str(clip), "prompt", "strings")
    with serving(tmp_path, spool):
        assert script.until("done")[-1][:2] == ("done", "r1")
        assert ("ack", "/retone/quit") not in script.heard


def test_with_roots_only_the_clips_of_the_spool_may_be_read_too(tmp_path, spool, clip):
    root = tmp_path / "music"
    root.mkdir()
    with serving(tmp_path, spool, roots=(str(root),)):
        script = Script(spool)
        folder = spool / "clips" / "r1"
        folder.mkdir()
        (folder / "take.wav").write_bytes(clip.read_bytes())
        script.send("edit", "r1", str(folder / "take.wav"), "prompt", "strings", "output_folder", str(root))
        assert script.until("done")[-1][:2] == ("done", "r1")
        assert lying(root) == ["take-r1.wav"]
        for path in (clip, spool / "lock"):
            script.send("edit", "r2", str(path), "prompt", "strings")
            assert script.until("fail")[-1][:3] == ("fail", "r2", "outside_roots")
        script.send("edit", "r3", str(folder / "take.wav"), "prompt", "strings", "output_folder", str(folder))
        assert script.until("fail")[-1][:3] == ("fail", "r3", "outside_roots")


@pytest.mark.parametrize("linked", ["clips", "."])
def test_a_link_in_the_place_of_the_clips_opens_nothing(tmp_path, spool, clip, linked):
    root, place, target = tmp_path / "music", spool / linked, tmp_path / "elsewhere"
    root.mkdir()
    (target / "clips").mkdir(parents=True)
    for folder in (target, target / "clips"):
        (folder / clip.name).write_bytes(clip.read_bytes())
    place.parent.mkdir(parents=True)
    place.symlink_to(target)
    with running(tmp_path / "state", spool=spool, roots=(str(root),)) as service:
        peer = service.peer()
        peer.send("edit", "r1", str(spool / "clips" / clip.name), "prompt", "strings")
        assert peer.next()[:3] == ("fail", "r1", "outside_roots")


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_spool_is_its_users_alone(tmp_path, spool):
    spool.mkdir(parents=True, mode=0o755)
    with serving(tmp_path, spool):
        script = Script(spool)
        script.send("version")
        script.next()
        kept = [spool, *(spool / name for name in ("in", "out", "clips", "lock", "heartbeat.osc"))]
        kept += [script.replies, script.replies / "000001.osc"]
        assert {stat.S_IMODE(path.lstat().st_mode) & 0o077 for path in kept} == {0}


@pytest.mark.parametrize("name", [".", "in", "out", "clips", "lock"])
def test_where_a_link_stands_the_service_does_without(tmp_path, spool, name, caplog):
    target = tmp_path / "elsewhere"
    target.mkdir()
    (target / "precious").write_text("precious")
    place = spool / name
    place.parent.mkdir(parents=True)
    place.symlink_to(target / "precious" if name == "lock" else target)
    with running(tmp_path / "state", spool=spool) as service:
        peer = service.peer()
        peer.send("version")
        assert peer.next()[0] == "version.reply"
        assert eventually(lambda: "spool not used" in caplog.messages)
    assert lying(target) == ["precious"]
    assert (target / "precious").read_text() == "precious"


def test_a_folder_of_another_user_is_not_used(tmp_path, spool, monkeypatch, caplog):
    spool.mkdir(parents=True)
    monkeypatch.setattr(private.os, "geteuid", lambda: os.getuid() + 1)
    with running(tmp_path / "state", spool=spool):
        assert eventually(lambda: "spool not used" in caplog.messages)
    assert lying(spool) == []


def test_a_spool_that_was_taken_away_is_made_again(tmp_path, spool, monkeypatch):
    monkeypatch.setattr("retone_bridge.spool.TRY_AGAIN_SECONDS", 0.2)
    with serving(tmp_path, spool):
        spool.rename(tmp_path / "moved")
        assert eventually(lambda: heartbeat(spool))
        (spool / "in").rmdir()
        assert eventually(lambda: (spool / "in").is_dir())
        script = Script(spool)
        script.send("version")
        assert script.next()[0] == "version.reply"


@pytest.mark.parametrize(
    ("system", "variable", "inside"),
    [
        ("linux", "HOME", ".local/share/retone/spool"),
        ("darwin", "HOME", "Library/Application Support/retone/spool"),
        ("win32", "LOCALAPPDATA", "retone/spool"),
    ],
)
def test_the_folder_is_fixed_for_each_system_and_user(monkeypatch, tmp_path, system, variable, inside):
    monkeypatch.setattr("retone_bridge.paths.sys.platform", system)
    for name in ("HOME", "LOCALAPPDATA", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    assert spool_folder() == tmp_path / variable / inside
    for nowhere in ("", "relative"):
        monkeypatch.setenv(variable, nowhere)
        assert spool_folder() is None
    monkeypatch.delenv(variable)
    assert spool_folder() is None


def test_the_protocol_tells_where_the_folder_is():
    section = document().partition("## Files instead of packets")[2].partition("\n## ")[0]
    told = " ".join(section.split())
    for folder in ("%LOCALAPPDATA%\\retone\\spool", "$HOME/Library/Application Support/retone/spool"):
        assert folder in told
    assert "$HOME/.local/share/retone/spool" in told
