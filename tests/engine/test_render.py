"""One request to its files, on a model of random weights: what comes out does not matter here, how it comes does."""

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from engine.tiny import audioldm as tiny
from retone_engine import audio
from retone_engine.progress import Reporter
from retone_engine.recipe import Recipe
from retone_engine.render import Engine, render
from retone_engine.request import EditRequest, RetoneError, request_of

RATE = 44100
QUICK = {"prompt": "a choir", "steps": 6, "precision": "float32"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    model = tiny.save(tmp_path_factory.mktemp("models") / "tiny")
    return Engine(torch.device("cpu"), str(model))


@pytest.fixture
def clip(tmp_path):
    return write_clip(tmp_path / "clip.wav", seconds=1.5)


def write_clip(path: Path, seconds: float, channels: int = 2, level: float = 0.3) -> Path:
    t = np.arange(round(seconds * RATE)) / RATE
    tones = [level * np.sin(2 * math.pi * 220 * (k + 1) * t) for k in range(channels)]
    soundfile.write(path, np.stack(tones, axis=1), RATE, subtype="FLOAT")
    return path


class Calls:
    """Counts the calls of the network while it is in use."""

    def __init__(self, engine, monkeypatch):
        self.rows = []
        model = engine.model(engine.default_model, torch.float32)
        plain = type(model).predict_clean

        def counted(self_, x, level, embedding):
            self.rows.append(len(x))
            return plain(self_, x, level, embedding)

        monkeypatch.setattr(type(model), "predict_clean", counted)


def quiet(cancelled=lambda: False):
    return Reporter(lambda progress: None, cancelled)


def run(engine, clip, output, overwrite=False, reporter=None, **settings):
    outputs = output if isinstance(output, list) else [output]
    request = EditRequest.of(str(clip), {**QUICK, **settings})
    return render(request, outputs, engine, reporter or quiet(), overwrite=overwrite)


def test_the_result_has_the_clips_rate_channels_and_frames(engine, clip, tmp_path):
    run(engine, clip, tmp_path / "out.wav")
    before, after = soundfile.info(clip), soundfile.info(tmp_path / "out.wav")
    assert (after.samplerate, after.channels, after.frames) == (before.samplerate, before.channels, before.frames)
    assert after.subtype == "FLOAT"


def test_the_same_request_gives_the_same_file(engine, clip, tmp_path):
    run(engine, clip, tmp_path / "a.wav")
    engine.kept.clear()
    run(engine, clip, tmp_path / "b.wav")
    run(engine, clip, tmp_path / "c.wav")  # from the cache
    first = (tmp_path / "a.wav").read_bytes()
    assert (tmp_path / "b.wav").read_bytes() == first
    assert (tmp_path / "c.wav").read_bytes() == first


def test_a_second_prompt_costs_only_the_replay(engine, clip, tmp_path, monkeypatch):
    calls = Calls(engine, monkeypatch)
    engine.kept.clear()
    first = run(engine, clip, tmp_path / "a.wav", strength=0.6)
    inverted = sum(calls.rows)
    calls.rows.clear()
    run(engine, clip, tmp_path / "b.wav", strength=0.6, prompt="an organ", guidance_scale=5)
    # Guidance on the target makes two rows a step; the empty source prompt makes one.
    assert sum(calls.rows) == 2 * first["steps"] < inverted


def test_a_lower_strength_needs_no_second_inversion_and_gives_the_file_it_would_have_given(
    engine, clip, tmp_path, monkeypatch
):
    engine.kept.clear()
    run(engine, clip, tmp_path / "fresh.wav", strength=0.3)
    engine.kept.clear()
    run(engine, clip, tmp_path / "high.wav", strength=0.8)
    calls = Calls(engine, monkeypatch)
    low = run(engine, clip, tmp_path / "low.wav", strength=0.3)
    assert sum(calls.rows) == 2 * low["steps"]
    assert (tmp_path / "low.wav").read_bytes() == (tmp_path / "fresh.wav").read_bytes()


@pytest.mark.parametrize(
    "change", [{"seed": 1}, {"source_prompt": "a piano"}, {"steps": 7}, {"block": 3}, {"region_start": 100}]
)
def test_what_changes_the_inversion_is_inverted_again(engine, clip, tmp_path, monkeypatch, change):
    run(engine, clip, tmp_path / "a.wav")
    calls = Calls(engine, monkeypatch)
    figures = run(engine, clip, tmp_path / "b.wav", **change)
    assert sum(calls.rows) > 2 * figures["steps"]


def test_a_variation_is_the_edit_of_its_own_seed(engine, clip, tmp_path):
    run(engine, clip, [tmp_path / "1.wav", tmp_path / "2.wav"], variations=2, seed=5, restore=False)
    run(engine, clip, tmp_path / "alone.wav", seed=6, restore=False)
    first, second, alone = (audio.read(tmp_path / f"{name}.wav").samples for name in ("1", "2", "alone"))
    # The batch is part of the rounding, so it is not to the bit.
    assert np.abs(second - alone).max() < 0.02 * np.abs(first - second).max()


def test_one_of_several_results_is_made_again_bit_for_bit(engine, clip, tmp_path):
    run(engine, clip, [tmp_path / "1.wav", tmp_path / "2.wav", tmp_path / "3.wav"], variations=3, seed=5)
    recipe = Recipe.from_file(tmp_path / "2.wav")
    assert (recipe.request["variations"], recipe.request["seed"], recipe.request["only"]) == (3, 5, 2)
    engine.kept.clear()
    render(request_of({"path": str(clip), **recipe.request, "model": None}), [tmp_path / "again.wav"], engine, quiet())
    assert (tmp_path / "again.wav").read_bytes() == (tmp_path / "2.wav").read_bytes()


def test_a_recipe_holds_no_place_of_this_machine(engine, clip, tmp_path):
    run(engine, clip, tmp_path / "a.wav", output_folder=str(tmp_path), output_subfolder="the takes")
    text = Recipe.from_file(tmp_path / "a.wav").to_json()
    assert str(tmp_path.parent) not in text and "the takes" not in text
    assert str(Path(engine.default_model).parent) not in text
    origin = Recipe.from_file(tmp_path / "a.wav").engine
    assert len(origin["model_sha256"]) == 64
    assert origin["model"] == Path(engine.default_model).name


def test_outside_the_mask_the_result_is_the_clip(engine, clip, tmp_path):
    run(engine, clip, tmp_path / "out.wav", region_start=1000, region_frames=40000, mask_start=9000, mask_frames=20000)
    source, edited = audio.read(clip, 1000, 40000).samples, audio.read(tmp_path / "out.wav").samples
    assert np.array_equal(edited[:, :8000], source[:, :8000])
    assert np.array_equal(edited[:, 28000:], source[:, 28000:])
    assert not np.array_equal(edited[:, 8000:28000], source[:, 8000:28000])


@pytest.mark.parametrize("seconds", [1 / RATE, 0.01, 0.3, 12.0])
@pytest.mark.parametrize("channels", [1, 2])
def test_clips_of_one_frame_and_clips_longer_than_the_window_come_out_whole(engine, tmp_path, seconds, channels):
    clip = write_clip(tmp_path / "clip.wav", seconds, channels)
    run(engine, clip, tmp_path / "out.wav", steps=2)
    out, _ = soundfile.read(tmp_path / "out.wav", always_2d=True)
    assert out.shape == (round(seconds * RATE), channels)
    assert np.isfinite(out).all()


def test_silence_stays_silence(engine, tmp_path):
    clip = write_clip(tmp_path / "clip.wav", 1.0, level=0.0)
    run(engine, clip, tmp_path / "out.wav")
    assert not audio.read(tmp_path / "out.wav").samples.any()


@pytest.mark.parametrize("method", ["sdedit", "ddim_inversion", "flowedit"])
def test_every_method_renders(engine, clip, tmp_path, method):
    run(engine, clip, tmp_path / "out.wav", method=method)
    run(engine, clip, tmp_path / "ours.wav")
    assert (tmp_path / "out.wav").read_bytes() != (tmp_path / "ours.wav").read_bytes()


def test_the_recipe_in_the_file_makes_the_file_again(engine, clip, tmp_path):
    run(engine, clip, tmp_path / "a.wav", seed=3, prompt="ein Streichquartett, très doux")
    request = request_of({"path": str(clip), **Recipe.from_file(tmp_path / "a.wav").request, "model": None})
    assert request.prompt == "ein Streichquartett, très doux"
    assert request.guidance_scale is not None
    render(request, [tmp_path / "b.wav"], engine, quiet())
    assert audio.read(tmp_path / "b.wav").samples.tobytes() == audio.read(tmp_path / "a.wav").samples.tobytes()


def test_an_output_that_is_there_stays_unless_told_otherwise(engine, clip, tmp_path):
    (tmp_path / "out.wav").write_text("mine")
    with pytest.raises(RetoneError) as caught:
        run(engine, clip, tmp_path / "out.wav")
    assert caught.value.code == "output_exists"
    assert (tmp_path / "out.wav").read_text() == "mine"
    run(engine, clip, tmp_path / "out.wav", overwrite=True)
    assert soundfile.info(tmp_path / "out.wav").channels == 2


def test_when_one_variation_cannot_be_written_none_is_left(engine, clip, tmp_path, monkeypatch):
    real, written = audio.write, []

    def full_at_the_second(path, *rest):
        if written:
            raise RetoneError("disk_full", "The disk is full.")
        written.append(path)
        real(path, *rest)

    monkeypatch.setattr(audio, "write", full_at_the_second)
    with pytest.raises(RetoneError, match="full"):
        run(engine, clip, [tmp_path / "1.wav", tmp_path / "2.wav"], variations=2)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.wav"]


def test_a_failed_overwrite_never_leaves_a_name_empty(engine, clip, tmp_path, monkeypatch):
    real, written = audio.write, []

    def full_at_the_second(path, *rest):
        if written:
            raise RetoneError("disk_full", "The disk is full.")
        written.append(path)
        real(path, *rest)

    outputs = [tmp_path / "1.wav", tmp_path / "2.wav"]
    for path in outputs:
        path.write_text("mine")
    monkeypatch.setattr(audio, "write", full_at_the_second)
    with pytest.raises(RetoneError, match="full"):
        run(engine, clip, outputs, overwrite=True, variations=2)
    assert soundfile.info(outputs[0]).channels == 2
    assert outputs[1].read_text() == "mine"


def test_a_cancel_leaves_nothing(engine, clip, tmp_path):
    looks = iter([False] * 8 + [True] * 1000)
    with pytest.raises(RetoneError) as caught:
        run(engine, clip, tmp_path / "out.wav", reporter=quiet(lambda: next(looks)))
    assert caught.value.code == "cancelled"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.wav"]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"region_start": 10**9}, "bad_region"),
        ({"region_frames": 10**9}, "bad_region"),
        ({"mask_start": 10**6}, "bad_mask"),
        ({"region_frames": 1000, "mask_frames": 1001}, "bad_mask"),
        ({"model": "nonesuch"}, "unknown_model"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(engine, clip, tmp_path, settings, code):
    with pytest.raises(RetoneError) as caught:
        run(engine, clip, tmp_path / "out.wav", **settings)
    assert caught.value.code == code
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.wav"]


def test_an_output_in_a_folder_that_is_not_there_is_refused_before_any_work(engine, clip, tmp_path):
    with pytest.raises(RetoneError) as caught:
        run(engine, clip, tmp_path / "nowhere" / "out.wav")
    assert caught.value.code == "no_such_folder"


def test_an_edit_by_a_distilled_model_is_told_what_it_loses(engine, clip, tmp_path, monkeypatch):
    monkeypatch.setattr(type(engine.model(engine.default_model, torch.float32).model), "distilled", True)
    told = {}
    request = EditRequest.of(str(clip), QUICK)
    render(request, [tmp_path / "out.wav"], engine, quiet(), on_warning=told.__setitem__)
    assert "tiny is distilled to few steps" in told["distilled"]
