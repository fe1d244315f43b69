"""Nothing in an edit's loops waits for the device: on the meta device, where nothing has a value, reading one fails."""

import pytest
import torch

from engine.random_unet import RandomUNet
from retone_engine.baselines import flowedit
from retone_engine.guidance import guidance
from retone_engine.inversion import invert
from retone_engine.path import EDMPath, FlowPath, VPPath, schedule
from retone_engine.replay import replay
from retone_engine.target import Part
from retone_engine.windows import Windowed

META = torch.device("meta")


class Elsewhere(RandomUNet):
    """A model on a device that has shapes and no values; the families' own networks are tried there with them."""

    def embed(self, prompts, frames=None):
        embedding = super().embed(prompts)
        return type(embedding)({name: tensor.to(META) for name, tensor in embedding.tensors.items()})

    def predict_clean(self, x, level, embedding):
        number = embedding.tensors["number"][:, :, None, None]
        a, s = (value.to(x.device, x.dtype)[:, None, None, None] for value in (level.a, level.s))
        return a * x - s * torch.tanh(number * x)


@pytest.fixture(params=[VPPath(), EDMPath(), FlowPath()], ids=["VP", "EDM", "flow"])
def model(request):
    return Windowed(Elsewhere(path=request.param))


@pytest.fixture(params=[16, 40], ids=["a window", "beyond the window"])
def latent(request):
    return torch.empty(1, 2, request.param, 8, device=META)


def test_reading_a_value_would_fail():
    for read in (lambda x: x.item(), bool, float, lambda x: x.cpu(), lambda x: x.nonzero()):
        with pytest.raises((RuntimeError, NotImplementedError)):
            read(torch.zeros((), device=META))


def test_an_edit_waits_for_nothing(model, latent):
    levels = schedule(model.path, 0.5, 12)
    source, target = guidance(model, "first", 2.0), guidance(model, "second", 3.0, rescale=0.7)
    inversions = [invert(model, latent, levels, source, seed, block=8) for seed in range(2)]
    shift = {levels.first: torch.zeros(1, *latent.shape[1:])}
    for method in (replay, flowedit):
        assert method(model, inversions, target, shift=shift).shape == (2, *latent.shape[1:])


def test_an_edit_with_segments_waits_for_nothing(model, latent):
    levels = schedule(model.path, 0.5, 12)
    source, target = guidance(model, "", 1.0), guidance(model, "second", 3.0)
    weight = torch.ones(1, 1, latent.shape[2], 1)
    parts = [Part(target, 0.5 * weight, None, levels.first), Part(source, 0.5 * weight, None, levels.first + 2)]
    inversion = invert(model, latent, levels, source, 0)
    assert replay(model, [inversion], parts).shape == latent.shape
