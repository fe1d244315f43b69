"""REAPER's items through the real service and the pocket model: what lands is heard to be an edit of what was heard."""

import json

import numpy as np
import pytest
import soundfile

from reaper.at_work import assert_in_place, finish, landed, sound_of
from reaper.fake_sources import Source
from reaper.scene import EDIT, edit
from reaper.service import Service
from reaper.sounds import clip, played

RATE = 44100


@pytest.fixture(scope="module")
def reaper_service(tmp_path_factory):
    """With the model instead of the script."""
    with Service(tmp_path_factory.mktemp("home"), scripted=False) as service:
        yield service


def test_an_edit_of_no_strength_gives_back_what_is_heard_of_the_take(reaper, tmp_path):
    wav = clip(tmp_path / "loop.wav", seconds=137 * 400 / RATE)
    item = reaper.project.add_track().add_item(wav, position=0.3, length=1.0, playrate=1.37).select()
    edit(reaper, "a choir", strength="0")
    result = landed(reaper, item)
    assert_in_place(result, item)
    heard = played(wav, 1.37, 1.0)
    difference = sound_of(result) - heard
    assert np.sqrt(np.mean(difference**2)) < 0.01 * np.sqrt(np.mean(heard**2))


def test_an_edit_changes_the_sound_in_place_and_tells_how_it_was_made(reaper, tmp_path):
    wav = clip(tmp_path / "loop.wav")
    section = Source.section(wav, 0.25, 0.5, reversed=True)
    item = reaper.project.add_track("Piano").add_item(section, position=2, name="backwards").select()
    before = wav.read_bytes()
    reaper.lua_run('require("retone.spool").open():send("/retone/preset/save", "Quick", 1, "steps", "4")')
    reaper.answer_inputs(prompt="a church organ", strength="0.5", seed="7", variations="2", preset="Quick")
    reaper.answer_inputs(prompt="a church organ", strength="0.5", seed="7", variations="2")
    finish(reaper, reaper.run(EDIT))
    result = landed(reaper, item)
    assert_in_place(result, item)
    heard = soundfile.read(wav)[0][11025 : 11025 + 22050][::-1]
    first, second = (soundfile.read(take.source.file)[0] for take in result.takes)
    for sound in (first, second):
        assert np.sqrt(np.mean((sound - heard) ** 2)) > 0.01
    assert not np.array_equal(first, second)
    recipe = json.loads(result.ext["retone_recipe"])
    asked = recipe["request"]
    assert (asked["prompt"], asked["seed"], asked["steps"]) == ("a church organ", 7, 4)
    assert wav.read_bytes() == before


def test_the_self_test_passes_and_changes_no_other_project(reaper, tmp_path):
    mine = reaper.project
    mine.add_track("Mine").add_item(clip(tmp_path / "mine.wav")).select()
    before = mine.plain()
    finish(reaper, reaper.run("Retone - self test"), seconds=60)
    assert "FAILED" not in reaper.console, reaper.console
    assert reaper.console.splitlines()[-1].endswith(" passed, 0 failed.")
    assert "take effects are not in" in reaper.console
    assert reaper.project is not mine
    assert mine.plain() == before
    assert mine.undo.names == []
    assert reaper.open_accessors == reaper.loose_sources == []
