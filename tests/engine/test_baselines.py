import pytest
import torch
from diffusers import DDIMScheduler

from engine.closed_form import ClosedForm
from engine.random_unet import RandomUNet
from retone_engine.baselines import METHODS, ddim, ddim_invert, flowedit, sdedit
from retone_engine.guidance import guidance, predict
from retone_engine.inversion import invert
from retone_engine.model import Counted
from retone_engine.noise import noise
from retone_engine.path import DiscreteVPPath, EDMPath, FlowPath, Schedule, VPPath, schedule
from retone_engine.request import BY_NAME
from retone_engine.target import Part

PATHS = pytest.mark.parametrize("path", [VPPath(), EDMPath(), FlowPath()], ids=["vp", "edm", "flow"])


def diffusers_run(model, scheduler, inversion, target, eta):
    """What diffusers' own DDIM loop makes of the inversion's start."""
    x = inversion.noised(0)
    for index, t in enumerate(scheduler.timesteps):
        abar = scheduler.alphas_cumprod[t].double()
        level = inversion.schedule.level[index : index + 1]
        assert level.t.item() == t.item()
        clean = predict(model, x, level, target)
        epsilon = (x - abar.sqrt() * clean) / (1 - abar).sqrt()
        fresh = noise(x.shape, 2, inversion.seed, inversion.schedule.first + index + 1).to(x) if eta else None
        x = scheduler.step(epsilon, int(t), x, eta=eta, variance_noise=fresh).prev_sample
    return x


@pytest.mark.parametrize(("name", "eta"), [("sdedit", 1.0), ("ddim_inversion", 0.0)])
def test_each_samples_as_diffusers_does(name, eta):
    scheduler = DDIMScheduler(
        beta_start=0.0015, beta_end=0.0195, beta_schedule="scaled_linear", clip_sample=False, steps_offset=1
    )
    scheduler.alphas_cumprod = scheduler.alphas_cumprod.double()
    scheduler.set_timesteps(20)
    path = DiscreteVPPath(scheduler.alphas_cumprod)
    model = ClosedForm(path)
    trained = path.alphas_cumprod
    steps = Schedule.of(path.at((0.5 * torch.log(trained / (1 - trained)))[scheduler.timesteps]))
    source, target = guidance(model, "first", 1), guidance(model, "second", 3)
    inversion = METHODS[name].invert(model, model.sample(0, 16), steps, source, 3)
    ours = METHODS[name].replay(model, [inversion], target)
    torch.testing.assert_close(ours, diffusers_run(model, scheduler, inversion, target, eta), atol=1e-6, rtol=0)


@PATHS
def test_ddim_inversion_gives_the_source_back_the_better_the_more_steps(path):
    model = ClosedForm(path)
    clip = model.sample(0, 16)
    same = guidance(model, "first", 1)
    misses = []
    for count in (10, 40, 160):
        trajectory = ddim_invert(model, clip, schedule(path, 0.6, count), same, 0)
        misses.append(float((ddim(model, [trajectory], same) - clip).abs().mean()))
    assert misses == sorted(misses, reverse=True)
    assert misses[-1] < 0.25 * misses[0]
    assert misses[-1] < 0.05


@PATHS
def test_sdedit_keeps_the_less_of_the_clip_the_stronger_it_is(path):
    model = ClosedForm(path)
    clip = model.sample(0, 60)
    prompt = guidance(model, "first", 1)
    apart = []
    for strength in (0.1, 0.4, 1.0):
        start = METHODS["sdedit"].invert(model, clip, schedule(path, strength, 40), prompt, 1)
        apart.append(float((sdedit(model, [start], prompt) - clip).norm()))
    assert apart == sorted(apart)
    # Nothing of the clip is left at full strength: another draw of the same prior.
    assert apart[-1] == pytest.approx(float((model.sample(0, 60, seed=7) - clip).norm()), rel=0.5)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_takes_the_same_arguments_and_holds_still_outside_the_mask(name):
    model = RandomUNet()
    clip = torch.randn(1, 2, 16, 8, generator=torch.Generator().manual_seed(4))
    mask = torch.zeros(1, 1, 16, 1)
    mask[:, :, 8:] = 1
    source, target = guidance(model, "first", 2), guidance(model, "second", 3)
    method = METHODS[name]
    calls = []

    def record(*count):
        calls.append(count)

    low = method.invert(model, clip, schedule(model.path, 0.3, 12), source, 0, block=4, on_call=record)
    high = method.invert(model, clip, schedule(model.path, 0.6, 12), source, 0, block=4, on_call=record, known=low)
    fresh = method.invert(model, clip, schedule(model.path, 0.6, 12), source, 0, block=4)
    assert torch.equal(high.kept, fresh.kept)
    back = high.at(low.schedule)
    assert torch.equal(back.kept, low.kept)
    calls.clear()
    result = method.replay(model, [high, high], [Part(target, mask)], on_call=record)
    assert result.shape == (2, 2, 16, 8)
    assert calls == [(index, len(high.schedule)) for index in range(len(high.schedule))]
    assert torch.equal(result[:, :, :8], clip.expand(2, -1, -1, -1)[:, :, :8])
    assert not torch.allclose(result[:, :, 8:], clip[:, :, 8:], atol=0.01)
    shifted = method.replay(model, [high], target, shift={high.schedule.first: torch.ones_like(clip)})
    assert not torch.allclose(shifted, method.replay(model, [high], target), atol=1e-3)


def test_sdedit_needs_no_network_to_start_and_ddim_inversion_a_call_a_step():
    model = Counted(RandomUNet())
    clip = torch.randn(1, 2, 16, 8, generator=torch.Generator().manual_seed(4))
    steps = schedule(model.path, 0.5, 12)
    METHODS["sdedit"].invert(model, clip, steps, guidance(model, "first", 2), 0)
    assert model.calls == 0
    METHODS["ddim_inversion"].invert(model, clip, steps, guidance(model, "first", 2), 0)
    assert (model.calls, model.rows) == (len(steps), 2 * len(steps))


def test_the_methods_are_those_that_can_be_asked_for():
    assert tuple(METHODS) == BY_NAME["method"].choices


@PATHS
def test_flowedit_follows_the_difference_of_both_prompts_deterministic_steps(path):
    """Step by step in x / a, where the probability flow is d(x / a) / d(s / a) = ehat on every Gaussian path."""
    model = ClosedForm(path)
    clip = model.sample(0, 12)
    source, target = guidance(model, "first", 1), guidance(model, "second", 2)
    steps = schedule(path, 0.5, 14)
    edited = clip.clone()
    for index in range(len(steps)):
        level = steps.level[slice(index, index + 1)]
        a, s = float(level.a), float(level.s)
        ratio = s / a
        last = index + 1 == len(steps)
        after = 0.0 if last else float(steps.level.s[index + 1] / steps.level.a[index + 1])
        e = noise(clip.shape, model.time_axis, 3, steps.first + index)
        own = clip + ratio * e  # x_t / a
        moved = own + edited - clip
        slopes = [(x - predict(model, a * x, level, prompt)) / ratio for x, prompt in ((moved, target), (own, source))]
        edited = edited + (after - ratio) * (slopes[0] - slopes[1])
    ours = flowedit(model, [invert(model, clip, steps, source, 3)], target)
    torch.testing.assert_close(ours, edited, atol=1e-6, rtol=0)
