"""A clip taken along its directions, on the pocket model: what it costs, what it leaves alone, what it refuses."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from scipy.signal import stft

from engine.gaussian import Gaussian
from engine.random_unet import RandomUNet
from retone_engine import audio, previews
from retone_engine.audio.files import Clip
from retone_engine.cache import Cache
from retone_engine.clock import Clock
from retone_engine.describe import acted_on, within
from retone_engine.guidance import guidance
from retone_engine.progress import Reporter
from retone_engine.recipe import Recipe
from retone_engine.render import Engine, render
from retone_engine.request import DirectionsRequest, Push, RetoneError, SteerRequest, request_of
from retone_engine.settings import Settings, filled
from retone_engine.signals import Passage, Signal
from retone_engine.steer import Steering, begin
from retone_engine.windows import Windowed

RATE = 32000
QUICK = {"count": 1, "steps": 12}


@pytest.fixture(scope="module")
def engine():
    return Engine(torch.device("cpu"), "pocket")


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """1.2 s of two plucked notes in stereo."""
    t = np.arange(round(1.2 * RATE)) / RATE
    notes = [sum(np.sin(2 * np.pi * f * k * t) / k for k in range(1, 8)) * np.exp(-4 * (t % 0.6)) for f in (220, 330)]
    path = tmp_path_factory.mktemp("clip") / "clip.wav"
    soundfile.write(path, 0.2 * np.stack(notes, axis=1), RATE, subtype="FLOAT")
    return path


def quiet():
    return Reporter(lambda progress: None, lambda: False)


def steer(engine, clip, outputs, *amounts, **settings):
    pushes = (Push(1, amounts or (0.5,)),)
    request = SteerRequest.of(str(clip), {**QUICK, **settings}, pushes=pushes)
    return render(request, outputs, engine, quiet())


def directions(engine, clip, folder, **settings):
    """The directions of a clip as they were described, and the files of their previews."""
    request = DirectionsRequest.of(str(clip), {**QUICK, **settings})
    found, outputs = [], [folder / f"{name}.wav" for name in request.results]
    render(request, outputs, engine, quiet(), on_direction=found.append)
    return found, outputs


class Rows:
    """Counts the network's rows while it is in use."""

    def __init__(self, engine, monkeypatch):
        self.calls = []
        model = type(engine.model("pocket", torch.float32))
        plain = model.predict_clean

        def counted(self_, x, level, embedding):
            self.calls.append(len(x))
            return plain(self_, x, level, embedding)

        monkeypatch.setattr(model, "predict_clean", counted)


def test_a_second_steer_costs_only_the_replay(engine, clip, tmp_path, monkeypatch):
    engine.kept.clear()
    directions(engine, clip, tmp_path)
    rows = Rows(engine, monkeypatch)
    for number, amounts in enumerate([(0.5,), (-0.25, 0.75, 1.0)]):
        rows.calls.clear()
        outputs = [tmp_path / f"{number}-{k}.wav" for k in range(len(amounts))]
        figures = steer(engine, clip, outputs, *amounts)
        # All amounts are one batch.
        assert rows.calls == [len(amounts)] * figures["steps"]
    monkeypatch.setattr("retone_engine.directions.ROUNDS", 1)
    rows.calls.clear()
    figures = steer(engine, clip, [tmp_path / "of two.wav"], count=2)
    assert len(rows.calls) > figures["steps"], "one direction that is known is not the first of two"
    engine.kept.clear()


def test_a_steer_whose_cache_has_gone_finds_the_directions_again(engine, clip, tmp_path):
    directions(engine, clip, tmp_path)
    steer(engine, clip, [tmp_path / "kept.wav"])
    engine.forget()
    steer(engine, clip, [tmp_path / "fresh.wav"])
    assert (tmp_path / "fresh.wav").read_bytes() == (tmp_path / "kept.wav").read_bytes()


def test_plus_and_minus_differ_from_each_other_and_from_the_clip_and_0_is_the_clip(engine, clip, tmp_path):
    outputs = [tmp_path / f"{k}.wav" for k in range(3)]
    steer(engine, clip, outputs, 0.0, 1.0, -1.0)
    source, zero, plus, minus = (audio.read(path).samples for path in (clip, *outputs))
    assert np.abs(zero - source).max() < 1e-3
    for one, other in ((plus, minus), (plus, source), (minus, source)):
        assert np.sqrt(np.mean((one - other) ** 2)) > 0.005


def test_the_preview_is_what_a_steer_to_the_knobs_end_gives(engine, clip, tmp_path):
    _, (plus, minus) = directions(engine, clip, tmp_path)
    ends = [tmp_path / "1.wav", tmp_path / "2.wav"]
    steer(engine, clip, ends, 1.0, -1.0)
    for preview, end in zip((plus, minus), ends, strict=True):
        np.testing.assert_allclose(audio.read(preview).samples, audio.read(end).samples, atol=1e-4)


def test_one_of_several_results_is_made_again_bit_for_bit(engine, clip, tmp_path):
    outputs = [tmp_path / f"{k}.wav" for k in range(3)]
    steer(engine, clip, outputs, 0.3, 0.6, 0.9)
    _, found = directions(engine, clip, tmp_path)
    for number, path in enumerate((outputs[1], found[1])):
        recipe = Recipe.from_file(path)
        assert recipe.request["only"] == 2
        again = tmp_path / f"again-{number}.wav"
        render(request_of({"path": str(clip), **recipe.request}), [again], engine, quiet())
        assert again.read_bytes() == path.read_bytes()


def test_outside_the_mask_the_clip_stays_and_the_direction_lies_within(engine, clip, tmp_path):
    mask = {"mask_start": 8000, "mask_frames": 16000}
    (found,), _ = directions(engine, clip, tmp_path, **mask)
    assert found.start >= 8000 - 2048
    assert found.start + found.frames <= 24000 + 2048
    steer(engine, clip, [tmp_path / "out.wav"], 1.0, **mask)
    source, edited = audio.read(clip).samples, audio.read(tmp_path / "out.wav").samples
    assert np.array_equal(edited[:, :8000], source[:, :8000])
    assert np.array_equal(edited[:, 24000:], source[:, 24000:])
    assert np.abs(edited - source).max() > 0.01


def test_directions_are_described_by_share_time_and_frequency(engine, clip, tmp_path):
    found, outputs = directions(engine, clip, tmp_path, count=2, region_start=3200)
    assert [one.number for one in found] == [1, 2]
    assert 1 > found[0].share >= found[1].share > 0
    for one in found:
        assert 3200 <= one.start < one.start + one.frames <= round(1.2 * RATE)
        assert 0 < one.low_hz < one.high_hz < RATE / 2
    assert all(path.is_file() for path in outputs)


def test_a_long_clips_previews_are_pieces_of_it(engine, clip, tmp_path, monkeypatch):
    directions(engine, clip, tmp_path)
    whole = audio.read(tmp_path / "1-plus.wav").samples
    monkeypatch.setattr(previews, "PREVIEW_SECONDS", 0.6)
    (tmp_path / "pieces").mkdir()
    _, (plus, _) = directions(engine, clip, tmp_path / "pieces")
    source = Recipe.from_file(plus).source
    piece = audio.read(plus).samples
    assert abs(piece.shape[1] / RATE - 0.6) < 0.07
    assert piece.shape[1] == source["frames"]
    # Encoded and decoded by itself it sounds like that part of the whole, but for its ends and the waves' phases.
    there = whole[:, source["start"] :][:, : source["frames"]]
    away = whole[:, : source["frames"]] if source["start"] > 6400 else whole[:, -source["frames"] :]
    same, near, other = (np.abs(stft(one[:, 3200:-3200], nperseg=1024)[2]) for one in (there, piece, away))
    assert alike(near, same) > 0.95 > alike(near, other)


def alike(one, other):
    """The cosine between two spectrograms."""
    return float((one * other).sum() / np.linalg.norm(one) / np.linalg.norm(other))


def test_directions_found_at_each_step_are_other_ones(engine, clip, tmp_path):
    (once,), _ = directions(engine, clip, tmp_path, steps=8)
    (tmp_path / "each").mkdir()
    (each,), _ = directions(engine, clip, tmp_path / "each", steps=8, each_step="on")
    assert 0 < each.share < 1
    assert (each.share, each.start, each.frames) != (once.share, once.start, once.frames)
    steer(engine, clip, [tmp_path / "each.wav"], 0.5, steps=8, each_step="on")
    steer(engine, clip, [tmp_path / "once.wav"], 0.5, steps=8)
    assert (tmp_path / "each.wav").read_bytes() != (tmp_path / "once.wav").read_bytes()


def test_channels_that_are_edited_one_by_one_move_together(engine, clip, tmp_path):
    steer(engine, clip, [tmp_path / "each.wav"], 1.0, stereo="each")
    edited, source = audio.read(tmp_path / "each.wav").samples, audio.read(clip).samples
    assert all(np.abs(edited[channel] - source[channel]).max() > 0.01 for channel in (0, 1))


def test_a_search_is_cancelled_within_a_network_call_and_leaves_nothing(engine, clip, tmp_path):
    engine.kept.clear()
    stages = []
    looks = iter(range(10**6))
    reporter = Reporter(lambda progress: stages.append(progress.stage), lambda: "find" in stages and next(looks) > 3)
    outputs = [tmp_path / "1.wav", tmp_path / "2.wav"]
    with pytest.raises(RetoneError) as caught:
        render(DirectionsRequest.of(str(clip), QUICK), outputs, engine, reporter)
    assert caught.value.code == "cancelled"
    assert next(looks) == 5  # the look that said so was the last
    assert stages[-1] == "find"
    assert not any(path.exists() for path in outputs)
    directions(engine, clip, tmp_path)  # the engine is as good as before


def test_silence_has_no_directions(engine, tmp_path):
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE), RATE)
    with pytest.raises(RetoneError) as caught:
        steer(engine, tmp_path / "silence.wav", [tmp_path / "out.wav"])
    assert caught.value.code == "empty_audio"
    assert not (tmp_path / "out.wav").exists()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"strength_end": 0.9}, "strength_end is 0.9; it takes a number below strength, which is 0.8"),
        ({"strength": 0.3}, "strength_end is 0.45; it takes a number below strength, which is 0.3"),
        ({"strength": 0.5, "strength_end": 0.49, "steps": 4}, "none of the 4 steps lies between; raise steps"),
    ],
)
def test_a_range_in_which_nothing_would_happen_is_refused(engine, clip, tmp_path, settings, says):
    with pytest.raises(RetoneError) as caught:
        steer(engine, clip, [tmp_path / "out.wav"], **settings)
    assert caught.value.code == "bad_request"
    assert says in caught.value.message


def steering(model, **settings):
    """A steering of ``model`` on a short sound, and the signal."""
    sound = np.random.default_rng(0).normal(0, 0.1, (1, 24)).astype(np.float32)
    clip = Clip(sound, 100, 0, 24, "clip.wav")
    request = filled(DirectionsRequest.of("clip.wav", {"count": 2, **settings}), model)
    windowed = Windowed(model)
    passage = Passage(
        windowed, Settings.of(request, model, "any"), guidance(model, "", 1), True, Cache(), quiet(), Clock()
    )
    return Steering.of(passage, request, clip), Signal.of(sound)


def test_amount_0_gives_the_latent_back_and_a_mask_holds_the_rest_still():
    steers, signal = steering(Gaussian(), mask_start=8, mask_frames=8)
    encoded, inversions = begin(steers, [signal])
    found = steers.find([signal], encoded, inversions)
    zero, plus, minus = steers.follow(encoded[0], inversions[0], found, [{1: 0.0}, {1: 1.0}, {1: -1.0}])
    latent = encoded[0].latent[0]
    assert (zero - latent).abs().max() < 1e-5
    assert (plus - minus).abs().max() > 0.1
    # Latent frames 4 to 8 hold the mask; the fade beyond it is 12.5 frames of this model, wider than the clip.
    both = torch.stack([plus, minus]) - latent
    assert both[..., 4:8].abs().max() > both[..., :4].abs().max()


def test_a_distilled_model_is_refused_with_the_reason():
    with pytest.raises(RetoneError) as caught:
        steering(Gaussian(distilled=True))
    assert caught.value.code == "unsupported"
    assert "gaussian has no directions: it is distilled" in caught.value.message


def test_where_a_change_lies_is_said_of_its_middle_80_percent():
    assert within(np.array([0, 0, 1, 8, 1, 0.0])) == (2, 3)
    t = np.arange(RATE) / RATE
    plus, minus = (np.sin(2 * np.pi * f * t)[None].astype(np.float32) for f in (500, 1500))
    low, high = acted_on(plus, minus, RATE)
    assert (low, high) == pytest.approx((500, 1500), abs=40)


def test_results_are_not_written_when_one_exists(engine, clip, tmp_path):
    Path(tmp_path / "2.wav").write_text("mine")
    with pytest.raises(RetoneError, match=r"2\.wav is there already"):
        steer(engine, clip, [tmp_path / "1.wav", tmp_path / "2.wav"], 0.5, -0.5)
    assert not (tmp_path / "1.wav").exists()


def test_directions_leave_out_what_only_fills_the_window_up():
    model = RandomUNet()
    sound = np.random.default_rng(0).normal(0, 0.1, (1, model.hop)).astype(np.float32)
    clip = Clip(sound, 16000, 0, model.hop, "clip.wav")
    request = filled(DirectionsRequest.of("clip.wav", {"count": 2}), model)
    windowed = Windowed(model)
    source = guidance(model, "", 1)
    passage = Passage(windowed, Settings.of(request, model, "any"), source, True, Cache(), quiet(), Clock())
    steers, signal = Steering.of(passage, request, clip), Signal.of(sound)
    encoded, inversions = begin(steers, [signal])
    vectors = next(iter(steers.find([signal], encoded, inversions).values())).vectors
    assert encoded[0].latent.shape[2] == vectors.shape[2] == 2
    assert vectors[:, :, :1].any()
    assert not vectors[:, :, 1:].any()
