"""Files of ours in another program's folder: what is written, what is left alone, and that all of it goes again."""

import itertools
import json

import pytest

from install.conftest import tree
from retone_bridge.install import copying
from retone_bridge.install.copying import MANIFEST, Plan
from retone_engine.request import RetoneError

OLD = {"Retone - a.lua": b"a 1", "Retone - gone.lua": b"gone", "retone/osc.lua": b"osc 1", "retone/old/x.lua": b"x"}
NEW = {"Retone - a.lua": b"a 2", "retone/osc.lua": b"osc 1", "retone/new.lua": b"new"}


@pytest.fixture
def folder(tmp_path):
    """A Scripts folder of somebody's, and in it the place for ours."""
    (tmp_path / "Scripts" / "Somebody").mkdir(parents=True)
    (tmp_path / "Scripts" / "Somebody" / "Retone - a.lua").write_text("theirs")
    return tmp_path / "Scripts" / "Retone"


def put(folder, files):
    """The steps that were taken, by file."""
    plan = Plan.of(folder, files)
    plan.carry_out()
    return {step.name: step.what for step in plan.steps}


def held(folder):
    return {name: content for name, content in tree(folder).items() if content != "folder" and name != MANIFEST}


def test_what_is_not_there_is_new(folder):
    assert put(folder, OLD) == dict.fromkeys(OLD, "new")
    assert held(folder) == OLD


def test_a_second_time_nothing_is_left_to_do(folder):
    put(folder, OLD)
    before = tree(folder)
    assert put(folder, OLD) == {}
    assert tree(folder) == before


def test_a_plan_alone_changes_nothing(folder):
    put(folder, OLD)
    before = tree(folder.parent)
    assert {step.what for step in Plan.of(folder, NEW).steps} == {"new", "updated", "removed"}
    assert tree(folder.parent) == before


def test_a_newer_version_takes_the_place_of_the_older_one(folder):
    put(folder, OLD)
    assert put(folder, NEW) == {
        "Retone - a.lua": "updated",
        "Retone - gone.lua": "removed",
        "retone/new.lua": "new",
        "retone/old/x.lua": "removed",
    }
    assert held(folder) == NEW


def test_what_its_owner_changed_or_wrote_is_neither_overwritten_nor_removed(folder):
    put(folder, OLD)
    (folder / "Retone - a.lua").write_bytes(b"better")
    (folder / "Retone - gone.lua").write_bytes(b"mine")
    (folder / "retone/new.lua").write_bytes(b"my own")
    (folder / "notes.txt").write_bytes(b"mine")
    plan = Plan.of(folder, NEW)
    plan.carry_out()
    assert {step.name for step in plan.kept_out} == {"Retone - a.lua", "retone/new.lua"}
    assert all(step.why for step in plan.steps if step.what == "kept")
    theirs = {
        "Retone - a.lua": b"better",
        "Retone - gone.lua": b"mine",
        "retone/new.lua": b"my own",
        "notes.txt": b"mine",
    }
    assert held(folder) == {**theirs, "retone/osc.lua": b"osc 1"}
    put(folder, {})
    assert held(folder) == theirs


def test_where_all_names_were_taken_nothing_is_left(folder):
    for name in NEW:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"mine")
    before = tree(folder.parent)
    assert set(put(folder, NEW).values()) == {"kept"}
    assert put(folder, {}) == {}
    assert tree(folder.parent) == before


def test_a_file_that_its_owner_put_back_is_ours_again(folder):
    put(folder, OLD)
    (folder / "Retone - a.lua").write_bytes(b"tried something")
    put(folder, NEW)
    (folder / "Retone - a.lua").write_bytes(OLD["Retone - a.lua"])
    assert put(folder, NEW) == {"Retone - a.lua": "updated"}
    assert held(folder) == NEW


def test_a_file_that_was_lost_is_written_again(folder):
    put(folder, OLD)
    (folder / "retone/osc.lua").unlink()
    assert put(folder, OLD) == {"retone/osc.lua": "new"}


@pytest.mark.parametrize("there", [(), ("Retone",), ("Retone", "Retone/retone")])
def test_removing_leaves_all_as_it_was_found(folder, there):
    for name in there:
        (folder.parent / name).mkdir()
    before = tree(folder.parent)
    put(folder, OLD)
    put(folder, NEW)
    put(folder, {})
    assert tree(folder.parent) == before
    assert put(folder, {}) == {}


def test_a_scripts_folder_that_was_made_goes_too(tmp_path):
    put(tmp_path / "Scripts" / "Retone", OLD)
    put(tmp_path / "Scripts" / "Retone", {})
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("link", ["", "retone"])
def test_no_link_to_a_folder_is_followed(folder, tmp_path, link):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (folder / link).parent.mkdir(exist_ok=True)
    (folder / link).symlink_to(elsewhere)
    with pytest.raises(RetoneError, match="is a link"):
        Plan.of(folder, OLD)
    assert tree(elsewhere) == {}


def test_a_link_in_the_place_of_a_file_is_left_alone(folder, tmp_path):
    (tmp_path / "elsewhere.lua").write_bytes(OLD["retone/osc.lua"])
    (folder / "retone").mkdir(parents=True)
    (folder / "retone/osc.lua").symlink_to(tmp_path / "elsewhere.lua")
    assert put(folder, OLD)["retone/osc.lua"] == "kept"
    put(folder, {})
    assert (folder / "retone/osc.lua").is_symlink()
    assert (tmp_path / "elsewhere.lua").read_bytes() == OLD["retone/osc.lua"]


@pytest.mark.parametrize("then", [NEW, {"Retone - a.lua": b"a 3"}, {}], ids=["again", "a third version", "removed"])
def test_whenever_it_is_killed_the_next_run_takes_nothing_for_anothers(tmp_path, monkeypatch, then):
    for writes in itertools.count():
        folder = tmp_path / str(writes) / "Scripts" / "Retone"
        put(folder, OLD)
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(copying, "replace", killed_after(writes))
            try:
                put(folder, NEW)
            except KeyboardInterrupt:
                pass
            else:
                break
        assert "kept" not in put(folder, then).values()
        assert held(folder) == then
    assert writes == 4  # two files and the manifest, before and after


def killed_after(writes):
    left, replace = itertools.count(writes, -1), copying.replace

    def kill(path, content):
        if next(left) == 0:
            path.with_name(f".{path.name}.part").write_bytes(b"half")
            raise KeyboardInterrupt
        replace(path, content)

    return kill


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        json.dumps({"files": {"../Somebody/Retone - a.lua": ["0"]}, "folders": []}).encode(),
        json.dumps({"files": {"/etc/passwd": ["0"]}, "folders": []}).encode(),
        json.dumps({"files": {"C:\\x": ["0"]}, "folders": []}).encode(),
        json.dumps({"files": {}, "folders": ["../.."]}).encode(),
    ],
)
def test_a_manifest_that_is_damaged_or_leads_elsewhere_stops_everything(folder, content):
    folder.mkdir()
    (folder / MANIFEST).write_bytes(content)
    before = tree(folder.parent)
    with pytest.raises(RetoneError, match="damaged"):
        Plan.of(folder, OLD)
    assert tree(folder.parent) == before


def test_what_the_system_refuses_is_told_in_a_sentence(folder):
    folder.mkdir()
    (folder / ".Retone - a.lua.part").mkdir()  # in the way
    with pytest.raises(RetoneError, match=r"a\.lua\.part cannot be used") as refused:
        put(folder, OLD)
    assert refused.value.code == "cannot_write"
