from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.audio_utils import mel_filter_bank, spectrogram

from retone_engine import models
from retone_engine.guidance import guidance
from retone_engine.inversion import invert
from retone_engine.model import PEAK
from retone_engine.models.pocket import load
from retone_engine.models.pocket.codec import fit
from retone_engine.models.pocket.mel import HOP, MEL_BINS, N_FFT, SAMPLE_RATE, log_mel
from retone_engine.models.pocket.text import MEANINGFUL, TIMBRES, VOCABULARY, known_words, words
from retone_engine.path import schedule
from retone_engine.replay import replay

FOLDER = models.find("pocket")
CLIPS = Path(__file__).with_name("pocket_clips")
SIXTEEN_MEGABYTES = 16_000_000


@pytest.fixture(scope="module")
def pocket():
    return load(FOLDER, torch.device("cpu"), torch.float32)


@pytest.fixture(scope="module")
def piano():
    return clip("piano")


def clip(name):
    """A held-out rendering at the peak that models know, (1, samples)."""
    sound, rate = soundfile.read(CLIPS / f"{name}.flac", dtype="float32")
    assert rate == SAMPLE_RATE
    return torch.from_numpy(sound * (PEAK / np.abs(sound).max()))[None]


def edited(pocket, sound, prompt, source_prompt="", strength=None, steps=20):
    encoded = pocket.encode(sound)
    levels = schedule(pocket.path, strength or pocket.defaults.strength, steps)
    inversion = invert(pocket, encoded.latent, levels, guidance(pocket, source_prompt, 1.0), 0)
    scale = pocket.defaults.guidance_scale if prompt != source_prompt else 1.0
    return encoded, replay(pocket, [inversion], guidance(pocket, prompt, scale))


def distance(one, other):
    """Mean distance of two sounds' log-mels, floored 60 dB below their loudest point, in nat."""
    mels = [log_mel(sound * (PEAK / sound.abs().max())) for sound in (one, other)]
    first, second = (torch.maximum(mel, mel.max() - 6.9) for mel in mels)
    return float((first - second).abs().mean())


def test_it_is_small_enough_to_come_along():
    shipped = [FOLDER / name for name in ("pocket.json", "pocket.safetensors", "CARD.md")]
    assert sum(file.stat().st_size for file in shipped) <= SIXTEEN_MEGABYTES


def test_the_listing_says_what_it_knows():
    listed = next(one for one in models.listing() if one.name == "pocket")
    assert set(listed.words) == MEANINGFUL
    assert (listed.sample_rate, listed.licence) == (SAMPLE_RATE, "MIT")


@pytest.mark.parametrize("seconds", [1 / SAMPLE_RATE, 0.3, 2.56, 5.12, 30.0])
def test_any_length_comes_back_exactly(pocket, seconds):
    frames = round(seconds * SAMPLE_RATE)
    sound = 0.5 * torch.sin(0.1 * torch.arange(frames))[None]
    encoded = pocket.encode(sound)
    back = pocket.decode(encoded.latent, encoded, restore=True)
    assert back.shape == (1, 1, frames)
    assert back.isfinite().all()
    assert encoded.latent.shape[pocket.time_axis] * pocket.hop >= frames


def test_the_front_end_is_the_one_that_libraries_know():
    sound = torch.randn(1, 8192, generator=torch.Generator().manual_seed(0)) * 0.1
    bank = mel_filter_bank(N_FFT // 2 + 1, MEL_BINS, 0.0, 8000.0, SAMPLE_RATE, norm="slaney", mel_scale="slaney")
    window = torch.hann_window(N_FFT).double().numpy()
    known = spectrogram(
        sound[0].double().numpy(), window, N_FFT, HOP, power=1.0, mel_filters=bank, mel_floor=1e-5, log_mel="log"
    )
    torch.testing.assert_close(log_mel(sound)[0].T, torch.from_numpy(known)[:, :-1].float(), atol=1e-4, rtol=0)


@settings(deadline=None, max_examples=20)
@given(patches=st.integers(1, 30), batch=st.integers(1, 3), seed=st.integers(0, 99))
def test_the_codec_loses_nothing_above_its_floor(pocket, patches, batch, seed):
    mel = 3 * torch.randn(batch, 4 * patches, MEL_BINS, generator=torch.Generator().manual_seed(seed)) - 4
    floored = pocket.codec.floored(mel)
    torch.testing.assert_close(pocket.codec.decode(pocket.codec.encode(floored)), floored, atol=1e-4, rtol=0)


def test_a_fitted_codec_whitens_as_far_as_asked():
    mel = torch.randn(8, 64, MEL_BINS, generator=torch.Generator().manual_seed(0)).cumsum(1)
    deviations = [fit(mel, 50.0, whitening).encode(mel).std(dim=(0, 2, 3)) for whitening in (0.0, 1.0)]
    assert deviations[0].max() > 5 * deviations[0].min()
    torch.testing.assert_close(deviations[1], torch.ones(16), atol=0.05, rtol=0)


def test_the_same_prompt_on_both_sides_gives_the_clip_back(pocket, piano):
    encoded, latent = edited(pocket, piano, "a flute", source_prompt="a flute", strength=0.5, steps=8)
    torch.testing.assert_close(latent, encoded.latent, atol=1e-4, rtol=0)


def test_an_edit_that_changes_nothing_sounds_like_the_clip_itself(pocket, piano):
    encoded = pocket.encode(piano)
    back = pocket.decode(encoded.latent, encoded, restore=True)[0]
    torch.testing.assert_close(back, piano, atol=1e-3, rtol=0)


def test_where_an_edit_changed_everything_nothing_is_given_back(pocket, piano):
    encoded, other = pocket.encode(piano), pocket.encode(clip("organ"))
    given = pocket.decode(other.latent, encoded, restore=True)[0]
    assert distance(given, clip("organ")) < 0.5 * distance(given, piano)


def test_a_prediction_is_the_same_in_a_batch_and_alone(pocket, piano):
    x = torch.randn(pocket.encode(piano).latent.shape, generator=torch.Generator().manual_seed(0))
    levels, text = pocket.path.at(torch.tensor([-1.0, 1.0])), pocket.embed(["a flute", ""])
    both = pocket.predict_clean(torch.cat([x, x]), levels, text)
    alone = pocket.predict_clean(x, levels[slice(1, 2)], text[slice(1, 2)])
    torch.testing.assert_close(both[1:], alone, atol=1e-4, rtol=0)


def test_it_denoises(pocket, piano):
    x0 = pocket.encode(piano).latent
    level = pocket.path.at(torch.tensor([0.0]))
    e = torch.randn(x0.shape, generator=torch.Generator().manual_seed(0))
    clean = pocket.predict_clean(float(level.a) * x0 + float(level.s) * e, level, pocket.embed(["a piano"]))
    # Noise as loud as the signal has an error of 1; the clip's own spread is about 1 too.
    assert (clean - x0).square().mean() < 0.3


def test_a_prompt_without_known_words_is_the_empty_prompt(pocket):
    rows = pocket.embed(["", "zither, qanun & oud!", "a flute"]).tensors["text"]
    assert torch.equal(rows[0], rows[1])
    assert not torch.allclose(rows[0], rows[2])


def test_it_says_which_words_it_knows(pocket):
    assert known_words("A Melody, played by a ZITHER") == ["a", "melody", "played", "by", "a"]
    assert pocket.unknown_prompt("a string quartet") is None
    assert "knows no word of 'a zither'" in pocket.unknown_prompt("a zither")
    assert "strings" in pocket.unknown_prompt("a zither")


def test_every_name_of_every_timbre_is_in_the_vocabulary():
    assert set(VOCABULARY) >= {word for names in TIMBRES.values() for name in names for word in words(name)}


def test_narrow_products_stay_close_to_exact_ones(pocket, piano):
    narrow = load(FOLDER, torch.device("cpu"), torch.bfloat16)
    x, level = pocket.encode(piano).latent, pocket.path.at(torch.tensor([0.0]))
    exact, quick = (model.predict_clean(x, level, model.embed(["a flute"])) for model in (pocket, narrow))
    assert quick.dtype == torch.float32
    assert (exact - quick).square().mean() < 0.01 * exact.square().mean()


def test_a_piano_asked_to_be_an_organ_comes_closer_to_the_organ(pocket, piano):
    organ = clip("organ")
    encoded, latent = edited(pocket, piano, "a church organ")
    made = pocket.decode(latent, encoded, restore=True)[0]
    assert distance(made, organ) < 0.9 * distance(piano, organ)
