"""A batch as the ledger keeps it: what its jobs ask for."""

import os

import pytest

from reaper.fake import Reaper
from reaper.scene import noise

BEGIN = """
local item = ...
local batch, selection = require("retone.batch"), require("retone.selection")
local project = reaper.GetItemProjectContext(item)
local sources = { selection.source(project, item) }
local made = batch.begin("c1", "edit", "a flute", project, sources, { "prompt", "a flute" }, {})
made.jobs[1].clip = "/clip.wav"
return made, { batch.request(made, made.jobs[1]) }
"""


@pytest.fixture
def wav(tmp_path):
    return noise(tmp_path / "loop.wav")


def begun(reaper, wav):
    return reaper.lua_values(BEGIN, reaper.project.add_track().add_item(wav, position=1.5))


def test_the_service_writes_into_the_projects_media_folder_which_is_made(tmp_path, wav):
    reaper = Reaper(tmp_path)
    reaper.project.save_as(tmp_path / "a song" / "song.rpp")
    made, request = begun(reaper, wav)
    folder = tmp_path / "a song" / "Media"
    assert request == ["/retone/edit", "/clip.wav", "prompt", "a flute", "output_folder", str(folder)]
    assert folder.is_dir()
    assert made["project_path"] == str(tmp_path / "a song" / "song.rpp")
    assert made["unsaved"] is False


def test_a_folder_of_another_machine_is_left_out_and_not_made(tmp_path, wav):
    reaper = Reaper(tmp_path, system="Win64")
    reaper.project.save_as(tmp_path / "song.rpp")
    reaper.project.media_folder = "//server/songs/Media"
    made, request = begun(reaper, wav)
    assert request == ["/retone/edit", "/clip.wav", "prompt", "a flute"]
    assert made["folder_apart"] == r"\\server\songs\Media"


@pytest.mark.parametrize("name", ["x" * 200 + "/" + "y" * 200 + "/" + "z" * 200, os.fsdecode(b"\xff")])
def test_a_folder_that_no_request_can_name_is_left_out_and_not_made(tmp_path, wav, name):
    reaper = Reaper(tmp_path)
    reaper.project.save_as(tmp_path / name / "song.rpp")
    made, request = begun(reaper, wav)
    assert request == ["/retone/edit", "/clip.wav", "prompt", "a flute"]
    assert made["folder_apart"] == str(tmp_path / name / "Media")
    assert not (tmp_path / name / "Media").exists()


def test_ids_are_new_each_time_and_of_the_services_form(tmp_path, wav):
    reaper = Reaper(tmp_path)
    ids = [begun(reaper, wav)[0]["jobs"][0]["id"] for _ in range(5)]
    assert len(set(ids)) == 5
    assert all(len(name) == 13 and name[0] == "r" and int(name[1:], 16) >= 0 for name in ids)


def test_a_job_knows_what_it_is_about(tmp_path, wav):
    reaper = Reaper(tmp_path)
    made, _request = begun(reaper, wav)
    (item,) = reaper.project.items
    (job,) = made["jobs"]
    assert (job["item"], job["take"], job["state"]) == (item.guid, item.take.guid, "read")
    assert (job["range"]["start_s"], job["range"]["length_s"], job["range"]["frames"]) == (1.5, 1.0, 8000)
