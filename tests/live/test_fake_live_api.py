"""The fake's LiveAPI: what it gives, and that it prints, and does not do, what Live would refuse."""

import pytest

from live.host import Live
from live.patches import device as small_device
from live.scene import a_set, audio_clip, audio_track, group_track, midi_clip, midi_track

SET = 'new LiveAPI("live_set")'
TRACK = 'new LiveAPI("live_set tracks 0")'
CLIP = 'new LiveAPI("live_set tracks 0 clip_slots 0 clip")'
VIEW = 'new LiveAPI("live_set view")'
VOLUME = 'new LiveAPI("live_set tracks 0 mixer_device volume")'


@pytest.fixture(scope="module")
def playing(wav):
    """A Live with the device in it, whose console holds errors by intent."""
    tracks = [audio_track("Drums", [audio_clip(wav, warped=True)]), midi_track("Keys", [midi_clip()])]
    with Live(set=a_set(*tracks, group_track("All", audio_track("Voice")), audio_track("808"))) as live:
        live.expect_error("")
        live.device = live.load()
        yield live


def errors_of(live, code):
    before = len(live.errors)
    live.device.run(code)
    return live.errors[before:]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (f'{TRACK}.get("nme")', "no attribute 'nme'"),
        (f'{TRACK}.get("gain")', "no attribute 'gain'"),
        (f'{CLIP}.set("file_path", "x")', "no setter"),
        (f'{CLIP}.set("end_time", 3)', "no setter"),
        (f'{CLIP}.set("warping", 2)', "bool wanted, not 2"),
        (f'{CLIP}.set("warping", "1")', "bool wanted"),
        (f'{CLIP}.set("pitch_coarse", 1.5)', "int wanted"),
        (f'{CLIP}.set("pitch_coarse", 49)', "from -48 to 48"),
        (f'{CLIP}.set("gain", 1.5)', "from 0 to 1"),
        (f'{CLIP}.set("gain", NaN)', "float wanted"),
        (f'{CLIP}.set("warp_mode", 5)', "Invalid warp mode"),
        (f'{CLIP}.set("name")', "one value wanted"),
        (f'{CLIP}.set("loop_start", 100)', "must lie before"),
        (f'{CLIP}.set("loop_end", -1)', "must lie behind"),
        (f'{CLIP}.call("add_warp_marker", 2, 1.5)', "dictionary wanted"),
        (f'{CLIP}.call("add_warp_marker")', "argument warp_marker is missing"),
        (f'{CLIP}.call("remove_warp_marker", 1, 2)', "too many arguments"),
        (f'{CLIP}.call("beat_to_sample_time", 1)', "no attribute"),
        (f'{SET}.call("begin_undo_step")', "no attribute 'begin_undo_step'"),
        (f'{SET}.call("create_audio_track", 99)', "Invalid track index"),
        (f'{SET}.call("create_audio_track", 0.5)', "int wanted"),
        (f'{SET}.set("tempo", "fast")', "float wanted"),
        (f'{VOLUME}.set("value", 1.01)', "from 0 to 1"),
        (f'{TRACK}.set("output_routing_type", {{display_name: "Nowhere", identifier: 999}})', "not among those"),
        (f'{VIEW}.set("detail_clip", 5)', "an object is given as"),
        (f'{VIEW}.set("detail_clip", "id", 999999)', "no object has the id"),
        ('new LiveAPI("live_set traks 0")', "Invalid syntax"),
        ('new LiveAPI("live_set tracks")', "a number is missing"),
        ("new LiveAPI(5)", "a path or"),
        ('new LiveAPI("live_set tracks 99").get("name")', "no valid object set"),
        ('new LiveAPI("live_set tracks 1 clip_slots 0 clip").get("file_path")', "only available for Audio Clips"),
        (f'var api = {CLIP}; api.property = "name"', "observing needs a callback"),
        ('var api = new LiveAPI(function () {}, "live_app"); api.property = "get_major_version"', "no attribute"),
        ('var api = new LiveAPI(function () {}, "live_set view"); api.property = "highlighted_clip_slot"', "observed"),
        ("[].includes(1)", "not a function"),
    ],
)
def test_what_live_would_refuse_is_printed_and_not_thrown(playing, code, says):
    (error,) = errors_of(playing, code)
    assert says in error
    assert error.startswith("Live API") or "Javascript" in error


@pytest.mark.parametrize(
    ("code", "gives"),
    [
        (f'{TRACK}.get("name").join()', "Drums"),
        ('typeof new LiveAPI("live_set tracks 4").get("name")[0]', "number"),
        (f"{TRACK}.get('mute')[0]", 0),
        (f"{TRACK}.get('mute') instanceof Array", True),
        (f'typeof {TRACK}.id + typeof {TRACK}.get("mixer_device")[1]', "stringnumber"),
        ('new LiveAPI("live_set tracks 99").id', "0"),
        ('new LiveAPI("live_set tracks 1 clip_slots 3 clip").id', "0"),
        (f"{TRACK}.path", '"live_set tracks 0"'),
        (f"{TRACK}.unquotedpath", "live_set tracks 0"),
        (f"{TRACK}.type", "Track"),
        (f'{TRACK}.get("clip_slots").slice(0, 2).length', 2),
        (f'{TRACK}.getcount("clip_slots")', 8),
        (f'typeof {CLIP}.get("warp_markers")[0]', "string"),
        (f'JSON.parse({CLIP}.get("warp_markers")[0]).warp_markers.length', 2),
        (f'JSON.parse({TRACK}.get("output_routing_type")[0]).output_routing_type.display_name', "Main"),
        ('new LiveAPI("live_set tracks 3").get("group_track")[0]', "id"),
        (f'{TRACK}.get("group_track").join(" ")', "id 0"),
    ],
)
def test_values_come_as_max_gives_them(playing, code, gives):
    assert playing.device.run(code) == gives
    assert not errors_of(playing, code)


def test_an_object_is_pointed_from_one_to_another(playing):
    code = f"""var one = {TRACK}, names = [one.get("name")[0]];
    one.id = Number({VIEW}.get("selected_track")[1]); one.path = "live_set tracks 1"; names.push(one.get("name")[0]);
    one.id = 0; names.push(one.id); names.push(one.unquotedpath); names.join()"""
    assert playing.device.run(code) == "Drums,Keys,0,"


def test_what_points_to_an_object_that_went_keeps_its_id_and_loses_its_path(wav):
    """And reads 1 for all that it had: Live says no more."""
    with Live(set=a_set(audio_track("Drums", [audio_clip(wav)]))) as live:
        live.expect_error("no valid object set")
        device = live.load()
        device.run(f'var held = {CLIP}, id = held.id; var gone = new LiveAPI("live_set");')
        live.delete_clip("live_set tracks 0 clip_slots 0 clip")
        assert device.run('[held.id === id, held.unquotedpath, held.get("name"), held.set("name", "x")].join()') == (
            "true,,1,1"
        )
        assert device.run("gone.id = Number(id); gone.unquotedpath") == "live_set"


def test_observers_fire_at_once_and_then_when_something_changes(wav):
    with Live(set=a_set(audio_track("Drums", [audio_clip(wav)]))) as live:
        device = live.load()
        device.run(
            """var said = [];
            var watch = new LiveAPI(function (values) { said.push(values.join(" ")); }, "live_set tracks 0");
            watch.property = "name";"""
        )
        live.set("live_set tracks 0", "name", "Bass")
        live.set("live_set tracks 0", "mute", 1)
        device.run('watch.property = "mute"')
        live.remove_track(0)
        said = device.run("said.map(function (one) { return one.replace(/[1-9][0-9]*/, 'N'); })")
        assert said == ["id N", "name Drums", "name Bass", "mute N", "id 0"]
        assert device.run("watch.id") == "0"


def test_nothing_can_be_written_inside_a_notification(wav):
    with Live(set=a_set(audio_track("Drums"))) as live:
        device = live.load()
        live.expect_error("Changes cannot be triggered by notifications")
        watch = """var watch = new LiveAPI(function () {
            new LiveAPI("live_set tracks 0").set("mute", 1);
        }, "live_set view"); watch.property = "selected_track";"""
        device.run(watch)
        live.select("live_set tracks 0")
        assert live.get("live_set tracks 0", "mute") == 0
        assert len(live.errors) >= 2
        device.run(
            'var later = new Task(function () { new LiveAPI("live_set tracks 0").set("mute", 1); }); '
            "new LiveAPI(function () { later.schedule(0); }, 'live_set');"
        )
        live.advance(0.01)
        assert live.get("live_set tracks 0", "mute") == 1


def test_live_cannot_be_asked_in_global_code_nor_before_the_device_is_ready_nor_in_a_picture(tmp_path):
    early = 'new LiveAPI("live_set"); function loadbang() { new LiveAPI("live_set"); } function bang() {}'
    drawn = 'function paint() { new LiveAPI("live_set"); }'
    picture = {"id": "lamp", "maxclass": "jsui", "filename": "lamp.js", "patching_rect": [0, 0, 10, 10]}
    amxd = small_device(tmp_path / "early.amxd", early, picture, lamp=drawn)
    with Live(amxd=amxd) as live:
        live.expect_error("Live API: ")
        live.load()
        for error, says in zip(live.errors, ["in global code", "use live.thisdevice", "in jsui"], strict=True):
            assert says in error


def test_each_write_is_a_step_of_the_undo_history_and_reading_is_none(playing):
    before = playing.undo_steps
    playing.device.run(f'{TRACK}.get("name"); new LiveAPI("live_app").call("get_major_version")')
    assert playing.undo_steps == before
    playing.device.run(f'{TRACK}.set("mute", 0); {TRACK}.set("color", 255); {TRACK}.set("nothing", 1)')
    assert playing.undo_steps == before + 2


@pytest.mark.parametrize(
    ("version", "can"), [("11.3.20", False), ("11.3.43", True), ("12.0.0", False), ("12.0.5", True)]
)
def test_a_build_has_only_what_live_had_then(wav, version, can):
    with Live(version=version, set=a_set(audio_track("Drums"))) as live:
        live.expect_error("no attribute 'create_audio_clip'")
        device = live.load()
        slot = 'new LiveAPI("live_set tracks 0 clip_slots 0")'
        device.run(f'{slot}.call("create_audio_clip", "{wav}")')
        assert bool(live.get("live_set tracks 0 clip_slots 0", "has_clip")) == can == (not live.errors)
        app = 'var app = new LiveAPI("live_app"); '
        assert device.run(app + 'app.call("get_bugfix_version")') == int(version.split(".")[2])
