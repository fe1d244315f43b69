"""The actions, from a selected item to the landed edit, through the spool and a real service."""

import pytest

from reaper.fake_dialogs import Inputs
from reaper.scene import EDIT, SPOOL, asked, both_luas, close, edit, jobs, saved, until_landed, until_shown

REPEAT = "Retone - repeat last edit on selected items"
NEW_SEED = "Retone - new seed"
AB = "Retone - A-B original and edit"
START = "Retone - start the service"


def settings(reaper, kind="edit"):
    return reaper.lua_values(f'return require("retone.settings").last("{kind}")')


@both_luas
def test_an_edit_lands_on_the_track_below_and_leaves_nothing_behind(tmp_path, home, lua, wav):
    reaper = saved(tmp_path, home=home, lua=lua)
    item = reaper.project.add_track("Piano").add_item(wav, position=1.0).select()
    edit(reaper, prompt='a "flute", soft\tand höh', strength="0.4")
    (new,) = reaper.project.tracks[1].items
    assert (new["D_POSITION"], new["D_LENGTH"]) == (1.0, 1.0)
    assert str(new.take.source.file).startswith(str(tmp_path / "song" / "Media"))
    assert new.take.name == 'a "flute", soft and höh'
    reaper.until(lambda: new.take.source.peaks == "built")
    assert reaper.project.undo.loose == []
    assert item["B_MUTE"] == 0
    assert reaper.console == ""
    assert jobs(reaper) == []
    assert list((home / SPOOL).glob("clips/*/*.wav")) == []


def test_the_title_says_what_will_be_rendered_and_where(reaper, item, wav):
    reaper.project.tracks[0].add_item(wav, position=5.0).select()
    reaper.project.time_selection = (0.0, 1.5)
    reaper.until(lambda: "on cpu" in title(reaper))
    assert title(reaper) == "Retone: edit 2 items, 1.5 s, time selection, on cpu, script"


def title(reaper):
    reaper.cancel_inputs()
    run = reaper.run(EDIT)
    reaper.until(lambda: run.ended)
    return reaper.dialogs.inputs_shown[-1].title


def test_nothing_selected_is_said(reaper, item):
    item.select(False)
    reaper.answer_message("ok", containing="Select one or more items first")
    run = reaper.run(EDIT)
    reaper.until(lambda: run.ended)
    assert reaper.project.undo.names == []


def test_a_closed_dialog_changes_nothing(reaper, item):
    before = reaper.project.plain()
    reaper.cancel_inputs()
    run = reaper.run(EDIT)
    reaper.until(lambda: run.ended)
    assert reaper.project.plain() == before
    assert (reaper.project.undo.names, jobs(reaper)) == ([], [])


def test_several_items_on_several_tracks_land_in_one_step(reaper, item, wav):
    reaper.project.tracks[0].add_item(wav, position=3.0).select()
    reaper.project.add_track("Bass").add_item(wav, position=2.0).select()
    edit(reaper, variations="2")
    tracks = [(track.name, [len(one.takes) for one in track.items]) for track in reaper.project.tracks]
    assert tracks == [("Piano", [1, 1]), ("a flute", [2, 2]), ("Bass", [1]), ("a flute", [2])]
    assert reaper.project.undo.names == ["Retone: a flute (3 items)"]


def landed_after(reaper, change):
    """The result of an edit, while which ``change`` happened."""
    reaper.answer_inputs(prompt="late")
    run = reaper.run(EDIT)
    reaper.until(lambda: asked(reaper))
    change()
    until_landed(reaper)
    close(reaper, run)
    (new,) = reaper.project.tracks[1].items
    return new


def test_a_result_follows_an_item_that_was_moved_meanwhile(reaper, item):
    reaper.project.time_selection = (1.25, 9.0)
    new = landed_after(reaper, lambda: item.__setitem__("D_POSITION", 5.5))
    assert (new["D_POSITION"], new["D_LENGTH"]) == (5.75, 0.75)


def test_a_result_stays_where_its_sound_was_when_the_item_was_trimmed_meanwhile(reaper, item):
    def trim():
        item["D_POSITION"], item["D_LENGTH"], item.take["D_STARTOFFS"] = 1.5, 0.5, 0.5

    new = landed_after(reaper, trim)
    assert (new["D_POSITION"], new["D_LENGTH"]) == (1.0, 1.0)


def test_an_item_without_audio_fails_by_itself(reaper, item):
    reaper.project.add_track("Empty").add_item(None, length=1.0, position=5.0).select()
    reaper.answer_inputs(prompt="a flute")
    run = reaper.run(EDIT)
    until_shown(reaper, run, "1 of 2 items done")
    assert [track.name for track in reaper.project.tracks] == ["Piano", "a flute", "Empty"]
    assert "The item at 5.00 s is empty" in run.window.text
    close(reaper, run)


def test_what_the_service_refuses_is_said_and_the_others_land(reaper, item, wav):
    steps = len(reaper.project.undo.names)
    reaper.answer_inputs(prompt="fail out_of_memory")
    run = reaper.run(EDIT)
    until_shown(reaper, run, "The script says fail.")
    assert len(reaper.project.undo.names) == steps
    assert jobs(reaper) == []
    close(reaper, run)


def test_the_window_shows_the_job_and_goes_when_all_is_done(reaper, item):
    reaper.answer_inputs(prompt="slow")
    run = reaper.run(EDIT)
    until_shown(reaper, run, "inverting")
    assert "a 'loop' é.wav: slow" in run.window.text
    until_shown(reaper, run, "cpu, script")
    run.window.point("Cancel", down=True)
    reaper.until(lambda: run.ended)
    assert not run.window.open
    assert (reaper.project.undo.names, jobs(reaper)) == ([], [])


def test_repeating_asks_nothing_and_adds_a_take(reaper, item):
    edit(reaper, prompt="a flute", seed="5", variations="2")
    shown = len(reaper.dialogs.shown)
    reaper.run(REPEAT)
    until_landed(reaper, 2)
    (new,) = reaper.project.tracks[1].items
    assert len(new.takes) == 4
    assert settings(reaper)["seed"] == "5"
    reaper.run(NEW_SEED)
    until_landed(reaper, 3)
    assert settings(reaper)["seed"] == "7"
    assert len(new.takes) == 6
    assert len(reaper.dialogs.shown) == shown


def test_repeating_says_in_the_console_what_is_missing(reaper, item):
    reaper.run(REPEAT)
    assert "Retone: there is no edit to repeat yet" in reaper.console
    edit(reaper)
    item.select(False)
    reaper.run(NEW_SEED)
    assert "Select one or more items first" in reaper.console


def test_last_values_stand_in_the_next_dialog_also_after_a_restart(reaper, item):
    edit(reaper, prompt="a flute, soft", strength="0.3", seed="4")
    reaper.restart()
    reaper.cancel_inputs()
    reaper.run(EDIT)
    reaper.until(lambda: len(reaper.dialogs.inputs_shown) == 2)
    assert reaper.dialogs.inputs_shown[-1].values[:3] == ["a flute, soft", "0.3", "4"]


def test_an_unsaved_project_hears_once_where_its_files_are(tmp_path, home, wav):
    reaper = saved(tmp_path, home=home)
    reaper.new_project()
    reaper.project.add_track().add_item(wav).select()
    reaper.answer_inputs(prompt="a flute")
    run = reaper.run(EDIT)
    until_shown(reaper, run, "not saved yet, so its results are in")
    close(reaper, run)
    reaper.run(REPEAT)
    until_landed(reaper, 2)
    assert reaper.console == ""


def test_a_and_b_take_turns(reaper, item):
    edit(reaper)
    (new,) = reaper.project.tracks[1].items
    heard = []
    for select in (item, new, item):
        for one in (item, new):
            one.select(one is select)
        reaper.run(AB)
        heard.append((item["B_MUTE"], new["B_MUTE"]))
    assert heard == [(1, 0), (0, 1), (1, 0)]
    names = reaper.project.undo.names
    assert names[1:] == ["Retone: hear the edit", "Retone: hear the original", "Retone: hear the edit"]
    assert reaper.project.undo.loose == []


def test_a_and_b_without_a_pair_says_so_and_changes_nothing(reaper, item):
    reaper.answer_message("ok", containing="Select an item that Retone edited")
    run = reaper.run(AB)
    reaper.until(lambda: run.ended)
    assert reaper.project.undo.names == []


def test_take_effects_are_asked_about_and_rendered_for_just_that_item(reaper, item, wav):
    other = reaper.project.tracks[0].add_item(wav, position=5.0).select()
    item.take.effects.append(type(reaper.project.tracks[0].add_effect("ReaVerb"))("ReaDelay"))
    reaper.answer_inputs(prompt="a flute")
    reaper.answer_message("yes", containing="has take effects")
    run = reaper.run(EDIT)
    until_landed(reaper)
    close(reaper, run)
    assert (len(item.takes), len(other.takes)) == (2, 1)
    assert item.take is item.takes[1]
    assert (item.selected, other.selected) == (True, True)
    assert reaper.project.tracks[0]["I_FXEN"] == 1


@pytest.mark.parametrize(("answer", "lands"), [("no", True), ("cancel", False)])
def test_take_effects_may_stay_out_of_it(reaper, item, answer, lands):
    item.take.effects.append(type(reaper.project.tracks[0].add_effect("ReaVerb"))("ReaDelay"))
    reaper.answer_inputs(prompt="a flute")
    reaper.answer_message(answer, containing="has take effects")
    run = reaper.run(EDIT)
    reaper.until(lambda: run.ended)
    assert len(item.takes) == 1
    assert len(reaper.project.undo.names) == lands


def test_without_a_dialog_take_effects_are_told_of_afterwards(reaper, item):
    edit(reaper)
    item.take.effects.append(type(reaper.project.tracks[0].add_effect("ReaVerb"))("ReaDelay"))
    run = reaper.run(REPEAT)
    reaper.until(lambda: run.ended)
    assert "made without its take effects" in reaper.console


def test_starting_the_service_that_runs_says_so(reaper):
    reaper.answer_message("ok", containing="Retone's service runs")
    run = reaper.run(START)
    reaper.until(lambda: run.ended)


def test_dialogs_hold_lanes_where_reaper_has_them(tmp_path, home, wav):
    for version, has_lanes in (("7.60", True), ("6.80", False)):
        folder = tmp_path / version
        folder.mkdir()
        reaper = saved(folder, home=home, version=version)
        reaper.project.add_track().add_item(wav).select()
        edit(reaper)
        (shown,) = [one for one in reaper.dialogs.shown if isinstance(one, Inputs)]
        assert any("lanes" in caption for caption in shown.captions) == has_lanes
