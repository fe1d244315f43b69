"""The measures of the benchmark of directions, on sounds and notes whose answer is known."""

import math

import numpy as np
import pytest
import torch

from direction_measures import RATE, Heard, amounts_for, interval, match


def tone(hz, seconds=1.0, loudness=0.1, attack=0.0):
    time = torch.arange(round(seconds * RATE)) / RATE
    return (
        loudness
        * torch.sin(2 * math.pi * hz * time)
        * (time / attack if attack else torch.ones_like(time)).clamp_max(1)
    )


def hiss(loudness):
    return loudness * torch.randn(RATE, generator=torch.Generator().manual_seed(0))


def test_notes_answer_one_another_by_pitch_and_onset():
    source = [(0.5, 60), (1.0, 62), (2.0, 64)]
    edit = [(0.52, 60), (1.0, 63), (2.2, 64)]
    found = match(source, edit)
    assert (found.kept, found.added, found.removed) == (1, 2, 2)
    assert found.f1 == pytest.approx(1 / 3)
    assert found.timing_ms == pytest.approx(20)


def test_a_note_is_used_once_and_by_the_nearest():
    found = match([(1.0, 60), (1.09, 60)], [(1.08, 60)])
    assert (found.kept, found.added, found.removed) == (1, 0, 1)
    assert found.shifts == pytest.approx((-0.01,))


def test_silence_answers_silence():
    assert match([], []).f1 == 1
    assert match([(1.0, 60)], []).f1 == 0
    assert math.isnan(match([], []).timing_ms)


def test_a_sound_is_no_way_from_itself_and_what_nobody_hears_counts_nothing():
    source = tone(440)
    heard = Heard(source)
    assert heard.distance(source) == 0
    # 80 dB below the tone.
    assert heard.distance(source + tone(3000, loudness=1e-5)) < 1e-3
    assert heard.distance(source + tone(3000, loudness=0.05)) > 2 * heard.distance(source + tone(3000, loudness=0.001))


def test_twice_the_level_is_ln_2_away_wherever_it_is_heard():
    """Noise that is heard in every band moves by ln 2 in each."""
    source = hiss(0.05)
    assert Heard(source).distance(2 * source) == pytest.approx(math.log(2), abs=1e-3)
    assert Heard(source).level_db(2 * source) == pytest.approx(6.02, abs=0.01)


def test_an_octave_up_is_an_octave_brighter():
    assert Heard(tone(500)).brightness(tone(1000)) == pytest.approx(1, abs=0.05)
    assert Heard(tone(500)).brightness(tone(500, loudness=0.01)) == pytest.approx(0, abs=0.05)


def test_a_softened_attack_is_a_weaker_one():
    """Four notes that rise within a millisecond, against four that swell; both die away in the same time."""

    def notes(rise):
        time = torch.arange(RATE // 2) / RATE
        shape = (1 - torch.exp(-time / rise)) * (1 - time / 0.5)
        return (tone(440, 0.5) * shape.square()).repeat(4)

    assert Heard(notes(0.001)).attack(notes(0.001)) == 0
    assert Heard(notes(0.001)).attack(notes(0.1)) < -0.2


def test_hiss_is_noisier_than_a_tone():
    source = tone(440)
    assert Heard(source).noisiness_db(source) == 0
    assert Heard(source).noisiness_db(source + hiss(0.01)) > 10


def test_a_change_in_one_place_is_told_from_one_everywhere():
    source = hiss(0.05)
    there = source.clone()
    there[4000:8000] *= 2
    assert Heard(source).spread(there) < 0.3
    assert Heard(source).spread(2 * source) == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize(
    "goes",
    [lambda a: 0.05 * a, lambda a: 0.001 * a**2, lambda a: 1 - math.exp(-a / 30), lambda a: 2 * math.sqrt(a)],
    ids=["straight", "late", "saturating", "early"],
)
def test_the_amount_is_found_that_goes_as_far(goes):
    targets = [0.3, 0.7]
    found = amounts_for(lambda rows, amounts: [goes(a) for a in amounts], targets, limit=100)
    assert [goes(a) for a in found] == pytest.approx(targets, rel=0.05)


def test_a_row_that_never_gets_there_is_told_and_does_not_hold_up_the_others():
    asked = []

    def distances(rows, amounts):
        asked.extend(rows)
        return [0.1 * a if row == 1 else 0.2 * (1 - math.exp(-a)) for row, a in zip(rows, amounts, strict=True)]

    found = amounts_for(distances, [0.5, 0.5], limit=50)
    assert found[0] is None
    assert found[1] == pytest.approx(5, rel=0.05)
    assert asked.count(1) < asked.count(0)


def test_an_interval_holds_the_mean_and_shrinks_with_more_clips():
    few, many = (interval(np.random.default_rng(1).normal(3, 1, n).tolist()) for n in (10, 1000))
    for mean, low, high in (few, many):
        assert low < mean < high
    assert many[2] - many[1] < (few[2] - few[1]) / 3
    assert interval([1.0, float("nan"), 3.0])[0] == 2
