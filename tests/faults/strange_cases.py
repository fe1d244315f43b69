"""What is asked for in a strange way, and the code that must come of it."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from faults import strange_files as make

DONE = ("done",)


def _nothing(folder):
    return {}


@dataclass(frozen=True)
class Case:
    """``make`` gives the path to ask for in an empty folder; one of ``codes`` comes of it, where done is one, too.

    ``settings``: what is asked for besides. ``meanwhile``: what happens to folder and path while the job waits.
    ``needs_permissions``: root, whom nothing is forbidden, would see another end.
    """

    make: Callable[[Path], str]
    codes: tuple[str, ...]
    settings: Callable[[Path], dict] = _nothing
    meanwhile: Callable[[Path, str], None] | None = None
    needs_permissions: bool = False


def _data(content, *codes, name="clip.wav"):
    return Case(lambda folder: make.data(folder, content() if callable(content) else content, name), codes)


def _sound(*codes, **kind):
    return Case(lambda folder: make.sound(folder, **kind), codes)


def _sample(value, *codes, subtype="FLOAT"):
    return Case(lambda folder: make.sound(folder, samples=make.with_a_sample(value)[0], subtype=subtype), codes)


def _path(path, *codes):
    """A path by a function of the folder, or as it stands."""
    return Case(path if callable(path) else lambda folder: path, codes)


def _named(name):
    return Case(lambda folder: make.sound(folder, name), DONE)


def _asked(*codes, **settings):
    return Case(make.sound, codes, lambda folder: settings)


def _into(output, *codes, meanwhile=None):
    """A good clip, and ``output(folder)`` as the folder for the result."""
    return Case(make.sound, codes, lambda folder: {"output_folder": str(output(folder))}, meanwhile)


def _changed(change, *codes):
    return Case(make.sound, codes, meanwhile=change)


def _replaced_by(put):
    """A change that takes the clip away and puts something else there."""

    def change(folder, path):
        os.unlink(path)  # noqa: PTH108
        put(folder, Path(path))

    return change


def _in_place(folder, path):
    """The same file, the same size, another sound."""
    held = Path(path).read_bytes()
    Path(path).write_bytes(held[:-4000] + bytes(4000))


def _grow(folder, path):
    with Path(path).open("ab") as file:
        file.write(bytes(4000))


def _folder(name):
    def made(folder):
        (folder / name).mkdir()
        return folder / name

    return made


def _gone(folder, path):
    shutil.rmtree(folder / "out")


def _led_out(folder, path):
    _gone(folder, path)
    (folder / "out").symlink_to(make.outside(folder).parent)


def _moved_and_linked(folder, path):
    """The folder is still there, under another name, and a link leads to it."""
    (folder / "out").rename(folder / "other")
    (folder / "out").symlink_to(folder / "other")


NO_AUDIO = {
    "an empty file": _data(b"", "unreadable_audio"),
    "four bytes": _data(b"RIFF", "unreadable_audio"),
    "a header cut": _data(make.riff()[:30], "unreadable_audio"),
    "a header only": _data(make.riff(frames=0), "empty_audio"),
    "a header and no chunk of audio": _data(make.riff()[:36], "unreadable_audio", "empty_audio"),
    "text": _data(b"All work and no play makes Jack a dull boy.\n" * 99, "unreadable_audio"),
    "text called .raw": _data(b"words " * 999, "unreadable_audio", name="clip.raw"),
    "a picture": _data(make.picture, "unreadable_audio"),
    "a zip with a clip": _data(make.archive, "unreadable_audio"),
    "zeros": _data(bytes(100_000), "unreadable_audio"),
    "an MP3's first bytes": _data(b"\xff\xfb\x90\x64", "unreadable_audio", name="clip.mp3"),
    "an MP3's tag and no more": _data(b"ID3\x04\0\0\0\0\x02\x01" + bytes(300), "unreadable_audio", name="clip.mp3"),
    "an unknown codec": _data(make.riff(codec=0x1234), "unreadable_audio"),
    "no channels": _data(make.riff(channels=0), "unreadable_audio"),
    "32 channels": _data(make.riff(channels=32), "unreadable_audio"),
    "65,535 channels": _data(make.riff(frames=2, channels=65_535), "unreadable_audio"),
    "no rate": _data(make.riff(rate=0), "unreadable_audio"),
    "4 kHz": _data(make.riff(rate=4_000), "unreadable_audio"),
    "384 kHz": _data(make.riff(rate=384_000), "unreadable_audio"),
    "a rate of 2^32 - 1": _data(make.riff(rate=2**32 - 1), "unreadable_audio"),
    "no bits": _data(make.riff(bits=0), "unreadable_audio"),
    "a FLAC cut": _data(lambda: make.encoded("FLAC", frames=90_000)[:9_000], "unreadable_audio", name="clip.flac"),
    "a FLAC of ten hours": _data(make.flac_of_ten_hours, "unreadable_audio", name="clip.flac"),
    "four gigabytes of nothing": Case(make.sparse, ("unreadable_audio",)),
    "a sample that is no number": _sample(float("nan"), "bad_samples"),
    "an infinite sample": _sample(float("-inf"), "bad_samples"),
    "a sample beyond any level": _sample(1e30, "bad_samples"),
    "a double beyond float32": _sample(1e300, "bad_samples", subtype="DOUBLE"),
}  # fmt: skip

AUDIO = {
    "a WAV cut": _data(make.riff()[:-9_001], *DONE),
    "a WAV of ten hours": _data(make.riff(claimed=make.TEN_HOURS * 4 % 2**32), *DONE),
    "a WAV of four gigabytes": _data(make.riff(claimed=2**32 - 1), *DONE),
    "a WAV that claims less": _data(make.riff(claimed=8_000), *DONE),
    "an MP3 cut": _data(lambda: make.encoded("MP3", frames=60_000)[:5_000], *DONE, name="clip.mp3"),
    "an OGG cut": _data(lambda: make.encoded("OGG", frames=90_000)[:9_000], "done", "unreadable_audio", name="c.ogg"),
    "an AIFF called .wav": _data(lambda: make.encoded("AIFF", "PCM_24"), *DONE),
    "an RF64": _sound(*DONE, format="RF64", subtype="PCM_24"),
    "a W64": _sound(*DONE, name="clip.w64", format="W64", subtype="FLOAT"),
    "a CAF": _sound(*DONE, name="clip.caf", format="CAF", subtype="PCM_16"),
    "one frame": _data(make.riff(frames=1), *DONE),
    "silence": _data(make.riff(), *DONE),
    "subnormal samples": _sound(*DONE, samples=make.tone() * 1e-40, subtype="FLOAT"),
    "samples of 1e5": _sound(*DONE, samples=make.tone() * 1e5, subtype="FLOAT"),
    "eight channels": _sound(*DONE, samples=make.tone(channels=8)),
    "8 kHz": _sound(*DONE, rate=8_000),
    "192 kHz": _sound(*DONE, rate=192_000),
}

NAMES = {
    name: _named(name)
    for name in (
        "My loop.wav", "it's \"quoted\" `here`.wav", "Flöte (NFC).wav", "Flo\u0308te (NFD).wav", "🎻 二胡.wav",
        "new\nline.wav", "tab\tand bell\a.wav", "-rf.wav", "$(touch x); %s {0}.wav", "...wav", "con.wav", ".hidden",
        " .wav", "n" * 251 + ".wav",
    )
} | {
    "a long path": Case(make.long_but_right, DONE),
    "the other form of an accent": Case(
        lambda folder: make.sound(folder, "Flo\u0308te.wav").replace("o\u0308", "ö"), ("no_such_file",)
    ),
    "a dot dot inside": _path(lambda folder: f"{folder}/../{folder.name}/{Path(make.sound(folder)).name}", *DONE),
    "a link inside": _path(lambda folder: make.link(folder, make.sound(folder)), *DONE),
}  # fmt: skip

NO_FILES = {
    "nothing": _path(lambda folder: str(folder / "clip.wav"), "no_such_file"),
    "no path": _path("", "bad_request"),
    "a folder": _path(str, "not_a_file"),
    "a file as a folder": _path(lambda folder: make.sound(folder) + "/clip.wav", "no_such_file"),
    "a pipe": _path(make.pipe, "not_a_file"),
    "a socket": _path(make.unix_socket, "not_a_file"),
    "/dev/null": _path("/dev/null", "not_a_file"),
    "/dev/zero": _path("/dev/zero", "not_a_file"),
    "/dev/full": _path("/dev/full", "not_a_file"),
    "/dev/stdin": _path("/dev/stdin", "not_a_file", "no_such_file", "unreadable_audio", "outside_roots"),
    "/proc/self/mem": _path("/proc/self/mem", "unreadable_audio", "no_such_file"),
    "/proc/kmsg": _path("/proc/kmsg", "unreadable_audio", "no_such_file"),
    "/proc/self/environ": _path("/proc/self/environ", "unreadable_audio", "no_such_file"),
    "a link to nothing": _path(lambda folder: make.link(folder, folder / "none.wav"), "no_such_file"),
    "a loop of links": _path(lambda folder: make.link(folder, "link.wav"), "no_such_file"),
    "a link to a device": _path(lambda folder: make.link(folder, "/dev/zero"), "not_a_file"),
    "a link out of the roots": _path(lambda folder: make.link(folder, make.outside(folder)), "outside_roots"),
    "a path out of the roots": _path(lambda folder: str(make.outside(folder)), "outside_roots"),
    "dots out of the roots": _path(
        lambda folder: f"{folder}/../../outside/{make.outside(folder).name}", "outside_roots"
    ),
    "a relative path": _path("clip.wav", "bad_request"),
    "dots alone": _path("../../etc/passwd", "bad_request"),
    "another machine's": _path("\\\\server\\share\\clip.wav", "outside_roots"),
    "nobody's home": _path("~no-such-user/clip.wav", "no_such_file"),
    "a name of 304 bytes": _path(make.long_component, "no_such_file"),
    "a path of 5,000 bytes": _path(make.long_path, "no_such_file"),
    "no permission": Case(make.forbidden, ("unreadable_audio",), needs_permissions=True),
    "a closed folder": Case(make.in_a_closed_folder, ("unreadable_audio", "no_such_file"), needs_permissions=True),
}

CHANGED = {
    "removed": _changed(_replaced_by(lambda folder, path: None), "no_such_file"),
    "replaced by another": _changed(_replaced_by(lambda folder, path: make.sound(folder, rate=48_000)), "clip_changed"),
    "written over in place": _changed(_in_place, "clip_changed"),
    "grown": _changed(_grow, "clip_changed"),
    "replaced by a pipe": _changed(_replaced_by(lambda folder, path: make.pipe(folder)), "not_a_file"),
    "replaced by a folder": _changed(_replaced_by(lambda folder, path: path.mkdir()), "not_a_file"),
    "replaced by a device": _changed(_replaced_by(lambda folder, path: path.symlink_to("/dev/zero")), "not_a_file"),
    "replaced by a link inside": _changed(
        _replaced_by(lambda folder, path: path.symlink_to(make.sound(folder, "other.wav", rate=48_000))), "clip_changed"
    ),
    "replaced by a link out of the roots": _changed(
        _replaced_by(lambda folder, path: path.symlink_to(make.outside(folder))), "outside_roots"
    ),
}  # fmt: skip

FOLDERS = {
    "no output folder": _into(lambda folder: folder / "none", "no_such_folder"),
    "a file as the output folder": _into(lambda folder: folder / "clip.wav", "no_such_folder"),
    "a device as the output folder": _into(lambda folder: "/dev/full", "no_such_folder"),
    "a pipe as the output folder": _into(lambda folder: make.pipe(folder, "out"), "no_such_folder"),
    "a relative output folder": _into(lambda folder: "out", "bad_request"),
    "an output folder out of the roots": _into(lambda folder: make.outside(folder).parent, "outside_roots"),
    "a link out of the roots as the output folder": _into(
        lambda folder: make.link(folder, make.outside(folder).parent, "out"), "outside_roots"
    ),
    "a read-only output folder": replace(_into(make.read_only, "cannot_write"), needs_permissions=True),
    "an output folder of the kernel's": _into(lambda folder: "/proc", "cannot_write", "no_such_folder", "disk_full"),
    "an output folder with a good name": _into(_folder("Lieder für \"Ö\"\n🎻"), *DONE),
    "an output folder that goes": _into(_folder("out"), "no_such_folder", meanwhile=_gone),
    "an output folder that is led out": _into(_folder("out"), "outside_roots", meanwhile=_led_out),
    "an output folder that is moved and linked": _into(
        _folder("out"), "outside_roots", "done", meanwhile=_moved_and_linked
    ),
}  # fmt: skip

REGIONS = {
    "a region after the end": _asked("bad_region", region_start=make.FRAMES),
    "a region far after the end": _asked("bad_region", region_start=2**62),
    "a region longer than the clip": _asked("bad_region", region_start=1, region_frames=make.FRAMES),
    "a region of no frames": _asked("bad_request", region_frames=0),
    "a region before the clip": _asked("bad_request", region_start=-1),
    "a mask after the region": _asked("bad_mask", region_frames=100, mask_start=200),
    "a region of one frame": _asked(*DONE, region_start=make.FRAMES - 1, region_frames=1),
}

# No message can carry these, so that they are refused before they are kept.
NO_TEXT = {
    "a clip whose name is no UTF-8, by a link": _path(
        lambda folder: make.link(folder, make.sound(folder, os.fsdecode(b"\xff\xfe.wav"))), "bad_request"
    ),
    "an output folder whose name is no UTF-8, by a link": _into(
        lambda folder: make.link(folder, _folder(os.fsdecode(b"\xff\xfe"))(folder), "out"), "bad_request"
    ),
}

GROUPS = {
    "no audio": NO_AUDIO, "audio": AUDIO, "names": NAMES, "no files": NO_FILES, "changed while it waits": CHANGED,
    "folders": FOLDERS, "regions": REGIONS,
}  # fmt: skip
CASES = {f"{group}: {name}": case for group, cases in GROUPS.items() for name, case in cases.items()}
