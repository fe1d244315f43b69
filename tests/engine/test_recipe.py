import json
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from engine.sounds import clip, noise
from retone_engine.audio import read, write
from retone_engine.recipe import VERSION, Recipe, fingerprint
from retone_engine.request import EditRequest, RetoneError, request_of

ENGINE = {"model": "pocket", "revision": "1", "block": 16, "precision": "float32", "device": "cpu", "torch": "2.13.0"}


def recipe(**settings):
    request = EditRequest.of("/music/clip.wav", {"prompt": "a flute", **settings})
    return Recipe.of(request, clip(noise(1000, 2), 44100, start=500), ENGINE)


@given(
    prompt=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=400).filter(str.strip),
    seed=st.integers(0, 2**31 - 1),
    strength=st.none() | st.floats(0, 1),
)
def test_a_recipe_comes_back_from_its_file_as_it_was(tmp_path_factory, prompt, seed, strength):
    path = tmp_path_factory.mktemp("recipe") / "out.wav"
    made = recipe(prompt=prompt, seed=seed, strength=strength)
    write(path, noise(10), 48000, made.to_json())
    found = Recipe.from_file(path)
    assert found == made
    assert request_of({"path": "clip.wav", **found.request}).prompt == prompt.strip()


def test_a_recipe_names_the_region_it_was_made_from():
    assert recipe().source == {
        "name": "clip.wav",
        "rate": 44100,
        "channels": 2,
        "start": 500,
        "frames": 1000,
        "sha256": fingerprint(clip(noise(1000, 2), 44100)),
    }


def test_the_fingerprint_is_the_audios_and_not_the_files(tmp_path):
    samples = np.round(noise(3000, 2) * 2**15) / 2**15
    for name, kind in [("a.wav", "PCM_16"), ("a.flac", "PCM_24"), ("a.aiff", "PCM_24")]:
        soundfile.write(tmp_path / name, samples.T, 48000, subtype=kind)
    prints = {fingerprint(read(path)) for path in tmp_path.iterdir()}
    assert len(prints) == 1
    samples[1, 2999] += 2**-15
    assert fingerprint(clip(samples, 48000)) not in prints


def test_the_same_recipe_is_the_same_text_of_plain_ascii():
    made = recipe(prompt="Flöte ☃")
    assert made.to_json() == recipe(prompt="Flöte ☃").to_json()
    assert made.to_json().isascii()
    assert "\n" not in made.to_json()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "only the WAV files that Retone wrote"),
        ("a nice take", "no recipe"),
        ("[" * 100_000, "no recipe"),
        ("{}", "no recipe"),
        (json.dumps({**json.loads(recipe().to_json()), "source": 1}), "missing"),
        (json.dumps({**json.loads(recipe().to_json()), "source": {"name": "clip.wav"}}), "missing"),
        (json.dumps({**json.loads(recipe().to_json()), "version": VERSION + 1}), "update"),
        *(
            (json.dumps({**json.loads(recipe().to_json()), "request": request}), "does not know")
            for request in (
                {"kind": "dance"},
                {"kind": ["edit"]},
                {"kind": "edit", "colour": 1},
                {"kind": "steer", "pushes": 7},
                {"kind": "steer", "pushes": [3]},
            )
        ),
    ],
)
def test_a_file_without_a_recipe_says_so(tmp_path, text, why):
    path = tmp_path / "take.wav"
    if text is None:
        soundfile.write(path, noise(10).T, 48000)
    else:
        write(path, noise(10), 48000, text)
    with pytest.raises(RetoneError, match=why) as caught:
        Recipe.from_file(path)
    assert "take.wav" in caught.value.message


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "retone_engine.recipe", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_prints_the_recipe_as_json(tmp_path):
    write(tmp_path / "out.wav", noise(10), 48000, recipe().to_json())
    done = run(tmp_path / "out.wav")
    assert done.returncode == 0
    assert Recipe.from_json(done.stdout) == recipe()


def test_the_command_fails_in_a_sentence(tmp_path):
    done = run(tmp_path / "none.wav")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("no_such_file: ")
    assert run().returncode == 2
