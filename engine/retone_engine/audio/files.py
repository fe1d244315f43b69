"""Reading the user's files: everything libsndfile knows, nothing believed that the file does not hold."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from retone_engine.audio.unlinked import LINKED, open_unlinked
from retone_engine.bounds import Stamp
from retone_engine.request import RetoneError

Samples = NDArray[np.float32]

CHANNEL_LIMIT = 8
RATE_LOW, RATE_HIGH = 8_000, 192_000
# As many samples as 2 GiB hold as float32, 100 minutes of stereo at 44.1 kHz: what more claims would only be seen to
# lie, or to fill the memory, after minutes.
LENGTH_LIMIT = 2**29
# 120 dB over full scale: no sound, and its square would leave float32 in a longer sum.
SAMPLE_LIMIT = 1e6
_BLOCK = 1 << 16
# Seeking in an MP3 of uneven bit rate lands beside the frame: it is decoded from its beginning.
_NO_SEEKING = {"MP3"}


class _Forward(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """A file that is read on and on. soundfile seeks to where it already is after each block, which garbles an MP3."""

    def seekable(self) -> bool:
        return False


@dataclass(frozen=True)
class Info:
    """What a file's header says: ``rate`` in Hz, ``channels``, and ``frames``, which decoding may correct."""

    rate: int
    channels: int
    frames: int


@dataclass(frozen=True)
class Clip:
    """A region of a file: ``samples`` (channels, frames) from frame ``start`` on, of ``total_frames`` in the file."""

    samples: Samples
    rate: int
    start: int
    total_frames: int
    path: str

    @property
    def channels(self) -> int:
        return int(self.samples.shape[0])

    @property
    def frames(self) -> int:
        return int(self.samples.shape[1])


def probe(path: str | Path) -> Info:
    """The header of the audio file ``path``; no sample is decoded.

    Raises RetoneError(no_such_file, not_a_file, unreadable_audio, empty_audio).
    """
    with _open(path) as file:
        return _checked(file, Path(path))


def read(path: str | Path, start: int = 0, frames: int | None = None, stamp: Stamp | None = None) -> Clip:
    """The region of ``frames`` (None: to the end) from frame ``start`` on, as float32.

    A file that ends before its header says is as long as what it holds. With a ``stamp`` it must be that very file.
    Raises RetoneError(no_such_file, not_a_file, clip_changed, unreadable_audio, empty_audio, bad_samples, bad_region).
    """
    path = Path(path)
    with _open(path, stamp) as file:
        info = _checked(file, path)
        wanted = info.frames - start if frames is None else frames
        if start < 0 or wanted < 1 or start + wanted > info.frames:
            raise _outside(path, start, frames, info.frames)
        if wanted * info.channels > LENGTH_LIMIT:
            minutes, most = (count / info.channels / info.rate / 60 for count in (wanted * info.channels, LENGTH_LIMIT))
            raise _unreadable(path, f"{minutes:.0f} minutes are asked for; name a region of up to {most:.0f} minutes")
        try:
            _go_to(file, start)
            samples = _decode(file, wanted, path)
        except soundfile.LibsndfileError as error:
            # libsndfile says "Error : flac decoder lost sync."
            why = error.error_string.removeprefix("Error : ").rstrip(". ")
            raise _unreadable(path, f"it is damaged ({why})") from error
    total = info.frames
    if samples.shape[1] < wanted:
        total = start + samples.shape[1]
        if total == 0:
            raise RetoneError("empty_audio", f"{path.name} holds no frames.")
        if frames is not None or samples.shape[1] == 0:
            raise _outside(path, start, frames, total)
    return Clip(samples, info.rate, start, total, str(path))


@contextmanager
def _open(path: str | Path, stamp: Stamp | None = None) -> Iterator[soundfile.SoundFile]:
    path = Path(path)
    # Asked before opening, which may already do something to a device.
    _check_kind(path, _status(path))
    # A pipe that was laid there since would wait for its writer for ever.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)
    try:
        # A stamp is of a real path: a link that is in it now has been laid since.
        handle = os.open(path, flags) if stamp is None else open_unlinked(path, flags)
    except (OSError, ValueError) as error:
        if stamp is not None and getattr(error, "errno", None) in LINKED:
            raise changed(path) from error
        raise _unreadable(path, f"it cannot be opened ({getattr(error, 'strerror', error)})") from error
    try:
        status = os.fstat(handle)
        _check_kind(path, status)
        if stamp is not None and stamp != Stamp.of(status):
            raise changed(path)
        try:
            # Elsewhere than on POSIX libsndfile may know other handles than Python; there the path is opened once more.
            file = _Forward(handle, closefd=False) if os.name == "posix" else _Forward(str(path))
        except (soundfile.LibsndfileError, TypeError, OSError) as error:
            # soundfile asks for rate and channels (TypeError) where a name ends in .raw.
            raise _unreadable(path, "it is damaged, or of a kind that cannot be read here") from error
        with file:
            yield file
    finally:
        os.close(handle)


def changed(path: Path) -> RetoneError:
    """What to say of a clip that is another file by now."""
    return RetoneError("clip_changed", f"{path.name} was changed after the edit was asked for; ask again.")


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise RetoneError("no_such_file", f"There is no file {path}.") from None
    except (OSError, ValueError) as error:
        raise RetoneError("no_such_file", f"{path} cannot be reached: {error}.") from error


def _check_kind(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise RetoneError("not_a_file", f"{path} is no regular file; give an audio file.")


def _checked(file: soundfile.SoundFile, path: Path) -> Info:
    info = Info(int(file.samplerate), int(file.channels), int(file.frames))
    if not RATE_LOW <= info.rate <= RATE_HIGH:
        raise _unreadable(path, f"its rate is {info.rate} Hz; {RATE_LOW} to {RATE_HIGH} Hz can be read")
    if info.channels > CHANNEL_LIMIT:
        raise _unreadable(path, f"it has {info.channels} channels; up to {CHANNEL_LIMIT} can be read")
    if info.frames < 1:
        raise RetoneError("empty_audio", f"{path.name} holds no frames.")
    return info


def _go_to(file: soundfile.SoundFile, start: int) -> None:
    if start and file.format not in _NO_SEEKING:
        file.seek(start)
        return
    while start > 0:
        skipped = len(file.read(min(start, _BLOCK), dtype="float32", always_2d=True))
        if not skipped:
            return
        start -= skipped


def _decode(file: soundfile.SoundFile, wanted: int, path: Path) -> Samples:
    """Up to ``wanted`` frames, in memory that grows with what is there and not with what was promised."""
    held = np.empty((file.channels, min(wanted, 60 * file.samplerate)), np.float32)
    filled = 0
    while filled < wanted:
        block = file.read(min(wanted - filled, _BLOCK), dtype="float32", always_2d=True)
        if not len(block):
            break
        # NaN fails the comparison, too.
        if not (np.abs(block) <= SAMPLE_LIMIT).all():
            why = "samples that are no numbers, or beyond any level"
            raise RetoneError("bad_samples", f"{path.name} holds {why}; export it again.")
        if filled + len(block) > held.shape[1]:
            grown = np.empty((file.channels, min(wanted, 2 * held.shape[1])), np.float32)
            grown[:, :filled] = held[:, :filled]
            held = grown
        held[:, filled : filled + len(block)] = block.T
        filled += len(block)
    return held if filled == held.shape[1] else held[:, :filled].copy()


def _outside(path: Path, start: int, frames: int | None, total: int) -> RetoneError:
    asked = f"starts at frame {start}" + ("" if frames is None else f" and is {frames} frames long")
    return RetoneError("bad_region", f"The region {asked}, but {path.name} has {total} frames.")


def _unreadable(path: Path, why: str) -> RetoneError:
    return RetoneError("unreadable_audio", f"{path.name} cannot be read: {why}.")
