"""The track that results land on: its place among folders, and how it sounds."""

import pytest

from reaper.scene import land, noise, saved


@pytest.fixture
def reaper(tmp_path):
    return saved(tmp_path)


@pytest.fixture
def wav(tmp_path):
    return noise(tmp_path / "loop.wav")


def shape(reaper):
    return [(track.name, track["I_FOLDERDEPTH"]) for track in reaper.project.tracks]


def test_it_is_named_after_the_prompt_in_one_short_line_and_coloured(reaper, wav):
    item = reaper.project.add_track("Piano").add_item(wav)
    prompt = 'Ein "großes"\nOrchester, ' + "ä" * 100
    land(reaper, item, wav, title=prompt)
    track = reaper.project.tracks[1]
    assert track.name == ('Ein "großes" Orchester, ' + "ä" * 100)[:57] + "..."
    assert int(track["I_CUSTOMCOLOR"]) & 0x1000000
    assert track["I_SELECTED"] == 0


def test_it_sounds_as_the_sources_track(reaper, wav):
    bus, source = reaper.project.add_track("Bus"), reaper.project.add_track("Piano")
    level = {"D_VOL": 0.5, "D_PAN": -0.25, "D_WIDTH": 0.8, "I_PANMODE": 5, "B_MAINSEND": 0, "C_MAINSEND_OFFS": 2}
    for name, value in level.items():
        source[name] = value
    source.add_send(bus, D_VOL=0.3, I_SRCCHAN=2, I_SENDMODE=3)
    source.add_send(None, D_VOL=0.7, I_DSTCHAN=4)
    source.add_send(bus, D_PAN=0.5)
    source.add_effect("ReaComp")
    land(reaper, source.add_item(wav), wav)
    track = reaper.project.tracks[2]
    assert {name: track[name] for name in level} == level
    by_target = [(send.target, send.values) for send in track.sends]
    wanted = [(send.target, send.values) for send in source.sends]
    assert sorted(by_target, key=str) == sorted(wanted, key=str)
    assert track.effects == []


def test_effects_come_along_when_asked_for(reaper, wav):
    source = reaper.project.add_track("Piano")
    source.add_effect("ReaEQ", gain=3)
    source.add_effect("ReaComp")
    source["I_FXEN"] = 0
    land(reaper, source.add_item(wav), wav, effects=True)
    track = reaper.project.tracks[1]
    assert [effect.plain() for effect in track.effects] == [effect.plain() for effect in source.effects]
    assert track["I_FXEN"] == 0


@pytest.mark.parametrize(("channels", "wanted"), [(1, 2), (2, 2), (3, 4), (6, 6)])
def test_it_has_channels_enough_for_the_file(reaper, tmp_path, channels, wanted):
    file = noise(tmp_path / "wide.wav", channels=channels)
    land(reaper, reaper.project.add_track().add_item(file), file)
    assert reaper.project.tracks[1]["I_NCHAN"] == wanted


def test_below_the_last_track_of_a_folder_it_ends_the_folder(reaper, wav):
    reaper.project.add_track("Band", I_FOLDERDEPTH=1)
    reaper.project.add_track("Drums", I_FOLDERDEPTH=1)
    last = reaper.project.add_track("Snare", I_FOLDERDEPTH=-2)
    reaper.project.add_track("Voice")
    land(reaper, last.add_item(wav), wav)
    assert shape(reaper) == [("Band", 1), ("Drums", 1), ("Snare", 0), ("a flute", -2), ("Voice", 0)]


def test_in_the_middle_of_a_folder_it_stays_in_it(reaper, wav):
    reaper.project.add_track("Band", I_FOLDERDEPTH=1)
    inside = reaper.project.add_track("Drums")
    reaper.project.add_track("Bass", I_FOLDERDEPTH=-1)
    land(reaper, inside.add_item(wav), wav)
    assert shape(reaper) == [("Band", 1), ("Drums", 0), ("a flute", 0), ("Bass", -1)]


def test_of_a_folder_it_is_the_first_child_and_adds_nothing_of_its_own(reaper, wav):
    bus = reaper.project.add_track("Bus")
    folder = reaper.project.add_track("Band", I_FOLDERDEPTH=1, D_VOL=0.5, D_PAN=0.5, B_MAINSEND=0)
    reaper.project.add_track("Drums", I_FOLDERDEPTH=-1)
    folder.add_send(bus)
    folder.add_effect("ReaComp")
    land(reaper, folder.add_item(wav), wav, effects=True)
    assert shape(reaper) == [("Bus", 0), ("Band", 1), ("a flute", 0), ("Drums", -1)]
    track = reaper.project.track("a flute")
    assert (track["D_VOL"], track["D_PAN"], track["B_MAINSEND"]) == (1, 0, 1)
    assert (track.sends, track.effects) == ([], [])
    assert track.parent is folder


def test_a_second_one_lies_below_the_first_and_takes_the_folders_end_over(reaper, wav):
    reaper.project.add_track("Band", I_FOLDERDEPTH=1)
    last = reaper.project.add_track("Drums", I_FOLDERDEPTH=-1)
    item = last.add_item(wav)
    land(reaper, item, wav)
    land(reaper, item, wav, at=(0.25, 0.75), title="an organ")
    assert shape(reaper) == [("Band", 1), ("Drums", 0), ("a flute", 0), ("an organ", -1)]


def test_it_is_found_again_wherever_the_user_moved_it(reaper, wav):
    track = reaper.project.add_track("Piano")
    reaper.project.add_track("Bass")
    land(reaper, track.add_item(wav), wav)
    tracks = reaper.project.tracks
    tracks.append(tracks.pop(1))
    land(reaper, track.add_item(wav, position=5.0), wav)
    assert [one.name for one in tracks] == ["Piano", "Bass", "a flute"]
    assert len(tracks[2].items) == 2


def test_variations_may_lie_on_lanes_of_which_the_first_plays(reaper, wav):
    item = reaper.project.add_track("Piano").add_item(wav, position=1.0)
    land(reaper, item, wav, wav, title="a flute", lanes=True)
    track = reaper.project.tracks[1]
    assert track["I_FREEMODE"] == 2
    lanes = {new["I_FIXEDLANE"]: (new["D_POSITION"], [take.name for take in new.takes]) for new in track.items}
    assert lanes == {0: (1, ["a flute 1"]), 1: (1, ["a flute 2"])}
    assert track.lane_names == {0: "a flute 1", 1: "a flute 2"}
    assert track.lane_plays == {0: 1}


def test_a_later_edit_lies_on_the_next_lanes(reaper, wav):
    item = reaper.project.add_track("Piano").add_item(wav, position=1.0)
    land(reaper, item, wav, wav, lanes=True)
    land(reaper, item, wav, title="an organ", lanes=True)
    track = reaper.project.tracks[1]
    assert sorted(new["I_FIXEDLANE"] for new in track.items) == [0, 1, 2]
    assert track.lane_plays[2] == 1
    assert len(reaper.project.tracks) == 2


def test_the_result_of_a_result_lies_below_that(reaper, wav):
    item = reaper.project.add_track("Piano").add_item(wav)
    _said, (new,) = land(reaper, item, wav)
    land(reaper, new, wav, title="an organ")
    assert [track.name for track in reaper.project.tracks] == ["Piano", "a flute", "an organ"]
