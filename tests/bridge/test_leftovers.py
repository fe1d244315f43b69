"""What a job left behind is known from the files alone, and nobody else's file is touched."""

import numpy as np
import pytest

from retone_bridge.leftovers import discard, finished, sweep
from retone_engine import audio
from retone_engine.audio.files import Clip
from retone_engine.recipe import Recipe
from retone_engine.request import PROMPT_LIMIT, EditRequest

SOUND = np.full((2, 100), 0.25, np.float32)


def write(path, job, prompt="strings"):
    request = EditRequest.of("/a.wav", {"prompt": prompt, "negative_prompt": prompt})
    recipe = Recipe.of(request, Clip(SOUND, 44100, 0, 100, "/a.wav"), {"model": "pocket"}, job)
    audio.write(path, SOUND, 44100, recipe.to_json())
    return str(path)


def test_a_result_of_the_job_is_known_by_its_recipe(tmp_path):
    outputs = [write(tmp_path / "a-r1-1.wav", "r1"), write(tmp_path / "a-r1-2.wav", "r1")]
    assert finished(outputs, "r1")
    assert not finished(outputs, "r")
    assert not finished([*outputs, str(tmp_path / "a-r1-3.wav")], "r1")
    assert not finished([], "r1")


@pytest.mark.parametrize("job", [None, "r2", "r11"])
def test_a_result_of_another_job_or_of_none_is_left_alone(tmp_path, job):
    output = write(tmp_path / "a-r1.wav", job)
    assert not finished([output], "r1")
    discard([output], "r1")
    assert (tmp_path / "a-r1.wav").exists()


def test_no_prompt_poses_as_a_job_s_id(tmp_path):
    for number, prompt in enumerate(('"job": "r1"', '\\"job\\": \\"r1\\"', "\N{PILE OF POO}" * (PROMPT_LIMIT // 8))):
        assert not finished([write(tmp_path / f"{number}.wav", "r2", prompt)], "r1")
        assert finished([str(tmp_path / f"{number}.wav")], "r2"), "and the longest prompt hides no id"


def test_other_files_links_and_folders_are_nothing_of_ours(tmp_path):
    real = write(tmp_path / "real.wav", "r1")
    (tmp_path / "link.wav").symlink_to(real)
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "text.wav").write_text('"job": "r1"')
    names = ["link.wav", "folder.wav", "text.wav", "absent.wav"]
    outputs = [str(tmp_path / name) for name in names]
    assert not any(finished([output], "r1") for output in outputs)
    discard(outputs, "r1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.wav", "link.wav", "real.wav", "text.wav"]


def test_what_a_job_left_is_removed_and_no_more(tmp_path):
    output = write(tmp_path / "a-r1.wav", "r1")
    others = [".retone-r1-2.00.part", ".retone-r11.00.part", ".retone-x.00.part", "r1.part", "notes.txt"]
    for name in (".retone-r1.0123456789abcdef.part", *others):
        (tmp_path / name).write_bytes(b"half")
    discard([output], "r1")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)
    sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "r1.part"]


def test_a_folder_that_has_gone_is_no_matter(tmp_path):
    discard([str(tmp_path / "gone" / "a.wav")], "r1")
    assert not finished([str(tmp_path / "gone" / "a.wav")], "r1")
