import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from retone_engine.noise import BLOCK, noise


@settings(deadline=None)
@given(short=st.integers(1, 200), longer=st.integers(0, 200), seed=st.integers(0, 2**31 - 1))
def test_a_place_has_the_same_noise_whatever_the_length(short, longer, seed):
    part, whole = (noise((1, 3, frames, 2), 2, seed, 4) for frames in (short, short + longer))
    assert torch.equal(part, whole[:, :, :short])


def test_the_same_seed_and_step_give_the_same_noise():
    assert torch.equal(noise((1, 2, 70), 2, 11, 3), noise((1, 2, 70), 2, 11, 3))


def test_steps_seeds_and_neighbouring_blocks_are_independent():
    shape = (1, 16, 4 * BLOCK)
    fields = [noise(shape, 2, seed, step).flatten() for seed in (0, 1, 2**31 - 1) for step in (0, 1, 199)]
    fields += [field.roll(BLOCK) for field in fields[:1]]
    correlation = torch.corrcoef(torch.stack(fields)) - torch.eye(len(fields))
    assert correlation.abs().max() < 5 / (16 * 4 * BLOCK) ** 0.5


def test_it_is_normal():
    field = noise((1, 8, 4096), 2, 5, 0).double()
    assert field.mean().abs() < 0.02
    assert field.var() == pytest.approx(1, abs=0.03)
    assert (field**4).mean() == pytest.approx(3, abs=0.15)


def test_time_may_be_any_axis_and_the_caller_s_generator_is_left_alone():
    before = torch.random.get_rng_state()
    assert noise((1, 5, 8, 100), 3, 1, 1).shape == (1, 5, 8, 100)
    assert noise((1, 100, 5), 1, 1, 1).shape == (1, 100, 5)
    assert torch.equal(before, torch.random.get_rng_state())


def test_no_two_steps_of_a_seed_share_a_generator():
    starts = torch.cat([noise((1, 1, 1), 2, 7, step).flatten() for step in range(1000)])
    assert len(starts.unique()) == 1000
