"""The WAV files that Lua writes are the engine's, and Lua reads the engine's recipes."""

import time

import numpy as np
import pytest
import soundfile

from reaper.fake import Reaper
from retone_engine.audio import wav as engine_wav

WRITE = """
local path, rate, channels, count = ...
local writer = assert(require("retone.wav").create(path, rate, channels))
local samples = {}
for place = 1, count * channels do samples[place] = math.sin(place) end
for first = 1, #samples, 5000 * channels do
  assert(writer:write(table.move(samples, first, math.min(first + 5000 * channels - 1, #samples), 1, {})))
end
assert(not io.open(path, "rb"), "it bears its name only when it is whole")
return writer:finish()"""


@pytest.fixture(params=["5.3", "5.4"])
def reaper(tmp_path, request):
    return Reaper(tmp_path, lua=request.param)


@pytest.mark.parametrize(("channels", "frames"), [(1, 1), (1, 12345), (2, 12345), (3, 500), (6, 5000)])
def test_lua_writes_the_bytes_of_the_engine(reaper, tmp_path, channels, frames):
    path = tmp_path / "é 'x'.wav"
    assert reaper.lua_values(WRITE, path, 44100, channels, frames) is True
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    wanted = np.sin(np.arange(1, frames * channels + 1)).astype(np.float32).reshape(-1, channels)
    assert rate == 44100
    assert np.array_equal(samples, wanted)
    engine_wav.write(tmp_path / "engine.wav", wanted.T, 44100, "")
    by_engine = (tmp_path / "engine.wav").read_bytes()
    # The engine's has a comment, which is empty here, between its format and its samples.
    start = by_engine.index(b"LIST")
    without = by_engine[:start] + by_engine[by_engine.index(b"data") :]
    assert path.read_bytes()[8:] == without[8:]
    assert not path.with_name(path.name + ".part").exists()


@pytest.mark.parametrize("text", ['{"prompt": "été", "seed": 7}', "odd", "", "long " * 5000])
def test_lua_reads_what_the_engine_noted(reaper, tmp_path, text):
    path = tmp_path / "result.wav"
    engine_wav.write(path, np.zeros((2, 100), np.float32), 8000, text)
    assert reaper.lua_values('return require("retone.wav").recipe(...)', path) == text == engine_wav.read_text(path)


def test_of_damaged_files_lua_reads_what_the_engine_does(reaper, tmp_path):
    recipe = 'return require("retone.wav").recipe(...)'
    path = tmp_path / "damaged.wav"
    assert reaper.lua_values(recipe, path) is None
    engine_wav.write(tmp_path / "a.wav", np.zeros((1, 10), np.float32), 8000, "text")
    whole = (tmp_path / "a.wav").read_bytes()
    cut = [whole[:size] for size in range(len(whole) - 40)]
    others = [b"RIFX" + whole[4:], whole.replace(b"LIST", b"list"), whole[:16] + b"\xff\xff\xff\xff" + whole[20:]]
    for data in (*cut, *others):
        path.write_bytes(data)
        assert reaper.lua_values(recipe, path) == engine_wav.read_text(path)


def test_a_file_of_4_gb_is_refused(reaper):
    code = 'return require("retone.wav").fits(...)'
    most = (2**32 - 1 - 4 - 26 - 12 - 8) // 8
    assert reaper.lua_values(code, 48000, 2, most) is True
    for more in (most + 1, 1e300):
        assert reaper.lua_values(code, 48000, 2, more)[1].startswith("A WAV file holds 4 GB")


@pytest.mark.parametrize("sample", ["0/0", "1/0", "-1/0", "1e300"])
def test_samples_that_are_no_numbers_are_refused_and_no_file_is_left(reaper, tmp_path, sample):
    code = f"""
    local writer = require("retone.wav").create(..., 8000, 1)
    return writer:write({{ 0.5, {sample}, 0.5 }})"""
    assert "samples that are no numbers" in reaper.lua_values(code, tmp_path / "out.wav")[1]
    assert list(tmp_path.glob("out*")) == []


def test_a_file_that_cannot_be_made_is_named(reaper, tmp_path):
    code = 'return require("retone.wav").create(..., 8000, 1)'
    why = reaper.lua_values(code, tmp_path / "no folder" / "out.wav")[1]
    assert str(tmp_path / "no folder" / "out.wav") in why
    assert "Check the folder's rights" in why


def test_a_disk_that_gets_full_at_the_end_leaves_nothing(reaper, tmp_path):
    (tmp_path / "out.wav.part").symlink_to("/dev/full")
    code = """
    local writer = require("retone.wav").create(..., 8000, 1)
    writer:write({ 0.5 })
    return writer:finish()"""
    assert "Make room on the disk" in reaper.lua_values(code, tmp_path / "out.wav")[1]
    assert list(tmp_path.glob("out*")) == []


def test_a_minute_of_stereo_is_packed_in_a_moment(reaper, tmp_path):
    code = """
    local writer = require("retone.wav").create(..., 48000, 2)
    local second = {}
    for place = 1, 96000 do second[place] = math.sin(place) end
    for _ = 1, 60 do writer:write(second) end
    return writer:finish()"""
    began = time.perf_counter()
    assert reaper.lua_values(code, tmp_path / "out.wav") is True
    assert time.perf_counter() - began < 5
    assert soundfile.info(tmp_path / "out.wav").frames == 60 * 48000
