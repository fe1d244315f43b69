"""Many clients at once, and a service killed at any moment: every job that was acknowledged comes to one end."""

import random
import sqlite3
import statistics
import threading
import time

import pytest

from bridge.harness import kill, running, serve
from retone_bridge.client import Client
from retone_bridge.protocol import Done, Fail
from retone_engine.request import RetoneError


def test_every_request_of_many_clients_is_acknowledged_or_told_busy_while_a_job_runs(tmp_path, clip):
    clients, each = 32, 20
    waits, answers = [], []

    def ask(service, name):
        peer = service.peer()
        for k in range(each):
            started = time.monotonic()
            peer.send("edit", f"{name}-{k}", str(clip), "prompt", "strings")
            while True:
                word, id, *_ = peer.next(10)
                if word in ("ack", "busy") and id == f"{name}-{k}":
                    break
            waits.append(time.monotonic() - started)
            answers.append((word, id))

    with running(tmp_path / "state") as service:
        first = service.peer()
        first.send("edit", "first", str(clip), "prompt", "slow")
        first.until("progress")
        threads = [threading.Thread(target=ask, args=(service, f"c{k}")) for k in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == clients * each
        kept = {id for word, id in answers if word == "ack"}
        assert len(kept) == 64, "as many as may wait, no more"
        assert statistics.quantiles(waits, n=100)[98] < 1, "99 % within a second, on the busiest machine"
        first.send("cancel", "first")
        status = service.client()
        end = time.monotonic() + 20
        while status.status().done < len(kept) and time.monotonic() < end:
            time.sleep(0.05)
        assert status.status().done == len(kept)
    assert len(list((tmp_path / "state" / "renders").iterdir())) == len(kept)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_acknowledged_job_is_lost_or_done_twice_when_the_service_is_killed_at_any_moment(tmp_path, clip, seed):
    chance = random.Random(seed)
    process, port = serve(tmp_path / "state")
    ends = {}

    def ask(k):
        with Client(port=port) as client:
            for attempt in range(10):
                try:
                    *_, ends[k] = client.edit(clip, "strings", id=f"r{k}")
                    return
                except RetoneError:
                    time.sleep(0.1 * attempt)

    threads = [threading.Thread(target=ask, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(4):
        time.sleep(chance.uniform(0, 0.5))
        kill(process)
        process, port = serve(tmp_path / "state", port)
    for thread in threads:
        thread.join()
    kill(process)

    done = sorted(k for k, end in ends.items() if isinstance(end, Done))
    given_up = [k for k, end in ends.items() if isinstance(end, Fail) and end.code == "worker_crashed"]
    assert sorted([*done, *given_up]) == list(range(8))
    results = tmp_path / "state" / "renders"
    names = {path.name for path in results.iterdir()}
    assert {f"My loop-r{k}.wav" for k in done} <= names <= {f"My loop-r{k}.wav" for k in range(8)}
    journal = sqlite3.connect(tmp_path / "state" / "journal.sqlite")
    assert journal.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    states = journal.execute("SELECT id, state FROM jobs").fetchall()
    journal.close()
    assert sorted(states) == sorted((f"r{k}", "done" if k in done else "failed") for k in range(8))


def test_a_journal_that_cannot_be_written_refuses_new_jobs_and_lets_the_others_end(service, clip):
    peer = service.peer()
    peer.send("edit", "r1", str(clip), "prompt", "slow")
    peer.until("progress")
    journal = service.server._journal._connection
    pages = journal.execute("PRAGMA page_count").fetchone()[0]
    journal.execute(f"PRAGMA max_page_count = {pages}")
    refused = 0
    for k in range(12):
        peer.send("edit", f"filler{k}", str(clip), "prompt", "strings", "negative_prompt", "n" * 500)
        refused += peer.until("ack", "fail")[-1][:3] == ("fail", f"filler{k}", "disk_full")
    assert refused
    peer.send("cancel", "r1")
    assert peer.until("fail")[-1][:3] == ("fail", "r1", "cancelled")
    peer.send("sync", 1)
    assert peer.until("synced")
