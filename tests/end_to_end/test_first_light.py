"""The whole way with nothing replaced: a file on disk, OSC, the service, the engine, the pocket model, a file."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from bridge.harness import running
from retone_bridge.protocol import Ack, Done, Fail, Progress, Result, Warned
from retone_bridge.workers import engine_command

DEMO = Path(__file__).parents[2] / "bridge/retone_bridge/data/demo.flac"
QUICK = {"steps": 12, "strength": 0.5}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with running(tmp_path_factory.mktemp("state"), worker=engine_command("cpu")) as service:
        yield service


@pytest.fixture(scope="module")
def retone(service):
    return service.client(patience_seconds=120)


@pytest.fixture
def clip(tmp_path):
    """Two seconds of the demo clip: stereo, 44.1 kHz."""
    samples, rate = soundfile.read(DEMO, frames=88200, always_2d=True)
    path = tmp_path / "Überleitung 2.wav"
    soundfile.write(path, samples, rate, subtype="PCM_24")
    return path


def edit(retone, clip, prompt="played by a string quartet", **settings):
    return list(retone.edit(str(clip), prompt, output_folder=str(clip.parent), **QUICK | settings))


def result_of(events):
    assert isinstance(events[-1], Done), events[-1]
    return Path(events[-1].first_path)


def test_a_clip_comes_back_edited_exact_in_length_rate_and_channels(retone, clip):
    events = edit(retone, clip)
    assert isinstance(events[0], Ack)
    kinds = [type(event) for event in events]
    assert kinds.index(Progress) < kinds.index(Result) < kinds.index(Done)
    output = result_of(events)
    before, after = soundfile.info(clip), soundfile.info(output)
    assert (after.frames, after.samplerate, after.channels) == (before.frames, before.samplerate, before.channels)
    assert output.parent == clip.parent
    assert output.name.startswith("Überleitung 2-")
    change = soundfile.read(output)[0] - soundfile.read(clip)[0]
    assert np.sqrt(np.mean(change**2)) > 0.01


def test_a_weak_edit_stands_where_the_clip_stands(retone, clip):
    output = result_of(edit(retone, clip, strength=0.1))
    before, after = (soundfile.read(path)[0].mean(axis=1) for path in (clip, output))
    # At eight times the rate a frame is 3 microseconds.
    before, after = (soxr.resample(x[20000:50000], 1, 8) for x in (before, after))
    spectrum = np.fft.rfft(after, 2 * len(after)) * np.conj(np.fft.rfft(before, 2 * len(before)))
    correlation = np.fft.irfft(spectrum)
    lag = int(np.argmax(correlation))
    lag = lag if lag < len(before) else lag - len(correlation)
    assert abs(lag / (8 * 44100)) < 0.001


def test_the_same_request_gives_the_same_samples(retone, clip):
    first, second = (result_of(edit(retone, clip, seed=3)) for _ in range(2))
    assert first != second
    assert soundfile.read(first)[0].tobytes() == soundfile.read(second)[0].tobytes()


def test_only_the_region_is_rendered_and_only_the_mask_changed(retone, clip):
    output = result_of(edit(retone, clip, region_start=4410, region_frames=66150, mask_start=22050, mask_frames=22050))
    source = soundfile.read(clip, start=4410, frames=66150, dtype="float32")[0]
    edited = soundfile.read(output, dtype="float32")[0]
    assert edited.shape == source.shape
    inside = slice(22050 - 4410, 44100 - 4410)
    assert not np.array_equal(edited[inside], source[inside])
    edited[inside] = source[inside]
    assert np.array_equal(edited, source)


def test_variations_are_files_of_their_own(retone, clip):
    events = edit(retone, clip, variations=2, steps=4)
    paths = [event.path for event in events if isinstance(event, Result)]
    assert len(set(paths)) == events[-1].count == 2
    assert soundfile.read(paths[0])[0].tobytes() != soundfile.read(paths[1])[0].tobytes()


def test_a_prompt_of_unknown_words_is_warned_of_and_done(retone, clip):
    events = edit(retone, clip, prompt="zzyzx", steps=4)
    (warning,) = [event for event in events if isinstance(event, Warned) and event.code == "unknown_words"]
    assert "It knows these sounds" in warning.message
    assert isinstance(events[-1], Done)


def test_a_running_edit_is_cancelled_and_leaves_no_file(service, clip):
    peer = service.peer()
    peer.send("edit", "slow1", str(clip), "prompt", "choir", "steps", 1000, "output_folder", str(clip.parent))
    peer.until("progress")
    peer.send("cancel", "slow1")
    failed = peer.until("fail", "done")[-1]
    assert failed[:3] == ("fail", "slow1", "cancelled")
    assert list(clip.parent.iterdir()) == [clip]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("text.wav", b"these are words", "unreadable_audio"),
        ("empty.wav", b"", "unreadable_audio"),
        ("gone.wav", None, "no_such_file"),
    ],
)
def test_what_is_no_clip_is_refused_by_code(retone, tmp_path, name, content, code):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    events = edit(retone, path)
    assert isinstance(events[-1], Fail)
    assert events[-1].code == code
    assert name in events[-1].message
    assert [p.name for p in tmp_path.iterdir()] == ([name] if content is not None else [])


@pytest.mark.parametrize(
    ("samples", "code"),
    [(np.zeros((0, 2)), "empty_audio"), (np.full((100, 2), np.nan), "bad_samples")],
)
def test_audio_that_holds_no_sound_is_refused_by_code(retone, tmp_path, samples, code):
    path = tmp_path / "clip.wav"
    soundfile.write(path, samples, 44100, subtype="FLOAT")
    assert edit(retone, path)[-1].code == code
    assert [p.name for p in tmp_path.iterdir()] == ["clip.wav"]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"region_start": 10**7}, "bad_region"),
        ({"mask_frames": 10**7}, "bad_mask"),
        ({"model": "nonesuch"}, "unknown_model"),
        ({"steps": 4, "output_folder": "/nowhere/at/all"}, "no_such_folder"),
    ],
)
def test_what_cannot_be_done_is_refused_by_code(retone, clip, settings, code):
    settings = {"output_folder": str(clip.parent), **settings}
    events = list(retone.edit(str(clip), "choir", **settings))
    assert events[-1].code == code
    assert list(clip.parent.iterdir()) == [clip]


def test_a_speaking_voice_goes_through(retone, tmp_path, voice):
    output = result_of(edit(retone, voice, prompt="choir"))
    assert soundfile.info(output).frames == soundfile.info(voice).frames


@pytest.fixture
def voice(tmp_path):
    path = tmp_path / "voice.wav"
    try:
        subprocess.run(["espeak-ng", "-w", path, "one two three four"], check=True)
    except FileNotFoundError:
        pytest.skip("espeak-ng is not installed; it makes the voice for this test")
    return path


def test_edit_works_with_no_service_and_never_overwrites(clip, tmp_path):
    command = [sys.executable, "-m", "retone_bridge.cli", "edit", str(clip), "a church organ", "--port", "9"]
    command += ["--set", "steps=4", "-o", str(tmp_path / "organ.wav")]
    first = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert first.returncode == 0, first.stderr
    assert soundfile.info(tmp_path / "organ.wav").frames == 88200
    assert (tmp_path / "organ.png").read_bytes().startswith(b"\x89PNG")
    content = (tmp_path / "organ.wav").read_bytes()
    again = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert again.returncode == 4
    assert "organ.wav" in again.stderr
    assert (tmp_path / "organ.wav").read_bytes() == content
