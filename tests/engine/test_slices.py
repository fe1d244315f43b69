"""Long convolutions in slices: what Apple's GPUs need, tried where every length is allowed."""

import pytest
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from engine.tiny import FAMILIES
from retone_engine import models
from retone_engine.models import mel_autoencoder, waveform_autoencoder
from retone_engine.models.slices import Sliced, whatever_length

KINDS = [
    {"kernel_size": 7, "padding": 3},
    {"kernel_size": 7, "padding": 27, "dilation": 9},
    {"kernel_size": 16, "stride": 8, "padding": 4},
    {"kernel_size": 1, "bias": False},
    {"kernel_size": 4, "padding": "same", "dilation": 2, "groups": 2},
    {"kernel_size": 3, "padding": "valid"},
]


class Longest(TorchFunctionMode):
    """How long the longest result of a convolution is."""

    frames = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        if func is torch.nn.functional.conv1d:
            self.frames = max(self.frames, out.shape[-1])
        return out


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("frames", [150, 151, 801])
def test_slices_put_together_are_the_whole(kind, frames):
    torch.manual_seed(0)
    convolution, x = nn.Conv1d(2, 4, **kind).double(), torch.randn(2, 2, frames, dtype=torch.float64)
    whole = convolution(x)
    with Longest() as longest, Sliced(50):
        sliced = convolution(x)
    torch.testing.assert_close(sliced, whole)
    assert longest.frames <= 50


@pytest.mark.parametrize("name", ["audioldm2", "stable_audio"])
def test_on_apples_gpus_the_autoencoders_convolve_in_slices(name, tmp_path, monkeypatch):
    device = torch.device("cpu")
    model = models.load(str(FAMILIES[name](tmp_path / name)), device, torch.float64).model
    audio = torch.randn(model.channels, round(0.5 * model.sample_rate), generator=torch.Generator().manual_seed(0))

    def there_and_back():
        encoded = model.encode(audio)
        with Longest() as longest:
            return encoded.latent, model.decode(encoded.latent, encoded, False), longest.frames

    latent, sound, whole = there_and_back()
    for autoencoder in (mel_autoencoder, waveform_autoencoder):
        monkeypatch.setattr(autoencoder, "whatever_length", lambda device: Sliced(999))
    same, again, sliced = there_and_back()
    torch.testing.assert_close(same, latent)
    torch.testing.assert_close(again, sound)
    assert sliced <= 999 < whole


def test_only_apples_gpus_have_the_limit():
    assert isinstance(whatever_length(torch.device("mps")), Sliced)
    for kind in ("cpu", "cuda"):
        assert not isinstance(whatever_length(torch.device(kind)), Sliced)
