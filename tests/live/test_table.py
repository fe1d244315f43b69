"""The table of Live's object model holds just what the device names, and the fake has all of it."""

import re

import pytest

from live.host import Live
from live.scene import a_set, audio_clip, audio_track, group_track
from live.table import BUILDS, DEVICE, TABLE, code, load, named, texts

ASKS = r"live\.(?:get|number|flag|text|children|child|dictionary|set|put|put_text|call)\([^\"]*?\"(\w+)\""
EXAMPLES = {
    "Application": "live_app",
    "Song": "live_set",
    "Song.View": "live_set view",
    "Track": "live_set tracks 1",
    "ClipSlot": "live_set tracks 1 clip_slots 0",
    "Clip": "live_set tracks 1 clip_slots 0 clip",
    "Scene": "live_set scenes 0",
    "MixerDevice": "live_set tracks 1 mixer_device",
    "DeviceParameter": "live_set tracks 1 mixer_device volume",
}


def test_the_table_names_nothing_that_the_device_does_not():
    assert {name.rsplit(".", 1)[1] for name in load()} <= named() | {word for one in texts() for word in one.split()}


def test_the_table_has_what_the_device_asks_of_live():
    asked = {name for path in DEVICE.glob("*.js") for name in re.findall(ASKS, code(path.read_text("utf-8")))}
    asked = {name for name in asked if not name.startswith("live_")}
    assert asked and asked <= {name.rsplit(".", 1)[1] for name in load()}


def test_the_table_says_where_it_is_from_and_which_builds_it_covers():
    assert "Cycling 74" in TABLE.read_text("utf-8")
    assert {build for row in load().values() for build in row["builds"]} == set(BUILDS)


@pytest.mark.parametrize(
    ("build", "can"),
    [("11.2.11", 0), ("11.3.20", 0), ("11.3.25", 1), ("11.3.43", 1), ("12.0.0", 0), ("12.0.5", 1), ("12.3.0", 1)],
)
def test_clips_can_be_made_of_files_in_the_builds_that_live_says(build, can):
    assert (build in load()["ClipSlot.create_audio_clip"]["builds"]) == bool(can)


def test_the_fake_has_all_that_the_table_names(wav):
    """Reads every property and child by LiveAPI; a function of the table is there in the fake when it can be told
    that an argument is missing, or was called."""
    track = audio_track("Drums", [audio_clip(wav, warped=True)])
    with Live(set=a_set(group_track("All", track))) as live:
        device = live.load()
        for name, row in load().items():
            kind, what = name.rsplit(".", 1)
            if row["kind"] != "function" and "get" in row["access"]:
                code = f'new LiveAPI("{EXAMPLES[kind]}").get("{what}").length'
                assert device.run(code) is not None, name
            elif row["kind"] == "function":
                assert device.live._do("knows", path=EXAMPLES[kind], name=what), name
