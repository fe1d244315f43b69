"""A project in the fake: pointers that die, undo, folders, sends, what is kept."""

import pytest
import soundfile

from reaper.fake import Fault, Reaper


@pytest.fixture
def reaper(tmp_path):
    return Reaper(tmp_path)


@pytest.fixture
def wav(tmp_path):
    path = tmp_path / "clip.wav"
    soundfile.write(path, [0.1, -0.1] * 400, 8000)
    return path


def test_pointers_are_the_same_each_time_and_good_as_keys(reaper, wav):
    reaper.project.add_track().add_item(wav)
    code = "local of = { [reaper.GetTrack(0, 0)] = 1 } return of[reaper.GetTrack(0, 0)], type(reaper.GetTrack(0, 0))"
    assert reaper.lua_values(code) == [1, "userdata"]


def test_a_pointer_dies_with_its_thing_and_lives_again_with_undo(reaper, wav):
    item = reaper.project.add_track().add_item(wav)
    code = "return reaper.ValidatePtr2(0, ..., 'MediaItem*')"
    project = reaper.project
    project.undo.begin()
    item.delete()
    project.undo.end("Delete")
    assert not reaper.lua_values(code, item)
    with pytest.raises(Fault, match="MediaItem that is gone"):
        reaper.lua_run("reaper.GetMediaItemInfo_Value(..., 'D_LENGTH')", item)
    assert project.undo.back() == "Delete"
    assert reaper.lua_values(code, item)


def test_what_is_valid_in_one_project_is_not_in_another(reaper, wav):
    first, item = reaper.project, reaper.project.add_track().add_item(wav)
    second = reaper.new_project()
    code = "local project, item = ... return reaper.ValidatePtr2(project, item, 'MediaItem*')"
    assert reaper.lua_values(code, first, item)
    assert not reaper.lua_values(code, second, item)
    reaper.close_project(first)
    assert not reaper.lua_values("return reaper.ValidatePtr2(0, ..., 'ReaProject*')", first)
    assert reaper.lua_values("return reaper.EnumProjects(1)") in (None, [None, ""])


def test_undo_gives_back_all_that_a_block_changed(reaper, wav):
    track = reaper.project.add_track("Piano", D_VOL=0.5)
    track.add_item(wav)
    before = reaper.project.plain()
    code = """
    reaper.Undo_BeginBlock2(0)
    reaper.Undo_BeginBlock2(0)
    reaper.InsertTrackAtIndex(1, false)
    local item = reaper.AddMediaItemToTrack(reaper.GetTrack(0, 1))
    reaper.Undo_EndBlock2(0, "inner", -1)
    reaper.SetMediaItemInfo_Value(reaper.GetMediaItem(0, 0), "D_LENGTH", 3)
    reaper.GetSetMediaTrackInfo_String(reaper.GetTrack(0, 0), "P_EXT:x", "y", true)
    reaper.CreateTrackSend(reaper.GetTrack(0, 0), reaper.GetTrack(0, 1))
    reaper.Undo_EndBlock2(0, "outer", -1)"""
    reaper.lua_run(code)
    assert reaper.project.undo.names == ["outer"]
    assert reaper.project.undo.loose == []
    assert len(reaper.project.tracks) == 2
    reaper.project.undo.back()
    assert reaper.project.plain() == before


def test_what_was_changed_outside_of_a_block_is_noted(reaper, wav):
    reaper.project.add_track().add_item(wav)
    reaper.lua_run("reaper.SetMediaItemInfo_Value(reaper.GetMediaItem(0, 0), 'B_MUTE', 1)")
    assert reaper.project.undo.loose == ["SetMediaItemInfo_Value B_MUTE"]


def test_numbers_come_as_reaper_gives_them(reaper, wav):
    reaper.project.add_track().add_item(wav).select()
    code = """
    local track, item = reaper.GetTrack(0, 0), reaper.GetMediaItem(0, 0)
    return math.type(reaper.GetMediaItemInfo_Value(item, "B_UISEL")),
      math.type(reaper.GetMediaTrackInfo_Value(track, "IP_TRACKNUMBER")), math.type(reaper.CountTracks(0)),
      select("#", reaper.SetExtState("a", "b", "c", false)), select("#", reaper.InsertTrackAtIndex(0, false)),
      select("#", reaper.EnumProjects(-1)), math.type(reaper.TakeFX_GetCount(reaper.GetActiveTake(item)))"""
    assert reaper.lua_values(code) == ["float", "float", "integer", 0, 0, 2, "integer"]


def test_folders_nest_by_the_depths_of_their_tracks(reaper):
    project = reaper.project
    band = project.add_track("Band", I_FOLDERDEPTH=1)
    drums = project.add_track("Drums", I_FOLDERDEPTH=1)
    kick = project.add_track("Kick", I_FOLDERDEPTH=-2)
    after = project.add_track("Bass")
    assert [track.parent for track in (band, drums, kick, after)] == [None, band, drums, None]


def test_sends_are_seen_from_both_ends_and_outputs_apart(reaper):
    source, reverb = reaper.project.add_track("Piano"), reaper.project.add_track("Reverb")
    code = """
    local source, reverb = ...
    local first = reaper.CreateTrackSend(source, reverb)
    reaper.SetTrackSendInfo_Value(source, 0, first, "D_VOL", 0.25)
    reaper.CreateTrackSend(source, nil)
    return reaper.GetTrackNumSends(source, 0), reaper.GetTrackNumSends(source, 1), reaper.GetTrackNumSends(reverb, -1),
      reaper.GetTrackSendInfo_Value(source, 0, 0, "P_DESTTRACK") == reverb"""
    assert reaper.lua_values(code, source, reverb) == [1, 1, 1, True]
    assert [send.values["D_VOL"] for send in source.sends] == [0.25, 1.0]


def test_names_of_reaper_7_are_unknown_to_reaper_6(tmp_path, wav):
    old = Reaper(tmp_path, version="6.80")
    old.project.add_track()
    with pytest.raises(Fault, match="came with REAPER 7"):
        old.lua_run("reaper.SetMediaTrackInfo_Value(reaper.GetTrack(0, 0), 'I_FREEMODE', 2)")


def test_a_restart_forgets_what_was_not_kept_and_reads_the_rest_from_an_ini_file(reaper):
    reaper.lua_run("""
    reaper.SetExtState("Retone", "kept", " 'two\\nlines' ", true)
    reaper.SetExtState("Retone", "session", "x", false)""")
    reaper.restart()
    assert reaper.lua_values(
        "return reaper.GetExtState('Retone', 'kept'), reaper.GetExtState('Retone', 'session')"
    ) == [
        "'two",
        "",
    ]
    reaper.lua_run("reaper.DeleteExtState('Retone', 'kept', true)")
    reaper.restart()
    assert reaper.lua_values("return reaper.GetExtState('Retone', 'kept')") == ""
