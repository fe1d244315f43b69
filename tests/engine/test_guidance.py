import pytest
import torch

from engine.closed_form import ClosedForm
from retone_engine.guidance import deviation, guidance, predict
from retone_engine.model import Counted

MODEL = ClosedForm()
LEVEL = MODEL.path.at(torch.tensor([-1.0, 0.5]))
X = torch.randn(2, 2, 20, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def alone(prompt):
    return MODEL.predict_clean(X, LEVEL, MODEL.embed([prompt]).rows(2))


def test_it_goes_from_the_unconditional_prediction_through_the_prompt_s():
    expected = alone("") + 3 * (alone("first") - alone(""))
    torch.testing.assert_close(predict(MODEL, X, LEVEL, guidance(MODEL, "first", 3)), expected)


def test_the_negative_prompt_takes_the_empty_one_s_place():
    expected = alone("second") + 3 * (alone("first") - alone("second"))
    torch.testing.assert_close(predict(MODEL, X, LEVEL, guidance(MODEL, "first", 3, "second")), expected)


@pytest.mark.parametrize(
    ("prompt", "scale", "negative", "rows"),
    [("first", 3, "", 4), ("first", 1, "", 2), ("first", 1, "second", 2), ("", 3, "", 2), ("first", 0, "", 4)],
)
def test_both_branches_are_one_call_and_only_what_is_needed_is_computed(prompt, scale, negative, rows):
    counted = Counted(MODEL)
    predict(counted, X, LEVEL, guidance(counted, prompt, scale, negative))
    assert (counted.calls, counted.rows) == (1, rows)


def test_rescale_takes_the_deviation_back_to_the_prompt_s():
    plain, half, full = (predict(MODEL, X, LEVEL, guidance(MODEL, "first", 6, rescale=r)) for r in (0.0, 0.5, 1.0))
    own = deviation(alone("first"), 2, 32)
    assert (deviation(plain, 2, 32) > 1.1 * own).any()
    torch.testing.assert_close(deviation(full, 2, 32), own)
    torch.testing.assert_close(half, (plain + full) / 2)


@pytest.mark.parametrize("axis", [1, 2, 3])
def test_a_long_clip_s_deviation_is_local(axis):
    x = torch.randn(2, 24, 24, 24, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    x.narrow(axis, 12, 12).mul_(5)
    found = deviation(x, axis, 6)
    assert found.shape == tuple(24 if a == axis else 2 if a == 0 else 1 for a in range(4))
    flat = found.flatten(1)
    torch.testing.assert_close(flat[:, :8], torch.ones(2, 8).double(), atol=0.05, rtol=0)
    torch.testing.assert_close(flat[:, 16:], torch.full((2, 8), 5.0).double(), atol=0.25, rtol=0)
    exact = x.narrow(axis, 5, 7).std(dim=(1, 2, 3), correction=0)
    torch.testing.assert_close(flat[:, 8], exact)
