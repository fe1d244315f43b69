"""A journal that an older Retone wrote is opened, believed and carried on."""

import json
import sqlite3
import time

import pytest

from bridge.harness import running
from retone_bridge.journal import Journal
from retone_engine.request import EditRequest

# The first journal's table and the first request's fields, as they were before there were directions.
TABLE = """
    CREATE TABLE jobs (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        asked TEXT NOT NULL,
        clip TEXT NOT NULL,
        outputs TEXT NOT NULL,
        host TEXT,
        port INTEGER,
        state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed')),
        starts INTEGER NOT NULL DEFAULT 0,
        crashes INTEGER NOT NULL DEFAULT 0,
        results TEXT NOT NULL DEFAULT '[]',
        code TEXT NOT NULL DEFAULT '',
        message TEXT NOT NULL DEFAULT '',
        received INTEGER NOT NULL DEFAULT 0,
        changed REAL NOT NULL
    );
    CREATE INDEX jobs_by_state ON jobs (state, number);
    PRAGMA user_version = 1;
"""
ASKED = {
    "block": None, "crossfade": True, "guidance_rescale": None, "guidance_scale": 3.5, "highs": True,
    "mask_frames": None, "mask_start": None, "match_loudness": True, "method": "ddpm_inversion", "model": None,
    "negative_prompt": "", "output_folder": "", "precision": None, "prompt": "strings", "region_frames": None,
    "region_start": 0, "restore": True, "seed": 7, "source_guidance_scale": None, "source_prompt": "", "steps": None,
    "stereo": None, "strength": 0.5, "variations": 1,
}  # fmt: skip


@pytest.fixture
def old_state(tmp_path, clip):
    """A state folder with a job that was done and one that waits."""
    state = tmp_path / "state"
    state.mkdir()
    connection = sqlite3.connect(state / "journal.sqlite")
    connection.executescript(TABLE)
    for id, kept, results in (("r1", "done", ["/out/My loop-r1.wav"]), ("r2", "queued", [])):
        output = str(state / "renders" / f"My loop-{id}.wav")
        connection.execute(
            "INSERT INTO jobs (id, asked, clip, outputs, state, results, changed) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                id,
                json.dumps({**ASKED, "path": str(clip)}, sort_keys=True),
                str(clip),
                json.dumps([output]),
                kept,
                json.dumps(results),
                time.time(),
            ),
        )
    connection.commit()
    connection.close()
    return state


def test_its_jobs_are_edits_without_directions(old_state, clip):
    for _ in range(2):  # the second time it is a new one
        journal = Journal(old_state / "journal.sqlite")
        job = journal.find("r1")
        (waiting,) = journal.unfinished()
        journal.close()
        assert job.asked == EditRequest(str(clip), **ASKED)
        assert (job.state, job.results, job.directions) == ("done", ("/out/My loop-r1.wav",), ())
        assert waiting.id == "r2"


def test_its_waiting_jobs_are_done_and_its_ends_are_told(old_state, clip):
    with running(old_state) as service:
        peer = service.peer()
        peer.send("job", "r2")
        assert peer.until("done", "fail")[-1][:3] == ("done", "r2", 1)
        peer.send("received", "r2")
        peer.send("job", "r1")
        assert peer.until("done")[-2:] == [
            ("result", "r1", 1, "/out/My loop-r1.wav"),
            ("done", "r1", 1, "/out/My loop-r1.wav"),
        ]
        peer.send("clips", clip.name)
        assert peer.until("clips.reply")[-1] == ("clips.reply", clip.name, str(clip))
