"""retone preset, and edits that begin with one: the same with a service and without."""

import pytest

from bridge.command_line import NO_SERVICE
from bridge.harness import running
from retone_bridge.paths import state_folder


@pytest.fixture(params=["no service", "service"])
def place(request, retone):
    """Both ways of asking, as options; ``retone`` has chosen the state folder."""
    if request.param == "no service":
        yield NO_SERVICE
        return
    with running(state_folder()) as service:
        yield ("--port", service.port)


def test_presets_are_listed_shown_replaced_and_deleted(retone, place):
    def preset(*words):
        return retone("preset", *place, *words)

    assert preset("list") == (0, "", "")
    assert preset("save", "Große Halle", "--set", "prompt=a church organ", "--set", "steps=auto") == (0, "", "")
    assert preset("save", "bright", "--set", "strength=.5", "--set", "highs=off")[0] == 0
    assert preset("list")[1].splitlines() == ["Große Halle", "bright"]
    assert sorted(preset("show", "Große Halle")[1].splitlines()) == ["prompt=a church organ", "steps=auto"]
    assert sorted(preset("show", "bright")[1].splitlines()) == ["highs=0", "strength=0.5"]
    status, out, err = preset("save", "bright", "--set", "prompt=bells")
    assert (status, out) == (2, "") and "There is a preset 'bright' already" in err
    assert preset("save", "bright", "--replace", "--set", "prompt=bells")[0] == 0
    assert preset("show", "bright")[1] == "prompt=bells\n"
    assert preset("delete", "bright")[0] == 0
    status, out, err = preset("delete", "bright")
    assert (status, out) == (2, "") and "There is no preset 'bright'; there are: Große Halle" in err
    status, _, err = preset("save", "x", "--set", "strength=2")
    assert status == 2 and "strength is '2'" in err


def test_without_a_service_the_file_of_a_state_folder_is_used(retone, tmp_path):
    assert retone("preset", *NO_SERVICE, "--state", tmp_path / "mine", "save", "x", "--set", "seed=7")[0] == 0
    assert retone("preset", *NO_SERVICE, "list")[1] == ""
    with running(tmp_path / "mine") as service:
        assert retone("preset", "--port", service.port, "show", "x")[1] == "seed=7\n"


def test_a_damaged_file_is_told(retone, tmp_path):
    (tmp_path / "presets.json").write_text("{")
    status, _, err = retone("preset", *NO_SERVICE, "--state", tmp_path, "list")
    assert status == 1 and "Mend the file, or move it away" in err


def test_an_edit_begins_with_a_preset_and_what_is_said_wins(retone, place, clip):
    words = ("--set", "prompt=strings", "--set", "strength=0.5", "--set", "seed=7")
    assert retone("preset", *place, "save", "mine", *words)[0] == 0
    out = clip.parent / "new.wav"
    own = ("--no-picture", *place)
    assert retone("edit", clip, "--preset", "mine", "-o", out, "--seed", 8, *own)[0] == 0
    recipe = retone("preset", *place, "show", "mine")
    assert recipe[0] == 0
    status, _, err = retone("edit", clip, "--preset", "none", "-o", clip.parent / "other.wav", *own)
    assert status == 2 and "There is no preset 'none'; there are: mine" in err
    assert not (clip.parent / "other.wav").exists()


def test_what_the_engine_is_asked_for_is_the_preset_with_what_was_said(retone, clip):
    words = ("--set", "prompt=strings", "--set", "strength=0.5", "--set", "seed=7")
    assert retone("preset", *NO_SERVICE, "save", "mine", *words)[0] == 0
    for said in ((), ("bells", "--set", "strength=auto", "--seed", 8)):
        given = ("--preset", "mine", "-o", clip.parent / f"{len(said)}.wav", "--no-picture", *NO_SERVICE)
        assert retone("edit", clip, *said[:1], *given, *said[1:])[0] == 0
    first, second = ([r["prompt"], r["strength"], r["seed"]] for r in retone.requests)
    assert first == ["strings", 0.5, 7]
    assert second == ["bells", None, 8]
