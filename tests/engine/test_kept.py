"""Inversions on the disk between two runs: what is read is what would be computed, and the disk never matters."""

import errno
import os
import shutil
import time
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch

from engine.random_unet import RandomUNet
from engine.tiny import audioldm as tiny
from retone_engine import kept
from retone_engine import render as render_module
from retone_engine.guidance import guidance
from retone_engine.inversion import invert
from retone_engine.kept import Shelf
from retone_engine.memory import Placed
from retone_engine.path import schedule
from retone_engine.progress import Reporter
from retone_engine.render import Engine, render
from retone_engine.request import EditRequest

KEY = ("invert", "digest", 0.5, 7, "model", "float32", "a piano", 3.0)


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "state" / "inversions", 10**6)


@pytest.fixture(scope="module")
def inversion():
    model = RandomUNet()
    latent = torch.randn(1, 2, 16, 8)
    return invert(model, latent, schedule(model.path, 0.5, 12), guidance(model, "first", 2.0), 7)


def files(shelf):
    return sorted(shelf.folder.iterdir()) if shelf.folder.exists() else []


def same(found, expected):
    return (
        torch.equal(found.kept, expected.kept)
        and torch.equal(found.latent, expected.latent)
        and found.reaches(expected.schedule)
        and torch.equal(found.schedule.keep, expected.schedule.keep)
        and (found.seed, found.time_axis, found.schedule.first)
        == (expected.seed, expected.time_axis, expected.schedule.first)
    )


def test_what_is_kept_comes_back_bit_for_bit(shelf, inversion):
    assert shelf.get(KEY) is None
    shelf.put(KEY, inversion)
    assert same(shelf.get(KEY), inversion)


def test_anything_that_decides_the_bits_is_part_of_the_name(shelf, inversion):
    here = replace(shelf, engine=lambda: {"torch": "2.13", "threads": 2})
    here.put(KEY, inversion)
    assert here.get(KEY) is not None
    for position in range(len(KEY)):
        assert here.get((*KEY[:position], "another", *KEY[position + 1 :])) is None
    assert replace(shelf, engine=lambda: {"torch": "2.13", "threads": 1}).get(KEY) is None


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_only_its_owner_may_read_it(shelf, inversion):
    shelf.put(KEY, inversion)
    (file,) = files(shelf)
    assert file.stat().st_mode & 0o777 == 0o600
    for folder in (shelf.folder, shelf.folder.parent):
        assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("theirs", ["written by all", "owned"])
def test_a_folder_that_others_write_is_left_alone(shelf, inversion, monkeypatch, theirs):
    shelf.put(KEY, inversion)
    if theirs == "owned":
        monkeypatch.setattr(kept.os, "geteuid", lambda: os.getuid() + 1)
    else:
        shelf.folder.chmod(0o777)
    assert shelf.get(KEY) is None
    shelf.put((*KEY, "more"), inversion)
    assert len(files(shelf)) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-100]),
        lambda path: path.write_bytes(path.read_bytes()[:-4] + b"\0\0\0\0"),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"a song"),
        lambda path: path.write_bytes(kept.save({"kept": torch.zeros(3)})),
    ],
    ids=["cut", "changed", "empty", "foreign", "another"],
)
def test_a_damaged_or_foreign_file_is_thrown_away(shelf, inversion, spoil):
    shelf.put(KEY, inversion)
    (file,) = files(shelf)
    spoil(file)
    assert shelf.get(KEY) is None
    assert files(shelf) == []
    shelf.put(KEY, inversion)
    assert same(shelf.get(KEY), inversion)


def test_the_least_recently_used_goes_first(shelf, inversion):
    shelf.put(KEY, inversion)
    (file,) = files(shelf)
    shelf = replace(shelf, limit=3 * file.stat().st_size)
    for number in range(3):
        shelf.put((*KEY, number), inversion)
        for path in files(shelf):
            os.utime(path, (path.stat().st_mtime - 60, path.stat().st_mtime - 60))
    assert shelf.get(KEY) is None
    shelf.get((*KEY, 0))
    shelf.put((*KEY, 3), inversion)
    assert [number for number in range(4) if shelf.get((*KEY, number))] == [0, 2, 3]


def test_what_is_larger_than_the_room_is_not_kept(shelf, inversion):
    replace(shelf, limit=1000).put(KEY, inversion)
    assert files(shelf) == []


def test_what_a_dead_process_left_goes_in_time_and_what_is_not_ours_stays(shelf, inversion):
    shelf.put(KEY, inversion)
    (file,) = files(shelf)
    old, new, note = (shelf.folder / name for name in (f".{file.stem}-00000000", f".{file.stem}-00000001", "note.txt"))
    for path in (old, new, note):
        path.write_bytes(b"half")
    long_ago = time.time() - 7200
    os.utime(old, (long_ago, long_ago))
    os.utime(new, (time.time() + 60,) * 2)
    # What is being written takes no room from what is kept.
    replace(shelf, limit=file.stat().st_size).put(KEY, inversion)
    assert files(shelf) == sorted([new, file, note])


def test_where_nothing_can_be_written_nothing_is_kept(shelf, inversion):
    shelf.folder.parent.write_bytes(b"a file where the folder would be")
    shelf.put(KEY, inversion)
    assert shelf.get(KEY) is None


def test_a_disk_without_room_to_spare_keeps_nothing(shelf, inversion, monkeypatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(kept.shutil, "disk_usage", lambda path: usage._replace(free=1 << 30))
    shelf.put(KEY, inversion)
    assert files(shelf) == []


def test_a_disk_that_fills_up_meanwhile_leaves_nothing_half_written(shelf, inversion, monkeypatch):
    def full(path, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(kept.Path, "replace", full)
    shelf.put(KEY, inversion)
    assert files(shelf) == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.save(tmp_path_factory.mktemp("models") / "tiny")


class Runs:
    """Runs of Retone one after another, each with nothing of the ones before but the disk; and their network rows."""

    def __init__(self, tmp_path, folder, shelf, monkeypatch):
        self.tmp_path, self.folder, self.shelf, self.rows = tmp_path, str(folder), shelf, 0
        soundfile.write(tmp_path / "clip.wav", 0.3 * np.sin(np.arange(8000) / 10), 16000)
        plain = Placed.predict_clean

        def counted(placed, x, level, embedding):
            self.rows += len(x)
            return plain(placed, x, level, embedding)

        monkeypatch.setattr(Placed, "predict_clean", counted)

    def begun(self):
        """A run that does more than one edit."""
        return Engine(torch.device("cpu"), self.folder, self.shelf)

    def edit(self, name, run=None, **settings):
        self.rows = 0
        asked = {"prompt": "a choir", "steps": 12, "precision": "float32", **settings}
        render(
            EditRequest.of(str(self.tmp_path / "clip.wav"), asked),
            [self.tmp_path / name],
            run or self.begun(),
            Reporter(lambda progress: None, lambda: False),
        )
        return (self.tmp_path / name).read_bytes(), self.rows


@pytest.fixture
def runs(tmp_path, folder, shelf, monkeypatch):
    return Runs(tmp_path, folder, shelf, monkeypatch)


def test_the_next_run_begins_where_the_last_one_inverted(runs):
    first, rows = runs.edit("a.wav", strength=0.6)
    again, fewer = runs.edit("b.wav", strength=0.6)
    assert again == first
    assert fewer < rows
    lower, fewest = runs.edit("c.wav", strength=0.4)
    assert fewest < fewer
    runs.shelf = None
    assert runs.edit("d.wav", strength=0.4)[0] == lower, "as if nothing had been kept"


def test_a_stronger_edit_inverts_only_what_is_missing_and_is_kept_in_its_place(runs):
    before = runs.begun()
    runs.edit("a.wav", before, strength=0.4)
    stronger, rows = runs.edit("b.wav", strength=0.7)
    assert len(files(runs.shelf)) == 1
    again, fewer = runs.edit("c.wav", strength=0.7)
    assert again == stronger and fewer < rows
    assert runs.edit("d.wav", before, strength=0.7)[1] == fewer, "a run that goes on uses what another one made"
    runs.shelf = None
    assert runs.edit("e.wav", strength=0.7)[0] == stronger


def test_another_prompt_uses_it_and_another_seed_library_or_thread_count_does_not(runs, monkeypatch):
    runs.edit("a.wav")
    _, used = runs.edit("b.wav", prompt="a flute")
    _, fresh = runs.edit("c.wav", seed=1)
    assert used < fresh
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(threads + 1)
        assert runs.edit("d.wav")[1] == fresh
    finally:
        torch.set_num_threads(threads)
    plain = render_module.version
    monkeypatch.setattr(render_module, "version", lambda name: "9" if name == "diffusers" else plain(name))
    assert runs.edit("e.wav")[1] == fresh


def test_what_was_begun_in_larger_batches_than_it_was_ended_is_not_kept(runs, monkeypatch):
    plain = Placed.predict_clean

    def short(placed, x, level, embedding):
        found = plain(placed, x, level, embedding)
        placed._limits["rows"] = 2
        return found

    monkeypatch.setattr(Placed, "predict_clean", short)
    runs.edit("a.wav")
    assert files(runs.shelf) == []


@pytest.mark.parametrize("other", [{"method": "ddim_inversion"}, {"spacing": "published"}], ids=["method", "spacing"])
def test_what_was_inverted_otherwise_is_not_used_within_a_run_either(runs, other):
    run, asked = runs.begun(), {"steps": 4, "strength": 0.6}
    runs.edit("a.wav", run, **asked)
    after, _ = runs.edit("b.wav", run, **asked, **other)
    assert len(files(runs.shelf)) == 2 - ("method" in other), "of other methods, which only compare, none is kept"
    runs.shelf = None
    assert runs.edit("c.wav", **asked, **other)[0] == after


def test_a_clip_that_the_device_encodes_to_other_bits_is_inverted_anew(runs, monkeypatch):
    _, fresh = runs.edit("a.wav")
    plain = Placed.encode

    def otherwise(placed, audio):
        found = plain(placed, audio)
        return replace(found, latent=found.latent * 1.0001)

    monkeypatch.setattr(Placed, "encode", otherwise)
    assert runs.edit("b.wav")[1] == fresh
