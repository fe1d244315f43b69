"""What lies in the spool may be anything: it stops nothing, and nothing outside is read or removed."""

import os
import time

import pytest

from bridge.harness import running
from bridge.scripts import Script, aged, eventually, heartbeat, lying
from retone_bridge import private, spool_in
from retone_bridge.osc import PACKET_LIMIT, Message, decode, encode
from retone_bridge.replies import Heartbeat
from retone_bridge.spool import Owners, Spool
from retone_bridge.spool_in import LOOK_LIMIT, PIECE, Incoming
from retone_bridge.spool_out import UNREAD_LIMIT, Outgoing

pytestmark = pytest.mark.usefixtures("brisk")

CLIENT = "c0123456789ab"
HOUR, DAY = 3600.0, 86400.0


@pytest.fixture
def folder(tmp_path):
    found = tmp_path / "folder"
    found.mkdir()
    return found


def requested(folder, *numbers, client=CLIENT):
    for number in numbers:
        (folder / f"{client}-{number:06}.osc").write_bytes(b"%d" % number)


def numbers(taken):
    return [int(one.data) for one in taken]


def strangers(folder, outside):
    """Everything that is no request, some of it under a request's name."""
    name = iter(f"c{'f' * 12}-{number:06}.osc" for number in range(1, 100))
    (folder / next(name)).symlink_to(outside)
    (folder / next(name)).symlink_to(outside.parent)
    os.mkfifo(folder / next(name))
    (folder / next(name)).mkdir()
    (folder / next(name)).write_bytes(bytes(PACKET_LIMIT + 1))
    with (folder / next(name)).open("wb") as huge:
        huge.truncate(1 << 40)
    (folder / next(name)).write_bytes(b"no OSC")
    (folder / next(name)).write_bytes(b"")
    for wrong in ("c-1.osc", f"C{'0' * 12}-000001.osc", f"{CLIENT}-1.osc", f"{CLIENT}-00000١.osc", "..osc", "note.txt"):
        (folder / wrong).write_bytes(encode(Message("/retone/quit")))
    for wrong in (b"\xff\xfe-000001.osc", b"c\n0123456789ab-000001.osc"):
        (folder / os.fsdecode(wrong)).write_bytes(b"x")


def test_strangers_among_the_requests_stop_nothing(tmp_path):
    spool, outside = tmp_path / "spool", tmp_path / "precious"
    (spool / "in").mkdir(parents=True)
    outside.write_bytes(encode(Message("/retone/quit")))
    strangers(spool / "in", outside)
    with running(tmp_path / "state", spool=spool) as service:
        script = Script(spool)
        for turn in range(5):
            script.send("sync", turn)
            assert script.next() == ("synced", turn)
        assert not service.server._stopping
        assert not [
            name for name in lying(spool / "in") if name.startswith("cfff") and name != f"c{'f' * 12}-000004.osc"
        ]
        assert (spool / "in" / "note.txt").exists(), "what is no request is left for the sweep"
    assert decode(outside.read_bytes()) == (Message("/retone/quit"),)


def test_strangers_among_the_replies_stop_nothing(tmp_path):
    spool, outside = tmp_path / "spool", tmp_path / "outside"
    outside.mkdir()
    script, linked, filed = Script(spool), Script(spool), Script(spool)
    with running(tmp_path / "state", spool=spool):
        assert eventually(lambda: heartbeat(spool))
        linked.replies.symlink_to(outside)
        filed.replies.write_text("no folder")
        script.replies.mkdir()
        (script.replies / "next.part").symlink_to(outside / "made")
        (script.replies / "000002.osc").mkdir()
        for each in (linked, filed, script):
            each.send("sync", 1)
        assert eventually(lambda: "000003.osc" in lying(script.replies)), "it counts on from what lies there"
        (message,) = decode((script.replies / "000003.osc").read_bytes())
        assert message == Message("/retone/synced", (1,))
    assert lying(outside) == []


@pytest.mark.parametrize("name", ["in", "out", "clips"])
def test_a_link_that_comes_later_leads_nowhere(tmp_path, name):
    spool, outside = tmp_path / "spool", tmp_path / "outside"
    outside.mkdir()
    requested(outside, 1)
    owned = Spool(spool, lambda: Heartbeat("0", "0", 1, "", "", ""), lambda: Owners((), ()))
    owned.tick()
    (spool / name).rmdir()
    (spool / name).symlink_to(outside)
    owned.tick()
    assert owned.take() == []
    owned.put(CLIENT, b"reply")
    owned.close()
    assert lying(outside) == [f"{CLIENT}-000001.osc"]


def test_a_client_whose_folder_becomes_a_link_is_told_nothing(folder, tmp_path):
    outgoing, outside = Outgoing(folder), tmp_path / "outside"
    outside.mkdir()
    outgoing.put(CLIENT, b"first")
    (folder / CLIENT).rename(tmp_path / "moved")
    (folder / CLIENT).symlink_to(outside)
    for _ in range(3):
        outgoing.put(CLIENT, b"next")
    assert lying(outside) == []


def test_a_folder_with_many_files_is_read_in_pieces(folder):
    requested(folder, 1, 2)
    for number in range(PIECE):
        (folder / f"stranger {number}").touch()
    incoming, looks, longest = Incoming(folder), 0, 0.0
    taken = []
    while not taken:
        began = time.perf_counter()
        taken = incoming.take()
        longest = max(longest, time.perf_counter() - began)
        looks += 1
    assert numbers(taken) == [1, 2]
    assert looks == 2
    assert longest < 0.1
    while incoming.sweep(0.0, PIECE):
        pass
    assert lying(folder) == [f"{CLIENT}-000001.osc", f"{CLIENT}-000002.osc"]


def test_a_look_takes_a_bounded_number(folder):
    for client in ("0", "1"):
        requested(folder, *range(1, 101), client="c" + client * 12)
    incoming = Incoming(folder)
    taken = incoming.take()
    assert len(taken) == LOOK_LIMIT
    assert numbers(taken) == [number for number in range(1, LOOK_LIMIT // 2 + 1) for _ in "01"]
    incoming.remove(taken)
    assert numbers(incoming.take())[0] == LOOK_LIMIT // 2 + 1


def test_a_request_that_a_listing_missed_comes_before_those_that_follow_it(folder):
    incoming = Incoming(folder)
    requested(folder, 1)
    incoming.remove(incoming.take())
    requested(folder, 3)  # 2 was made before it, but the listing was past its place
    assert numbers(incoming.take()) == []
    requested(folder, 2)
    taken = incoming.take()
    assert numbers(taken) == [2, 3]
    incoming.remove(taken)
    requested(folder, 9)  # a script that could not write 4 to 8 goes on
    assert numbers(incoming.take()) == []
    assert numbers(incoming.take()) == [9]


def test_a_file_that_another_program_holds_is_waited_for_and_done_once(folder, monkeypatch):
    """As on Windows, where neither reading nor removing goes while it is open."""
    held = set()

    def refusing(does):
        def refuse(path, *rest):
            if path.name in held:
                raise PermissionError(13, "held by another program")
            return does(path, *rest)

        return refuse

    monkeypatch.setattr(private, "read", refusing(private.read))
    monkeypatch.setattr(spool_in.Path, "unlink", refusing(spool_in.Path.unlink))
    incoming = Incoming(folder)
    requested(folder, 1, 2)
    requested(folder, 1, client="c" + "1" * 12)
    held.add(f"{CLIENT}-000001.osc")
    taken = incoming.take()
    assert [one.client for one in taken] == ["c" + "1" * 12], "what follows the one that is held waits, others do not"
    incoming.remove(taken)
    held.clear()
    taken = incoming.take()
    assert numbers(taken) == [1, 2]
    held.add(f"{CLIENT}-000002.osc")
    incoming.remove(taken)
    assert lying(folder) == [f"{CLIENT}-000002.osc"]
    assert incoming.take() == [] == incoming.take()
    held.clear()
    assert incoming.take() == []
    assert lying(folder) == []


def test_a_file_that_can_never_be_read_holds_up_nobody_for_long(folder, monkeypatch):
    def refuse(path, limit):
        if path.name.endswith("1.osc"):
            raise PermissionError
        return b"2"

    monkeypatch.setattr(private, "read", refuse)
    requested(folder, 1, 2)
    incoming = Incoming(folder)
    assert incoming.take() == []
    aged(folder / f"{CLIENT}-000001.osc", 60)
    assert numbers(incoming.take()) == [2]


def test_many_that_cannot_be_read_leave_room_for_those_that_can(folder, monkeypatch):
    def refuse(path, limit):
        if path.name.startswith("c0"):
            raise PermissionError
        return b"1"

    monkeypatch.setattr(private, "read", refuse)
    for number in range(2 * LOOK_LIMIT):
        requested(folder, 1, client=f"c0{number:011}")
    requested(folder, 1, client="c" + "f" * 12)
    assert [one.client for one in Incoming(folder).take()] == ["c" + "f" * 12]


def test_a_client_that_never_reads_gets_so_much_and_no_more(folder, monkeypatch):
    monkeypatch.setattr("retone_bridge.spool_out.LOOK_SECONDS", 0.05)
    outgoing = Outgoing(folder)
    for number in range(UNREAD_LIMIT + 50):
        outgoing.put(CLIENT, b"%d" % number)
    box = folder / CLIENT
    assert lying(box) == [f"{number:06}.osc" for number in range(1, UNREAD_LIMIT + 1)]
    for number in range(1, 11):
        (box / f"{number:06}.osc").unlink()
    time.sleep(0.06)
    outgoing.put(CLIENT, b"heard again")
    assert (box / f"{UNREAD_LIMIT + 1:06}.osc").read_bytes() == b"heard again"
    assert Outgoing(folder)._box(CLIENT)._look()


def test_there_are_so_many_clients_and_no_more(folder, monkeypatch):
    monkeypatch.setattr("retone_bridge.spool_out.CLIENTS_LIMIT", 3)
    outgoing = Outgoing(folder)
    for number in range(5):
        outgoing.put(f"c{number:012}", b"reply")
    assert len(lying(folder)) == 3


def test_what_is_old_and_of_no_use_is_swept(tmp_path):
    spool = tmp_path / "spool"
    owners = Owners({"c" + "1" * 12}, {"r1"})
    swept = Spool(spool, lambda: Heartbeat("0", "0", 1, "", "", ""), lambda: owners)
    swept.tick()
    for name, age in (("a.part", 2 * HOUR), ("b.part", HOUR / 2), (f"{CLIENT}-000001.osc", 9 * DAY)):
        (spool / "in" / name).touch()
        aged(spool / "in" / name, age)
    (spool / "in" / "folder").mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("precious")
    for parent, folders in (
        (spool / "out", {"c" + "0" * 12: 2 * DAY, "c" + "1" * 12: 2 * DAY, "c" + "2" * 12: DAY / 2}),
        (spool / "clips", {"r0": 8 * DAY, "r1": 8 * DAY, "r2": 6 * DAY, "deep": 8 * DAY}),
    ):
        for name, age in folders.items():
            (parent / name).mkdir()
            (parent / name / "000001.osc").touch()
            if name == "deep":
                (parent / name / "folder").mkdir()
            aged(parent / name, age)
        (parent / "link").symlink_to(outside)
        aged(parent / "link", 9 * DAY)
    swept._sweep()
    swept.close()
    assert lying(spool / "in") == ["b.part", f"{CLIENT}-000001.osc", "folder"]
    assert lying(spool / "out") == ["c" + "1" * 12, "c" + "2" * 12]
    assert lying(spool / "clips") == ["deep", "r1", "r2"]
    assert lying(outside) == ["precious"]


def test_jobs_that_have_not_ended_keep_their_folders(tmp_path, clip):
    spool = tmp_path / "spool"
    with running(tmp_path / "state", spool=spool) as service:
        script = Script(spool)
        script.send("edit", "r1", str(clip), "prompt", "slow")
        script.until("progress")
        assert service.server._owners() == Owners({script.client}, {"r1"})
        script.send("cancel", "r1")
        script.until("fail")
        assert service.server._owners() == Owners(set(), set())


def test_who_asks_is_not_swept(folder):
    outgoing = Outgoing(folder)
    outgoing.put(CLIENT, b"reply")
    aged(folder / CLIENT, 2 * DAY)
    outgoing.heard_of(CLIENT)
    assert time.time() - (folder / CLIENT).stat().st_mtime < HOUR
