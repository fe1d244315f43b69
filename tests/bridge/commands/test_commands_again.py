"""retone again, with an engine that follows a script: it copies the clip, and with it the recipe that lies in it."""

import json

import numpy as np
import pytest
import soundfile

from bridge.command_line import NO_SERVICE, files
from bridge.harness import running
from retone_bridge import engine
from retone_bridge.paths import state_folder
from retone_engine.audio import read, write
from retone_engine.recipe import Recipe, fingerprint
from retone_engine.request import PLACES, DirectionsRequest, EditRequest, Push, SteerRequest

ENGINE = {"retone": "0.2", "torch": "2.13", "device": "cpu", "threads": 2, "model": "pocket", "model_sha256": "a" * 64}
EDIT = EditRequest("", prompt="strings", strength=0.4, seed=7)


def sound(seed=0):
    return 0.1 * np.random.default_rng(seed).standard_normal((1, 800)).astype(np.float32)


def recipe(of, request, start=0, frames=800, **engine):
    """The recipe of a result of ``request`` on the file ``of``."""
    values = {name: value for name, value in request.values().items() if name not in PLACES}
    region = read(of, start, frames)
    source = {"name": of.name, "rate": 8000, "channels": 1, "start": start, "frames": frames}
    return Recipe(values, {**source, "sha256": fingerprint(region)}, ENGINE | engine).to_json()


@pytest.fixture
def clip(tmp_path):
    """A clip that holds a recipe, as what this scripted engine makes of it must."""
    path = tmp_path / "music" / "My loop.wav"
    path.parent.mkdir()
    soundfile.write(path, sound()[0], 8000, subtype="FLOAT")
    text = recipe(path, EDIT)
    path.unlink()
    write(path, sound(), 8000, text)
    return path


@pytest.fixture
def made(clip):
    """Makes results of the clip, as a Retone did earlier."""

    def make(request=EDIT, name="result.wav", folder=clip.parent, of=clip, **more):
        folder.mkdir(parents=True, exist_ok=True)
        write(folder / name, sound(seed=1), 8000, recipe(of, request, **more))
        return folder / name

    return make


def asked(request):
    """What is said of a request besides its defaults."""
    return {name: value for name, value in request.items() if name not in PLACES}


def values(request):
    return asked(json.loads(json.dumps(request.values())))


STEER = SteerRequest("", pushes=(Push(2, (0.1, -1.0)), Push(1, (0.3,))), count=4)
VARIATION = EditRequest("", prompt="choir", variations=4, only=3)
SEGMENTS = EditRequest("", segments="0-0.05 a flute", guidance_scale=3.5)
PREVIEW = DirectionsRequest("", count=5, noise_level=0.3, only=4)


@pytest.mark.parametrize("request_", [EDIT, SEGMENTS, VARIATION, PREVIEW], ids=lambda request: str(request.results))
def test_the_engine_is_asked_for_the_same_once_more(retone, where, clip, made, request_):
    result = made(request_)
    status, out, err = retone("again", result, *where)
    assert (status, err.count("note:")) == (0, 0), err
    assert out.splitlines() == [str(result.with_name("result-again.wav")), str(result.with_name("result-again.png"))]
    (request,) = retone.requests
    assert request["path"] == str(clip)
    assert asked(request) == values(request_)


def test_a_steer_of_several_amounts_is_numbered_again(retone, where, made):
    result = made(STEER)
    assert retone("again", result, "--no-picture", *where)[0] == 0
    assert {"result-again-1.wav", "result-again-2.wav"} <= set(files(result.parent))
    assert asked(retone.requests[0]) == values(STEER)


def test_names_are_counted_up(retone, made):
    result = made()
    for _ in range(3):
        assert retone("again", result, "--no-picture", *NO_SERVICE)[0] == 0
    again = [name for name in files(result.parent) if "again" in name]
    assert again == ["result-again-2.wav", "result-again-3.wav", "result-again.wav"]


def test_settings_are_changed_by_their_own_words(retone, made):
    changes = ("--prompt", "choir", "--seed", "8", "--set", "strength=auto")
    assert retone("again", made(), *changes, "--no-picture", *NO_SERVICE)[0] == 0
    assert asked(retone.requests[0]) == values(EditRequest("", prompt="choir", seed=8))
    status, _, err = retone("again", made(PREVIEW, "1-plus.wav"), "--variations", "2", *NO_SERVICE)
    assert (status, "no parameter 'variations' of directions" in err) == (2, True)


def test_a_steer_is_taken_further(retone, made):
    assert retone("again", made(STEER), "--direction", 3, "--amount", "-1", "--no-picture", *NO_SERVICE)[0] == 0
    assert retone.requests[0]["pushes"] == [{"direction": 3, "amounts": [-1.0]}]
    assert retone.requests[0]["count"] == 4
    status, _, err = retone("again", made(name="edit.wav"), "--direction", 3, "--amount", "1", *NO_SERVICE)
    assert (status, "are for steer; this result is of edit" in err) == (2, True)


def test_a_clip_is_found_beside_the_folder_of_a_preview(retone, clip, made):
    preview = made(PREVIEW, "2-minus.wav", clip.parent / "My loop-directions", start=200, frames=300)
    assert retone("again", preview, "--no-picture", *NO_SERVICE)[0] == 0
    assert retone.requests[0]["path"] == str(clip)


def test_a_clip_is_found_where_the_service_knows_it(retone, where, clip, made, tmp_path):
    elsewhere = made(folder=tmp_path / "far" / "away")
    if where != NO_SERVICE:
        assert retone("edit", clip, "strings", "--no-picture", *where)[0] == 0
        assert retone("again", elsewhere, "--no-picture", *where)[0] == 0
        assert retone.requests[-1]["path"] == str(clip)
    else:
        status, out, err = retone("again", elsewhere, "--no-picture", *where)
        assert (status, out) == (3, "")
        assert "My loop.wav" in err and "--clip" in err
        assert not state_folder().exists()  # no journal is made for the question


def test_a_clip_is_found_in_the_journal_of_a_service_that_has_ended(retone, clip, made, tmp_path):
    elsewhere = made(folder=tmp_path / "far" / "away")
    with running(state_folder()) as service:
        list(service.client().edit(clip, "strings"))
        # While it runs, and its port is not known, its journal cannot be read.
        assert retone("again", elsewhere, "--no-picture", *NO_SERVICE)[0] == 3
    assert retone("again", elsewhere, "--no-picture", *NO_SERVICE)[0] == 0
    assert retone.requests[-1]["path"] == str(clip)


def test_a_clip_is_known_by_its_content_and_not_by_its_name(retone, clip, made, tmp_path):
    elsewhere = made(folder=tmp_path / "far" / "away")
    for folder, seed in ((elsewhere.parent, 5), (elsewhere.parent.parent, 0)):
        soundfile.write(folder / clip.name, sound(seed)[0], 8000, subtype="FLOAT")
    clip.unlink()
    retone("again", elsewhere, "--no-picture", *NO_SERVICE)
    assert retone.requests[-1]["path"] == str(tmp_path / "far" / clip.name)


def test_a_name_comes_back_as_it_went_on_a_system_of_another_encoding(clip, made, monkeypatch):
    odd = clip.rename(clip.with_name("Schläge ♪.wav"))
    result = made(of=odd)
    for name, value in {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}.items():
        monkeypatch.setenv(name, value)
    assert engine.ask("recipe", str(result), "--among", str(odd))["clip"] == str(odd)


def test_a_clip_that_is_named_may_be_another_and_that_is_said(retone, clip, made, tmp_path):
    result = made()
    other = tmp_path / "other.wav"
    write(other, sound(seed=3), 8000, recipe(clip, EDIT))
    status, _, err = retone("again", result, "--clip", other, "--no-picture", *NO_SERVICE)
    assert status == 0
    assert f"note: {other} is not the clip that result.wav was made from" in err
    assert retone.requests[-1]["path"] == str(other)
    moved = clip.rename(tmp_path / "moved.wav")
    status, _, err = retone("again", result, "--clip", moved, "--no-picture", *NO_SERVICE)
    assert (status, "note:" in err) == (0, False)


@pytest.mark.parametrize(
    ("made_with", "sentence"),
    [
        ({"torch": "2.12"}, "made with torch 2.12, this is 2.13"),
        ({"device": "cuda:0"}, "made with the device cuda:0, this is cpu"),
        ({"threads": 8}, "made with a thread count of 8, this is 2"),
        ({"retone": "0.1"}, "made with Retone 0.1, this is 0.2"),
        ({"model_sha256": "b" * 64}, "made with the weights bbbbbbbbbbbbbbbb, this is aaaaaaaaaaaaaaaa"),
        ({"rows": 4}, "memory was short for one of the two, which was made in smaller batches"),
    ],
)
def test_what_makes_other_bits_is_said(retone, made, made_with, sentence):
    result = made(**made_with)
    status, _, err = retone("again", result, "--no-picture", *NO_SERVICE)
    assert status == 0
    assert [line for line in err.splitlines() if "note:" in line] == [
        f"note: {sentence}; other samples are to be expected"
    ]
    # Where something is changed on purpose, other samples are what is asked for.
    assert "note:" not in retone("again", result, "--seed", 8, "--no-picture", *NO_SERVICE)[2]


def test_every_difference_has_its_line(retone, made):
    err = retone("again", made(torch="2.12", threads=8, retone="0.1"), "--no-picture", *NO_SERVICE)[2]
    assert err.count("note:") == 3


def test_a_file_without_a_recipe_is_refused(retone, tmp_path):
    plain = tmp_path / "plain.wav"
    soundfile.write(plain, sound()[0], 8000)
    status, out, err = retone("again", plain, *NO_SERVICE)
    assert (status, out) == (3, "")
    assert "plain.wav holds no recipe" in err
