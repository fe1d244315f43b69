"""What is read and written is what was asked for, whatever lies at its path by now."""

import os

import numpy as np
import pytest

from retone_engine import audio
from retone_engine.bounds import Bounds, Stamp
from retone_engine.request import RetoneError

SOUND = np.zeros((2, 100), np.float32)


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clip.wav"
    audio.write(path, SOUND, 44100, "")
    return path


def test_an_unchanged_clip_is_read(clip):
    assert audio.read(clip, stamp=Stamp.of(clip.stat())).frames == 100


@pytest.mark.parametrize("change", ["written", "replaced", "linked", "touched"])
def test_a_clip_that_changed_is_refused(clip, tmp_path, change):
    stamp = Stamp.of(clip.stat())
    other = tmp_path / "other.wav"
    audio.write(other, SOUND + 0.5, 44100, "")
    if change == "written":
        clip.write_bytes(other.read_bytes())
    elif change == "replaced":
        other.replace(clip)
    elif change == "linked":
        clip.unlink()
        clip.symlink_to(other)
    else:
        os.utime(clip, ns=(0, 1))
    with pytest.raises(RetoneError) as told:
        audio.read(clip, stamp=stamp)
    assert told.value.code == "clip_changed"


def test_a_pipe_in_the_place_of_a_clip_is_not_waited_for(clip, monkeypatch):
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    looked_at = clip.stat()
    clip.unlink()
    os.mkfifo(clip)
    # As if it were laid there between the look and the opening.
    monkeypatch.setattr("retone_engine.audio.files._status", lambda path: looked_at)
    with pytest.raises(RetoneError) as told:
        audio.read(clip)
    assert told.value.code == "not_a_file"


def test_a_folder_that_is_another_by_now_is_not_written(tmp_path):
    asked, other = tmp_path / "asked", tmp_path / "other"
    asked.mkdir()
    other.mkdir()
    bounds = Bounds("r1", folder=Stamp.of(asked.stat()))
    audio.write(asked / "first.wav", SOUND, 44100, "", bounds=bounds)
    asked.rename(tmp_path / "moved")
    asked.symlink_to(other)
    with pytest.raises(RetoneError) as told:
        audio.write(asked / "second.wav", SOUND, 44100, "", bounds=bounds)
    assert told.value.code == "outside_roots"
    assert not list(other.iterdir())


def test_a_folder_that_moves_while_a_file_is_written_keeps_the_file(tmp_path):
    asked, other = tmp_path / "asked", tmp_path / "other"
    asked.mkdir()
    other.mkdir()

    def fill(file):
        file.write(b"half")
        asked.rename(tmp_path / "moved")
        asked.symlink_to(other)
        file.write(b"whole")

    audio.place(asked / "a.wav", fill, bounds=Bounds("r1", folder=Stamp.of(asked.stat())))
    assert not list(other.iterdir())
    assert [path.name for path in (tmp_path / "moved").iterdir()] == ["a.wav"]


def test_hidden_files_name_their_job_and_vanish_with_a_failure(tmp_path):
    seen = []

    def fill(file):
        seen.extend(path.name for path in tmp_path.iterdir())
        raise OSError("broken")

    with pytest.raises(RetoneError):
        audio.place(tmp_path / "a.wav", fill, bounds=Bounds("r-1_x"))
    assert len(seen) == 1 and seen[0].startswith(".retone-r-1_x.") and seen[0].endswith(".part")
    assert not list(tmp_path.iterdir())


def test_bounds_travel_as_json(clip):
    bounds = Bounds("r1", Stamp.of(clip.stat()), Stamp.of(clip.parent.stat()), signed=True)
    assert Bounds.of(bounds.values()) == bounds
    assert Bounds.of(Bounds().values()) == Bounds()


def test_a_link_on_the_way_to_a_folder_is_not_followed_even_to_the_one_that_was_stamped(tmp_path):
    """As if the link had been laid before the stamp was taken, and after the path was resolved."""
    asked, other = tmp_path / "music" / "out", tmp_path / "other" / "out"
    asked.mkdir(parents=True)
    other.mkdir(parents=True)
    asked.parent.rename(tmp_path / "moved")
    asked.parent.symlink_to(other.parent)
    with pytest.raises(RetoneError) as told:
        audio.write(asked / "a.wav", SOUND, 44100, "", bounds=Bounds("r1", folder=Stamp.of(asked.stat())))
    assert told.value.code == "outside_roots"
    assert not list(other.iterdir())
