"""The adapters of AudioLDM2 and Stable Audio Open do what the paper's procedures do, number by number.

What they are held against lies in `published`: float64, the library's own networks, nothing of the engine. Both sides
are given the same clean latent, noise, levels and prompts. Differences are relative to the largest entry of the clean
latent, those of directions to their length 1 and those of variances to the largest of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from diffusers import DDIMScheduler
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.published import networks, procedure
from engine.published.samplers import DDIM
from engine.tiny import audioldm2, stable_audio
from retone_engine import directions, models
from retone_engine.guidance import Guidance, guidance
from retone_engine.inversion import invert
from retone_engine.noise import noise
from retone_engine.path import Schedule
from retone_engine.replay import replay

STEPS, START, SEED = 12, 6, 5
# Of Stable Audio Open's window, in latent frames: what the directions are looked for in.
SEARCHED = 16
SOURCE, TARGET = ("a piano", 3.0), ("a string", 7.0)
DOUBLE, SINGLE = 1e-6, 1e-4


@dataclass
class Pair:
    """A checkpoint as published and, by precision, as adapter; one sound of ``frames`` in latent space."""

    published: networks.AudioLDM2 | networks.StableAudio
    folder: Path
    frames: int

    def adapter(self, dtype: torch.dtype):
        return models.load(str(self.folder), torch.device("cpu"), dtype)

    def latent(self) -> Tensor:
        model = self.adapter(torch.float64)
        sound = torch.randn(model.channels, self.frames, generator=torch.Generator().manual_seed(1))
        return model.encode(0.2 * sound).latent

    def noises(self, latent: Tensor, axis: int) -> list[Tensor]:
        return [noise(latent.shape, axis, SEED, i).double() for i in range(STEPS)]

    def schedule(self, model) -> Schedule:
        """The scheduler's own levels, named by ln(a / s)."""
        sampler = self.published.sampler
        lam = [torch.log(sampler.signal(i) / sampler.noise(i)) for i in range(STEPS)]
        found = Schedule.of(model.path.at(torch.stack(lam)))
        assert len(found) == STEPS
        return found

    def guided(self, model, prompt: str, scale: float) -> Guidance:
        return guidance(model, prompt, scale, frames=self.frames)


def changed(folder: Path, part: str, change) -> Path:
    """The checkpoint with other weights."""
    file = folder / part / "diffusion_pytorch_model.safetensors"
    weights = {name: change(name, weight).contiguous() for name, weight in load_file(file).items()}
    save_file(weights, file, {"format": "pt"})
    return folder


def spread_audioldm2(name: str, weight: Tensor) -> Tensor:
    """First and last convolution blur: directions of few, slow waves, far apart in strength."""
    return 10 * weight.abs() if name in ("conv_in.weight", "conv_out.weight") else weight


def spread_stable_audio(name: str, weight: Tensor) -> Tensor:
    """Strong attention: directions in which all places move together, far apart in strength."""
    return 3 * weight if "attn1.to_out" in name or "attn1.to_v" in name else weight


@pytest.fixture(scope="module", params=["audioldm2", "stable_audio"])
def pair(request, tmp_path_factory):
    return made(request.param, tmp_path_factory.mktemp("models") / "plain")


@pytest.fixture(scope="module", params=["audioldm2", "stable_audio"])
def spread(request, tmp_path_factory):
    """Random weights have directions that are all nearly as strong; here a few stand out."""
    return made(request.param, tmp_path_factory.mktemp("models") / "spread", spread=True)


def made(family: str, folder: Path, spread: bool = False) -> Pair:
    if family == "audioldm2":
        audioldm2.save(folder)
        if spread:
            changed(folder, "unet", spread_audioldm2)
        return Pair(networks.AudioLDM2(folder, STEPS), folder, 800)
    stable_audio.save(folder)
    if spread:
        changed(folder, "transformer", spread_stable_audio)
    rate, frames = 4000, 1200
    return Pair(networks.StableAudio(folder, STEPS, frames / rate), folder, frames)


def edited_as_published(pair: Pair, x0: Tensor, axis: int, target: tuple[str, float], drift=None) -> Tensor:
    published = pair.published
    with torch.no_grad():
        source = published.clean(*SOURCE)
        states, maps = procedure.invert(source, x0, pair.noises(x0, axis), published.sampler)
        clean = published.clean(*target)
        return procedure.sample(clean, states[START], maps, published.sampler, START, drift or {})


def edited(pair: Pair, model, x0: Tensor, target: tuple[str, float], drift=None) -> Tensor:
    whole = pair.schedule(model)
    inversion = invert(model, x0, whole.tail(START), pair.guided(model, *SOURCE), SEED, block=5)
    return replay(model, [inversion], pair.guided(model, *target), shift=drift)


def test_the_published_step_of_audioldm2_is_the_library_s():
    """But for the last, after which the library's latent is not quite clean."""
    scheduler = DDIMScheduler(
        beta_start=0.0015, beta_end=0.0195, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False,
        steps_offset=1,
    )  # fmt: skip
    scheduler.alphas_cumprod = scheduler.alphas_cumprod.double()
    scheduler.set_timesteps(STEPS)
    sampler = DDIM(scheduler.alphas_cumprod[scheduler.timesteps])
    x, e = torch.randn(2, 3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for i, time in enumerate(scheduler.timesteps[:-1]):
        x0 = (x - sampler.noise(i) * e) / sampler.signal(i)
        for z in (torch.zeros_like(x), torch.ones_like(x)):
            theirs = scheduler.step(e, time, x, eta=1.0, variance_noise=z).prev_sample
            torch.testing.assert_close(sampler.mean(x, x0, i) + sampler.deviation(i) * z, theirs)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, DOUBLE), (torch.float32, SINGLE)], ids=["64", "32"])
def test_an_edit_is_the_published_one(pair, dtype, tolerance):
    x0, model = pair.latent(), pair.adapter(dtype)
    theirs = edited_as_published(pair, x0, model.time_axis, TARGET)
    ours = edited(pair, model, x0.to(dtype), TARGET)
    assert ours.dtype == dtype
    size = x0.abs().max()
    assert (theirs - x0).abs().max() > 0.1 * size
    assert (ours - theirs).abs().max() < tolerance * size


def test_a_drift_is_the_published_one(pair):
    """Something is added to the clean prediction at some of the steps, the source's prompt on both sides."""
    x0, model = pair.latent(), pair.adapter(torch.float64)
    push = 0.3 * torch.randn(x0.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    drift = {step: push for step in range(START + 1, START + 4)}
    theirs = edited_as_published(pair, x0, model.time_axis, SOURCE, drift)
    ours = edited(pair, model, x0, SOURCE, drift)
    size = x0.abs().max()
    assert (theirs - x0).abs().max() > 0.1 * size
    assert (ours - theirs).abs().max() < DOUBLE * size


@dataclass
class Found:
    """What the published search finds at ``level``; each round brings it nearer by the factor ``gap``."""

    x: Tensor
    level: int
    mask: Tensor
    vectors: Tensor
    variances: Tensor
    gap: float


def rounds(gap: float, error: float) -> int:
    return math.ceil(math.log(1 / error) / math.log(gap))


@pytest.fixture(scope="module")
def found(spread) -> Found:
    x0, level, published = spread.latent(), 8, spread.published
    sampler, clean = published.sampler, published.clean(*SOURCE)
    axis = 2
    x = sampler.noised(x0, spread.noises(x0, axis)[level], level)
    mask = torch.ones_like(x0)
    if not isinstance(sampler, DDIM):
        mask[..., SEARCHED:] = 0
    exact = procedure.derivatives(clean, x, level, mask)
    count, gap = widest_gap(exact(torch.eye(x.numel(), dtype=x.dtype).view(-1, *x.shape[1:])))
    begin = mask * torch.randn(count, *x.shape[1:], dtype=x.dtype, generator=torch.Generator().manual_seed(3))
    if isinstance(sampler, DDIM):
        images = procedure.finite_differences(clean, x, level, sampler.signal(level), 1e-7)
    else:
        # This network turns its tokens' places in float32.
        images = exact
    with torch.no_grad():
        vectors, values = procedure.principal_components(images, begin, rounds(gap, 1e-8))
    gain = sampler.noise(level) ** 2 / sampler.signal(level)
    return Found(x, level, mask, vectors, values * gain, gap)


def widest_gap(rows: Tensor) -> tuple[int, float]:
    """How many leading eigenvalues (2 to 6) stand out most from the next one, and by what factor."""
    strengths = torch.linalg.eigvals(rows.flatten(1)).abs().sort(descending=True).values
    gaps = (strengths[1:6] / strengths[2:7]).tolist()
    gap = max(gaps)
    assert gap > 1.3, "this tiny network's directions do not stand out"
    return gaps.index(gap) + 2, gap


def test_directions_are_the_published_ones(spread, found, monkeypatch):
    monkeypatch.setattr(directions, "EXTRA", 0)
    monkeypatch.setattr(directions, "ROUNDS", rounds(found.gap, DOUBLE / 30))
    monkeypatch.setattr(directions, "TOLERANCE", 0.0)
    model = spread.adapter(torch.float64)
    level = spread.schedule(model).level[slice(found.level, found.level + 1)]
    ours = directions.find(model, found.x, level, spread.guided(model, *SOURCE), len(found.vectors), mask=found.mask)
    vectors = ours.vectors
    sign = torch.sign((vectors * found.vectors).flatten(1).sum(1)).view(-1, *[1] * (vectors.ndim - 1))
    assert (vectors - sign * found.vectors).flatten(1).norm(dim=1).max() < DOUBLE
    assert (ours.variances - found.variances).abs().max() < DOUBLE * found.variances.abs().max()
    assert not (vectors * (1 - found.mask)).any()
