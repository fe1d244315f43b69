"""A user at work in the fake: edits that are asked for and land, and what must be true of every result."""

import pytest
import soundfile

from reaper.scene import EDIT

REPEAT = "Retone - repeat last edit on selected items"
PROGRESS = "Retone - show progress window"
CANCEL = "Retone - cancel"


def begin(reaper, prompt="a church organ", **answers):
    """Starts the edit of the selected items by the dialog; gives the script's run."""
    reaper.answer_inputs(prompt=prompt, **answers)
    return reaper.run(EDIT)


def finish(reaper, run, seconds=20):
    """Ticks until the script ends; where it has a window that stays for a while, ``scene.close`` is sooner done."""
    reaper.until(lambda: run.ended, seconds)
    return run


def below(reaper, source):
    """The items on the track just below a source's."""
    tracks = reaper.project.tracks
    return tracks[tracks.index(source.track) + 1].items


def landed(reaper, source):
    """The one item there."""
    (item,) = below(reaper, source)
    return item


def sound_of(item):
    """What lies in the file of an item's current take: (frames, channels)."""
    return soundfile.read(item.take.source.file, always_2d=True)[0]


def assert_in_place(result, source, start=None, length=None):
    """A result lies exactly over its source, or over these seconds of it, and plays its file as it is."""
    start = source["D_POSITION"] if start is None else start
    length = source["D_LENGTH"] if length is None else length
    take = result.take
    assert result["D_POSITION"] == pytest.approx(start, abs=1e-12)
    assert result["D_LENGTH"] == pytest.approx(length, abs=1e-12)
    assert take.source.frames == round(length * take.source.rate)
    assert (take["D_PLAYRATE"], take["D_PITCH"], take["D_STARTOFFS"], take["I_CHANMODE"]) == (1, 0, 0, 0)
    assert result.ext["retone_item"] == source.guid
    assert result.track.ext["retone_source"] == source.track.guid
    assert "retone_recipe" in result.ext
