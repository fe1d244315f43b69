"""What lies in a Live set before a test begins, as plain dictionaries: tracks, clips, how Live makes new ones.

Positions of clips are beats when warped, seconds when not; where none are given a clip shows all of its file.
"""


def a_set(*tracks, scenes=8, tempo=120.0, path="", returns=("A-Reverb", "B-Delay")):
    """A set; ``path`` is that of its .als file, empty when it was never saved."""
    return {
        "tracks": list(tracks),
        "scenes": scenes,
        "tempo": tempo,
        "path": str(path),
        "returns": list(returns),
    }


def _track(kind, name, clips, arrangement, more):
    """``clips``: a list from the first scene on, None where a slot is empty, or a dictionary by scene."""
    held = clips if isinstance(clips, dict) else dict(enumerate(clips))
    held = {scene: clip for scene, clip in held.items() if clip is not None}
    return {"kind": kind, "name": name, "clips": held, "arrangement": list(arrangement), **more}


def audio_track(name="Drums", clips=(), arrangement=(), **more):
    """``more``: color, volume, panning, split (pans of the left and right), sends, crossfade_assign, mute, frozen, and
    output (the name of another track, "Sends Only" ...)."""
    return _track("audio", name, clips, arrangement, more)


def midi_track(name="Keys", clips=(), arrangement=(), **more):
    return _track("midi", name, clips, arrangement, more)


def group_track(name, *tracks, **more):
    """A group and the tracks in it; ``folded`` where only the group is seen."""
    return _track("group", name, (), (), {"tracks": list(tracks), **more})


def markers(*pairs):
    """Warp markers of (beat, seconds of the file)."""
    return [{"beat_time": float(beat), "sample_time": float(seconds)} for beat, seconds in pairs]


def audio_clip(path, warped=False, looping=False, **more):
    """A clip of a file, which need not be there where ``frames`` and ``rate`` say what it held.

    ``more``: name, color, markers (as ``markers`` makes them) or tempo, warp_mode, start_marker, end_marker,
    loop_start, loop_end, pitch_coarse, pitch_fine, gain, muted, numerator, denominator; in the Arrangement
    start_time, and end_time where less (or, looping, more) is seen than the markers say. What a clip that does not loop
    plays is from loop_start (or start_marker) to loop_end (or end_marker).
    """
    if looping and not warped:
        raise ValueError("Live loops no audio that is not warped")
    return {"kind": "audio", "path": str(path), "warped": warped, "looping": looping, **more}


def midi_clip(name="A tune", length=4.0, **more):
    return {"kind": "midi", "name": name, "length": length, **more}
