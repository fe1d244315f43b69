import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from engine.sounds import noise
from retone_engine import audio
from retone_engine.audio import read, read_text, write
from retone_engine.request import RetoneError


def left(folder):
    return sorted(path.name for path in folder.iterdir())


def refused(code, path, samples=None, **settings):
    with pytest.raises(RetoneError) as caught:
        write(path, noise(100) if samples is None else samples, 48000, "", **settings)
    assert caught.value.code == code


@pytest.mark.parametrize("channels", [1, 2, 3, 8])
@pytest.mark.parametrize("rate", [8000, 44100, 192000])
def test_what_is_written_is_read_back_bit_for_bit(tmp_path, channels, rate):
    samples = noise(70_001, channels)
    write(tmp_path / "out.wav", samples, rate, "text")
    clip = read(tmp_path / "out.wav")
    assert np.array_equal(clip.samples, samples)
    assert clip.rate == rate
    info = soundfile.info(tmp_path / "out.wav")
    assert (info.subtype, info.frames) == ("FLOAT", 70_001)
    assert left(tmp_path) == ["out.wav"]


def test_other_readers_see_a_short_comment_too(tmp_path):
    write(tmp_path / "out.wav", noise(10), 48000, "a flute")
    with soundfile.SoundFile(tmp_path / "out.wav") as file:
        assert file.comment == "a flute"


@given(text=st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=5000))
def test_any_text_travels_in_the_file(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("text") / "out.wav"
    write(path, noise(10), 48000, text)
    assert read_text(path) == text
    assert read(path).frames == 10


def test_the_same_audio_makes_the_same_bytes(tmp_path):
    for name in "ab":
        write(tmp_path / name, noise(1000, 2), 48000, "text")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_file_without_a_text_has_none(tmp_path):
    soundfile.write(tmp_path / "plain.wav", noise(10).T, 48000)
    soundfile.write(tmp_path / "plain.flac", noise(10).T, 48000)
    assert read_text(tmp_path / "plain.wav") is read_text(tmp_path / "plain.flac") is None
    (tmp_path / "cut.wav").write_bytes(b"RIFF\xff\xff\xff\xffWAVELIST\xff\xff\xff\xffINFOICMT")
    assert read_text(tmp_path / "cut.wav") is None


def test_a_name_that_is_taken_stays_as_it_is(tmp_path):
    path = tmp_path / "out.wav"
    path.write_text("mine")
    refused("output_exists", path)
    assert path.read_text() == "mine"
    write(path, noise(10), 48000, "", overwrite=True)
    assert read(path).frames == 10
    assert left(tmp_path) == ["out.wav"]


def test_a_dangling_link_is_not_written_through(tmp_path):
    (tmp_path / "out.wav").symlink_to(tmp_path / "elsewhere.wav")
    refused("output_exists", tmp_path / "out.wav")
    assert left(tmp_path) == ["out.wav"]


def test_of_many_writers_of_one_name_one_wins(tmp_path):
    outcomes = []

    def attempt(index):
        try:
            write(tmp_path / "out.wav", noise(20_000, seed=index), 48000, str(index))
            outcomes.append(index)
        except RetoneError as error:
            assert error.code == "output_exists"

    threads = [threading.Thread(target=attempt, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 1
    assert read_text(tmp_path / "out.wav") == str(outcomes[0])
    assert np.array_equal(read(tmp_path / "out.wav").samples, noise(20_000, seed=outcomes[0]))
    assert left(tmp_path) == ["out.wav"]


def test_where_links_are_unknown_a_taken_name_stays_all_the_same(tmp_path, monkeypatch):
    def no_links(self, target):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("pathlib.Path.hardlink_to", no_links)
    write(tmp_path / "out.wav", noise(10), 48000, "first")
    refused("output_exists", tmp_path / "out.wav")
    assert read_text(tmp_path / "out.wav") == "first"
    assert left(tmp_path) == ["out.wav"]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    refused("no_such_folder", tmp_path / "none" / "out.wav")
    with pytest.raises(RetoneError, match="none"):
        audio.free(tmp_path / "none" / "out.wav")


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path):
    (tmp_path / "out.wav").mkdir()
    refused("output_exists", tmp_path / "out.wav")
    refused("cannot_write", tmp_path / "out.wav", overwrite=True)
    assert left(tmp_path) == ["out.wav"]


def test_a_name_too_long_is_refused_and_leaves_nothing(tmp_path):
    refused("cannot_write", tmp_path / ("x" * 300 + ".wav"))
    assert left(tmp_path) == []


def test_a_sample_that_is_no_number_is_not_written(tmp_path):
    samples = noise(100)
    samples[0, 50] = np.nan
    refused("bad_samples", tmp_path / "out.wav", samples)
    assert left(tmp_path) == []


def test_a_disk_that_fills_up_leaves_nothing(tmp_path):
    pytest.importorskip("resource", reason="limits on file sizes are POSIX's")
    program = f"""
        import resource
        import numpy as np
        from retone_engine.audio import write
        from retone_engine.request import RetoneError
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            write({str(tmp_path / "out.wav")!r}, np.zeros((2, 100_000), np.float32), 48000, "")
        except RetoneError as error:
            print(error.code)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "disk_full"
    assert left(tmp_path) == []
