"""Autoencoders of waveforms: in pieces as whole, and what they lose of a clip given back."""

from dataclasses import replace

import pytest
import torch

from engine.tiny import stable_audio as tiny
from retone_engine.models import waveform_autoencoder
from retone_engine.models.give_back import give_back_wave
from retone_engine.models.mel import MelFrontEnd
from retone_engine.models.waveform_autoencoder import Bins, load_oobleck, oobleck_reach

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def autoencoder(tmp_path_factory):
    return load_oobleck(tiny.save(tmp_path_factory.mktemp("models") / "tiny"), torch.float64)


def noise(*shape, seed=0):
    return 0.2 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_a_sound_in_pieces_is_coded_as_in_one(autoencoder, monkeypatch):
    audio = noise(2, 40 * autoencoder.hop - 7)
    whole = autoencoder.encode(audio, CPU)
    sound = autoencoder.decode(whole.latent, whole, restore=False)
    monkeypatch.setattr(waveform_autoencoder, "PIECE", 5)
    torch.testing.assert_close(autoencoder.encode(audio, CPU).latent, whole.latent)
    torch.testing.assert_close(autoencoder.decode(whole.latent, whole, restore=False), sound)
    # Without their surroundings pieces would differ.
    blind = replace(autoencoder, reach=2)
    assert (blind.encode(audio, CPU).latent - whole.latent).abs().max() > 1e-3
    assert (blind.decode(whole.latent, whole, restore=False) - sound).abs().max() > 1e-3


def test_it_sees_as_far_as_it_says_and_not_twice_as_far(autoencoder):
    latent = noise(1, tiny.LATENT_CHANNELS, 60)
    other = latent.clone()
    other[..., 30] += 1
    changed = [autoencoder.vae.decode(each).sample.view(2, 60, -1) for each in (latent, other)]
    seen = (changed[0] != changed[1]).any(dim=2).any(dim=0).nonzero().flatten()
    assert 30 - autoencoder.reach <= seen.min() < 30 - autoencoder.reach // 2
    assert 30 + autoencoder.reach // 2 < seen.max() <= 30 + autoencoder.reach


def test_the_published_ones_see_half_a_second():
    assert oobleck_reach([2, 4, 4, 8, 8]) * 2048 < 0.6 * 44100
    assert oobleck_reach([2, 4, 4, 6, 10]) * 1920 < 0.6 * 48000


def test_what_fills_a_window_up_is_silence_and_is_not_decoded(autoencoder):
    audio = noise(2, 3 * autoencoder.hop + 5)
    filled = autoencoder.encode(audio, CPU, 48)
    assert filled.latent.shape[-1] == 48
    padded = torch.nn.functional.pad(audio, (0, 44 * autoencoder.hop))[:, : 48 * autoencoder.hop]
    torch.testing.assert_close(filled.latent, autoencoder.encode(padded, CPU).latent)
    longest = 0

    def spy(module, inputs):
        nonlocal longest
        longest = max(longest, inputs[0].shape[-1])

    hook = autoencoder.vae.decoder.register_forward_pre_hook(spy)
    whole = autoencoder.vae.decode(filled.latent).sample[..., : filled.frames]
    longest = 0
    torch.testing.assert_close(autoencoder.decode(filled.latent, filled, restore=False), whole)
    hook.remove()
    assert longest == 4 + autoencoder.reach


@pytest.mark.parametrize("frames", [1, 1000, 5000])
def test_an_edit_that_changes_nothing_gives_the_clip_back_in_any_batch(autoencoder, frames):
    audio = noise(2, frames)
    source = autoencoder.encode(audio, CPU)
    both = torch.cat([source.latent, source.latent + 3])
    unchanged, changed = autoencoder.decode(both, source, restore=True)
    torch.testing.assert_close(unchanged, audio)
    torch.testing.assert_close(autoencoder.decode(both[1:], source, restore=True)[0], changed)
    assert (autoencoder.decode(both, source, restore=False)[0] - audio).abs().max() > 0.1


def test_where_the_edit_changed_all_nothing_of_the_clip_is_given_back():
    source, decoded, edited = (noise(1, 2, 20000, seed=seed) for seed in range(3))
    given = give_back_wave(10 * edited, decoded, source, Bins())
    assert (given - 10 * edited).norm() < 0.05 * source.norm()


def test_channels_share_the_fate_of_a_bin_so_that_their_image_stays():
    left = noise(1, 20000)
    source = torch.stack([left, 0.01 * noise(1, 20000, seed=1)], dim=1)
    # What the autoencoder makes of a clip on the left is heard on the right, too; the edit adds little to either.
    decoded = source + 0.05 * left[:, None]
    change = 0.05 * noise(1, 1, 20000, seed=2)
    together = give_back_wave(decoded + change, decoded, source, Bins())
    alone = give_back_wave((decoded + change)[:, 1], decoded[:, 1], source[:, 1], Bins())
    wanted = (source + change)[:, 1]
    assert (together[:, 1] - wanted).norm() < 0.5 * (alone - wanted).norm()


def test_one_channel_is_given_back_as_mono():
    edited, decoded, source = (noise(2, 5000, seed=seed) for seed in range(3))
    decoded = edited + 0.3 * decoded
    grid = MelFrontEnd(16000, 1024, 160, 64)
    mono = give_back_wave(edited, decoded[:1], source[:1], grid)
    stereo = give_back_wave(edited[:, None], decoded[:1, None], source[:1, None], grid)
    torch.testing.assert_close(stereo[:, 0], mono)
    assert (mono - edited).abs().max() > 0.01
