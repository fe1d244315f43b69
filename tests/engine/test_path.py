import math

import pytest
import torch
from diffusers import DDIMScheduler
from hypothesis import given, settings
from hypothesis import strategies as st

from retone_engine.path import (
    SPACINGS,
    DiscreteVPPath,
    EDMPath,
    FlowPath,
    Level,
    Schedule,
    VPPath,
    noise_ratio,
    schedule,
)

AUDIOLDM = DDIMScheduler(beta_start=0.0015, beta_end=0.0195, beta_schedule="scaled_linear")
DISCRETE = DiscreteVPPath(AUDIOLDM.alphas_cumprod.double())
PATHS = {"vp": VPPath(), "edm": EDMPath(), "flow": FlowPath(), "discrete": DISCRETE}

paths = pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())
strengths = st.floats(0.01, 1.0)
counts = st.integers(2, 120)


@paths
def test_levels_lie_on_the_path_at_the_noise_asked_for(path):
    lam = torch.linspace(-4, 3, 9)
    level = path.at(lam)
    assert level.a.dtype == level.s.dtype == torch.float64
    torch.testing.assert_close(level.lam, lam.double(), atol=0.2 if path is DISCRETE else 1e-12, rtol=0)


def test_each_family_scales_signal_and_noise_its_own_way():
    lam = torch.tensor([-2.0, 0.3])
    vp, edm, flow = VPPath().at(lam), EDMPath().at(lam), FlowPath().at(lam)
    torch.testing.assert_close(vp.a**2 + vp.s**2, torch.ones(2).double())
    torch.testing.assert_close(edm.a, torch.ones(2).double())
    torch.testing.assert_close(flow.a + flow.s, torch.ones(2).double())
    assert torch.equal(edm.t, edm.s) and torch.equal(flow.t, flow.s)


def test_a_discrete_path_only_gives_trained_steps_and_each_once():
    level = DISCRETE.at(torch.linspace(-4, 3.5, 3000))
    assert level.t.tolist() == sorted(set(level.t.tolist()), reverse=True)
    torch.testing.assert_close(level.a**2, AUDIOLDM.alphas_cumprod[level.t.long()].double())


def test_strength_is_the_paper_s_fraction_of_steps_on_audioldm():
    assert 2.7 < noise_ratio(0.5) < 2.8
    for strength in (0.2, 0.5, 0.8):
        trained = AUDIOLDM.alphas_cumprod[int(1000 * strength) - 1].double()
        assert noise_ratio(strength) == pytest.approx(math.sqrt((1 - trained) / trained), rel=0.02)


@paths
@settings(deadline=None)
@given(strength=strengths, steps=counts)
def test_steps_go_from_noisy_to_clean_and_forget_everything_last(path, strength, steps):
    found = schedule(path, strength, steps)
    assert len(found) >= 1
    assert (found.level.lam.diff() > 0).all()
    assert ((found.keep[:-1] > 0) & (found.keep[:-1] < 1)).all()
    assert found.keep[-1] == 0


@paths
@settings(deadline=None)
@given(low=strengths, high=strengths, steps=counts)
def test_a_lower_strength_visits_the_tail_of_the_same_levels(path, low, high, steps):
    low, high = sorted((low, high))
    short, long = schedule(path, low, steps), schedule(path, high, steps)
    skip = len(long) - len(short)
    assert skip >= 0
    assert short.first - long.first == skip
    assert torch.equal(short.level.t, long.level.t[skip:])
    assert torch.equal(short.keep, long.keep[skip:])


@paths
def test_strength_0_visits_nothing_and_1_everything(path):
    assert len(schedule(path, 0, 50)) == 0
    assert schedule(path, 1, 50).first == 0


@pytest.mark.parametrize("strength", [0.2, 0.5, 0.9])
def test_a_strength_starts_at_the_same_noise_in_every_family(strength):
    starts = [float(schedule(path, strength, 200).level.lam[0]) for path in PATHS.values()]
    assert starts == pytest.approx([-math.log(noise_ratio(strength))] * 4, abs=0.03)


@pytest.mark.parametrize("path", [VPPath(), EDMPath(), FlowPath()], ids=["vp", "edm", "flow"])
def test_a_step_is_the_posterior_of_the_forward_chain(path):
    """x_u given x_t and x_0, by Bayes' rule on the chain x_u -> x_t, against r^2 as the schedule has it."""
    found = schedule(path, 0.7, 9)
    a, s = found.level.a, found.level.s
    clean, noisy = 0.3, -1.7
    for t in range(len(found) - 1):
        u = t + 1
        gain = a[t] / a[u]
        added = s[t] ** 2 - gain**2 * s[u] ** 2
        variance = 1 / (1 / s[u] ** 2 + gain**2 / added)
        mean = variance * (a[u] * clean / s[u] ** 2 + gain * noisy / added)
        keep = found.keep[t]
        torch.testing.assert_close(s[u] ** 2 * (1 - keep), variance)
        torch.testing.assert_close(a[u] * (1 - keep) * clean + keep * a[u] / a[t] * noisy, mean)


def test_levels_join_slice_and_repeat():
    level = VPPath().at(torch.tensor([-1.0, 0.0, 1.0]))
    assert len(Level.cat([level[slice(0, 2)], level])) == 5
    assert level[slice(1, 2)].rows(4).a.tolist() == [level.a[1].item()] * 4
    whole = Schedule.of(level)
    assert whole.tail(1).tail(2).first == 2
    assert torch.equal(whole.tail(1).tail(2).level.t, level.t[2:])


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_the_published_spacing_is_even_in_audioldms_training_time(path):
    found = schedule(path, 0.5, 100, "published")
    wanted = [-math.log(noise_ratio(step / 100)) for step in range(50, 0, -1)]
    # A path of trained steps has only those to give: near the clean end they lie far apart in lam.
    assert found.level.lam.tolist()[:30] == pytest.approx(wanted[:30], abs=0.05)
    assert found.first == 50 or path is PATHS["discrete"]


def test_both_spacings_start_an_edit_at_the_same_noise():
    for strength in (0.2, 0.5, 0.8):
        starts = [float(schedule(VPPath(), strength, 200, spacing).level.lam[0]) for spacing in SPACINGS]
        assert starts[0] == pytest.approx(starts[1], abs=0.04)
