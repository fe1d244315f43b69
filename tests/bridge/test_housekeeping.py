"""What is thrown away, and what is not."""

import io
import os
import time
from pathlib import Path

import pytest

import retone_bridge.housekeeping
from bridge.harness import running
from bridge.test_logs import lines
from retone_bridge.cli import parser
from retone_bridge.housekeeping import EVERY_SECONDS, Housekeeping, size_of
from retone_bridge.logs import kept
from retone_engine.request import RetoneError

HOUR = 3600.0


@pytest.fixture
def previews(tmp_path):
    folder = tmp_path / "state" / "previews"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test puts forward."""

    class Clock:
        ahead = 0.0

    monotonic = time.monotonic
    monkeypatch.setattr(retone_bridge.housekeeping.time, "monotonic", lambda: monotonic() + Clock.ahead)
    return Clock


def preview(folder, name, hours_ago, size=1000):
    path = folder / name
    path.write_bytes(bytes(size))
    age(path, hours_ago)
    return path


def age(path, hours_ago):
    when = time.time() - hours_ago * HOUR
    os.utime(path, (when, when), follow_symlinks=False)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def tidy(previews, limit, busy=lambda path: False, **more):
    Housekeeping(previews, limit, busy, **more).tick()


def test_the_oldest_previews_go_until_the_rest_fits(previews):
    for number, hours_ago in enumerate((5, 2, 4, 3)):
        preview(previews, f"loop-d{number}.wav", hours_ago)
    tidy(previews, 2500)
    assert names(previews) == ["loop-d1.wav", "loop-d3.wav"]


def test_previews_that_fit_stay_however_old(previews):
    preview(previews, "loop-d1.wav", 10000)
    tidy(previews, 1000)
    assert names(previews) == ["loop-d1.wav"]


def test_a_young_preview_and_one_of_a_job_that_runs_stay(previews):
    preview(previews, "young.wav", 0.9)
    preview(previews, "busy.wav", 50)
    preview(previews, "old.wav", 1.1)
    tidy(previews, 0, lambda path: path == previews / "busy.wav")
    assert names(previews) == ["busy.wav", "young.wav"]


def test_a_link_is_removed_and_never_followed(previews, tmp_path):
    treasure = preview(tmp_path, "treasure.wav", 100, size=10000)
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    preview(shelf, "inside.wav", 100)
    for name, where in (("file.wav", treasure), ("folder.wav", shelf), ("nowhere.wav", tmp_path / "none")):
        (previews / name).symlink_to(where)
        age(previews / name, 100)
    preview(previews, "loop-d1.wav", 2)
    tidy(previews, 1000)
    assert names(previews) == ["loop-d1.wav"], "a link counts with its own size alone"
    assert treasure.stat().st_size == 10000 and names(shelf) == ["inside.wav"]


def test_what_retone_did_not_make_stays(previews):
    preview(previews, "notes.txt", 100)
    preview(previews, ".retone-d1.0123456789abcdef.part", 100)
    (previews / "folder.wav").mkdir()
    preview(previews / "folder.wav", "inside.wav", 100)
    tidy(previews, 0)
    assert names(previews) == ["folder.wav", "notes.txt"] and names(previews / "folder.wav") == ["inside.wav"]


def test_results_are_never_touched(previews):
    renders = previews.parent / "renders"
    renders.mkdir()
    preview(renders, "loop-r1.wav", 100000, size=10000)
    preview(previews, "loop-d1.wav", 100)
    tidy(previews, 0)
    assert names(renders) == ["loop-r1.wav"] and names(previews) == []


def test_files_that_vanish_meanwhile_stop_nothing(previews):
    for number in range(4):
        preview(previews, f"loop-d{number}.wav", 10 - number)

    def busy(path):
        (previews / "loop-d1.wav").unlink(missing_ok=True)
        return False

    tidy(previews, 1000, busy)
    assert names(previews) == ["loop-d3.wav"]


def test_a_file_that_cannot_be_removed_is_told_and_the_next_one_goes(previews, monkeypatch):
    for number in range(3):
        preview(previews, f"loop-d{number}.wav", 10 - number)
    unlink = Path.unlink

    def stubborn(path, **options):
        if path.name == "loop-d0.wav":
            raise PermissionError(13, "no", str(path))
        unlink(path, **options)

    monkeypatch.setattr(Path, "unlink", stubborn)
    logs = previews.parent / "logs"
    with kept(logs, stream=io.StringIO()):
        tidy(previews, 1000)
    assert names(previews) == ["loop-d0.wav"]
    (line,) = lines(logs)
    assert (line["event"], line["previews"], line["not_removed"], line["level"]) == ("swept", 2, 1, "warning")


@pytest.mark.parametrize("trouble", ["no folder", "a file", "busy fails", "the journal fails"])
def test_trouble_is_logged_and_nothing_worse(previews, tmp_path, trouble):
    preview(previews, "loop-d1.wav", 100)
    pruned, busy = [], lambda path: False
    if trouble == "no folder":
        previews = previews / "none"
    elif trouble == "a file":
        previews = previews / "loop-d1.wav"
    elif trouble == "busy fails":
        busy = {}.__getitem__

    def prune():
        pruned.append(True)
        if trouble == "the journal fails":
            raise RetoneError("disk_full", "The disk is full.")

    logs = tmp_path / "logs"
    with kept(logs, stream=io.StringIO()):
        tidy(previews, 0, busy, prune=prune)
    assert pruned == [True]
    failed = [line for line in lines(logs) if line["event"] == "housekeeping failed"] if logs.exists() else []
    assert len(failed) == (0 if trouble == "no folder" else 1)


def test_it_works_at_once_and_then_at_most_once_an_hour(previews, clock):
    pruned = []
    house = Housekeeping(previews, 0, lambda path: False, prune=lambda: pruned.append(True))
    for _ in range(3):
        house.tick()
    clock.ahead = EVERY_SECONDS - 5
    house.tick()
    assert len(pruned) == 1
    preview(previews, "loop-d1.wav", 2)
    clock.ahead = EVERY_SECONDS + 5
    house.tick()
    house.tick()
    assert len(pruned) == 2 and names(previews) == []


def test_the_size_of_a_folder_is_that_of_its_files(previews, tmp_path):
    preview(previews, "a.wav", 0, size=300)
    preview(previews, "b.txt", 0, size=30)
    assert (size_of(previews), size_of(tmp_path / "none")) == (330, 0)


def test_a_service_keeps_house_and_its_results(previews, clip):
    state = previews.parent
    with running(state) as service:
        *_, edit = service.client().edit(clip, "strings", id="r1")
        *_, found = service.client().directions(clip, id="d1", count=2)
    heard = [path for path in previews.iterdir() if "d1" in path.name]
    assert len(heard) == 4 and Path(found.first_path) in heard
    for path in (Path(edit.first_path), *heard[1:]):
        age(path, 2)
    with running(state, previews_gb=0) as service:
        until = time.monotonic() + 10
        while len(names(previews)) > 1 and time.monotonic() < until:
            time.sleep(0.02)
    assert names(previews) == [heard[0].name], "it is younger than an hour"
    assert Path(edit.first_path).exists()


@pytest.mark.parametrize("option", ["keep-previews", "keep-inversions"])
@pytest.mark.parametrize("text", ["-1", "nan", "inf", "much"])
def test_a_room_that_is_no_size_is_refused(option, text, capsys):
    with pytest.raises(SystemExit):
        parser().parse_args(["serve", f"--{option}={text}"])
    assert "is no size" in capsys.readouterr().err
    assert getattr(parser().parse_args(["serve", f"--{option}=0"]), option.replace("-", "_")) == 0
