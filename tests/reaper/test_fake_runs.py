"""Runs of actions in the fake: their ticks, dialogs, windows, files and how they end."""

import sys

import pytest

from reaper.fake import Fault, Reaper
from reaper.fake_run import ScriptError


@pytest.fixture
def reaper(tmp_path):
    return Reaper(tmp_path)


@pytest.fixture
def action(tmp_path):
    def write(code):
        path = tmp_path / "an action.lua"
        path.write_text(code)
        return path

    return write


LOOP = """
%s
reaper.atexit(function() reaper.ShowConsoleMsg("left ") end)
local function tick() reaper.defer(tick) end
reaper.ShowConsoleMsg("began ")
tick()"""


def test_a_run_that_is_started_again_is_ended_first_and_leaves_by_atexit(reaper, action):
    path = action(LOOP % "reaper.set_action_options(1 | 2)")
    first, second = reaper.run(path), reaper.run(path)
    assert first.ended
    assert not second.ended
    assert reaper.console == "began left began "


def test_with_the_first_option_alone_a_second_start_only_ends_it(reaper, action):
    path = action(LOOP % "reaper.set_action_options(1)")
    assert reaper.run(path) is reaper.run(path)
    assert reaper.console == "began left "


def test_without_options_reaper_asks_what_to_do_with_the_one_that_runs(reaper, action):
    path = action(LOOP % "")
    first = reaper.run(path)
    with pytest.raises(Fault, match="would ask"):
        reaper.run(path)
    reaper.run(path, when_running="new")
    assert not first.ended
    reaper.run(path, when_running="end")
    assert all(run.ended for run in reaper.runs)


def test_a_fault_ends_a_run_with_its_place(reaper, action):
    with pytest.raises(ScriptError, match=r"an action.lua:2: attempt to"):
        reaper.run(action("local nothing\nnothing()"))
    assert reaper.runs[0].ended


def test_an_action_without_defer_leaves_an_undo_step_of_reapers_own(reaper, action):
    reaper.run(action("local x = 1"))
    assert reaper.project.undo.names == ["ReaScript: an action.lua"]
    reaper.run(action("reaper.defer(function() end)"))
    reaper.tick()
    assert len(reaper.project.undo.names) == 1


def test_a_tick_is_measured_without_the_fakes_own_time(reaper, action):
    code = """
    local began = os.clock()
    while os.clock() - began < 0.05 do end
    for _ = 1, 1000 do reaper.CountTracks(0) end"""
    run = reaper.run(action(code))
    ((script, fake),) = run.ticks
    assert 0.05 <= script == run.slowest_s
    assert 0 < fake < script


ASK = """
local answered, text = reaper.GetUserInputs("Retone", 3, "Prompt,Strength (0 to 1),*Seed,extrawidth=200,separator=\\n",
  "a, b\\n0.5\\n7")
return answered, text"""


def test_a_dialog_of_fields_is_answered_by_captions(reaper):
    reaper.answer_inputs(prompt="a choir, far away", seed=9)
    assert reaper.lua_values(ASK) == [True, "a choir, far away\n0.5\n9"]
    (shown,) = reaper.dialogs.inputs_shown
    assert shown.value("prompt") == "a, b"
    reaper.cancel_inputs()
    assert reaper.lua_values(ASK)[0] is False


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ('"Retone", 2, "a,b,c", ","', "one too many"),
        ('"Retone", 2, "a,b", "x,y,z"', "holds the separator"),
        ('"Retone", 17, "a", ""', "17 fields"),
        ('"Retone", 1, "a,extrawidth=wide", ""', "extrawidth"),
        ('"Retone", 1, "a", ""', "the test does not expect it"),
    ],
)
def test_dialogs_that_reaper_would_not_show_so(reaper, call, says):
    with pytest.raises(Fault, match=says):
        reaper.lua_run(f"reaper.GetUserInputs({call})")


def test_message_boxes_have_their_own_buttons(reaper):
    reaper.answer_message("no", containing="start")
    assert reaper.lua_values("return reaper.MB('Shall I start it?', 'Retone', 4)") == 7
    reaper.answer_message("cancel")
    with pytest.raises(Fault, match="no button 'cancel'"):
        reaper.lua_run("reaper.MB('Shall I start it?', 'Retone', 4)")


def test_a_process_is_run_where_the_test_allows_it_and_noted_always(reaper):
    code = "return reaper.ExecProcess(..., 5000)"
    command = f'"{sys.executable}" -c "print(6 * 7)"'
    reaper.lua_run(code, command)
    reaper.runs_commands = True
    assert reaper.lua_values(code, command) == "0\n42\n"
    assert reaper.commands == [(command, 5000)] * 2


def test_windows_paths_have_backslashes_and_renaming_does_not_replace(tmp_path):
    reaper = Reaper(tmp_path, system="Win64")
    code = """
    local folder = os.getenv("LOCALAPPDATA") .. "\\\\Retone"
    reaper.RecursiveCreateDirectory(folder, 0)
    for _, name in ipairs { "\\\\a", "\\\\b" } do
      local file = assert(io.open(folder .. name, "wb"))
      file:write(name)
      file:close()
    end
    return os.rename(folder .. "\\\\a", folder .. "\\\\b") == nil, os.rename(folder .. "\\\\a", folder .. "\\\\c"),
      reaper.EnumerateFiles(folder, 0), reaper.EnumerateFiles(folder, 1), reaper.EnumerateFiles(folder, 2) == nil"""
    assert reaper.lua_values(code) == [True, True, "b", "c", True]
    assert (reaper.home / "Retone/c").read_bytes() == b"\\a"


def test_a_folders_listing_is_remembered_until_it_is_asked_for_anew(reaper, tmp_path):
    code = """
    local folder, name = ...
    local before = reaper.EnumerateFiles(folder, 0)
    local file = io.open(folder .. "/a", "wb")
    file:close()
    local remembered = reaper.EnumerateFiles(folder, 1)
    reaper.EnumerateFiles(folder, -1)
    return before, remembered == nil, reaper.EnumerateFiles(folder, 1)"""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/b").touch()
    assert reaper.lua_values(code, tmp_path / "folder") == ["b", True, "b"]


@pytest.mark.parametrize("code", ["io.open('x')", "io.popen('ls')", "os.execute('ls')", "print(1)"])
def test_what_goes_wrong_on_windows_or_unseen_is_refused(tmp_path, code):
    with pytest.raises(Fault):
        Reaper(tmp_path, system="Win64").lua_run(code)


WINDOW = """
gfx.init("Retone", 300, 100)
local function tick()
  local key = gfx.getchar()
  if key < 0 or key == 27 then return gfx.quit() end
  gfx.x, gfx.y = 10, 20
  gfx.drawstr("Cancel")
  if gfx.mouse_cap & 1 == 1 and gfx.mouse_x > 10 and gfx.mouse_y > 20 then reaper.ShowConsoleMsg("clicked ") end
  gfx.update()
  reaper.defer(tick)
end
tick()"""


def test_a_window_is_read_clicked_and_closed(reaper, action):
    run = reaper.run(action(WINDOW))
    assert run.window.text == "Cancel"
    run.window.point("Cancel", down=True)
    reaper.tick()
    assert reaper.console == "clicked "
    run.window.press(27)
    reaper.tick()
    assert run.ended


def test_a_scripted_clock_is_the_scripts_time_too(tmp_path):
    reaper = Reaper(tmp_path, clock=lambda: 1000.5)
    assert reaper.lua_values("return reaper.time_precise(), os.time()") == [1000.5, 1000]
