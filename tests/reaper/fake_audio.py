"""What a take sounds like, as a take accessor gives it.

Modelled: start offset, play rate, stretch markers, channel mode, sections and reversed sources, looping past the
source's end, silence where it does not loop, any rate. A play rate is played like a tape's: that REAPER can keep the
pitch (B_PPITCH) changes how it sounds, not where things are. A pitch of its own (D_PITCH) is not modelled and refused.
Not in it, as in REAPER: volumes, pans, fades, envelopes, and effects.
"""

import numpy as np
import soundfile

from .fake_lua import Wrong

TAPS = 32


def heard(take, rate, channels, start_s, frames):
    """``frames`` of a take at ``rate`` from ``start_s``, seconds of its item: (frames, channels) of float64."""
    if take["D_PITCH"] != 0:
        raise Wrong("the fake does not shift pitch: leave D_PITCH at 0")
    source = take.source
    if source is None or source.frames == 0:
        return np.zeros((frames, channels))
    item_s = start_s + np.arange(frames) / rate
    places = source_seconds(take, item_s) * source.true_rate
    # 1e-6 of a frame is rounding, not a place between frames.
    places = np.where(np.abs(places - np.rint(places)) < 1e-6, np.rint(places), places)
    speed = take["D_PLAYRATE"] * source.true_rate / rate
    sound = at(mixed(source.samples, int(take["I_CHANMODE"])), places, bool(take.item["B_LOOPSRC"]), speed)
    return spread(sound, channels)


def sounds(take, start_s, end_s):
    """Whether any of the source lies between two seconds of the item."""
    if take.source is None or take.source.frames == 0:
        return False
    first, last = sorted(source_seconds(take, np.array([start_s, end_s])))
    return bool(take.item["B_LOOPSRC"]) or (last > 0 and first < take.source.length_s)


def apply_effects(project):
    """REAPER's action 40209: renders the selected items with the effects of take and track into new takes.

    The one thing that an effect does here is its setting ``gain``.
    """
    for item in project.selected_items:
        take = item.take
        rate = project.rate
        sound = heard(take, rate, take.source.channels, 0.0, round(item["D_LENGTH"] * rate))
        for effect in take.effects + item.track.effects * bool(item.track["I_FXEN"]):
            sound = sound * effect.settings.get("gain", 1.0)
        project.media_folder.mkdir(parents=True, exist_ok=True)
        path = project.media_folder / f"{take.name or 'take'}-applied-{len(item.takes)}.wav"
        soundfile.write(path, sound, rate, subtype="FLOAT")
        item.add_take(path, f"{take.name} - applied")
        item["I_CURTAKE"] = len(item.takes) - 1
    project.undo.add("Apply track/take FX to items")


def source_seconds(take, item_s):
    """Where in its source a take is, in seconds, at these seconds of its item."""
    stretched = item_s * take["D_PLAYRATE"]
    if take.stretch_markers:
        positions, sources = np.array(sorted(take.stretch_markers)).T
        inside = np.interp(stretched, positions, sources)
        before, after = np.minimum(stretched - positions[0], 0), np.maximum(stretched - positions[-1], 0)
        return inside + before + after
    return take["D_STARTOFFS"] + stretched


def mixed(samples, mode):
    """A take's channel mode: 0 as it is, 1 swapped, 2 mixed to mono, 3 left, 4 right, 5.. one channel, 67.. a pair."""
    last = samples.shape[1] - 1
    if mode == 0:
        return samples
    if mode == 1:
        return samples[:, [min(1, last), 0, *range(2, last + 1)]]
    if mode == 2:
        return samples[:, :2].mean(axis=1, keepdims=True)
    if mode >= 67:
        return samples[:, [min(mode - 67, last), min(mode - 66, last)]]
    return samples[:, [min(mode - 3, last)]]


def spread(sound, channels):
    """One channel goes to all that are asked for; of several the first ones, and silence beyond."""
    if sound.shape[1] == 1:
        return np.repeat(sound, channels, axis=1)
    missing = max(0, channels - sound.shape[1])
    return np.pad(sound[:, :channels], ((0, 0), (0, missing)))


def at(samples, places, looped, speed):
    """``samples`` at ``places`` (frames, also between them), by a windowed sinc as wide as ``speed`` needs."""
    whole = np.floor(places).astype(np.int64)
    if np.array_equal(whole, places):
        return _taken(samples, whole, looped)
    cut = min(1.0, 1.0 / abs(speed))
    reach = int(np.ceil(TAPS / cut))
    result = np.zeros((len(places), samples.shape[1]))
    for begin in range(0, len(places), 4096):
        part = slice(begin, begin + 4096)
        near = whole[part, None] + np.arange(1 - reach, reach + 1)
        away = near - places[part, None]
        weights = cut * np.sinc(cut * away) * np.cos(np.pi / 2 * np.clip(away / reach, -1, 1)) ** 2
        result[part] = np.einsum("ft,ftc->fc", weights, _taken(samples, near, looped))
    return result


def _taken(samples, places, looped):
    if looped:
        return samples[places % len(samples)]
    inside = (places >= 0) & (places < len(samples))
    return np.where(inside[..., None], samples[np.clip(places, 0, len(samples) - 1)], 0.0)
