"""Results below the folder that is named: what is missing is made in time, and no link leads elsewhere."""

import os
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psutil
import pytest

from bridge.harness import running
from retone_bridge import subfolders
from retone_bridge.subfolders import Subfolders
from retone_engine.request import RetoneError

INNER = "Samples/Processed/Retone"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with running(tmp_path_factory.mktemp("state")) as found:
        yield found


@pytest.fixture
def song(tmp_path):
    """The folder of a set, and a place elsewhere."""
    folder = tmp_path / "My song ü"
    folder.mkdir()
    (tmp_path / "elsewhere").mkdir()
    return folder


NUMBERS = count(1)


def ask(peer, clip, song, inner=INNER, prompt="strings"):
    """Asks for an edit, and gives its id."""
    id = f"r{next(NUMBERS)}"
    peer.send("edit", id, str(clip), "prompt", prompt, "output_folder", str(song), "output_subfolder", inner)
    return id


def edit(service, *about, **more):
    """How an edit ends: its word, and what follows its id."""
    peer = service.peer()
    id = ask(peer, *about, **more)
    word, named, *rest = peer.until("done", "fail")[-1]
    assert named == id
    peer.send("received", id)
    return (word, *rest)


@contextmanager
def waiting(service, clip, song):
    """An edit that waits for another, which ends with this; gives who asked and its id."""
    other, peer = service.peer(), service.peer()
    slow = f"slow{next(NUMBERS)}"
    other.send("edit", slow, str(clip), "prompt", "slow")
    other.until("progress")
    id = ask(peer, clip, song)
    peer.until("ack")
    yield peer, id
    other.send("cancel", slow)
    other.until("fail")
    other.send("received", slow)


def test_a_folder_is_made_below_the_one_that_is_named(service, clip, song):
    word, total, path = edit(service, clip, song)
    assert (word, total, Path(path).parent) == ("done", 1, song / INNER)
    assert Path(path).is_file()
    umask = os.umask(0)
    os.umask(umask)
    assert {path.stat().st_mode & 0o777 for path in (song / INNER, *(song / INNER).parents[:2])} == {0o777 & ~umask}
    assert edit(service, clip, song)[0] == "done", "it is used when it is there"


def test_it_is_made_only_when_its_job_begins(service, clip, song):
    with waiting(service, clip, song) as (peer, _):
        assert list(song.iterdir()) == []
    peer.until("done")
    assert (song / INNER).is_dir()


@pytest.mark.parametrize("prompt", ["fail device_lost", "crash"])
def test_a_job_that_fails_leaves_no_folder_that_it_made(service, clip, song, prompt):
    (song / "Samples").mkdir()
    assert edit(service, clip, song, prompt=prompt)[0] == "fail"
    assert list(song.rglob("*")) == [song / "Samples"]


def test_a_job_that_fails_lets_be_what_lay_there(service, clip, song):
    (song / INNER).mkdir(parents=True)
    assert edit(service, clip, song, prompt="fail internal")[0] == "fail"
    assert (song / INNER).is_dir()


@pytest.mark.parametrize(
    "inner",
    [
        "..", "a/../b", "./a", "/tmp", "//tmp/a", "a//b", "a/", "C:/a", "C:", "a\\..\\..\\b", "a\\b", "a /b",
        "a./b", "...", "a/\tb", "a*", "a\nb", "x" * 201, "a/" + "é" * 130,
    ],
)  # fmt: skip
def test_a_way_out_is_no_subfolder(service, clip, song, inner):
    word, code, sentence = edit(service, clip, song, inner)
    assert (word, code) == ("fail", "bad_request")
    assert sentence.startswith("output_subfolder is ") and "; it takes " in sentence
    assert list(song.iterdir()) == []


def test_it_lies_below_a_folder_that_is_named(service, clip):
    peer = service.peer()
    peer.send("edit", "r1", str(clip), "prompt", "strings", "output_subfolder", INNER)
    assert peer.next()[2:] == (
        "bad_request", "output_subfolder lies below an output_folder; name that one, too.",
    )  # fmt: skip


def test_a_file_or_a_broken_link_in_the_way_is_named(service, clip, song):
    (song / "Samples").write_bytes(b"mine")
    (song / "gone").symlink_to(song / "nothing")
    for inner in (INNER, "gone/a"):
        word, code, sentence = edit(service, clip, song, inner)
        assert (word, code) == ("fail", "no_such_folder")
        assert str(song / inner.split("/")[0]) in sentence
    assert not (song / "nothing").exists()


def test_a_users_own_link_is_followed_where_all_is_allowed(service, clip, song):
    (song / "Samples").symlink_to(song.parent / "elsewhere")
    assert Path(edit(service, clip, song)[2]).parent == song.parent / "elsewhere/Processed/Retone"


def test_no_link_leads_out_of_the_folder_where_only_some_are_allowed(tmp_path, clip, song):
    (song / "inside").mkdir()
    (song / "in").symlink_to(song / "inside")
    (song / "Samples").symlink_to(tmp_path / "elsewhere")
    with running(tmp_path / "state", roots=(str(tmp_path),)) as service:
        assert Path(edit(service, clip, song, "in/a")[2]).parent == song / "inside/a"
        word, code, sentence = edit(service, clip, song)
        assert (word, code) == ("fail", "outside_roots")
        assert str(tmp_path / "elsewhere") in sentence
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_folder_that_went_meanwhile_is_not_made_again(service, clip, song):
    with waiting(service, clip, song) as (peer, id):
        song.rmdir()
    assert peer.until("fail")[-1][:3] == ("fail", id, "no_such_folder")
    assert not song.exists()


@pytest.mark.skipif(os.name != "posix", reason="Windows makes nothing relative to an open folder")
@pytest.mark.parametrize("place", ["Samples/Processed", "Samples", "."])
def test_a_link_that_is_laid_between_look_and_use_is_not_followed(tmp_path, song, place):
    (tmp_path / "elsewhere/Processed").mkdir()
    link = song / place
    if place == ".":
        song.rmdir()
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(tmp_path / "elsewhere")
    made = Subfolders()
    with pytest.raises(RetoneError) as caught:
        made.make("r1", song / INNER)
    assert caught.value.code == "outside_roots"
    made.tidy("r1")
    assert sorted(tmp_path.joinpath("elsewhere").rglob("*")) == [tmp_path / "elsewhere/Processed"]


@pytest.mark.parametrize("walks", [True, False], ids=["one in the other", "by its path, as on Windows"])
def test_what_was_made_and_is_empty_goes_again(song, walks, monkeypatch):
    monkeypatch.setattr(subfolders, "_CAN_WALK", walks and subfolders._CAN_WALK)
    (song / "Samples").mkdir()
    made = Subfolders()
    made.make("r1", song / INNER)
    assert (song / INNER).is_dir()
    made.tidy("another")
    assert (song / INNER).is_dir()
    made.tidy("r1")
    assert list(song.rglob("*")) == [song / "Samples"]


@pytest.mark.skipif(os.name != "posix", reason="Windows makes nothing relative to an open folder")
def test_no_folder_stays_open(song):
    process = psutil.Process()
    before = process.num_fds()
    Subfolders().make("r1", song / INNER)
    assert process.num_fds() == before


def test_a_folder_that_cannot_be_made_says_why(song):
    with pytest.raises(RetoneError, match="cannot be made: File name too long") as caught:
        Subfolders().make("r1", song / "a" / ("x" * 300))
    assert caught.value.code == "cannot_write"
