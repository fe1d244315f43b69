"""The fake's set: tracks, groups, clips and their markers behave and refuse as Live's do."""

import pytest

from live.conftest import noise
from live.host import Live
from live.scene import a_set, audio_clip, audio_track, group_track, markers, midi_clip, midi_track

CLIP = "live_set tracks 0 clip_slots 0 clip"
NEW = "live_set tracks 0 clip_slots 1 clip"


class Desk:
    """A Live whose objects are written to by code in the device."""

    def __init__(self, *tracks, **more):
        set_of = {name: more.pop(name) for name in ("scenes", "tempo") if name in more}
        self.live = Live(set=a_set(*tracks, **set_of), **more)
        self.device = self.live.load()

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        self.live.__exit__(*reason)

    def put(self, path, **values):
        for name, value in values.items():
            self.device.run(f'new LiveAPI("{path}").set("{name}", {value})')

    def call(self, path, name, *arguments):
        given = ", ".join(one if one.startswith("{") else f'"{one}"' for one in map(str, arguments) if one)
        return self.device.run(f'new LiveAPI("{path}").call("{name}"{", " + given if given else ""})')

    def number(self, path, name, *arguments):
        return self.device.run(f'new LiveAPI("{path}").call({", ".join([repr(name), *map(str, arguments)])})')

    def read(self, *names, path=CLIP):
        return [self.live.get(path, name) for name in names]

    def refuses(self, says):
        self.live.expect_error(says)
        assert any(says in error for error in self.live.errors), self.live.errors

    def marks(self, path=CLIP):
        told = self.live.get(path, "warp_markers")["warp_markers"]
        return [(round(one["beat_time"], 6), round(one["sample_time"], 6)) for one in told]


def test_a_warped_clip_counts_beats_and_one_that_is_not_seconds(wav):
    bent = markers((0, 0), (2, 1), (4, 3))
    with Desk(audio_track("Drums", [audio_clip(wav, warped=True, markers=bent, loop_end=4)])) as desk:
        assert desk.read("start_marker", "end_marker", "loop_end") == [0, 5, 4]
        desk.put(CLIP, warping=0)
        assert desk.read("warping", "end_marker") == [1, 5], "Live defers the write"
        desk.live.advance(0.1)
        assert desk.read("warping", "start_marker", "end_marker", "loop_end") == [0, 0, 4, 3]


def test_the_last_marker_is_hidden_and_gives_the_slope(wav):
    with Desk(audio_track("Drums", [audio_clip(wav, warped=True, markers=markers((0, 0), (4, 3)))])) as desk:
        assert desk.marks() == [(0, 0), (4, 3), (4.03125, 3.023438)]


def test_a_clip_with_one_marker_goes_on_at_its_tempo(wav):
    with Desk(audio_track("Drums", [audio_clip(wav, warped=True, tempo=60)])) as desk:
        assert desk.marks() == [(0, 0), (0.03125, 0.03125)]
        assert desk.read("end_marker") == [4]


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("add_warp_marker", "{beat_time: 4, sample_time: 2}", "is at beat 4 already"),
        ("add_warp_marker", "{beat_time: 2, sample_time: 3.5}", "must rise"),
        ("add_warp_marker", "{beat_time: 5, sample_time: 3}", "must rise"),
        ("add_warp_marker", "{beat_time: 6, sample_time: 4.5}", "outside the sample"),
        ("add_warp_marker", "{sample_time: 1}", "wants beat_time"),
        ("remove_warp_marker", "3", "No warp marker is at beat 3"),
        ("move_warp_marker", "0, 4", "cannot pass"),
    ],
)
def test_markers_that_do_not_rise_are_refused(wav, name, given, says):
    with Desk(audio_track("Drums", [audio_clip(wav, warped=True, markers=markers((0, 0), (4, 3)))])) as desk:
        before = desk.marks()
        desk.number(CLIP, name, given)
        desk.refuses(says)
        assert desk.marks() == before


def test_markers_are_added_moved_and_removed_but_for_the_last(wav):
    with Desk(audio_track("Drums", [audio_clip(wav, warped=True, markers=markers((0, 0), (4, 3)))])) as desk:
        code = 'var d = new Dict(); d.set("beat_time", 2); d.set("sample_time", 1); '
        desk.device.run(code + f'new LiveAPI("{CLIP}").call("add_warp_marker", d)')
        desk.number(CLIP, "move_warp_marker", 4, 0.5)
        assert desk.marks()[:3] == [(0, 0), (2, 1), (4.5, 3)]
        desk.number(CLIP, "remove_warp_marker", 0)
        desk.number(CLIP, "remove_warp_marker", 2)
        assert desk.marks() == [(4.5, 3), (4.53125, 3.025)], "the slope stays"
        desk.number(CLIP, "remove_warp_marker", 4.5)
        desk.refuses("last warp marker")


def test_markers_of_a_clip_that_is_not_warped_are_refused(wav):
    with Desk(audio_track("Drums", [audio_clip(wav)])) as desk:
        desk.number(CLIP, "add_warp_marker", "{beat_time: 1, sample_time: 1}")
        desk.refuses("while the clip is warped")


def test_a_loop_s_ends_are_the_clip_s_own_while_it_does_not_loop(wav):
    loop = {"loop_start": 1, "loop_end": 2, "start_marker": 0.5, "end_marker": 4, "looping": True}
    with Desk(audio_track("Drums", [audio_clip(wav, warped=True, tempo=60, **loop)])) as desk:
        assert desk.read("loop_start", "loop_end", "start_marker", "end_marker") == [1, 2, 0.5, 4]
        desk.put(CLIP, looping=0)
        assert desk.read("loop_start", "loop_end") == [0.5, 4]
        desk.put(CLIP, loop_end=3, loop_start=1.5)
        assert desk.read("start_marker", "end_marker") == [1.5, 4], "the start follows, the end marker stays"
        desk.put(CLIP, start_marker=2)
        assert desk.read("start_marker") == [1.5], "Live does not heed it"
        desk.put(CLIP, looping=1)
        assert desk.read("loop_start", "loop_end", "start_marker") == [1, 2, 1.5]


def test_audio_that_is_not_warped_ends_with_its_sample_and_does_not_loop(wav):
    with Desk(audio_track("Drums", [audio_clip(wav)])) as desk:
        desk.put(CLIP, loop_end=5)
        desk.refuses("outside the sample")
        desk.put(CLIP, looping=1)
        desk.refuses("Unwarped audio cannot be looped")
        assert desk.read("loop_end", "looping") == [4, 0]


def test_a_clip_that_is_no_longer_warped_loops_no_more_and_forgets_its_markers(wav):
    bent = markers((0, 0), (2, 1), (4, 3))
    with Desk(audio_track("Drums", [audio_clip(wav, warped=True, markers=bent, looping=True)])) as desk:
        desk.put(CLIP, warping=0)
        desk.live.advance(0.1)
        assert desk.read("warping", "looping") == [0, 0]
        desk.put(CLIP, warping=1)
        desk.live.advance(0.1)
        assert desk.marks()[:2] == [(0, 0), (6, 4)], "as Live guesses"


def test_a_new_clip_is_as_live_guesses(wav):
    guess = {"warped": True, "looping": False, "tempo": 60, "warp_mode": 4}
    with Desk(audio_track("Drums", [audio_clip(wav)], color=255), new_clips=guess) as desk:
        assert desk.call("live_set tracks 0 clip_slots 1", "create_audio_clip", wav) is None
        assert desk.read("name", "color", "warping", "warp_mode", "looping", path=NEW) == ["a loop é", 255, 1, 4, 0]
        assert desk.read("sample_length", "sample_rate", "file_path", path=NEW) == [4 * 44100, 44100, str(wav)]
        assert desk.marks(NEW)[:2] == [(0, 0), (4, 4)]


def test_live_makes_no_clip_where_it_cannot_and_says_nothing(wav, tmp_path):
    odd = tmp_path / "odd.wav"
    odd.write_bytes(b"RIFF no sound")
    tracks = [audio_track("A", [audio_clip(wav)]), midi_track("M"), group_track("G", audio_track("Inside"))]
    with Desk(*tracks, audio_track("Frozen", frozen=True)) as desk:
        steps = len(desk.live.calls)
        for slot, path in [("tracks 0 clip_slots 0", wav), ("tracks 0 clip_slots 1", tmp_path / "none.wav")]:
            desk.call(f"live_set {slot}", "create_audio_clip", path)
        desk.call("live_set tracks 0 clip_slots 1", "create_audio_clip", odd)
        for track in (1, 2, 4):
            desk.call(f"live_set tracks {track} clip_slots 0", "create_audio_clip", wav)
            desk.device.run(f"new LiveAPI('live_set tracks {track}').call('create_audio_clip', '{wav}', 0)")
        for position in (-1, 1576801):
            desk.device.run(f"new LiveAPI('live_set tracks 0').call('create_audio_clip', '{wav}', {position})")
        assert len(desk.live.calls) == steps + 11
        held = [desk.live.clips(index) for index in range(5)]
        assert [sum(map(bool, one["session"])) + len(one["arrangement"]) for one in held] == [1, 0, 0, 0, 0]


def test_a_clip_that_covers_another_destroys_it(wav):
    there = [audio_clip(wav, name="left", start_time=0), audio_clip(wav, name="right", start_time=20)]
    with Desk(audio_track("Drums", arrangement=there), new_clips={"looping": False, "tempo": 120}) as desk:
        desk.device.run(f'new LiveAPI("live_set tracks 0").call("create_audio_clip", "{wav}", 8)')
        assert desk.live.destroyed == []
        desk.device.run(f'new LiveAPI("live_set tracks 0").call("create_audio_clip", "{wav}", 14)')
        assert desk.live.destroyed == ["a loop é", "right"]
        assert [one["start_time"] for one in desk.live.clips(0)["arrangement"]] == [0, 14]


def test_a_clip_of_the_arrangement_is_as_long_as_its_markers_say_and_may_grow_over_others(wav):
    first = audio_clip(wav, name="first", start_time=4, warped=True, tempo=120, end_marker=4)
    second = audio_clip(wav, name="second", start_time=9)
    with Desk(audio_track("Drums", arrangement=[first, second])) as desk:
        path = "live_set tracks 0 arrangement_clips 0"
        assert desk.read("start_time", "end_time", path=path) == [4, 8]
        desk.put(path, end_marker=6, loop_end=5)
        assert desk.live.destroyed == []
        desk.put(path, loop_end=6)
        assert desk.live.destroyed == ["second"]


def test_a_copy_in_the_arrangement_is_what_the_clip_was(wav):
    clip = audio_clip(
        wav, warped=True, tempo=60, markers=markers((0, 0), (3, 4)), pitch_coarse=3, end_marker=2, gain=0.5
    )
    with Desk(audio_track("Drums", [clip], arrangement=[audio_clip(wav, name="there", start_time=6)])) as desk:
        desk.device.run(
            f"""var clip = new LiveAPI("{CLIP}");
            new LiveAPI("live_set tracks 0").call("duplicate_clip_to_arrangement", "id " + clip.id, 4)"""
        )
        made, other = desk.live.clips(0)["arrangement"]
        assert (made["start_time"], made["end_time"], made["pitch_coarse"], made["gain"]) == (4, 6, 3, 0.5)
        assert made["warp_markers"] == desk.live.get(CLIP, "warp_markers")["warp_markers"]
        assert other["name"] == "there" and desk.live.destroyed == []


@pytest.mark.parametrize(("index", "group"), [(0, None), (1, "All"), (2, "All"), (3, None), (-1, None)])
def test_a_track_between_a_group_s_tracks_is_in_the_group_and_behind_the_last_it_is_not(index, group):
    tracks = [group_track("All", audio_track("One"), audio_track("Two")), audio_track("Three")]
    with Desk(*tracks) as desk:
        desk.number("live_set", "create_audio_track", index)
        at = index if index >= 0 else 4
        path = desk.live.get(f"live_set tracks {at}", "group_track")
        assert (path and desk.live.get(path, "name")) == group
        assert desk.live.get("live_set view", "selected_track") == f"live_set tracks {at}"
        routed = desk.live.get(f"live_set tracks {at}", "output_routing_type")["output_routing_type"]
        assert routed["display_name"] == ("Group" if group else "Main")


@pytest.mark.parametrize(("edition", "tracks"), [("lite", 8), ("intro", 16)])
def test_smaller_editions_make_no_more_tracks_and_scenes(edition, tracks):
    with Desk(*[audio_track(str(number)) for number in range(tracks)], scenes=tracks, edition=edition) as desk:
        desk.number("live_set", "create_audio_track", -1)
        desk.number("live_set", "create_scene", -1)
        desk.refuses(f"no more than {tracks} tracks")
        desk.refuses(f"no more than {tracks} scenes")
        assert len(desk.live.tracks()) == tracks == len(desk.live.get("live_set", "scenes"))


def test_a_new_track_has_a_slot_for_each_scene_and_a_send_for_each_return():
    with Desk(audio_track("Drums"), scenes=3) as desk:
        desk.number("live_set", "create_scene", 1)
        desk.number("live_set", "create_audio_track", -1)
        assert len(desk.live.get("live_set tracks 1", "clip_slots")) == 4
        assert len(desk.live.get("live_set tracks 1 mixer_device", "sends")) == 2


def test_an_output_is_chosen_among_those_on_offer():
    with Desk(audio_track("Drums", output="Bus"), audio_track("Bus")) as desk:
        choose = """var track = new LiveAPI("live_set tracks 1");
        var types = JSON.parse(track.get("available_output_routing_types")[0]).available_output_routing_types;
        var names = types.map(function (one) { return one.display_name; });
        track.set("output_routing_type", types[names.indexOf("Sends Only")]); names.join()"""
        assert desk.device.run(choose) == "Ext. Out,Main,Drums,Sends Only"
        kind = "output_routing_type"
        assert desk.live.get("live_set tracks 1", kind)[kind]["display_name"] == "Sends Only"
        assert desk.live.get("live_set tracks 0", kind)[kind]["display_name"] == "Bus"


def test_what_the_user_selects_is_shown_in_detail(wav):
    in_arrangement = [audio_clip(wav, start_time=0)]
    with Desk(audio_track("A", [audio_clip(wav)]), midi_track("B", [midi_clip()]), scenes=2) as desk:
        desk.live.select("live_set tracks 1 clip_slots 0 clip")
        assert desk.read("detail_clip", path="live_set view") == ["live_set tracks 1 clip_slots 0 clip"]
        desk.live.select("live_set tracks 0 clip_slots 1")
        assert desk.read("detail_clip", "highlighted_clip_slot", path="live_set view") == [
            None,
            "live_set tracks 0 clip_slots 1",
        ]
        desk.live.select(CLIP)
        desk.live.delete_clip(CLIP)
        assert desk.read("detail_clip", path="live_set view") == [None]
    with Desk(audio_track("A", arrangement=in_arrangement)) as desk:
        desk.live.select("live_set tracks 0 arrangement_clips 0")
        assert desk.read("detail_clip", path="live_set view") == ["live_set tracks 0 arrangement_clips 0"]


@pytest.mark.parametrize(("ending", "rate"), [("wav", 44100), ("aiff", 48000), ("flac", 96000)])
def test_the_rate_and_the_length_are_those_of_the_file(tmp_path, ending, rate):
    path = noise(tmp_path / f"sound.{ending}", 0.5, rate)
    with Desk(audio_track("A", [audio_clip(path)])) as desk:
        assert desk.read("sample_rate", "sample_length") == [rate, rate // 2]
