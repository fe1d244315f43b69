import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.closed_form import ClosedForm
from engine.random_unet import RandomUNet
from published import edit_published, published_schedule
from retone_engine.guidance import guidance
from retone_engine.inversion import invert
from retone_engine.model import Counted
from retone_engine.path import EDMPath, FlowPath, VPPath, schedule
from retone_engine.replay import replay
from retone_engine.target import Part

PATHS = pytest.mark.parametrize("path", [VPPath(), EDMPath(), FlowPath()], ids=["vp", "edm", "flow"])


def edit(model, clip, steps, source, target, seed=0, **settings):
    return replay(model, [invert(model, clip, steps, source, seed)], target, **settings)


@PATHS
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-6), (torch.float32, 1e-4)], ids=["64", "32"])
@pytest.mark.parametrize("start", [0, 10])
def test_the_recurrence_is_the_published_procedure(path, dtype, tolerance, start):
    model = ClosedForm(path, dtype)
    clip = model.sample(0, 24)
    source, target = guidance(model, "first", 2), guidance(model, "second", 4, "first")
    whole = published_schedule(path, 20)
    published = edit_published(model, clip, whole, start, source, target, seed=5)
    inversion = invert(model, clip, whole.tail(start), source, seed=5)
    ours = replay(model, [inversion], target)
    # The last step's deviation is 0, so its z is undefined: published as 0, which loses what the source's last
    # prediction misses of the clip. The recurrence keeps it.
    missed = clip - inversion.kept[-1:]
    assert (ours - clip).abs().max() > 0.1
    torch.testing.assert_close(ours, published + missed, atol=tolerance, rtol=0)


def test_it_asks_less_of_the_network_than_the_published_procedure():
    """Of N = 20 levels from the tenth on: 2 N + N rows, one a call, against N in blocks and N in pairs."""
    model = ClosedForm()
    clip = model.sample(0, 8)
    source, target = guidance(model, "first", 2), guidance(model, "second", 4)
    whole = published_schedule(model.path, 20)
    published, ours = Counted(model), Counted(model)
    edit_published(published, clip, whole, 10, source, target, seed=0)
    inversion = invert(ours, clip, whole.tail(10), source, seed=0, block=20)
    assert (ours.calls, ours.rows) == (1, 20)
    replay(ours, [inversion], target)
    assert (published.calls, published.rows) == (60, 60)
    assert (ours.calls, ours.rows) == (11, 40)


@PATHS
@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_the_same_prompt_gives_the_source_back(path, scale):
    model = RandomUNet(path=path)
    clip = torch.randn(1, 2, 16, 8, generator=torch.Generator().manual_seed(4))
    same = guidance(model, "first", scale)
    inversion = invert(model, clip, schedule(path, 0.7, 20), same, 0)
    # Rounding is relative to the predictions, which on EDM's path this network makes larger than any clip.
    size = max(1.0, float(inversion.kept.abs().max()))
    torch.testing.assert_close(replay(model, [inversion], same), clip, atol=1e-5 * size, rtol=0)


def test_strength_0_is_the_source_itself():
    model = ClosedForm()
    clip = model.sample(0, 24)
    assert torch.equal(edit(model, clip, schedule(model.path, 0, 20), guidance(model, "", 1), None), clip)


@PATHS
def test_a_stronger_edit_moves_further_to_what_the_target_means(path):
    model = ClosedForm(path, deviations=(0.5, 0.5), memory=(0.5, 0.5))
    clip = model.sample(0, 24)
    source, target = guidance(model, "first", 1), guidance(model, "second", 1)
    meant = torch.tensor(model.means[1]).double()[:, None]
    gaps = [
        (edit(model, clip, schedule(path, strength, 30), source, target).mean(dim=2, keepdim=True) - meant).norm()
        for strength in (0.0, 0.15, 0.3, 0.6)
    ]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 0.5 * gaps[0]


def test_the_same_strength_is_the_same_edit_in_every_family():
    results = []
    for path in (VPPath(), EDMPath(), FlowPath()):
        model = ClosedForm(path)
        target = guidance(model, "second", 3)
        results.append(edit(model, model.sample(0, 24), schedule(path, 0.6, 20), guidance(model, "first", 1), target))
    torch.testing.assert_close(results[1], results[0], atol=1e-6, rtol=0)
    torch.testing.assert_close(results[2], results[0], atol=1e-6, rtol=0)


def test_the_clip_s_own_structure_survives_the_edit():
    """At full strength ordinary sampling would know nothing of the clip; here its deviations stay."""
    model = ClosedForm(means=((1.0, -0.5), (-2.0, 2.0)), deviations=(0.8, 0.8), memory=(0.9, 0.9))
    clip = model.sample(0, 60)
    result = edit(model, clip, schedule(model.path, 1, 60), guidance(model, "first", 1), guidance(model, "second", 1))
    own, edited = (x - x.mean(dim=2, keepdim=True) for x in (clip, result))
    assert torch.corrcoef(torch.stack([own.flatten(), edited.flatten()]))[0, 1] > 0.95


def test_variations_together_are_those_alone():
    model = RandomUNet()
    clip = torch.randn(1, 2, 16, 8, generator=torch.Generator().manual_seed(4))
    steps, target = schedule(model.path, 0.5, 10), guidance(model, "second", 3)
    inversions = [invert(model, clip, steps, guidance(model, "first", 1), seed) for seed in range(3)]
    together = replay(model, inversions, target)
    assert together.shape == (3, 2, 16, 8)
    for inversion, result in zip(inversions, together, strict=True):
        torch.testing.assert_close(replay(model, [inversion], target)[0], result, atol=1e-5, rtol=0)
    with pytest.raises(ValueError, match="one schedule"):
        replay(model, [inversions[0], inversions[1].at(schedule(model.path, 0.3, 10))], target)


@settings(deadline=None, max_examples=20)
@given(first=st.integers(0, 24), last=st.integers(0, 24))
def test_outside_the_mask_the_source_stays_to_the_bit(first, last):
    model = ClosedForm()
    clip = model.sample(0, 24)
    mask = torch.zeros(1, 1, 24, dtype=torch.float64)
    mask[..., first:last] = 1
    steps = schedule(model.path, 0.5, 6)
    result = edit(model, clip, steps, guidance(model, "first", 1), [Part(guidance(model, "second", 1), mask)])
    changed = (result != clip).all(dim=1)
    assert torch.equal(changed, mask[:, 0] == 1)


def test_a_shift_adds_to_the_clean_prediction_of_its_step():
    """With no dependence between states, a shift at one step reaches the end times what later steps keep of it."""
    model = ClosedForm(memory=(0.0, 0.0))
    clip = model.sample(0, 8)
    same = guidance(model, "first", 1)
    steps = schedule(model.path, 0.6, 8)
    step = steps.first + 2
    shift = torch.ones(1, 2, 8, dtype=torch.float64)
    moved = edit(model, clip, steps, same, same, shift={step: shift}) - clip
    gain = 1 - steps.keep[2]
    for index in range(3, len(steps)):
        a, s = steps.level.a[index], steps.level.s[index]
        variance = model.deviations[0] ** 2
        slope = a**2 * variance / (a**2 * variance + s**2)  # of x0hat by D
        gain = steps.keep[index] * gain + (1 - steps.keep[index]) * slope * gain
    torch.testing.assert_close(moved, gain * shift)


def test_it_can_be_watched_and_stopped_between_calls():
    model = ClosedForm()
    steps = schedule(model.path, 0.5, 9)
    inversion = invert(model, model.sample(0, 8), steps, guidance(model, "first", 1), 0)
    seen = []
    replay(model, [inversion], guidance(model, "second", 1), on_call=lambda *count: seen.append(count))
    assert seen == [(index, len(steps)) for index in range(len(steps))]

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay(model, [inversion], guidance(model, "second", 1), on_call=stop)
