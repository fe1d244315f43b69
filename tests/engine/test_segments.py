"""Several prompts over time: where each pulls, how they meet, and what is left alone."""

import math

import numpy as np
import pytest
import torch

from engine.closed_form import ClosedForm
from engine.random_unet import RandomUNet
from retone_engine.audio.files import Clip
from retone_engine.cache import Cache
from retone_engine.clock import Clock
from retone_engine.edit import check_segments, edited
from retone_engine.guidance import guidance
from retone_engine.inversion import invert
from retone_engine.path import schedule
from retone_engine.progress import Reporter
from retone_engine.replay import replay
from retone_engine.request import EditRequest, RetoneError
from retone_engine.segments import FADE_SECONDS
from retone_engine.settings import Settings, filled
from retone_engine.signals import Passage, Signal
from retone_engine.stretches import inside, stretch
from retone_engine.target import Part, pulled
from retone_engine.windows import Windowed

LATENT = torch.zeros(1, 2, 500, dtype=torch.float64)  # 10 s of the closed form's 0.02 s a frame


def test_stretches_that_meet_add_up_to_1():
    model = ClosedForm()
    parts = [stretch(model, LATENT, a, b) for a, b in ((0, 2.5), (2.5, 4.0), (4.0, math.inf))]
    assert torch.allclose(sum(parts), torch.ones(1, 1, 500, dtype=torch.float64))
    assert parts[0][0, 0, 0] == parts[2][0, 0, -1] == 1
    # Half way where they meet, and all of one half a fade further.
    at = round(2.5 / 0.02)
    assert parts[0][0, 0, at - 1 : at + 1].mean() == pytest.approx(0.5)
    assert parts[1][0, 0, at + math.ceil(FADE_SECONDS / 2 / 0.02)] == 1


def test_inside_holds_every_frame_that_is_touched():
    model = ClosedForm()
    assert inside(model, LATENT, 0.03, 0.05).flatten().nonzero().flatten().tolist() == [1, 2]
    assert inside(model, LATENT, 0.001, 0.002).sum() == 1


def passage(model, request):
    reporter = Reporter(lambda progress: None, lambda: False)
    source = guidance(model, request.source_prompt, request.source_guidance_scale)
    return Passage(Windowed(model), Settings.of(request, model, "any"), source, True, Cache(), reporter, Clock())


def edits(model, seconds=1.2, seed=0, **settings):
    """The edits of white noise, and the noise, each (1, 1, frames)."""
    frames = round(seconds * model.sample_rate)
    sound = np.random.default_rng(1).normal(0, 0.1, (1, frames)).astype(np.float32)
    clip = Clip(sound, model.sample_rate, 0, frames, "clip.wav")
    request = filled(EditRequest.of("clip.wav", {"strength": 0.6, **settings}), model)
    return edited(passage(model, request), request, clip, [Signal.of(sound)]), sound


def test_segments_of_one_prompt_are_the_edit_by_that_prompt():
    model = ClosedForm()
    (plain,), _ = edits(model, prompt="second")
    (parts,), _ = edits(model, segments="0-0.5 second | 0.5- second")
    np.testing.assert_allclose(parts, plain, atol=1e-5)


def test_what_no_segment_covers_stays_as_it_is_or_follows_the_prompt():
    model = ClosedForm()
    (alone,), sound = edits(model, segments="0-0.5 second")
    changed = np.abs(alone[0] - sound)[0]
    edge = round((0.5 + FADE_SECONDS / 2) * model.sample_rate) + 2
    assert changed[:20].min() > 1e-4
    assert changed[edge:].max() < 1e-6
    (both,), _ = edits(model, segments="0-0.5 second", prompt="first")
    assert np.abs(both[0] - sound)[0][edge:].max() > 1e-3


def test_a_weaker_segment_begins_later_and_keeps_more():
    model = ClosedForm()
    (strong,), sound = edits(model, segments="0-0.6 second | 0.6- second strength=0.6")
    (weak,), _ = edits(model, segments="0-0.6 second | 0.6- second strength=0.2")
    late = slice(80, None)
    assert np.abs(weak[0] - sound)[0][late].mean() < 0.7 * np.abs(strong[0] - sound)[0][late].mean()
    (none,), _ = edits(model, segments="0-0.6 second | 0.6- second strength=0")
    assert np.abs(none[0] - sound)[0][late].max() < 1e-6


def test_a_segments_guidance_is_its_own():
    model = ClosedForm()
    (plain,), _ = edits(model, segments="0-0.6 second | 0.6- second")
    (hard,), _ = edits(model, segments="0-0.6 second | 0.6- second guidance_scale=6")
    apart = np.abs(plain - hard)[0, 0]
    assert apart[:40].max() < 0.1 * apart[90:].max()


@pytest.mark.parametrize("method", ["ddpm_inversion", "sdedit", "ddim_inversion", "flowedit"])
def test_every_method_takes_segments(method):
    (made,), sound = edits(ClosedForm(), segments="0-0.4 second | 0.6-0.9 first", method=method)
    assert np.isfinite(made).all()
    # The gap's middle and the end follow the clip.
    assert np.abs(made[0] - sound)[0][110:].max() < 1e-6
    assert np.abs(made[0] - sound)[0][:30].max() > 1e-3


@pytest.mark.parametrize("text", ["0-1.3 second", "1.2- second", "0-0.5 first | 5-6 second"])
def test_a_segment_that_leaves_the_region_is_refused_with_what_there_is(text):
    clip = Clip(np.zeros((1, 120), np.float32), 100, 0, 120, "clip.wav")
    with pytest.raises(RetoneError, match=r"leaves the region, which is 0 to 1\.2 s of the file") as caught:
        check_segments(clip, EditRequest.of("clip.wav", {"segments": text}))
    assert caught.value.code == "bad_request"


def test_segments_count_from_the_files_beginning_and_not_the_regions():
    clip = Clip(np.zeros((1, 120), np.float32), 100, 300, 900, "clip.wav")
    check_segments(clip, EditRequest.of("clip.wav", {"segments": "3-4.2 second"}))
    with pytest.raises(RetoneError, match=r"which is 3 to 4\.2 s"):
        check_segments(clip, EditRequest.of("clip.wav", {"segments": "0-1 second"}))


def test_a_part_of_a_long_clip_asks_only_for_its_own_windows():
    calls = []
    model = Windowed(RandomUNet(), before_call=lambda: calls.append(1))
    x = torch.randn(1, 2, 112, 8, generator=torch.Generator().manual_seed(3))
    level = schedule(model.path, 0.5, 12).level[slice(0, 1)]
    first = guidance(model, "first", 1)
    weight = torch.zeros(1, 1, 112, 1)
    weight[:, :, 30:50] = 1
    span = model.around(30, 50, 112)
    assert 16 <= span.stop - span.start < 112
    whole, _ = pulled(model, x, level, 0, [Part(first, weight)])
    part, cover = pulled(model, x, level, 0, [Part(first, weight, span)])
    torch.testing.assert_close(part, whole, atol=1e-5, rtol=0)
    assert torch.equal(cover, weight)


def test_a_variation_in_a_batch_is_the_edit_of_its_own_seed():
    model = RandomUNet()
    clip = torch.randn(1, 2, 16, 8, generator=torch.Generator().manual_seed(4))
    steps, source, target = schedule(model.path, 0.6, 12), guidance(model, "", 1), guidance(model, "second", 3)
    inversions = [invert(model, clip, steps, source, seed) for seed in (3, 4)]
    both = replay(model, inversions, target)
    for row, inversion in zip(both, inversions, strict=True):
        torch.testing.assert_close(row[None], replay(model, [inversion], target), atol=1e-4, rtol=0)
    assert (both[0] - both[1]).abs().max() > 0.01
