"""retone directions, with an engine that follows a script."""

import json
import os
import signal
import subprocess
import sys

import pytest
import soundfile

from bridge.command_line import NO_SERVICE, files
from bridge.harness import SCRIPT

PREVIEWS = ["1-minus.wav", "1-plus.wav", "2-minus.wav", "2-plus.wav"]


def test_a_listing_previews_and_a_picture_lie_in_a_new_folder_beside_the_clip(retone, where, clip):
    status, out, err = retone("directions", clip, "--count", 2, *where)
    assert status == 0, err
    folder = clip.parent / "My loop-directions"
    assert files(folder) == [*PREVIEWS, "directions.json", "directions.png"]
    heads, first, second, _, last = out.splitlines()
    assert heads.split() == ["direction", "variance", "seconds", "Hz", "plus", "minus"]
    # From frame 100 on, 400 frames at 8000 Hz.
    assert first.split() == ["1", "50", "%", "0.01", "-", "0.06", "125", "-", "1000", "1-plus.wav", "1-minus.wav"]
    assert second.split() == ["2", "25", "%", "0.03", "-", "0.07", "250", "-", "1000", "2-plus.wav", "2-minus.wav"]
    assert last == str(folder)
    assert "finding directions" in err
    (asked,) = retone.requests
    assert (asked["kind"], asked["count"]) == ("directions", 2)


def test_the_listing_is_for_programs_too(retone, where, clip):
    status, out, _ = retone("directions", clip, "--count", 2, "--json", "--no-picture", *where)
    assert status == 0
    folder = clip.parent / "My loop-directions"
    assert files(folder) == [*PREVIEWS, "directions.json"]
    listing = json.loads((folder / "directions.json").read_text())
    assert json.loads(out) == {"folder": str(folder), **listing}
    assert (listing["clip"], listing["rate"]) == ("My loop.wav", 8000)
    where_it_acts = {"start": 100, "frames": 400, "low_hz": 125.0, "high_hz": 1000.0}
    previews = {"plus": "1-plus.wav", "minus": "1-minus.wav"}
    assert listing["directions"][0] == {"direction": 1, "share": 0.5, **where_it_acts, **previews}


def test_folders_are_counted_up_and_never_mixed(retone, clip):
    for _ in range(2):
        assert retone("directions", clip, "--no-picture", *NO_SERVICE)[0] == 0
    assert (clip.parent / "My loop-directions-2" / "3-minus.wav").is_file()
    for taken in (clip.parent / "My loop-directions", clip):
        before = files(clip.parent)
        status, out, err = retone("directions", clip, "-o", taken, *NO_SERVICE)
        assert (status, out) == (4, "")
        assert str(taken) in err
        assert files(clip.parent) == before
    status, _, err = retone("directions", clip, "-o", clip.parent / "none" / "new", *NO_SERVICE)
    assert (status, "There is no folder" in err) == (4, True)


def test_an_empty_folder_may_be_named(retone, where, clip):
    (clip.parent / "mine").mkdir()
    for name in ("mine", "yours"):
        assert retone("directions", clip, "-o", clip.parent / name, "--count", 2, "--no-picture", *where)[0] == 0
        assert files(clip.parent / name) == [*PREVIEWS, "directions.json"]


@pytest.mark.parametrize(("trouble", "expected"), [("fail out_of_memory", 5), ("crash", 1)])
@pytest.mark.parametrize("there", [False, True])
def test_what_fails_leaves_nothing(retone, where, clip, trouble, expected, there):
    folder = clip.parent / "out"
    if there:
        folder.mkdir()
    status, out, _ = retone("directions", clip, "--source-prompt", trouble, "-o", folder, *where)
    assert (status, out) == (expected, "")
    assert folder.exists() == there
    assert files(clip.parent) in (["My loop.wav"], ["My loop.wav", "crashed"])


@pytest.mark.parametrize("there", [False, True])
def test_a_picture_that_fails_leaves_nothing_either(retone, where, clip, there):
    folder = clip.parent / "out"
    if there:
        folder.mkdir()
    soundfile.write(clip, [], 8000)  # the script copies it all the same
    status, out, err = retone("directions", clip, "-o", folder, *where)
    assert (status, out) == (3, "")
    assert "holds no frames" in err
    assert folder.exists() == there
    assert files(clip.parent) == ["My loop.wav"]


def test_what_others_put_into_a_named_folder_meanwhile_stays(retone, clip, monkeypatch):
    folder = clip.parent / "out"
    folder.mkdir()

    def draw(*given):
        (folder / "theirs.txt").write_text("theirs")
        raise KeyboardInterrupt

    monkeypatch.setattr("retone_bridge.engine.draw_directions", draw)
    assert retone("directions", clip, "-o", folder, *NO_SERVICE)[0] == 130
    assert files(folder) == ["theirs.txt"]


def test_ctrl_c_leaves_no_folder(clip, where):
    code = f"""
import sys
import retone_bridge.commands.work as work
work.engine_command = lambda *given: {SCRIPT!r}
from retone_bridge.cli import main
sys.exit(main())
"""
    command = [sys.executable, "-c", code, "directions", clip, "--source-prompt", "slow", *where]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while "inverting" not in process.stderr.readline():
        assert process.poll() is None
    assert (clip.parent / "My loop-directions").is_dir()
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "retone: The job was cancelled."
    assert [path.name for path in clip.parent.iterdir() if path.name != "slowed"] == ["My loop.wav"]


def test_settings_are_those_of_directions(retone, clip):
    assert "unrecognized arguments: --negative-prompt" in retone("directions", clip, "--negative-prompt", "x")[2]
    status, _, err = retone("directions", clip, "--set", "negative_prompt=x")
    assert (status, "no parameter 'negative_prompt' of directions" in err) == (2, True)
    status, _, err = retone("directions", clip, "--set", "only=1")
    assert (status, "retone again PREVIEW" in err) == (2, True)
    assert "--only" not in retone("directions", "--help")[1]
