"""PCM sources: files, sections of them, MIDI, and nothing at all."""

from pathlib import Path

import numpy as np
import soundfile

TYPES = {"wav": "WAVE", "flac": "FLAC", "aif": "AIFF", "aiff": "AIFF", "ogg": "VORBIS", "mp3": "MP3", "mid": "MIDI"}


class Source:
    """``samples``: (frames, channels) at ``rate``, read when they are first asked for.

    ``online`` False is a source whose media went offline once: its rate reads 0 from then on, though the file is there.
    """

    kind = "PCM_source"

    def __init__(self, kind, file="", rate=0, channels=0, frames=0):
        self.type, self.file = kind, str(file)
        self.true_rate, self.channels, self.frames = rate, channels, frames
        self.online, self.destroyed, self.owner = True, False, None
        self.parent, self.offset_s, self.reversed = None, 0.0, False
        self.peaks = "none"
        self._samples = None

    @classmethod
    def from_file(cls, path):
        """The source of an audio or MIDI file; None where it cannot be opened."""
        kind = TYPES.get(Path(path).suffix.lower().lstrip("."))
        if kind is None or not Path(path).is_file():
            return None
        if kind == "MIDI":
            return cls.midi(path)
        try:
            info = soundfile.info(str(path))
        except soundfile.LibsndfileError:
            return None
        return cls(kind, path, info.samplerate, info.channels, info.frames)

    @classmethod
    def midi(cls, path=""):
        return cls("MIDI", path)

    @classmethod
    def section(cls, parent, offset_s=0.0, length_s=None, reversed=False):
        """A part of a source, or all of it, as REAPER's sections and reversed takes are."""
        if not isinstance(parent, Source):
            parent = cls.from_file(parent)
        length_s = parent.length_s - offset_s if length_s is None else length_s
        source = cls("SECTION", "", parent.true_rate, parent.channels, round(length_s * parent.true_rate))
        source.parent, source.offset_s, source.reversed = parent, offset_s, reversed
        parent.owner = source
        return source

    @property
    def alive(self):
        return not self.destroyed

    @property
    def rate(self):
        return self.true_rate if self.online else 0

    @property
    def length_s(self):
        return self.frames / self.true_rate if self.true_rate else 0.0

    @property
    def samples(self):
        if self._samples is None:
            self._samples = self._read()
        return self._samples

    def _read(self):
        if self.parent is None:
            return soundfile.read(self.file, always_2d=True)[0]
        start = round(self.offset_s * self.true_rate)
        whole = self.parent.samples[start : start + self.frames]
        missing = self.frames - len(whole)
        whole = np.concatenate([whole, np.zeros((missing, self.channels))])
        return whole[::-1] if self.reversed else whole

    def plain(self):
        own = {"type": self.type, "file": self.file, "frames": self.frames}
        if self.parent is not None:
            own |= {"parent": self.parent.plain(), "offset_s": self.offset_s, "reversed": self.reversed}
        return own
