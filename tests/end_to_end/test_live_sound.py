"""The device in Live through the real service and the pocket model: what lands is heard to be an edit of the clip."""

import re

import numpy as np
import pytest
import soundfile

from bridge.harness import running
from end_to_end.in_live import (
    assert_in_time,
    at_work,
    edit,
    ended,
    files_of,
    landed,
    press,
    region,
    select,
)
from live.scene import audio_clip, audio_track, markers
from reaper.sounds import clip
from retone_bridge.workers import engine_command
from retone_engine.recipe import Recipe


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module")
def live_service(state):
    """With the model instead of the script."""
    with running(state, worker=engine_command("cpu")) as service:
        yield service


def sounds(source, result):
    """The source's region and the result, which are of one rate and shape: (frames, channels) each."""
    first, last = region(source)
    there, rate = soundfile.read(source["file_path"], start=first, stop=last, always_2d=True)
    here, own_rate = soundfile.read(result["file_path"], always_2d=True)
    assert (own_rate, here.shape) == (rate, there.shape)
    return there, here


def level(sound):
    return float(np.sqrt(np.mean(sound**2)))


def test_an_edit_of_no_strength_gives_back_what_the_clip_plays(open_live, tmp_path):
    """A warped clip of 44.1 kHz in stereo: the very samples of its region, at its own times."""
    three = markers((0, 0.1), (1, 0.5), (1.5, 0.6))
    given = audio_clip(
        clip(tmp_path / "Ma boucle été.wav"), warped=True, markers=three, start_marker=0.5, end_marker=2.0
    )
    live = open_live(audio_track("Piano", [given]))
    device = at_work(live)
    device.turn("Strength", "0 %")
    edit(live, device, seconds=60)
    source, result = live.clips(0)["session"][0], landed(live)[0]
    there, here = sounds(source, result)
    assert level(here - there) < 0.01 * level(there)
    assert_in_time(source, result)


def test_an_edit_is_another_sound_of_its_seed_and_tells_how_it_was_made(open_live, tmp_path):
    """A mono clip of 48 kHz, unwarped, in the Arrangement."""
    given = audio_clip(clip(tmp_path / "loop.wav", seconds=0.5, rate=48000, channels=1), start_time=3.0)
    live = open_live(audio_track("Piano", arrangement=[given]))
    device = at_work(live)
    device.turn("Strength", "50 %")
    device.turn("Seed", 7)
    device.turn("Variations", 2)
    edit(live, device, "a church organ", clip="live_set tracks 0 arrangement_clips 0", seconds=60)
    (source,) = live.clips(0)["arrangement"]
    results = [live.clips(track)["arrangement"][0] for track in (1, 2)]
    (there, first), (_, second) = (sounds(source, result) for result in results)
    assert min(level(first - there), level(second - there), level(first - second)) > 0.01
    asked = Recipe.from_file(results[1]["file_path"]).request
    assert (asked["prompt"], asked["seed"], asked["variations"], asked["only"]) == ("a church organ", 7, 2, 2)
    assert asked["strength"] == 0.5
    assert str(tmp_path) not in Recipe.from_file(results[0]["file_path"]).to_json()
    assert [result["start_time"] for result in results] == [3.0, 3.0]


def test_a_direction_that_was_found_is_steered_along_both_ways(open_live, state, song, tmp_path):
    live = open_live(audio_track("Piano", [audio_clip(clip(tmp_path / "loop.wav", seconds=0.5))]))
    device = at_work(live)
    select(live, device)
    device.turn("Count", 1)
    find = ended(live, device, press(live, device, "Find", "/retone/directions"), 60)
    assert re.fullmatch(r"\d+ % 0\.\d-0\.[0-5] s \d+-\d+ Hz", device.text("direction1"))
    assert {f"loop-{find}-1-minus.wav", f"loop-{find}-1-plus.wav"} <= {*files_of(state / "previews")}
    assert files_of(song) == []
    device.press("Show File")
    assert live.wait(lambda: live.launched) and live.launched[-1].endswith("previews")
    for amount in (0.8, -0.8):
        device.turn("Direction 1", amount)
        ended(live, device, press(live, device, "Steer", "/retone/steer"), 60)
    source, results = live.clips(0)["session"][0], landed(live)
    (there, plus), (_, minus) = (sounds(source, results[scene]) for scene in (0, 1))
    assert level(plus - minus) > 0.01 and level(plus - there) > 0.005 and level(minus - there) > 0.005
