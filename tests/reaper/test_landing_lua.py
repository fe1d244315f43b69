"""How a result lies in the project: as its source lies, with nothing else changed."""

import pytest
import soundfile

from reaper.scene import RATE, both_luas, land, noise, saved
from retone_engine.audio import wav as retone_wav

FADES = {
    "D_FADEINLEN": 0.1,
    "D_FADEOUTLEN": 0.2,
    "D_FADEINLEN_AUTO": 0.05,
    "D_FADEOUTLEN_AUTO": 0.06,
    "C_FADEINSHAPE": 3,
    "C_FADEOUTSHAPE": 4,
    "D_FADEINDIR": 0.5,
    "D_FADEOUTDIR": -0.5,
}
IN = ("D_FADEINLEN", "D_FADEINLEN_AUTO", "C_FADEINSHAPE", "D_FADEINDIR")
OUT = ("D_FADEOUTLEN", "D_FADEOUTLEN_AUTO", "C_FADEOUTSHAPE", "D_FADEOUTDIR")


@pytest.fixture
def reaper(tmp_path):
    return saved(tmp_path)


@pytest.fixture
def wav(tmp_path):
    return noise(tmp_path / "loop.wav")


@pytest.fixture
def result(tmp_path):
    return noise(tmp_path / "result.wav")


def held(item, names):
    return {name: item[name] for name in names}


@both_luas
def test_a_result_lies_where_its_source_lies_and_sounds_as_loud(tmp_path, lua, wav, result):
    reaper = saved(tmp_path, lua=lua)
    own = {"D_VOL": 0.5, "D_SNAPOFFSET": 0.25, "C_BEATATTACHMODE": 1, **FADES}
    item = reaper.project.add_track("Piano").add_item(wav, position=1 / 3, length=0.7, playrate=1.37, **own)
    item.take["D_VOL"], item.take["D_PAN"], item.take["D_PANLAW"], item.take["D_PITCH"] = -0.7, 0.3, 0.5, 2
    said, (new,) = land(reaper, item, result)
    assert said == []
    assert new.track is reaper.project.tracks[1]
    assert held(new, ("D_POSITION", "D_LENGTH", *own)) == held(item, ("D_POSITION", "D_LENGTH", *own))
    assert held(new.take, ("D_VOL", "D_PAN", "D_PANLAW")) == held(item.take, ("D_VOL", "D_PAN", "D_PANLAW"))
    assert (new.take["D_PLAYRATE"], new.take["D_PITCH"], new["B_LOOPSRC"]) == (1, 0, 0)
    assert str(new.take.source.file) == str(result)


def test_nothing_but_the_new_track_changes(reaper, wav, result):
    track = reaper.project.add_track("Piano")
    item = track.add_item(wav, position=1.0).select()
    other = reaper.project.add_track("Bass")
    other.add_item(wav, position=0.5).select()
    reaper.project.cursor, reaper.project.time_selection = 3.5, (7.0, 8.0)
    before = reaper.project.plain()
    _said, (new,) = land(reaper, item, result)
    after = reaper.project.plain()
    assert after["tracks"].pop(1)["guid"] == new.track.guid
    assert after == before
    assert reaper.project.undo.names == ["Retone: a flute (1 item)"]
    assert reaper.project.undo.loose == []


def test_undo_takes_all_of_it_back(reaper, wav, result):
    item = reaper.project.add_track("Piano").add_item(wav)
    before = reaper.project.plain()
    land(reaper, item, result, result, mute=True, effects=True)
    assert item["B_MUTE"] == 1
    reaper.project.undo.back()
    assert reaper.project.plain() == before


@pytest.mark.parametrize(
    ("at", "start", "length", "own", "snap"),
    [
        ((1.0, 1.5), 1.0, 0.5, IN, 0.25),
        ((1.5, 9.0), 1.5, 0.5, OUT, 0.0),
        ((1.125, 1.5), 1.125, 0.375, (), 0.125),
        ((0.0, 9.0), 1.0, 1.0, (*IN, *OUT), 0.25),
    ],
)
def test_a_part_has_the_fades_of_those_edges_only_that_are_the_items(reaper, wav, result, at, start, length, own, snap):
    item = reaper.project.add_track().add_item(wav, position=1.0, D_SNAPOFFSET=0.25, **FADES)
    _said, (new,) = land(reaper, item, result, at=at)
    assert (new["D_POSITION"], new["D_LENGTH"]) == (start, length)
    assert held(new, own) == held(item, own)
    lengths = {"D_FADEINLEN", "D_FADEOUTLEN"} - set(own)
    assert held(new, lengths) == dict.fromkeys(lengths, 0.0)
    automatic = {"D_FADEINLEN_AUTO", "D_FADEOUTLEN_AUTO"} - set(own)
    assert held(new, automatic) == dict.fromkeys(automatic, -1.0)
    assert new["D_SNAPOFFSET"] == snap


def test_variations_are_takes_and_the_first_is_active(reaper, wav, tmp_path):
    files = [noise(tmp_path / f"result-{number}.wav") for number in (1, 2, 3)]
    item = reaper.project.add_track().add_item(wav)
    _said, (new,) = land(reaper, item, *files)
    assert [take.name for take in new.takes] == ["a flute 1", "a flute 2", "a flute 3"]
    assert [str(take.source.file) for take in new.takes] == list(map(str, files))
    assert new.take is new.takes[0]


def test_a_later_edit_of_the_same_range_is_a_further_take_on_the_same_item(reaper, wav, result, tmp_path):
    item = reaper.project.add_track().add_item(wav)
    _said, (new,) = land(reaper, item, result, job="r1")
    said, more = land(reaper, item, noise(tmp_path / "b.wav"), title="an organ", job="r2")
    assert (said, more) == ([], [])
    assert [take.name for take in new.takes] == ["a flute", "an organ"]
    assert new.take is new.takes[1]
    assert new.ext["retone_jobs"] == "r1 r2"
    assert len(reaper.project.tracks) == 2


def test_another_range_of_the_item_gets_a_track_of_its_own_where_it_would_overlap(reaper, wav, result):
    item = reaper.project.add_track("Piano").add_item(wav, position=1.0)
    land(reaper, item, result, at=(1.0, 1.5))
    land(reaper, item, result, at=(1.5, 2.0), title="beside")
    land(reaper, item, result, at=(1.25, 1.75), title="across")
    assert [track.name for track in reaper.project.tracks] == ["Piano", "a flute", "across"]
    assert [new["D_POSITION"] for new in reaper.project.tracks[1].items] == [1.0, 1.5]


def test_items_of_one_track_share_the_new_track_though_they_crossfade(reaper, wav, result):
    track = reaper.project.add_track("Piano")
    first, second = track.add_item(wav, position=0.0), track.add_item(wav, position=0.9)
    land(reaper, first, result)
    land(reaper, second, result)
    assert [new["D_POSITION"] for new in reaper.project.tracks[1].items] == [0.0, 0.9]
    assert len(reaper.project.tracks) == 2


def test_a_result_is_not_laid_onto_what_the_user_put_there(reaper, wav, result):
    track = reaper.project.add_track("Piano")
    item = track.add_item(wav)
    other = track.add_item(wav, position=5.0)
    land(reaper, item, result)
    reaper.project.tracks[1].add_item(wav, position=5.5)
    _said, (new,) = land(reaper, other, result)
    assert new.track is reaper.project.tracks[2]


def test_a_repeated_landing_of_a_job_inserts_nothing(reaper, wav, result):
    item = reaper.project.add_track().add_item(wav)
    land(reaper, item, result, job="r1")
    after = reaper.project.plain()
    said, new = land(reaper, item, result, job="r1")
    assert (said, new) == ([], [])
    assert reaper.project.plain() == after


def test_the_original_is_muted_where_the_whole_of_it_was_edited(reaper, wav, result):
    track = reaper.project.add_track()
    whole, part = track.add_item(wav, position=0.0), track.add_item(wav, position=5.0)
    assert land(reaper, whole, result, mute=True)[0] == []
    (sentence,) = land(reaper, part, result, mute=True, at=(5.0, 5.5))[0]
    assert (whole["B_MUTE"], part["B_MUTE"]) == (1, 0)
    assert "loop.wav: its original is not muted, as only a part of it was edited" in sentence


def test_marks_say_where_a_result_came_from_and_how_it_was_made(reaper, wav, tmp_path):
    samples, _rate = soundfile.read(wav, dtype="float32")
    recipe = '{"kind": "retone recipe", "request": {"prompt": "a \\"flute\\""}}'
    retone_wav.write(tmp_path / "result.wav", samples.T.copy(), RATE, recipe)
    item = reaper.project.add_track().add_item(wav)
    _said, (new,) = land(reaper, item, tmp_path / "result.wav", job="r9")
    assert new.ext == {"retone_item": item.guid, "retone_jobs": "r9", "retone_recipe": recipe}
    assert new.take.ext == {"retone_recipe": recipe}
    assert item.ext == item.take.ext == item.track.ext == {}


def test_a_file_that_cannot_be_opened_keeps_no_other_from_landing(reaper, wav, tmp_path):
    item = reaper.project.add_track().add_item(wav)
    said, _new = land(reaper, item, tmp_path / "none.wav")
    assert said
    assert "none.wav" in said[0]
    assert land(reaper, item, wav)[0] == []


def test_a_result_of_an_item_that_is_gone_stays_where_it_is(reaper, wav, result):
    item = reaper.project.add_track("Piano").add_item(wav)
    guid = item.guid
    item.delete()
    code = """
    local job = { id = "r1", state = "done", files = { "/x/result.wav" }, item = ..., name = "loop" }
    local batch = { title = "a flute", options = {}, jobs = { job } }
    local land = require("retone.results").land
    return land(batch, (reaper.EnumProjects(-1))), land(batch, nil)"""
    gone, closed = reaper.lua_values(code, guid)
    assert gone == ["loop: the item is gone; the result is /x/result.wav"]
    assert closed == ["loop: its project is not open any more; the result is /x/result.wav"]
    assert reaper.project.undo.names == []


def test_a_result_lands_in_its_own_project_though_another_tab_is_active(reaper, wav, result):
    item = reaper.project.add_track("Piano").add_item(wav)
    first = reaper.project
    second = reaper.new_project()
    land(reaper, item, result)
    assert [track.name for track in first.tracks] == ["Piano", "a flute"]
    assert reaper.project is second
    assert (second.tracks, second.undo.names, second.undo.loose) == ([], [], [])


def test_in_an_older_reaper_too(tmp_path, wav, result):
    reaper = saved(tmp_path, lua="5.3", version="6.50")
    item = reaper.project.add_track("Piano").add_item(wav)
    first = reaper.project
    reaper.new_project()
    land(reaper, item, result)
    assert [track.name for track in first.tracks] == ["Piano", "a flute"]
    assert reaper.project is not first
    assert reaper.project.tracks == []


def test_a_result_that_is_gone_makes_no_empty_item(reaper, wav, result, tmp_path):
    item = reaper.project.add_track("Piano").add_item(wav)
    before = reaper.project.plain()
    said, new = land(reaper, item, result, tmp_path / "gone.wav")
    assert (said, new) == ([f"loop.wav: its result was moved or deleted: {tmp_path / 'gone.wav'}"], [])
    assert reaper.project.plain() == before


def test_peaks_of_a_project_that_is_closed_are_let_go(reaper, wav):
    take = reaper.project.add_track().add_item(wav).take
    code = """
    local peaks = require("retone.peaks")
    peaks.begin(reaper.EnumProjects(-1), ...)
    reaper.defer(function() reaper.ShowConsoleMsg(tostring(peaks.go_on())) end)"""
    reaper.lua_run(code, take)
    reaper.close_project()
    reaper.tick()
    assert reaper.console == "false"
