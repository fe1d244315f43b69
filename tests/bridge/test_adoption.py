"""A service that died between the last file and the word done: the next one knows the files as the job's own."""

import sqlite3

import pytest

from bridge.harness import running

ASKED = ("prompt", "count", "variations", 3)


@pytest.fixture
def left(tmp_path, clip):
    """A state as a service leaves it that dies before it notes the end: gives the folder and the job's files."""
    state = tmp_path / "state"
    with running(state) as service:
        peer = service.peer()
        peer.send("edit", "r1", str(clip), *ASKED)
        assert peer.until("done")[-1][:3] == ("done", "r1", 3)
    set_journal(state, "state = 'running', results = '[]'")
    return state, sorted((state / "renders").iterdir())


def set_journal(state, what):
    journal = sqlite3.connect(state / "journal.sqlite")
    journal.execute(f"UPDATE jobs SET {what} WHERE id = 'r1'")
    journal.commit()
    journal.close()


def end_of(state):
    with running(state) as service:
        peer = service.peer()
        peer.send("job", "r1")
        return peer.until("done", "fail")[-1]


def starts(clip):
    return len((clip.parent / "starts").read_text().split())


def test_files_that_are_all_there_are_taken_as_they_are(left, clip):
    state, files = left
    before = [(path.name, path.stat().st_mtime_ns) for path in files]
    assert end_of(state) == ("done", "r1", 3, str(files[0]))
    assert [(path.name, path.stat().st_mtime_ns) for path in sorted((state / "renders").iterdir())] == before
    assert starts(clip) == 1, "nothing was made again"


@pytest.mark.parametrize("crashes", [0, 1, 5])
def test_so_are_those_of_a_job_that_died_before(left, clip, crashes):
    state, _ = left
    set_journal(state, f"crashes = {crashes}")
    assert end_of(state)[:3] == ("done", "r1", 3)
    assert starts(clip) == 1


def test_a_set_that_is_not_whole_is_made_again(left, clip):
    state, files = left
    files[1].unlink()
    (state / "renders" / ".retone-r1.0123456789abcdef.part").write_bytes(b"half")
    assert end_of(state)[:3] == ("done", "r1", 3)
    assert sorted((state / "renders").iterdir()) == files
    assert starts(clip) == 2


def test_a_file_of_somebody_else_s_at_the_name_is_not_touched(left):
    state, files = left
    files[1].write_bytes(b"somebody else's")
    assert end_of(state)[:3] == ("fail", "r1", "output_exists")
    assert [path.name for path in (state / "renders").iterdir()] == [files[1].name]
    assert files[1].read_bytes() == b"somebody else's"


def test_what_is_left_of_a_job_that_is_given_up_or_cancelled_is_removed(left, clip):
    state, files = left
    files[1].unlink()
    set_journal(state, "crashes = 1")
    assert end_of(state)[:3] == ("fail", "r1", "worker_crashed")
    assert list((state / "renders").iterdir()) == []
    assert starts(clip) == 1
