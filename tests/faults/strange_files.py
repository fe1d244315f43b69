"""Strange files, made when they are asked for: what is no audio, what lies about itself, what is no file at all.

Each maker takes an empty folder of its own and gives the path to ask for, as text.
"""

import io
import os
import socket
import struct
import zipfile
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

RATE = 44_100
FRAMES = 13_230  # 0.3 s
TEN_HOURS = 36_000 * RATE


def tone(frames=FRAMES, channels=2, rate=RATE, hertz=220.0):
    """A tone that is stronger in the first channel: (frames, channels)."""
    times = np.arange(frames) / rate
    return np.stack([0.3 * np.sin(2 * np.pi * hertz * times) / (k + 1) for k in range(channels)], axis=1)


def sound(folder, name="clip.wav", samples=None, rate=RATE, **kind):
    """A sound file of libsndfile's; ``kind`` is its format and subtype."""
    # Written under a plain name first: neither libsndfile nor the format's guess copes with every name.
    plain = folder / "plain.wav"
    kind = {"format": "WAV"} | kind
    soundfile.write(plain, tone() if samples is None else samples, rate, **kind)
    plain.rename(folder / name)
    return str(folder / name)


def data(folder, content, name="clip.wav"):
    path = folder / name
    path.write_bytes(content)
    return str(path)


def riff(frames=FRAMES, codec=1, channels=2, rate=RATE, bits=16, claimed=None):
    """A WAV of silence by hand; ``claimed``: the bytes of audio that its header tells of."""
    block = channels * bits // 8
    audio = bytes(frames * block)
    claimed = len(audio) if claimed is None else claimed
    form = struct.pack("<HHIIHH", codec, channels, rate, rate * block % 2**32, block % 2**16, bits)
    head = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", claimed)
    return b"RIFF" + struct.pack("<I", min(4 + len(head) + claimed, 2**32 - 1)) + b"WAVE" + head + audio


def encoded(format, subtype=None, frames=FRAMES):
    """The bytes of a tone in a format."""
    held = io.BytesIO()
    soundfile.write(held, tone(frames), RATE, format=format, subtype=subtype)
    return held.getvalue()


def with_a_sample(value, subtype="FLOAT"):
    samples = tone()
    samples[FRAMES // 2, 1] = value
    return samples, subtype


def flac_of_ten_hours():
    """A FLAC whose header tells of ten hours; it counts its frames in 36 bits, from byte 21 on."""
    held = bytearray(encoded("FLAC"))
    held[21] = held[21] & 0xF0 | TEN_HOURS >> 32
    held[22:26] = struct.pack(">I", TEN_HOURS % 2**32)
    return bytes(held)


def sparse(folder):
    """Four gigabytes that are really there, of which the disk holds only the header."""
    path = folder / "clip.wav"
    path.write_bytes(riff(frames=0, claimed=2**32 - 64))
    os.truncate(path, 2**32 - 20)
    return str(path)


def picture():
    held = io.BytesIO()
    Image.new("RGB", (8, 8)).save(held, "PNG")
    return held.getvalue()


def archive():
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr("clip.wav", riff())
    return held.getvalue()


def pipe(folder, name="clip.wav"):
    os.mkfifo(folder / name)
    return str(folder / name)


def unix_socket(folder):
    # Its name has some hundred bytes at most, so it is bound from inside its folder.
    with socket.socket(socket.AF_UNIX) as listener:
        handle = os.open(folder, os.O_RDONLY)
        try:
            listener.bind(f"/proc/self/fd/{handle}/clip.wav")
        finally:
            os.close(handle)
    return str(folder / "clip.wav")


def link(folder, target, name="link.wav"):
    (folder / name).symlink_to(target)
    return str(folder / name)


def forbidden(folder):
    path = sound(folder)
    os.chmod(path, 0)  # noqa: PTH101
    return path


def in_a_closed_folder(folder):
    (folder / "closed").mkdir()
    path = sound(folder / "closed")
    # Its names can be listed, and nothing reached by them.
    (folder / "closed").chmod(0o600)
    return path


def read_only(folder):
    (folder / "locked").mkdir(mode=0o555)
    return folder / "locked"


def long_component(folder):
    return str(folder / ("n" * 300 + ".wav"))


def long_path(folder):
    return str(folder.joinpath(*["d" * 200] * 25, "clip.wav"))


def long_but_right(folder):
    """As long as one name and a path may be where results still have room."""
    deep = folder.joinpath(*["d" * 200] * 7)
    deep.mkdir(parents=True)
    path = deep / ("n" * 251 + ".wav")
    Path(sound(folder)).rename(path)
    return str(path)


def outside(folder):
    """A sound in a folder beside the roots."""
    there = Path(folder).parents[1] / "outside"
    there.mkdir(exist_ok=True)
    path = there / "secret.wav"
    if not path.exists():
        soundfile.write(path, tone(hertz=1_000.0), RATE)
    return path
