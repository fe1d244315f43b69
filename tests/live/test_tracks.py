"""The Retone track: beside its source, in its group, sounding as it does, or a sentence that says what is not so."""

import pytest

from live.editing import RATE, RESULT, SLOT, Editing, sound
from live.scene import audio_clip, audio_track, group_track, midi_track


@pytest.fixture
def loop(tmp_path):
    """A file of a second."""
    return sound(tmp_path / "loop.wav", RATE)


def test_a_new_track_sounds_as_its_source(tmp_path, loop):
    mixed = {"volume": 0.5, "panning": -0.25, "sends": [0.1, 0.7], "crossfade_assign": 2, "output": "Bus"}
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)], **mixed), audio_track("Bus")) as editing:
        editing.edit(SLOT)
        assert editing.tracks == ["Drums", RESULT, "Bus"]
        mixer = "live_set tracks 1 mixer_device"
        values = [editing.live.get(f"{mixer} {name}", "value") for name in ("volume", "panning", "sends 0", "sends 1")]
        assert values == [0.5, -0.25, 0.1, 0.7]
        assert editing.live.get(mixer, "crossfade_assign") == 2
        assert (
            editing.live.get("live_set tracks 1", "output_routing_type")["output_routing_type"]["display_name"] == "Bus"
        )
        assert "Live did not take" not in editing.status


def test_each_side_of_a_split_panning_is_copied(tmp_path, loop):
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)], split=(-0.5, 0.25))) as editing:
        editing.edit(SLOT)
        mixer = "live_set tracks 1 mixer_device"
        sides = [editing.live.get(f"{mixer} {side}_split_stereo", "value") for side in ("left", "right")]
        assert (editing.live.get(mixer, "panning_mode"), sides) == (1, [-0.5, 0.25])
        assert "Live did not take" not in editing.status


def test_the_channel_of_a_hardware_output_is_copied(tmp_path, loop):
    drums = audio_track("Drums", [audio_clip(loop)], output="Ext. Out", channel="3/4")
    with Editing(tmp_path, drums) as editing:
        editing.edit(SLOT)
        channel = editing.live.get("live_set tracks 1", "output_routing_channel")["output_routing_channel"]
        assert channel["display_name"] == "3/4"


@pytest.mark.parametrize("others", [["Bass"], []])
def test_a_new_track_stays_in_the_group_of_its_source_even_where_that_is_its_last(tmp_path, loop, others):
    band = group_track("Band", audio_track("Drums", [audio_clip(loop)]), *[audio_track(name) for name in others])
    with Editing(tmp_path, band, midi_track("Keys")) as editing:
        editing.edit("live_set tracks 1 clip_slots 0 clip")
        at = editing.tracks.index(RESULT)
        assert editing.live.get(f"live_set tracks {at}", "group_track") == "live_set tracks 0"
        assert abs(at - editing.tracks.index("Drums")) == 1
        assert "Live did not take" not in editing.status


def test_the_track_is_found_again_when_it_was_renamed(tmp_path, loop):
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)])) as editing:
        editing.edit(SLOT)
        editing.live.set("live_set tracks 1", "name", "My flutes")
        editing.edit(SLOT)
        assert editing.tracks == ["Drums", "My flutes"]
        assert "On track 'My flutes', scene 2." in editing.status


def test_two_tracks_of_one_name_have_a_retone_track_each(tmp_path, loop):
    one, other = (audio_track("Drums", [audio_clip(loop)]) for _ in range(2))
    with Editing(tmp_path, one, other) as editing:
        editing.edit(SLOT)
        editing.edit("live_set tracks 2 clip_slots 0 clip")
        assert editing.tracks == ["Drums", RESULT, "Drums", RESULT]


def test_a_frozen_retone_track_is_left_alone(tmp_path, loop):
    frozen = audio_track(RESULT, frozen=True)
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)]), frozen) as editing:
        editing.edit(SLOT)
        assert editing.tracks == ["Drums", RESULT, RESULT]
        assert [bool(editing.live.clips(at)["session"][0]) for at in (1, 2)] == [True, False]
        assert "A frozen track takes no clip" in editing.status


def test_the_source_is_muted_where_that_is_wished_and_its_result_is_not(tmp_path, loop):
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)])) as editing:
        editing.device.press("Mute Source")
        editing.edit(SLOT)
        assert [editing.live.get(f"live_set tracks {at}", "mute") for at in (0, 1)] == [1, 0]


def test_a_source_that_lies_on_the_track_of_the_result_is_not_muted(tmp_path, loop):
    with Editing(tmp_path, audio_track(RESULT, [audio_clip(loop)])) as editing:
        editing.device.press("Mute Source")
        editing.edit(SLOT)
        assert editing.tracks == [RESULT]
        assert editing.live.get("live_set tracks 0", "mute") == 0
        assert f"'{RESULT}' is not muted." in editing.status


def test_where_the_edition_allows_no_more_scenes_another_track_takes_the_result(tmp_path, loop):
    full = audio_track(RESULT, [audio_clip(loop)] * 8)
    with Editing(tmp_path, audio_track("Drums", [audio_clip(loop)]), full, edition="lite") as editing:
        editing.live.expect_error("create_scene")
        editing.edit(SLOT)
        assert editing.tracks == ["Drums", RESULT, RESULT]
        assert "scene 1." in editing.status
