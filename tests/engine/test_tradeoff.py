import importlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from fronts import Curve, Estimate, front, reach, reached, weights
from retone_engine import models
from retone_engine.path import VPPath, schedule

# Six settings: faithful and timid first; the fourth is beaten in both, the fifth in adherence at equal fidelity.
FIDELITY = np.array([0.9, 0.7, 0.5, 0.6, 0.7, 0.4])
ADHERENCE = np.array([0.2, 0.6, 0.8, 0.5, 0.5, 0.7])


def test_the_front_holds_what_nothing_beats_the_most_faithful_first():
    assert front(FIDELITY, ADHERENCE) == [0, 1, 2]


def test_between_two_points_of_the_front_lies_the_straight_line():
    assert reached(FIDELITY, ADHERENCE, 0.6) == pytest.approx(0.7)
    assert reached(FIDELITY, ADHERENCE, 0.75) == pytest.approx(0.5)


def test_below_its_least_faithful_point_a_front_has_that_points_adherence():
    assert reached(FIDELITY, ADHERENCE, 0.1) == 0.8


def test_above_its_most_faithful_point_a_front_reaches_nothing():
    assert np.isnan(reached(FIDELITY, ADHERENCE, 0.95))
    nothing = Estimate.of(reach(Curve(FIDELITY[:, None], ADHERENCE[:, None]), 0.95, weights(1)))
    assert np.isnan(nothing.value) and nothing.sign == 0


def test_the_first_weights_are_all_pairs_alike_and_every_draw_holds_as_many_pairs():
    by = weights(8, draws=50)
    assert by.shape == (51, 8)
    assert np.allclose(by[0], 1 / 8)
    assert np.allclose(by.sum(1), 1)
    assert len(np.unique(by[1:], axis=0)) > 40


def test_an_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(3)
    hits = 0
    by = weights(60, draws=300)
    for _ in range(1000):
        found = Estimate.of(by @ rng.normal(0.5, 1, 60))
        hits += found.low <= 0.5 <= found.high
    assert 0.85 <= hits / 1000 <= 0.93


def test_a_difference_that_all_pairs_share_is_told_from_none():
    rng = np.random.default_rng(4)
    pairs = rng.normal(0, 1, 40)
    by = weights(40)
    curve = Curve(np.stack([pairs + 1, pairs]), np.stack([pairs, pairs + 1]))
    better = Curve(curve.fidelity, curve.adherence + 0.1)
    level = 0.5
    assert Estimate.of(reach(better, level, by) - reach(curve, level, by)).sign == 1
    assert Estimate.of(reach(curve, level, by) - reach(better, level, by)).sign == -1
    assert Estimate.of(reach(curve, level, by) - reach(curve, level, by)).sign == 0


@pytest.fixture(scope="module")
def tradeoff():
    """The script itself; it takes training's folder along."""
    return importlib.import_module("tradeoff")


@pytest.mark.parametrize("strength", [0.5, 0.65, 0.8])
@pytest.mark.parametrize("visited", [10, 20])
def test_both_spacings_are_compared_at_equal_network_calls_and_near_the_strength(tradeoff, strength, visited):
    starts = []
    for spacing in ("log_snr", "published"):
        steps = tradeoff.steps_for(VPPath(), strength, visited, spacing)
        levels = schedule(VPPath(), strength, steps, spacing)
        assert len(levels) == visited
        starts.append(levels.level.lam[0].item())
    assert starts[0] == pytest.approx(starts[1], abs=0.15)


def test_every_method_edits_and_is_judged_and_told(tradeoff, tmp_path):
    import soundfile

    from evaluate import Pair, default_setting
    from judges import Classifier, Transcriber
    from retone_engine.models.pocket import load
    from tradeoff_report import Row, setting_table

    torch.manual_seed(0)
    judges = Classifier().eval(), Transcriber().eval()  # they have learnt nothing; the way of an edit is the same
    model = load(models.find("pocket"), torch.device("cpu"), torch.float32)
    sounds = [
        torch.from_numpy(soundfile.read(Path(__file__).parent / "pocket_clips" / f"{name}.flac", dtype="float32")[0])
        for name in ("piano", "organ")
    ]
    piano, organ = (sound[None, :20480] for sound in sounds)
    pair = Pair(piano, organ, [(0.1, 0.5, 60)], "piano", "organ", "a church organ")
    auto = default_setting(model)
    settings = [s for method in tradeoff.METHODS for s in tradeoff.grid(auto, method)[-1:]]
    rows = tradeoff.measured(model, {7: pair}, judges, tuple(settings))
    assert [row.setting.method for row in rows] == list(tradeoff.METHODS)
    assert {row.pair for row in rows} == {7}
    assert len({row.figures.mel for row in rows}) == len(rows)
    assert setting_table(rows, auto).count("\n") == 1 + len(rows)

    def alone(number):
        return tradeoff.measured(model, {number: pair}, judges, tuple(settings[:1]))[0].figures

    assert alone(7) == rows[0].figures != alone(0)

    kept = [tradeoff.asdict(row) for row in rows]
    tradeoff.keep(tmp_path / "part.json", {"asked": "this"}, kept)
    again = tradeoff.kept(tmp_path / "part.json", {"asked": "this"})
    assert [Row.of(values) for values in again] == rows
    assert tradeoff.kept(tmp_path / "part.json", {"asked": "more"}) is None
    assert json.loads((tmp_path / "part.json").read_text())["asked"] == {"asked": "this"}


def test_every_method_gets_as_many_settings_and_ours_the_models_own_too(tradeoff):
    from evaluate import Setting

    auto = Setting("ddpm_inversion", 0.65, 2.5, 40)
    assert auto in tradeoff.grid(auto, "ddpm_inversion")
    assert len({len(tradeoff.grid(auto, method)) for method in tradeoff.METHODS}) == 1
