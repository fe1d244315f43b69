"""What the real engine writes is known again by the next service, for a job's own and for nothing else."""

import sqlite3
from pathlib import Path

from bridge.harness import running
from retone_bridge import leftovers

DEMO = Path(__file__).parents[2] / "bridge" / "retone_bridge" / "data" / "demo.flac"


def test_a_finished_edit_is_taken_as_it_is_by_the_next_service(tmp_path):
    state = tmp_path / "state"
    with running(state, worker=()) as service:
        peer = service.peer()
        peer.send(
            "edit", "r1", str(DEMO), "prompt", "a church organ", "region_frames", 22050, "steps", 10, "variations", 2
        )
        *_, done = peer.until("done", "fail", seconds=120)
        assert done[:3] == ("done", "r1", 2)
    files = sorted((state / "renders").iterdir())
    assert leftovers.finished([str(path) for path in files], "r1")
    assert not leftovers.finished([str(path) for path in files], "r2")
    before = [(path, path.stat().st_mtime_ns) for path in files]
    journal = sqlite3.connect(state / "journal.sqlite")
    journal.execute("UPDATE jobs SET state = 'running', results = '[]'")
    journal.commit()
    journal.close()
    with running(state, worker=()) as service:
        peer = service.peer()
        peer.send("job", "r1")
        assert peer.until("done", "fail")[-1] == ("done", "r1", 2, str(files[0]))
    assert [(path, path.stat().st_mtime_ns) for path in sorted((state / "renders").iterdir())] == before
