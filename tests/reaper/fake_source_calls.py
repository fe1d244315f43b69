"""Calls about sources, their peaks, and accessors, which read what is heard of a take."""

import numpy as np

from .fake_audio import heard, sounds
from .fake_calls import call
from .fake_lua import Wrong
from .fake_sources import Source


class Accessor:
    """Reads a take as it is now; asks for its end in seconds of the item."""

    kind = "AudioAccessor"

    def __init__(self, take):
        self.take, self.destroyed = take, False
        # Before it is validated it may say that all is new to it.
        self.seen = None

    @property
    def alive(self):
        return not self.destroyed

    def state(self):
        """What the audio of the take depends on."""
        take, item = self.take, self.take.item
        return (
            take.alive,
            dict(take.values),
            take.source,
            list(take.stretch_markers),
            item["D_LENGTH"],
            item["B_LOOPSRC"],
        )


@call
def PCM_Source_CreateFromFile(run, path):
    source = Source.from_file(run.reaper.real_path(path))
    if source is not None:
        source.file = path
        run.reaper.sources.append(source)
    return source


@call
def PCM_Source_Destroy(_run, source):
    if source.owner is not None:
        raise Wrong("the source is in use: REAPER would crash later")
    source.destroyed = True


@call
def PCM_Source_BuildPeaks(_run, source, mode):
    """Mode 0 begins and tells whether there is work, 1 does some of it and tells how much is left, 2 ends it."""
    if mode == 0:
        source.peaks = "built" if source.peaks == "built" else 100
        return 0 if source.peaks == "built" else 1
    if mode == 1:
        if not isinstance(source.peaks, int):
            raise Wrong("mode 1 comes after a mode 0 that found work")
        source.peaks = max(0, source.peaks - 40)
        return source.peaks
    if mode != 2 or source.peaks != 0:
        raise Wrong(f"mode {mode} with peaks at {source.peaks}")
    source.peaks = "built"
    return 0


@call
def GetMediaSourceSampleRate(_run, source):
    return source.rate


@call
def GetMediaSourceNumChannels(_run, source):
    return source.channels


@call
def GetMediaSourceLength(_run, source):
    return source.length_s, False


@call
def GetMediaSourceType(_run, source):
    return source.type


@call
def GetMediaSourceFileName(_run, source):
    return source.file


@call
def GetMediaSourceParent(_run, source):
    return source.parent


@call
def CreateTakeAudioAccessor(run, take):
    run.reaper.accessors.append(accessor := Accessor(take))
    return accessor


@call
def DestroyAudioAccessor(_run, accessor):
    accessor.destroyed = True


@call
def GetAudioAccessorStartTime(run, _accessor):
    return run.reaper.accessor_start_s


@call
def AudioAccessorValidateState(_run, accessor):
    """From here on the accessor gives what the take is now; whether that is another than before."""
    before, accessor.seen = accessor.seen, accessor.state()
    return before != accessor.seen


@call
def AudioAccessorStateChanged(run, accessor):
    """Whether the take is not as it was validated last; an accessor may say so for nothing, too."""
    if run.reaper.accessor_alarms > 0:
        run.reaper.accessor_alarms -= 1
        return True
    return accessor.seen != accessor.state()


@call
def GetAudioAccessorSamples(run, accessor, rate, channels, start_s, frames, buffer):
    """Writes interleaved samples up to the item's end and leaves the rest as it is; nil inside a coroutine.

    Gives 1, or 0 and writes nothing where there is no audio: past the item's end or a source's that does not loop.
    """
    cells = run.array_cells(buffer)
    if cells is None:
        raise Wrong("argument 6 (samplebuffer): reaper.array expected")
    if rate <= 0 or channels <= 0 or frames <= 0 or channels * frames > len(cells):
        raise Wrong(f"{frames} frames of {channels} channels at {rate} Hz into an array of {len(cells)}")
    if not accessor.take.alive:
        return -1
    if not run.on_main:
        return None
    start_s -= run.reaper.accessor_start_s
    length_s = accessor.take.item["D_LENGTH"]
    # A frame that begins at the end is not in it; a millionth of a frame is rounding.
    there = int(np.clip(np.ceil((length_s - start_s) * rate - 1e-6), 0, frames))
    before = int(np.clip(np.ceil(-start_s * rate - 1e-6), 0, there))
    if there == 0 or not sounds(accessor.take, start_s, start_s + there / rate):
        return 0
    samples = np.zeros((there, channels))
    samples[before:] = heard(accessor.take, rate, channels, start_s + before / rate, there - before)
    run.array_put(buffer, samples.ravel())
    return 1
