"""Directions: found, listened to on a track of their own, and steered along."""

import json

import numpy as np
import pytest

from reaper.scene import RATE, both_luas, close, noise, saved, until_landed, until_shown
from retone_engine.audio import wav as retone_wav

FIND = "Retone - find directions in selected item"
STEER = "Retone - steer along a direction"


@pytest.fixture
def wav(tmp_path):
    return noise(tmp_path / "loop.wav")


@pytest.fixture
def item(reaper, wav):
    track = reaper.project.add_track("Piano", D_PAN=0.25)
    return track.add_item(wav, position=2.0, D_VOL=0.5).select()


def find(reaper, **answers):
    steps = len(reaper.project.undo.names)
    reaper.answer_inputs(**answers)
    run = reaper.run(FIND)
    until_landed(reaper, steps + 1)
    close(reaper, run)


def steer(reaper, steps, **answers):
    reaper.answer_inputs(**answers)
    run = reaper.run(STEER)
    until_landed(reaper, steps)
    close(reaper, run)


@both_luas
def test_each_direction_is_an_item_with_two_takes_on_one_muted_track(tmp_path, home, lua, wav):
    reaper = saved(tmp_path, home=home, lua=lua)
    track = reaper.project.add_track("Piano", D_PAN=0.25)
    item = track.add_item(wav, position=2.0, D_VOL=0.5).select()
    before = reaper.project.plain()["tracks"][0]
    find(reaper, how_many="2")
    assert [track.name for track in reaper.project.tracks] == ["Piano", "directions of loop.wav"]
    track = reaper.project.tracks[1]
    assert (track["B_MUTE"], track["D_PAN"]) == (1, 0.25)
    first, second = sorted(track.items, key=lambda new: new.takes[0].name)
    # The scripted engine says 100 * number frames on, for 400 frames, and a share of 0.5 ** number.
    assert [take.name for take in first.takes] == ["direction 1+  2.0-2.1 s 50.0 %", "direction 1-  2.0-2.1 s 50.0 %"]
    assert [take.name for take in second.takes] == ["direction 2+  2.0-2.1 s 25.0 %", "direction 2-  2.0-2.1 s 25.0 %"]
    assert (first["D_POSITION"], first["D_LENGTH"], first["D_VOL"]) == (2.0, 1.0, 0.5)
    assert first.take is first.takes[0]
    assert [str(take.source.file).rsplit("-", 1)[1] for take in first.takes] == ["plus.wav", "minus.wav"]
    assert reaper.project.plain()["tracks"][0] == before
    assert reaper.project.undo.names == ["Retone: directions (1 item)"]
    assert first.ext["retone_preview"] == item.guid


def test_directions_that_would_sound_together_lie_on_lanes_or_are_muted(tmp_path, home, wav):
    heard = {}
    for version in ("7.60", "6.80"):
        folder = tmp_path / version
        folder.mkdir()
        reaper = saved(folder, home=home, version=version)
        reaper.project.add_track().add_item(wav).select()
        find(reaper, how_many="3")
        track = reaper.project.tracks[1]
        heard[version] = sorted((new["I_FIXEDLANE"], new["B_MUTE"]) for new in track.items), track.lane_plays
    assert heard == {"7.60": ([(0, 0), (1, 0), (2, 0)], {0: 1}), "6.80": ([(0, 0), (0, 1), (0, 1)], {})}


def test_a_preview_of_a_long_clip_lies_where_it_was_cut(reaper, tmp_path):
    """The recipe in the file says the frame; here it is written by hand, as the scripted engine knows none."""

    def preview(name, start):
        recipe = json.dumps(
            {"kind": "retone recipe", "source": {"frames": 10, "name": "x", "start": start}}, sort_keys=True
        )
        retone_wav.write(tmp_path / name, piece, RATE, recipe)
        return str(tmp_path / name)

    piece = np.random.default_rng(2).uniform(-0.5, 0.5, (2, RATE // 2)).astype(np.float32)
    item = reaper.project.add_track().add_item(noise(tmp_path / "long.wav", seconds=10), position=3.0)
    files = [preview("1-plus.wav", 4000), preview("1-minus.wav", 4000)]
    files += [str(noise(tmp_path / "2-plus.wav", seconds=2)), str(noise(tmp_path / "2-minus.wav", seconds=2))]
    code = """
    local item, files = ...
    local take = reaper.GetActiveTake(item)
    local projects = require("retone.projects")
    local job = { id = "r1", state = "done", files = files, warnings = {}, name = "long" }
    job.item, job.take = projects.guid(item), projects.take_guid(take)
    job.range = require("retone.take_audio").range(item, take, 0.0, 0.0)
    job.directions = { { share = 0.5, start = 4800, frames = 800 }, { share = 0.25, start = 79000, frames = 100 } }
    return require("retone.directions").land({ title = "directions", jobs = { job }, options = {}, request = {} },
      (reaper.EnumProjects(-1)))"""
    assert not reaper.lua_values(code, item, files)
    places = sorted((new["D_POSITION"], new["D_LENGTH"]) for new in reaper.project.tracks[1].items)
    assert places == [(3.5, 0.5), (11.0, 2.0)]


def test_steer_lists_what_was_found_and_searches_as_before(reaper, item):
    find(reaper, how_many="2", noise_level="0.5", seed="7")
    reaper.restart()
    reaper.answer_inputs(direction="2", amount="-0.5", further="1=0.25")
    run = reaper.run(STEER)
    batches = 'return require("retone.ledger").batches()'
    reaper.until(lambda: reaper.lua_values(batches))
    (batch,) = reaper.lua_values(batches)
    dialog = reaper.dialogs.inputs_shown[-1]
    assert dialog.captions[0] == "Direction (1: 2.0-2.1 s 50.0 %; 2: 2.0-2.1 s 25.0 %)"
    assert dialog.value("seed") == "7"
    assert batch["request"][:8] == ["direction", "2", "amount", "-0.5", "direction", "1", "amount", "0.25"]
    settings = dict(zip(batch["request"][8::2], batch["request"][9::2], strict=True))
    assert settings == {"seed": "7", "noise_level": "0.5", "count": "2"}
    until_landed(reaper, 2)
    (new,) = reaper.project.track("direction 2=-0.5 1=0.25").items
    assert [take.name for take in new.takes] == ["direction 2=-0.5 1=0.25"]
    close(reaper, run)


def test_several_amounts_are_several_takes_named_after_them(reaper, item):
    steer(reaper, 1, direction="1", amount="-1, 0.5")
    (new,) = reaper.project.tracks[1].items
    assert [take.name for take in new.takes] == ["direction 1=-1", "direction 1=0.5"]
    assert reaper.project.undo.names == ["Retone: direction 1=-1,0.5 (1 item)"]


def test_a_steer_beyond_the_usual_three_looks_for_as_many(reaper, item):
    reaper.answer_inputs(direction="5", amount="1")
    run = reaper.run(STEER)
    until_shown(reaper, run, "loop.wav: direction 5=1")
    until_landed(reaper)
    recipe = 'return require("retone.settings").last("steer")'
    assert reaper.lua_values(recipe)["direction"] == "5"
    close(reaper, run)


def test_directions_of_the_items_that_were_looked_at_last_are_remembered(reaper):
    code = """
    local directions = require("retone.directions")
    for number = 1, 50 do
      local job = { id = "r" .. number, item = "{A-" .. number .. "}", directions = {} }
      job.range = { rate = 1, start_s = 0.0, frames = 9 }
      directions.remember({ request = {} }, job)
    end
    local range, other = { rate = 1, start_s = 0.0, frames = 9 }, { rate = 1, start_s = 1.0, frames = 8 }
    return directions.known("{A-20}", range) == nil, directions.known("{A-21}", range).job,
      directions.known("{A-21}", other) == nil"""
    assert reaper.lua_values(code) == [True, "r21", True]
    assert len([key for _section, key in reaper.kept_state if key.startswith("directions.")]) == 30
