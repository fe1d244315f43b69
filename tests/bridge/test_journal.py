"""What is written is there after anything."""

import os
import sqlite3
from dataclasses import replace

import pytest

from retone_bridge.journal import Job, Journal
from retone_bridge.protocol import Direction
from retone_engine.request import DirectionsRequest, EditRequest, Push, RetoneError, SteerRequest

ASKED = EditRequest("/a.wav", prompt="strings", strength=0.5)


def job(id, asker=("127.0.0.1", 5000)):
    return Job(id, ASKED, "/real/a.wav", (f"/out/{id}.wav",), asker)


@pytest.fixture
def journal(tmp_path):
    found = Journal(tmp_path / "deep" / "journal.sqlite")
    yield found
    found.close()


def reopened(journal):
    journal.close()
    journal.__init__(journal.path)
    return journal


def test_a_job_is_read_as_it_was_kept(journal):
    journal.add([job("r1")])
    found = reopened(journal).find("r1")
    assert found.asked == ASKED
    assert (found.clip, found.outputs, found.asker, found.state) == (
        "/real/a.wav",
        ("/out/r1.wav",),
        ("127.0.0.1", 5000),
        "queued",
    )
    assert journal.find("r2") is None


@pytest.mark.parametrize(
    "asked",
    [
        EditRequest("/a.wav", segments="0-1 piano", variations=2, only=2),
        DirectionsRequest("/a.wav", count=5, noise_level=0.5),
        SteerRequest("/a.wav", pushes=(Push(1, (0.5,)), Push(3, (-1.0, 0.3)))),
    ],
    ids=lambda asked: asked.kind,
)
def test_every_kind_of_request_is_read_as_it_was_kept(journal, asked):
    journal.add([replace(job("r1"), asked=asked)])
    assert reopened(journal).find("r1").asked == asked


def test_the_end_of_a_job_is_read_as_it_was_kept(journal):
    found = tuple(Direction("r1", k, 0.5**k, 100, 200, 62.5, 8000.0) for k in (1, 2))
    ended = replace(job("r1"), state="done", results=("/out/1.wav", "/out/2.wav"), directions=found)
    journal.add([job("r1")])
    journal.end(ended)
    kept = reopened(journal).find("r1")
    assert replace(kept, changed=0.0) == ended
    assert kept.changed > 0


def test_clips_of_a_name_come_newest_first_and_once(journal):
    for k, clip in enumerate(("/old/a.wav", "/new/a.wav", "/other/ba.wav", "/old/a.wav", "/new/b.wav")):
        journal.add([replace(job(f"r{k}"), clip=clip)])
    assert reopened(journal).clips("a.wav") == ["/old/a.wav", "/new/a.wav"]
    assert journal.clips("_.wav") == []


def test_unfinished_jobs_come_back_in_order(journal):
    for id in ("c", "a", "b", "d"):
        journal.add([job(id)])
    journal.start("c")
    journal.end(replace(job("a"), state="done", results=("/out/a.wav",)))
    assert [(each.id, each.state) for each in reopened(journal).unfinished()] == [
        ("c", "running"),
        ("b", "queued"),
        ("d", "queued"),
    ]
    assert journal.counts() == {"queued": 2, "running": 1, "done": 1}


def test_an_end_is_kept_until_it_is_received(journal):
    journal.add([job("r1")])
    journal.add([job("r2", asker=None)])
    for id in ("r1", "r2"):
        journal.end(replace(job(id), state="failed", code="disk_full", message="The disk is full."))
    (found,) = journal.unreceived(60)
    assert (found.id, found.code, found.message) == ("r1", "disk_full", "The disk is full.")
    journal.received("r1")
    assert journal.unreceived(60) == []


def test_every_commit_reaches_the_disk(journal):
    ask = journal._connection.execute
    assert tuple(ask("PRAGMA synchronous").fetchone()) == (2,)
    assert tuple(ask("PRAGMA journal_mode").fetchone()) == ("wal",)
    assert tuple(ask("PRAGMA user_version").fetchone()) == (3,)


@pytest.mark.skipif(os.name != "posix", reason="this system has no such permissions")
def test_nobody_else_reads_it(journal):
    for path in journal.path.parent.glob(f"{journal.path.name}*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_second_service_is_kept_out(journal):
    with pytest.raises(RetoneError, match="Another Retone service"):
        Journal(journal.path)


def test_a_damaged_or_newer_journal_is_named(tmp_path):
    damaged = tmp_path / "damaged.sqlite"
    damaged.write_bytes(b"no database at all" * 100)
    with pytest.raises(RetoneError, match=r"is damaged .* move it away"):
        Journal(damaged)
    newer = tmp_path / "newer.sqlite"
    connection = sqlite3.connect(newer)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(RetoneError, match="written by a newer Retone"):
        Journal(newer)


def test_a_full_disk_refuses_the_job_and_keeps_the_others(journal):
    journal.add([job("r1")])
    pages = journal._connection.execute("PRAGMA page_count").fetchone()[0]
    journal._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(RetoneError) as caught:
        for k in range(1000):
            journal.add([job(f"filler{k}")])
    assert caught.value.code == "disk_full"
    assert reopened(journal).find("r1") is not None
