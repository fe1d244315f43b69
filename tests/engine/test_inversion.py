import pytest
import torch

from engine.closed_form import ClosedForm
from engine.random_unet import RandomUNet
from retone_engine import inversion as inversion_module
from retone_engine.guidance import guidance
from retone_engine.inversion import ahead, invert
from retone_engine.model import Counted
from retone_engine.noise import noise
from retone_engine.path import schedule


@pytest.fixture(scope="module")
def unet():
    return RandomUNet()


@pytest.fixture(scope="module")
def clip():
    return torch.randn(1, 2, 16, 8, generator=torch.Generator().manual_seed(4))


def source(model, scale=2.0):
    return guidance(model, "first", scale)


def test_noisy_latents_are_independent_draws_of_the_path(unet, clip):
    steps = schedule(unet.path, 0.6, 10)
    inversion = invert(unet, clip, steps, source(unet), seed=9)
    for index in range(len(steps)):
        e = noise(clip.shape, 2, 9, steps.first + index)
        expected = steps.level.a[index] * clip + steps.level.s[index] * e
        torch.testing.assert_close(inversion.noised(index), expected.float())
    assert torch.equal(inversion.noised(len(steps)), clip)


def test_it_keeps_the_source_s_prediction_of_each_level_used_and_no_other():
    model = ClosedForm()
    clip = model.sample(0, 20)
    steps = schedule(model.path, 0.5, 9)
    inversion = invert(model, clip, steps, guidance(model, "first", 1), seed=0)
    assert inversion.kept.shape == (len(steps), 2, 20)
    for index in range(len(steps)):
        alone = model.predict_clean(inversion.noised(index), steps.level[index : index + 1], model.embed(["first"]))
        torch.testing.assert_close(inversion.kept[index : index + 1], alone)


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("block", [1, 4, 16, 64])
def test_the_block_changes_the_result_by_rounding_only(unet, clip, block, scale):
    steps = schedule(unet.path, 0.7, 20)
    plain = invert(unet, clip, steps, source(unet, scale), seed=3, block=1)
    blocked = invert(unet, clip, steps, source(unet, scale), seed=3, block=block)
    torch.testing.assert_close(blocked.kept, plain.kept, atol=2e-5, rtol=0)


@pytest.mark.parametrize("block", [1, 4, 7, 16])
@pytest.mark.parametrize("low", [0.0, 0.05, 0.4, 0.69])
def test_a_lower_strength_reuses_the_bits_of_a_fresh_inversion(unet, clip, low, block):
    high = invert(unet, clip, schedule(unet.path, 0.7, 20), source(unet), seed=3, block=block)
    steps = schedule(unet.path, low, 20)
    fresh = invert(unet, clip, steps, source(unet), seed=3, block=block)
    reused = high.at(steps)
    assert torch.equal(reused.kept, fresh.kept)
    assert all(torch.equal(reused.noised(i), fresh.noised(i)) for i in range(len(steps) + 1))


@pytest.mark.parametrize("block", [4, 7])
def test_a_higher_strength_computes_only_the_missing_blocks(unet, clip, block):
    low = invert(unet, clip, schedule(unet.path, 0.4, 20), source(unet), seed=3, block=block)
    steps = schedule(unet.path, 0.9, 20)
    fresh, counted = Counted(unet), Counted(unet)
    whole = invert(fresh, clip, steps, source(unet), seed=3, block=block)
    grown = invert(counted, clip, steps, source(unet), seed=3, block=block, known=low)
    assert torch.equal(grown.kept, whole.kept)
    assert counted.calls < fresh.calls
    again = Counted(unet)
    invert(again, clip, schedule(unet.path, 0.5, 20), source(unet), seed=3, block=block, known=grown)
    assert again.calls == 0


def test_another_clip_seed_or_schedule_is_not_taken_for_known(unet, clip):
    low = invert(unet, clip, schedule(unet.path, 0.4, 20), source(unet), seed=3)
    high = schedule(unet.path, 0.9, 20)
    with pytest.raises(ValueError, match="another clip or seed"):
        invert(unet, clip, high, source(unet), seed=4, known=low)
    with pytest.raises(ValueError, match="another clip or seed"):
        invert(unet, clip + 1, high, source(unet), seed=3, known=low)
    for other in (high, schedule(unet.path, 0.2, 33)):
        with pytest.raises(ValueError, match="not a tail"):
            low.at(other)
    with pytest.raises(ValueError, match="not a tail"):
        invert(unet, clip, schedule(unet.path, 0.9, 33), source(unet), seed=3, known=low)


def test_rows_and_calls_are_what_the_schedule_needs(unet, clip):
    steps = schedule(unet.path, 1.0, 16)
    seen = []
    counted = Counted(unet)
    invert(counted, clip, steps, source(unet), seed=0, block=8, on_call=lambda *count: seen.append(count))
    assert (counted.calls, counted.rows) == (4, 32)
    assert seen == [(0, 4), (1, 4), (2, 4), (3, 4)]


@pytest.mark.parametrize(("frames", "calls"), [(16, 4), (17, 8), (32, 8), (48, 16)])
def test_a_long_latent_goes_in_fewer_steps_a_call(unet, frames, calls):
    seen = []

    def stop(done, total):
        seen.append(total)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        long = torch.zeros(1, 2, frames, 8)
        invert(unet, long, schedule(unet.path, 1.0, 16), source(unet), seed=0, block=8, on_call=stop)
    assert seen == [calls]


def test_it_can_be_stopped_between_calls(unet, clip):
    class Stop(Exception):
        pass

    def stop(done, total):
        if done == 2:
            raise Stop

    counted = Counted(unet)
    with pytest.raises(Stop):
        invert(counted, clip, schedule(unet.path, 1.0, 16), source(unet), seed=0, block=4, on_call=stop)
    assert counted.calls == 2


def test_a_narrow_network_s_predictions_are_kept_whole(clip):
    narrow, wide = RandomUNet(torch.bfloat16), RandomUNet()
    steps = schedule(wide.path, 0.5, 8)
    rough, exact = (invert(model, clip, steps, source(model), seed=0).kept for model in (narrow, wide))
    assert rough.dtype == torch.float32
    assert not torch.equal(rough, exact)
    assert (rough - exact).abs().mean() < 0.02


def test_many_steps_are_drawn_ahead_and_fewer_of_what_is_large(unet, clip, monkeypatch):
    inversions = [invert(unet, clip, schedule(unet.path, 0.6, 40), source(unet), seed) for seed in (1, 2)]
    drawn, plain = [], inversion_module._noised

    def counted(latent, steps, places, noises):
        drawn.append(len(places))
        return plain(latent, steps, places, noises)

    monkeypatch.setattr(inversion_module, "_noised", counted)
    whole = [torch.cat(both) for both in ahead(inversions)]
    assert drawn[0] == 16
    assert torch.equal(whole[17][:2], torch.cat([one.noised(17) for one in inversions]))
    assert torch.equal(whole[17][2:], torch.cat([one.kept[17:18] for one in inversions]))
    drawn.clear()
    monkeypatch.setattr(inversion_module, "_AHEAD_BYTES", 3 * 2 * clip.nbytes)
    assert all(torch.equal(torch.cat(both), one) for both, one in zip(ahead(inversions), whole, strict=True))
    assert set(drawn) <= {1, 2, 3} and drawn[0] == 3
