import os
import struct
import threading

import numpy as np
import pytest
import soundfile

from engine.sounds import noise
from retone_engine.audio import probe, read
from retone_engine.request import RetoneError

EXACT = [
    ("WAV", "FLOAT"),
    ("WAV", "PCM_24"),
    ("WAV", "PCM_16"),
    ("AIFF", "PCM_24"),
    ("FLAC", "PCM_24"),
    ("W64", "FLOAT"),
]
LOSSY = [("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")]


@pytest.fixture
def save(tmp_path):
    def save(samples, rate=48000, kind=("WAV", "FLOAT"), name="clip.wav"):
        path = tmp_path / name
        soundfile.write(path, samples.T, rate, format=kind[0], subtype=kind[1])
        return path

    return save


def refused(code, path, **region):
    with pytest.raises(RetoneError) as caught:
        read(path, **region)
    assert caught.value.code == code
    assert path.name in caught.value.message
    return caught.value.message


@pytest.mark.parametrize("kind", EXACT, ids="-".join)
def test_a_file_is_read_as_it_was_written(save, kind):
    samples = noise(30_000, 2)
    clip = read(save(samples, kind=kind))
    step = {"FLOAT": 0, "PCM_24": 2**-23, "PCM_16": 2**-15}[kind[1]]
    assert np.abs(clip.samples - samples).max() <= step
    assert (clip.rate, clip.channels, clip.frames, clip.start, clip.total_frames) == (48000, 2, 30_000, 0, 30_000)
    assert clip.samples.dtype == np.float32


@pytest.mark.parametrize("kind", EXACT + LOSSY, ids="-".join)
def test_a_region_is_the_same_frames_of_the_whole(save, kind):
    path = save(noise(60_000, 2), rate=44100, kind=kind)
    whole = read(path)
    assert whole.frames == whole.total_frames == 60_000
    for start, frames in [(0, 1), (1, 100), (20_011, 30_000), (59_999, 1)]:
        region = read(path, start, frames)
        assert np.array_equal(region.samples, whole.samples[:, start : start + frames])
        assert (region.start, region.total_frames) == (start, 60_000)


def test_a_region_of_an_mp3_is_those_frames_whatever_its_bit_rate(save):
    # A tone takes less than its share of bits, so that a place in the file is hard to tell from the time.
    tone = 0.3 * np.sin(2 * np.pi * 300 * np.arange(300_000) / 48000)
    path = save(tone[None], kind=("MP3", "MPEG_LAYER_III"), name="clip.mp3")
    whole = read(path)
    assert np.abs(whole.samples - tone).max() < 0.05
    assert np.array_equal(read(path, 200_000, 4_000).samples, whole.samples[:, 200_000:204_000])


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 96000, 192000])
@pytest.mark.parametrize("channels", [1, 2, 5, 8])
def test_rates_and_channels_are_taken_as_they_are(save, rate, channels):
    path = save(noise(100, channels), rate)
    info = probe(path)
    assert (info.rate, info.channels, info.frames) == (rate, channels, 100)
    assert read(path).samples.shape == (channels, 100)


def test_a_region_outside_the_file_is_refused_with_the_files_length(save):
    path = save(noise(100))
    for start, frames in [(100, None), (0, 101), (-1, 10), (50, 0), (2**40, 1)]:
        assert "100 frames" in refused("bad_region", path, start=start, frames=frames)


def test_what_is_no_file_is_named_as_such(tmp_path):
    refused("no_such_file", tmp_path / "none.wav")
    refused("not_a_file", tmp_path)
    below = tmp_path / "file"
    below.write_bytes(b"")
    refused("no_such_file", below / "none.wav")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with a name are POSIX's")
def test_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path):
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    answer = []
    thread = threading.Thread(target=lambda: answer.append(refused("not_a_file", pipe)), daemon=True)
    thread.start()
    thread.join(5)
    assert answer, "reading a pipe hangs"


@pytest.mark.parametrize("name", ["text.wav", "text.flac", "text.mp3", "text.raw", "empty.wav"])
def test_a_file_without_audio_is_unreadable(tmp_path, name):
    path = tmp_path / name
    path.write_text("" if name.startswith("empty") else "All work and no play makes Jack a dull boy.\n" * 200)
    refused("unreadable_audio", path)


def test_a_file_of_no_frames_is_empty(save):
    path = save(noise(0, 2))
    refused("empty_audio", path)
    with pytest.raises(RetoneError, match="no frames"):
        probe(path)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
def test_a_sample_that_is_no_number_is_found_wherever_it_is(save, bad):
    samples = noise(200_000, 2)
    samples[1, 199_999] = bad
    path = save(samples)
    refused("bad_samples", path)
    assert read(path, 0, 199_999).frames == 199_999


def test_a_truncated_wav_is_as_long_as_what_is_left(save):
    samples = noise(50_000, 2)
    path = save(samples)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    clip = read(path)
    assert 24_000 < clip.frames == clip.total_frames < 25_000
    assert np.array_equal(clip.samples, samples[:, : clip.frames])
    refused("bad_region", path, start=0, frames=50_000)


def test_a_truncated_flac_is_called_damaged(save):
    path = save(noise(50_000, 2), kind=("FLAC", "PCM_16"), name="clip.flac")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert "damaged" in refused("unreadable_audio", path)


def test_a_truncated_mp3_gives_what_is_left_and_corrects_its_length(save):
    path = save(noise(50_000, 2), kind=("MP3", "MPEG_LAYER_III"), name="clip.mp3")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    clip = read(path)
    assert 20_000 < clip.frames == clip.total_frames < 30_000


def test_a_header_that_promises_terabytes_costs_no_memory(save):
    # FLAC keeps its count of frames in 36 bits of the STREAMINFO block, at byte 21 of the file.
    path = save(noise(50_000, 8), rate=192000, kind=("FLAC", "PCM_16"), name="clip.flac")
    data = bytearray(path.read_bytes())
    data[21] |= 0x0F
    data[22:26] = b"\xff" * 4
    path.write_bytes(data)
    assert probe(path).frames == 2**36 - 1  # two terabytes of float32
    try:
        assert read(path).frames == 50_000
    except RetoneError as error:
        assert error.code == "unreadable_audio"


def test_a_wav_that_lies_about_its_size_gives_the_frames_it_holds(save):
    path = save(noise(1000, 2))
    data = bytearray(path.read_bytes())
    place = data.index(b"data") + 4
    data[place : place + 4] = struct.pack("<I", 0xFFFFFFF0)
    path.write_bytes(data)
    assert read(path).frames == 1000


@pytest.mark.parametrize("rate", [0, 1, 7999, 192001, 2**31 - 1])
def test_a_rate_out_of_reach_is_refused(save, rate):
    path = save(noise(1000))
    data = bytearray(path.read_bytes())
    place = data.index(b"fmt ") + 12
    data[place : place + 4] = struct.pack("<I", rate)
    path.write_bytes(data)
    refused("unreadable_audio", path)


def test_nine_channels_are_refused(save):
    assert "9 channels" in refused("unreadable_audio", save(noise(100, 9)))


@pytest.mark.parametrize("kind", [*EXACT, *LOSSY], ids="-".join)
def test_damaged_bytes_give_audio_or_an_error_and_never_a_crash(save, kind, tmp_path):
    data = save(noise(6_000, 2), kind=kind).read_bytes()
    chance = np.random.default_rng(0)
    path = tmp_path / "damaged"
    for _ in range(60):
        damaged = bytearray(data)
        for place in chance.integers(0, min(len(data), 200), 8):
            damaged[place] = chance.integers(256)
        path.write_bytes(damaged)
        try:
            assert np.isfinite(read(path).samples).all()
        except RetoneError as error:
            assert error.code in ("unreadable_audio", "bad_samples", "empty_audio", "bad_region")


def test_names_beyond_ascii_are_read(save):
    assert read(save(noise(10), name="Flöte ☃ 二胡.wav")).frames == 10
