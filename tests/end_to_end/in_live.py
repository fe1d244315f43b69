"""What the tests of the device with a real service share: how it is asked, and what is true of whatever lands.

Which part of a file a clip plays, and when, is worked out here by numpy's interpolation, and not as the device does it.
"""

from pathlib import Path

import numpy as np
import soundfile

CLIP = "live_set tracks 0 clip_slots 0 clip"
SUBFOLDER = "Samples/Processed/Retone"
# The steps that an edit may cost the user who goes back: making a track and a clip, and setting them as they should be.
UNDO_STEPS = 20


def at_work(live, **about):
    """A device that has found its service."""
    device = live.load(**about)
    live.wait(lambda: device.lamp == 2)
    return device


def select(live, device, clip=CLIP):
    """Clicks on a clip, and waits for as long as a hand needs on its way to the device."""
    live.select(clip)
    live.wait(lambda: device.text("clip").startswith(live.get(clip, "name")))


def asked(device, address):
    """The ids of the jobs that were asked for at ``address``, as often as they were."""
    return [words[0] for name, words in device.sent if name == address]


def press(live, device, button, address):
    """Presses a button that asks for a job at ``address``; gives the job's id."""
    before = asked(device, address)
    device.press(button)
    return live.wait(lambda: asked(device, address)[len(before) :])[0]


def ask(live, device, prompt="a flute", clip=CLIP):
    """Selects a clip, types a prompt and presses Edit; gives the job's id."""
    select(live, device, clip)
    device.type("Prompt", prompt)
    return press(live, device, "Edit", "/retone/edit")


def edit(live, device, prompt="a flute", clip=CLIP, seconds=10):
    """Edits a clip; gives the job's id when the service knows that all has landed."""
    return ended(live, device, ask(live, device, prompt, clip), seconds)


def ended(live, device, id, seconds=10):
    """Waits until the device has confirmed the end of this job, and said what came of it; gives the id."""
    live.wait(
        lambda: ("/retone/received", [id]) in device.sent and not device.text("status").endswith("landing."), seconds
    )
    return id


def landed(live, track=1):
    """The clips on a track of the Session, by their scenes."""
    return {scene: clip for scene, clip in enumerate(live.clips(track)["session"]) if clip}


def files_of(folder):
    """All files below a folder, by name."""
    return sorted(path.name for path in Path(folder).rglob("*") if path.is_file())


def seconds_at(clip, position):
    """Where in its file a clip is at a position of its own: beats when it is warped, else seconds."""
    if not clip["warping"]:
        return position
    beats, seconds = np.array([(one["beat_time"], one["sample_time"]) for one in clip["warp_markers"]]).T
    # Before the first marker and behind the last one the nearest slope goes on.
    slopes = np.diff(seconds) / np.diff(beats)
    if position < beats[0]:
        return seconds[0] + (position - beats[0]) * slopes[0]
    if position > beats[-1]:
        return seconds[-1] + (position - beats[-1]) * slopes[-1]
    return float(np.interp(position, beats, seconds))


def played(clip):
    """From where to where a clip plays, in its own positions."""
    if clip["looping"]:
        return min(clip["start_marker"], clip["loop_start"]), clip["loop_end"]
    return clip["loop_start"], clip["loop_end"]


def region(clip):
    """The first frame that a clip plays of its file, and the first that it does not."""
    first, last = (round(seconds_at(clip, position) * clip["sample_rate"]) for position in played(clip))
    return max(0, first), min(last, clip["sample_length"])


def assert_same_sound(source, result):
    """The result's file is the source's region, sample for sample, at its own rate: what the scripted engine makes."""
    first, last = region(source)
    expected, rate = soundfile.read(source["file_path"], start=first, stop=last)
    found, found_rate = soundfile.read(result["file_path"])
    assert (found_rate, found.shape) == (rate, expected.shape)
    assert np.array_equal(found, expected)


def assert_in_time(source, result, start=None, length=None):
    """At each position the result plays what the source plays there, and it goes round as the source does.

    ``start``, ``length``: of a part of the source, where the result is one of several that follow each other.
    """
    for name in ("warping", "pitch_coarse", "pitch_fine", "gain", "color", "warp_mode"):
        assert result[name] == source[name], name
    first, last = played(source)
    if length is None:
        start = source["start_marker"]
        assert result["looping"] == source["looping"]
    else:
        first, last = start, start + length
    moved = start - result["start_marker"]
    if source["looping"] and length is None:
        assert np.isclose(result["loop_start"] + moved, source["loop_start"])
        assert np.isclose(result["loop_end"] + moved, source["loop_end"])
    origin = region(source)[0] / source["sample_rate"]
    for position in np.linspace(first, last, 50):
        there, here = seconds_at(source, position), seconds_at(result, position - moved)
        if 0 <= there <= source["sample_length"] / source["sample_rate"]:
            assert abs(there - origin - here) < 1 / source["sample_rate"], position
