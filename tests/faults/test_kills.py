"""kill -9 as CI tries it; ``python -m faults.kills`` is the long version."""

import time

from bridge.harness import Peer, kill, serve
from bridge.scripted_worker import stamped
from faults.kills import SMALL, campaign, rows
from faults.witness import short_clip

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
    process, port = serve(tmp_path / "state")
    peer = Peer(("127.0.0.1", port))
    ids = [f"r{k}" for k in range(6)]
    for id in ids:
        peer.send("edit", id, str(clip), "prompt", "slow once" if id == "r0" else "strings")
        peer.until("ack")
    peer.socket.close()
    kill(process)
    process, _ = serve(tmp_path / "state")
    results = {f"loop-{id}.wav": stamped(clip.read_bytes(), id) for id in ids}
    end = time.monotonic() + 20
    while time.monotonic() < end:
        found = {path.name: path.read_bytes() for path in (tmp_path / "state" / "renders").glob("loop-*")}
        if found == results:
            break
        time.sleep(0.05)
    kill(process)
    assert found == results
