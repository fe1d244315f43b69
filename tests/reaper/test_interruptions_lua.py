"""What comes between an edit and its landing: no service, a cancel, a script that ends, an item that goes."""

import pytest

from reaper.scene import EDIT, asked, close, edit, jobs, noise, saved, serving, until_landed, until_shown

REPEAT = "Retone - repeat last edit on selected items"
CANCEL = "Retone - cancel"


def test_without_a_service_the_user_may_have_it_started(tmp_path, wav):
    reaper = saved(tmp_path)
    reaper.project.add_track().add_item(wav).select()
    reaper.answer_message("no", containing="Start it now?")
    run = reaper.run(EDIT)
    reaper.until(lambda: run.ended)
    reaper.answer_message("yes", containing="Start it now?")
    reaper.answer_message("ok", containing="retone install reaper")
    run = reaper.run(EDIT)
    reaper.until(lambda: run.ended)
    assert reaper.project.undo.names == []


def test_without_a_service_repeating_says_how_to_start_it(tmp_path, wav):
    reaper = saved(tmp_path)
    reaper.project.add_track().add_item(wav).select()
    remember = 'require("retone.settings").remember("edit", { prompt = "x", seed = "1", variations = "1" })'
    reaper.lua_run(remember)
    run = reaper.run(REPEAT)
    reaper.until(lambda: run.ended)
    assert "Retone: Retone's service does not run" in reaper.console


def test_the_service_is_waited_for_and_the_dialog_comes_then(tmp_path, wav):
    reaper = saved(tmp_path)
    reaper.project.add_track().add_item(wav).select()
    installed = reaper.lua_values("return package.path").replace("?.lua", "installed.lua")
    assert installed
    reaper.answer_message("yes", containing="Start it now?")
    reaper.lua_run("""
    local service = require("retone.service")
    service.start = function() return true end
    require("retone.loop").start(require("retone.edit").start)""")
    run = reaper.runs[-1]
    reaper.tick()
    assert "The service starts." in run.window.text
    reaper.answer_inputs(prompt="a flute")
    with serving(reaper.home):
        until_landed(reaper)
        reaper.until(lambda: run.ended)


def test_cancel_ends_what_any_script_began(reaper, item):
    edit(reaper)
    reaper.lua_run('require("retone.settings").remember("edit", { prompt = "slow", seed = "1", variations = "1" })')
    run = reaper.run(REPEAT)
    reaper.until(lambda: asked(reaper))
    cancel = reaper.run(CANCEL)
    reaper.until(lambda: run.ended and cancel.ended)
    assert jobs(reaper) == []
    assert reaper.project.undo.names == ["Retone: a flute (1 item)"]
    assert reaper.console == ""


def test_a_cancel_ends_though_no_service_answers(tmp_path, wav):
    reaper = saved(tmp_path)
    reaper.project.add_track().add_item(wav).select()
    with serving(reaper.home):
        reaper.answer_inputs(prompt="slow")
        run = reaper.run(EDIT)
        until_shown(reaper, run, "inverting")
    until_shown(reaper, run, "waits for the service")
    until_shown(reaper, run, "does not run")
    reaper.run(CANCEL)
    reaper.until(lambda: jobs(reaper) == [])
    close(reaper, run)


def test_a_batch_that_is_damaged_is_given_up_and_keeps_no_other_from_landing(reaper, item):
    damaged = """
    local item, take = ...
    local jobs = {
      { id = "r1", item = item, take = take, name = "one", state = "read", warnings = {} }, -- no range
      { id = "r2", item = item, take = take, name = "two", state = "done", files = { "/x/two.wav" } },
    }
    local batch = { id = "b1", owner = "c1", cancels = 0, title = "x", kind = "edit", project_path = "", jobs = jobs }
    require("retone.ledger").add(batch)"""
    reaper.lua_run(damaged, item.guid, item.take.guid)
    reaper.answer_inputs(prompt="a flute")
    run = reaper.run(EDIT)
    until_landed(reaper)
    assert "Retone: a fault of Retone's own" in reaper.console
    assert "Retone: two: the result is /x/two.wav" in reaper.console
    assert jobs(reaper) == []
    close(reaper, run)


def test_what_was_done_before_a_cancel_lands(reaper, item, tmp_path):
    reaper.project.tracks[0].add_item(noise(tmp_path / "long.wav", seconds=400), position=3.0).select()
    reaper.answer_inputs(prompt="a flute")
    run = reaper.run(EDIT)
    reaper.until(lambda: jobs(reaper) and jobs(reaper)[0]["jobs"][0]["state"] == "done")
    assert jobs(reaper)[0]["jobs"][1]["state"] == "read"
    reaper.run(CANCEL)
    until_shown(reaper, run, "1 of 2 items cancelled")
    assert reaper.project.undo.names == ["Retone: a flute (1 item)"]
    assert reaper.open_accessors == []
    close(reaper, run)


def test_cancel_with_nothing_under_way_says_so(reaper):
    reaper.run(CANCEL)
    assert "nothing is under way" in reaper.console


@pytest.mark.parametrize("how", ["terminated", "restarted"])
def test_what_an_ended_script_began_is_landed_by_the_next_one(reaper, item, how):
    edit(reaper)
    reaper.run(REPEAT)
    reaper.until(lambda: asked(reaper))
    if how == "terminated":
        reaper.runs[-1].end()
    else:
        reaper.restart()
    window = reaper.run("Retone - show progress window")
    until_landed(reaper, 2)
    assert len(reaper.project.tracks[1].items[0].takes) == 2
    assert jobs(reaper) == []
    close(reaper, window)


def test_what_was_not_read_yet_is_read_by_the_next_one(reaper, tmp_path):
    long = noise(tmp_path / "long.wav", seconds=60)
    item = reaper.project.add_track().add_item(long).select()
    reaper.answer_inputs(prompt="a flute")
    run = reaper.run(EDIT)
    reaper.until(lambda: jobs(reaper))
    run.end()
    assert jobs(reaper)[0]["jobs"][0]["state"] == "read"
    assert reaper.open_accessors == []
    reaper.run("Retone - show progress window")
    until_landed(reaper)
    assert reaper.project.tracks[1].items[0].take.source.frames == item.take.source.frames


def test_starting_the_action_again_goes_on_with_what_it_did(reaper, item):
    edit(reaper)
    reaper.run(REPEAT)
    reaper.run(REPEAT)
    until_landed(reaper, 3)
    assert len(reaper.project.tracks[1].items[0].takes) == 3


def test_an_item_that_is_deleted_meanwhile_loses_nothing(reaper, item):
    reaper.answer_inputs(prompt="late")
    run = reaper.run(EDIT)
    reaper.until(lambda: asked(reaper))
    item.delete()
    until_shown(reaper, run, "the item is gone; the result is")
    (path,) = reaper.project.media_folder.iterdir()
    assert path.name in run.window.text
    assert reaper.project.undo.names == []
    close(reaper, run)


def test_a_project_that_is_closed_meanwhile_loses_nothing(reaper, item):
    project = reaper.project
    reaper.answer_inputs(prompt="late")
    run = reaper.run(EDIT)
    reaper.until(lambda: asked(reaper))
    reaper.close_project()
    until_shown(reaper, run, "its project is not open any more; the result is")
    (path,) = project.media_folder.iterdir()
    assert path.name in run.window.text
    assert reaper.project.tracks == []
    close(reaper, run)
