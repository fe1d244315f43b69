"""Directions: the principal components of the posterior, against posteriors that are known."""

import numpy as np
import pytest
import torch
from torch.utils._pytree import tree_leaves

from engine.gaussian import AXES, FRAMES, Gaussian
from engine.random_unet import RandomUNet
from retone_engine import directions, models
from retone_engine.describe import energy
from retone_engine.directions import Directions, find
from retone_engine.guidance import guidance
from retone_engine.model import Counted
from retone_engine.path import EDMPath, FlowPath, VPPath, schedule
from retone_engine.request import RetoneError
from retone_engine.windows import Windowed

PATHS = pytest.mark.parametrize("path", [VPPath(), EDMPath(), FlowPath()], ids=["vp", "edm", "flow"])
EXACT = pytest.mark.parametrize("exact", [True, False], ids=["exact", "finite"])


def state(model, strength=0.6, seed=3):
    """x_t of a sample, and its level."""
    level = schedule(model.path, strength, 40).level[slice(0, 1)]
    x0 = getattr(model, "model", model).sample(seed)
    e = torch.randn(x0.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(9)).to(x0)
    return float(level.a) * x0 + float(level.s) * e, level


def search(model, count=3, strength=0.6, **settings):
    x, level = state(model, strength)
    return find(model, x, level, guidance(model, "", 1), count, **settings), level


def true_directions(covariance, count):
    values, axes = torch.linalg.eigh(covariance)
    return values.flip(0)[:count], axes.flip(1)[:, :count]


def cosines(found, axes):
    return (found.vectors.flatten(1).double() @ axes).diagonal().abs()


@PATHS
@EXACT
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["64", "32"])
@pytest.mark.parametrize("strength", [0.3, 0.6, 0.9])
def test_they_are_the_principal_components_of_a_known_posterior(path, exact, dtype, strength):
    model = Gaussian(path, dtype)
    found, level = search(model, strength=strength, exact=exact)
    values, axes = true_directions(model.posterior(level), 3)
    assert found.settled
    assert cosines(found, axes).min() >= 0.999
    assert torch.allclose(found.variances, values, rtol=0.01)
    gram = found.vectors.flatten(1) @ found.vectors.flatten(1).T
    assert torch.allclose(gram, torch.eye(3, dtype=dtype), atol=1e-4)


def test_the_share_of_variance_is_an_estimate_of_the_true_one():
    model = Gaussian()
    found, level = search(model)
    values, _ = true_directions(model.posterior(level), 3)
    assert torch.allclose(found.shares, values / model.posterior(level).trace(), rtol=0.5)


@EXACT
def test_within_a_mask_they_are_those_of_the_masked_posterior(exact):
    model = Gaussian()
    mask = torch.zeros(1, 1, FRAMES)
    mask[..., 3:8] = 1
    found, level = search(model, mask=mask, exact=exact)
    inside = torch.diag(mask.expand(1, 2, FRAMES).flatten().double())
    values, axes = true_directions(inside @ model.posterior(level) @ inside, 3)
    assert cosines(found, axes).min() >= 0.999
    assert torch.allclose(found.variances, values, rtol=0.01)
    assert not found.vectors[..., :3].any()
    assert not found.vectors[..., 8:].any()


def test_plus_stays_plus_whatever_the_search_began_with():
    model = Gaussian()
    found, _ = search(model)
    assert (found.vectors.flatten(1).pow(3).sum(1) > 0).all()
    for exact, start in ((False, None), (True, -found.vectors), (True, found.vectors.flip(0))):
        other, _ = search(model, exact=exact, start=start)
        assert ((found.vectors * other.vectors).flatten(1).sum(1) > 0.99).all()
    narrow, _ = search(Gaussian(dtype=torch.float32))
    assert ((found.vectors * narrow.vectors).flatten(1).sum(1) > 0.99).all()


def test_a_network_without_forward_mode_products_gets_finite_differences():
    found, level = search(Gaussian(forward_mode=False))
    assert cosines(found, true_directions(Gaussian().posterior(level), 3)[1]).min() >= 0.999
    with pytest.raises(RuntimeError):
        search(Gaussian(forward_mode=False), exact=True)


def test_all_vectors_go_in_one_call_a_round_and_what_is_settled_is_not_searched_on():
    model = Counted(Gaussian())
    found, _ = search(model, exact=False)
    assert model.calls == found.rounds + 1  # the state itself, once
    assert model.rows == found.products + 1 == 6 * found.rounds + 1
    assert found.rounds < 30


def test_more_directions_than_there_are_axes_in_the_mask_are_not_found():
    mask = torch.zeros(1, 1, FRAMES)
    mask[..., 0] = 1
    found, _ = search(Gaussian(), count=2, mask=mask)
    assert len(found.vectors) == 2


def test_a_neighbouring_level_numbers_and_signs_its_directions_alike():
    before = Directions(torch.eye(3, AXES, dtype=torch.float64), torch.tensor([3.0, 2.0, 1.0]), 9.0, 1, 1, True)
    turned = Directions(-before.vectors[[2, 0, 1]], torch.tensor([5.0, 4.0, 3.0]), 9.0, 1, 1, True)
    like = turned.like(before)
    assert torch.equal(like.vectors, before.vectors)
    assert like.variances.tolist() == [4.0, 3.0, 5.0]


def test_signals_that_move_together_have_the_mean_of_their_posteriors(monkeypatch):
    monkeypatch.setattr(directions, "ROUNDS", 6)  # a network of random weights has no leading direction to settle on
    model = RandomUNet(torch.float32)
    x = torch.randn(2, 2, 16, 8, generator=torch.Generator().manual_seed(2))
    level = schedule(model.path, 0.6, 40).level[slice(0, 1)]
    source = guidance(model, "", 1)
    twice = find(model, x[:1].expand(2, -1, -1, -1), level, source, 2)
    once = find(model, x[:1], level, source, 2)
    assert torch.allclose(twice.variances, once.variances, rtol=1e-3)
    assert not torch.allclose(find(model, x, level, source, 2).variances, once.variances, rtol=1e-2)


def test_clips_longer_than_a_window_have_directions_too(monkeypatch):
    monkeypatch.setattr(directions, "ROUNDS", 3)
    inner = RandomUNet(torch.float32)
    calls = []
    model = Windowed(inner, before_call=lambda: calls.append(1))
    x = torch.randn(1, 2, 40, 8, generator=torch.Generator().manual_seed(2))
    level = schedule(model.path, 0.6, 40).level[slice(0, 1)]
    exact, finite = (find(model, x, level, guidance(model, "first", 2), 2, exact=kind) for kind in (True, False))
    overlap = torch.linalg.svdvals(exact.vectors.flatten(1) @ finite.vectors.flatten(1).T)
    assert overlap.min() > 0.99
    assert calls


@EXACT
def test_a_network_that_predicts_no_numbers_has_no_directions(exact):
    class Damaged(Gaussian):
        def predict_clean(self, x, level, embedding):
            return super().predict_clean(x, level, embedding) * float("nan")

    with pytest.raises(RetoneError) as refused:
        search(Damaged(), exact=exact)
    assert refused.value.code == "bad_samples"


def test_a_search_is_cancelled_between_two_rounds():
    class Enough(Exception):
        pass

    def stop(done):
        if done == 2:
            raise Enough

    with pytest.raises(Enough):
        search(Gaussian(), on_round=stop)


@pytest.fixture(scope="module")
def pocket():
    """A clip's noisy state, and the model in both precisions."""
    exact, single = (models.load("pocket", torch.device("cpu"), dtype) for dtype in (torch.float64, torch.float32))
    t = torch.arange(16384) / 16000
    tone = sum(torch.sin(2 * torch.pi * 220 * k * t) / k for k in range(1, 9)) * torch.exp(-3 * (t % 0.5))
    latent = exact.encode(0.5 * tone[None] / tone.abs().max()).latent
    level = schedule(exact.path, 0.8, 40).level[slice(0, 1)]
    e = torch.randn(latent.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return float(level.a) * latent + float(level.s) * e, level, exact, single


def test_on_the_pocket_model_single_precision_agrees_with_double_and_exact_with_finite(pocket):
    x, level, double, single = pocket
    source = guidance(double, "", 1)
    reference = find(double, x, level, source, 3, exact=True).vectors.flatten(1)
    for exact in (True, False):
        found = find(single, x.float(), level, guidance(single, "", 1), 3, exact=exact)
        assert found.settled
        overlap = torch.linalg.svdvals(reference @ found.vectors.flatten(1).double().T)
        assert overlap.min() >= 0.99


def test_the_pocket_model_has_exact_products(pocket):
    """None of them falls back to finite differences unnoticed."""
    x, level, _, single = pocket
    counted = Counted(single)
    find(counted, x.float(), level, guidance(single, "", 1), 1, on_round=lambda done: None)
    # In forward mode a call stands for all vectors at once and sees one state; a finite difference sees them all.
    assert counted.calls == counted.rows


class Apple(torch.Tensor):
    """A tensor on a device without double precision, which only its copy in main memory can have."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func is torch.Tensor.cpu:
            return args[0].as_subclass(torch.Tensor)
        out = super().__torch_function__(func, types, args, kwargs)
        if any(isinstance(made, cls) and made.dtype == torch.float64 for made in tree_leaves(out)):
            raise TypeError(f"{func} makes float64 on a device that has none")
        return out


def test_the_search_needs_no_double_precision_on_the_device():
    model = RandomUNet()
    level = schedule(model.path, 0.6, 12).level[slice(0, 1)]
    x = torch.randn(1, 2, 16, 8, generator=torch.Generator().manual_seed(0))
    with pytest.raises(TypeError):
        x.as_subclass(Apple).double()
    prompt = guidance(model, "first", 2.0)
    there = find(model, x.as_subclass(Apple), level, prompt, 2, exact=False)
    here = find(model, x, level, prompt, 2, exact=False)
    assert isinstance(there.vectors, Apple)
    torch.testing.assert_close(there.vectors.cpu(), here.vectors)
    assert np.array_equal(energy([there.vectors[0]], model.time_axis), energy([here.vectors[0]], model.time_axis))
