"""The way from REAPER and back when things go wrong: cancelled, killed, forgotten, said twice, left for another tab.

The prompt tells the engine how to behave (tests/bridge/scripted_worker.py): "late" takes a second, "slow" ten.
"""

import time

import pytest

from reaper.at_work import CANCEL, PROGRESS, assert_in_place, begin, below, finish, landed
from reaper.scene import EDIT, close, edit
from reaper.service import Service
from reaper.sounds import clip
from retone_bridge.osc import Message, encode


@pytest.fixture
def own(tmp_path):
    """A service of the test's own, not started yet."""
    (tmp_path / "home").mkdir()
    service = Service(tmp_path / "home")
    yield service
    service.stop()


@pytest.fixture
def item(reaper, wav):
    return reaper.project.add_track("Piano").add_item(wav, position=1).select()


def reach(reaper, run, stage):
    """Ticks until the window shows that the job has come to a stage."""
    reaper.until(lambda: run.window and stage in run.window.text, 20)


def media(reaper):
    folder = reaper.project.media_folder
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_a_cancel_midway_leaves_nothing_behind(reaper, item):
    before = reaper.project.plain()
    run = begin(reaper, "slow")
    reach(reaper, run, "inverting")
    finish(reaper, reaper.run(CANCEL))
    finish(reaper, run)
    assert reaper.project.plain() == before
    assert reaper.project.undo.names == []
    assert media(reaper) == []
    # The service has stopped too: the next edit waits for nothing.
    edit(reaper, "a choir")
    assert_in_place(landed(reaper, item), item)


def below_is_there(reaper):
    return len(reaper.project.tracks) == 2


def test_what_reaper_forgot_to_have_landed_does_not_land_twice(reaper, item):
    run = begin(reaper, "late")
    reach(reaper, run, "writing")
    kept = dict(reaper.kept_state)
    finish(reaper, run)
    after = reaper.project.plain()
    # As after a crash that came before the ini file was written.
    reaper.restart()
    reaper.kept_state, reaper.ext_state = dict(kept), dict(kept)
    other = reaper.run(PROGRESS)
    reaper.until(lambda: "late" not in other.window.text and "cpu" in other.window.text)
    reaper.until(lambda: not [key for key in reaper.ext_state if key[1].startswith("job.")])
    assert reaper.project.plain() == after
    close(reaper, other)


def test_a_done_that_is_said_twice_lands_once(reaper, item, reaper_service):
    run = begin(reaper)
    reaper.until(lambda: below_is_there(reaper))
    path = landed(reaper, item).take.source.file
    job = landed(reaper, item).ext["retone_jobs"]
    (folder,) = (folder for folder in (reaper_service.spool / "out").iterdir() if tells_of(folder, job))
    last = max(int(path.stem) for path in folder.iterdir())
    done = encode(Message("/retone/done", (job, 1, path)))
    (folder / f"{last + 1:06d}.osc").write_bytes(done)
    reaper.until(lambda: not (folder / f"{last:06d}.osc").exists())
    finish(reaper, run)
    assert len(below(reaper, item)) == 1
    assert len(landed(reaper, item).takes) == 1
    assert len(reaper.project.undo.names) == 1


def tells_of(folder, job):
    return any(job.encode() in path.read_bytes() for path in folder.iterdir())


def test_a_service_killed_midway_and_started_again_lands_the_edit_once(make, own, wav):
    own.start()
    reaper = make(own.home)
    item = reaper.project.add_track().add_item(wav).select()
    run = begin(reaper, "slow once")
    reach(reaper, run, "inverting")
    own.kill()
    reach(reaper, run, "waits for the service")
    own.start()
    reaper.until(lambda: below_is_there(reaper), 20)
    assert_in_place(landed(reaper, item), item)
    close(reaper, run)
    assert len(landed(reaper, item).takes) == 1
    assert len(reaper.project.undo.names) == 1


@pytest.mark.parametrize("protocol", [2, 0])
def test_another_protocol_is_not_spoken_to(make, own, wav, protocol):
    own.spool.mkdir(parents=True)
    words = (str(int(time.time())), "9.9.9", protocol, "cpu", "pocket", "")
    (own.spool / "heartbeat.osc").write_bytes(encode(Message("/retone/heartbeat", words)))
    reaper = make(own.home)
    reaper.project.add_track().add_item(wav).select()
    reaper.answer_message("ok", containing="Update Retone" if protocol == 0 else "retone install reaper")
    finish(reaper, reaper.run(EDIT))
    assert not reaper.dialogs.inputs_shown
    assert list(own.spool.iterdir()) == [own.spool / "heartbeat.osc"]


def test_one_of_several_that_fails_keeps_no_other_from_landing(reaper, wav, tmp_path):
    track = reaper.project.add_track("Piano")
    good = track.add_item(wav).select()
    track.add_item(clip(tmp_path / "gone.wav"), position=3).select()
    (tmp_path / "gone.wav").unlink()
    run = begin(reaper)
    reaper.until(lambda: run.window and "1 of 2 items done" in run.window.text)
    assert str(tmp_path / "gone.wav") in run.window.text
    assert_in_place(landed(reaper, good), good)
    close(reaper, run)


def test_the_result_goes_to_the_project_that_was_asked_from(reaper, wav, tmp_path):
    first, item = reaper.project, reaper.project.add_track("Piano").add_item(wav).select()
    run = begin(reaper, "late")
    reaper.until(lambda: run.window and "writing" in run.window.text)
    second = reaper.new_project(tmp_path / "other.rpp")
    finish(reaper, run)
    assert second.tracks == []
    assert reaper.project is second
    assert len(first.tracks) == 2
    (result,) = first.tracks[1].items
    assert_in_place(result, item)
