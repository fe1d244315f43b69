"""Directions the whole way with nothing replaced: a file, OSC, the service, the engine, the pocket model, files."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.harness import running
from retone_bridge.protocol import Ack, Direction, Done, Fail, Progress, Result
from retone_bridge.workers import engine_command
from retone_engine.request import RetoneError

DEMO = Path(__file__).parents[2] / "bridge/retone_bridge/data/demo.flac"
QUICK = {"steps": 12, "count": 2}


@pytest.fixture(scope="module")
def retone(tmp_path_factory):
    with running(tmp_path_factory.mktemp("state"), worker=engine_command("cpu")) as service:
        yield service.client(patience_seconds=120)


@pytest.fixture
def clip(tmp_path):
    """1.5 seconds of the demo clip: stereo, 44.1 kHz."""
    samples, rate = soundfile.read(DEMO, frames=66150, always_2d=True)
    soundfile.write(tmp_path / "clip.wav", samples, rate, subtype="PCM_24")
    return tmp_path / "clip.wav"


def paths(events):
    assert isinstance(events[-1], Done), events[-1]
    return [Path(event.path) for event in events if isinstance(event, Result)]


def test_a_clip_tells_its_directions_and_is_steered_along_them(retone, clip):
    folder = {"output_folder": str(clip.parent)}
    events = list(retone.directions(str(clip), **QUICK, **folder))
    assert isinstance(events[0], Ack)
    assert {"find", "replay", "decode"} <= {event.stage for event in events if isinstance(event, Progress)}
    found = [event for event in events if isinstance(event, Direction)]
    assert [one.direction for one in found] == [1, 2]
    assert 1 > found[0].share >= found[1].share > 0
    assert all(0 <= one.start < one.start + one.frames <= 66150 for one in found)
    previews = paths(events)
    assert [path.name.split("-", 2)[2] for path in previews] == [
        "1-plus.wav",
        "1-minus.wav",
        "2-plus.wav",
        "2-minus.wav",
    ]

    steered = paths(list(retone.steer(str(clip), {1: (0.8, -0.8), 2: 0.3}, **QUICK, **folder)))
    assert len(steered) == 2
    source, one, other = (soundfile.read(path)[0] for path in (clip, *steered))
    assert one.shape == other.shape == source.shape
    assert np.abs(one - other).max() > 0.01


def test_a_direction_beyond_what_is_looked_for_and_a_silent_clip_are_refused(retone, clip):
    with pytest.raises(RetoneError, match="direction is 4; 3 are looked for"):
        list(retone.steer(str(clip), {4: 0.5}))
    soundfile.write(clip.parent / "silence.wav", np.zeros(44100), 44100)
    (failed,) = [event for event in retone.directions(str(clip.parent / "silence.wav")) if isinstance(event, Fail)]
    assert failed.code == "empty_audio"


def test_segments_and_variations_come_over_osc(retone, clip):
    events = list(
        retone.edit(
            str(clip), "", segments="0-0.7 choir | 1- organ strength=0.4", variations=2, steps=6,
            output_folder=str(clip.parent),
        )
    )  # fmt: skip
    first, second = (soundfile.read(path)[0] for path in paths(events))
    assert first.shape == second.shape == (66150, 2)
    assert not np.array_equal(first, second)


def test_a_segment_that_leaves_the_clip_is_refused_by_name(retone, clip):
    events = list(retone.edit(str(clip), "", segments="0-9 choir", output_folder=str(clip.parent)))
    assert isinstance(events[-1], Fail)
    assert events[-1].code == "bad_request"
    assert "segments: 0-9 leaves the region, which is 0 to 1.5 s" in events[-1].message
