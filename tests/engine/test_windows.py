import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.closed_form import ClosedForm
from engine.random_unet import RandomUNet
from retone_engine.guidance import guidance
from retone_engine.inversion import invert
from retone_engine.model import Counted
from retone_engine.path import schedule
from retone_engine.replay import replay
from retone_engine.windows import Windowed, blend

# 32 latent frames a window, of which 8 are shared; context reaches about 5 frames.
MODEL = ClosedForm(memory=(0.8, 0.6))
LONG = Windowed(MODEL)
WHOLE = ClosedForm(memory=(0.8, 0.6), window=10_000)


def tone(frames):
    return torch.sin(torch.arange(frames, dtype=torch.float64) / 7)[None]


def edit(model, latent, rescale=0.0):
    steps = schedule(model.path, 0.6, 12)
    inversion = invert(model, latent, steps, guidance(model, "first", 1), 0)
    return replay(model, [inversion], guidance(model, "second", 2, rescale=rescale))


@pytest.mark.parametrize("frames", [1, 33, 63, 64])
def test_up_to_one_window_it_is_the_model_itself(frames):
    plain, windowed = MODEL.encode(tone(frames)), LONG.encode(tone(frames))
    assert torch.equal(plain.latent, windowed.latent)
    assert torch.equal(edit(MODEL, plain.latent), edit(LONG, plain.latent))
    assert torch.equal(MODEL.decode(plain.latent, plain, True), LONG.decode(plain.latent, windowed, True))


@settings(deadline=None, max_examples=40)
@given(frames=st.integers(1, 700))
def test_any_length_comes_back_exactly(frames):
    encoded = LONG.encode(tone(frames))
    assert encoded.frames == frames
    decoded = LONG.decode(encoded.latent, encoded, restore=True)
    torch.testing.assert_close(decoded[0], tone(frames), atol=1e-12, rtol=0)


@settings(deadline=None, max_examples=40)
@given(frames=st.integers(65, 700), more=st.integers(1, 300))
def test_a_longer_clip_has_the_same_windows_and_then_more(frames, more):
    short, long = (LONG.encode(tone(count)).latent.shape[2] for count in (frames, frames + more))
    assert LONG.starts(long)[: len(LONG.starts(short))] == LONG.starts(short)
    assert LONG.starts(short)[-1] + LONG.frames == short


def test_a_long_clip_s_prediction_is_close_to_that_of_a_model_without_windows():
    x = torch.randn(2, 2, 128, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    level = MODEL.path.at(torch.tensor([-1.0, 0.5]))
    prompt = MODEL.embed(["second", "first"])
    truth = WHOLE.predict_clean(x, level, prompt)
    cut = torch.cat([MODEL.predict_clean(part, level, prompt) for part in x.split(32, dim=2)], dim=2)
    blended = LONG.predict_clean(x, level, prompt)
    assert (blended - truth).abs().max() < 0.1 * (cut - truth).abs().max()


def test_a_long_edit_is_continuous_over_the_seams():
    """Against the same edit by a model that needs no windows: no seam stands out."""
    clip = WHOLE.sample(0, 128)
    windowed, whole = edit(LONG, clip), edit(WHOLE, clip)
    cut = torch.cat([edit(MODEL, part) for part in clip.split(32, dim=2)], dim=2)
    assert (whole - clip).abs().mean() > 0.5
    assert (windowed - whole).abs().max() < 0.2 * (cut - whole).abs().max()


def test_the_same_prompt_gives_a_long_source_back():
    model = Windowed(RandomUNet())
    clip = torch.randn(1, 2, 40, 8, generator=torch.Generator().manual_seed(4))
    same = guidance(model, "first", 2)
    inversion = invert(model, clip, schedule(model.path, 0.7, 8), same, 0)
    torch.testing.assert_close(replay(model, [inversion], same), clip, atol=1e-5, rtol=0)


@pytest.mark.parametrize("rescale", [0.0, 0.7])
def test_what_follows_does_not_reach_back_far(rescale):
    """Two clips that part at frame 96, and one that is shorter: the edits agree up to one and a half windows before."""
    clip = WHOLE.sample(0, 152)
    other = torch.cat([clip[..., :96], 3 * WHOLE.sample(1, 56)], dim=2)
    first, second, shorter = (edit(LONG, x, rescale) for x in (clip, other, clip[..., :104]))
    torch.testing.assert_close(second[..., :48], first[..., :48], atol=5e-3, rtol=0)
    torch.testing.assert_close(shorter[..., :48], first[..., :48], atol=5e-3, rtol=0)
    assert (second - first)[..., 96:].abs().max() > 0.5


def test_no_call_has_more_rows_than_allowed():
    class Widest(Counted):
        most = 0

        def predict_clean(self, x, level, embedding):
            self.most = max(self.most, len(x))
            return super().predict_clean(x, level, embedding)

    widest = Widest(MODEL)
    x = torch.randn(3, 2, 128, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    level = MODEL.path.at(torch.tensor([-1.0, 0.0, 1.0]))
    prompts = MODEL.embed(["first", "", "second"])
    few = Windowed(widest, rows=4).predict_clean(x, level, prompts)
    assert widest.most == 4
    assert widest.rows == 3 * 5
    torch.testing.assert_close(few, LONG.predict_clean(x, level, prompts))


def test_each_window_gets_back_what_was_kept_of_it():
    audio = torch.cat([tone(100), torch.zeros(1, 200, dtype=torch.float64)], dim=1)
    encoded = LONG.encode(audio)
    seen = []

    class Spying(ClosedForm):
        def decode(self, latent, source, restore):
            seen.append((float(source.kept["peak"]), source.frames, latent.shape))
            return super().decode(latent, source, restore)

    Windowed(Spying(memory=MODEL.memory)).decode(encoded.latent.expand(2, -1, -1), encoded, True)
    peaks = [peak for peak, _, _ in seen]
    assert peaks[0] > 0.9
    assert peaks[-1] == 0
    assert {(frames, shape) for _, frames, shape in seen} == {(64, (2, 2, 32))}


def test_equal_parts_blend_into_themselves_and_unequal_ones_without_a_jump():
    ones = torch.ones(1, 32, 3, dtype=torch.float64)
    flat = blend([(0, ones), (24, ones), (40, ones)], 72, 1, 8)
    torch.testing.assert_close(flat, torch.ones(1, 72, 3).double())
    step = blend([(0, 0 * ones), (24, ones)], 56, 1, 8)[0, :, 0]
    assert (step.diff() >= 0).all()
    assert step.diff().max() < 0.5
    assert step[25] == 0 and step[30] == 1


def test_a_cancel_is_heard_between_the_windows_of_a_long_clip():
    calls = []

    def stop_at_the_third():
        calls.append(None)
        if len(calls) == 3:
            raise InterruptedError

    model = Windowed(MODEL, before_call=stop_at_the_third)
    with pytest.raises(InterruptedError):
        model.encode(torch.zeros(1, 6 * MODEL.window))
