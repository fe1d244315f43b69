"""The fake itself: what it gives, and that it refuses what REAPER would."""

import pytest
import soundfile

from reaper.fake import Fault, Reaper
from reaper.fake_run import ScriptError


@pytest.fixture(params=["5.3", "5.4"])
def reaper(tmp_path, request):
    return Reaper(tmp_path, lua=request.param)


@pytest.fixture
def wav(tmp_path):
    path = tmp_path / "a 'clip' é.wav"
    soundfile.write(path, [0.1, -0.1] * 400, 8000)
    return path


def action(tmp_path, code):
    path = tmp_path / "an action.lua"
    path.write_text(code)
    return path


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("reaper.CountTracksAll(0)", "reaper.CountTracksAll"),
        ("reaper.CountTracks(0, 1)", "takes 1 arguments, not 2"),
        ("reaper.GetTrack(0, 1.5)", "no integer representation"),
        ("reaper.GetTrack(0, '1')", "integer expected, got string"),
        ("reaper.CountTakes(reaper.GetTrack(0, 0))", "MediaItem expected, got a MediaTrack"),
        ("reaper.CountTakes(nil)", "MediaItem expected, got nil"),
        ("reaper.GetMediaItemInfo_Value(reaper.GetMediaItem(0, 0), 'D_LEN')", "D_LEN is no number of an item"),
        ("reaper.SetExtState('Retone', 'x', 'a\\0b', false)", "zero byte"),
        ("reaper.GetSetMediaItemInfo_String(reaper.GetMediaItem(0, 0), 'P_EXT:x', 'a\\nb', true)", "line break"),
        ("os.exit()", "would end REAPER"),
        ("forgotten = 1", "would become a global"),
        ("return python", "undefined global"),
        ("reaper.Undo_BeginBlock2(0)", "open still after the tick"),
        ("reaper.PreventUIRefresh(1)", "held still after the tick"),
        ("reaper.new_array(4)[5] = 1", "outside 1 to 4"),
        ("reaper.new_array(4):clear()", "methods take a dot"),
        ("reaper.MB('Hello', 'Retone', 0)", "the test does not expect it"),
        ("return reaper.GetTrack(0, 0).name", "index a userdata"),
    ],
)
def test_what_reaper_would_not_take_fails(reaper, wav, code, says):
    reaper.project.add_track().add_item(wav)
    with pytest.raises((Fault, ScriptError), match=says):
        reaper.lua_run(code)


def test_a_wrong_call_fails_the_tick_though_the_script_catches_it(reaper):
    with pytest.raises(Fault, match="GetTrack"):
        reaper.lua_run("pcall(reaper.GetTrack, 0, 'one')")


def test_names_of_extensions_and_of_later_versions_read_as_nil(tmp_path):
    old = Reaper(tmp_path, version="6.80")
    code = "return reaper.ImGui_CreateContext == nil, reaper.set_action_options == nil, reaper.CountTracks == nil"
    assert old.lua_values(code) == [True, True, False]
    assert Reaper(tmp_path, version="7.60").lua_values(code) == [True, False, False]


def test_text_and_bytes_pass_unharmed(reaper):
    reaper.lua_run("reaper.SetExtState('Retone', 'x', ..., false)", "\udcff\udc80 é 漢字")
    assert reaper.lua_values("return reaper.GetExtState('Retone', 'x')") == "\udcff\udc80 é 漢字"


def test_deferred_functions_run_at_the_next_tick(reaper, tmp_path):
    code = """
    reaper.defer(function() reaper.ShowConsoleMsg("second") end)
    reaper.atexit(function() reaper.ShowConsoleMsg(" last") end)
    reaper.ShowConsoleMsg("first ")"""
    run = reaper.run(action(tmp_path, code))
    assert reaper.console == "first "
    assert not run.ended
    reaper.tick()
    assert reaper.console == "first second last"
    assert run.ended
