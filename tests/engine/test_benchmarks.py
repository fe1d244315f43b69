"""The speed table: what it counts, and that both sides of it do the same."""

import pytest
import torch

from engine.gaussian import Gaussian
from engine.random_unet import RandomUNet
from measured import Took
from published import directions_published
from retone_engine.guidance import guidance
from retone_engine.path import schedule
from retone_engine.windows import Windowed
from rows import COUNT, Paper
from table import Procedure, apart, measure

STEPS, VARIATIONS = 6, 2


@pytest.fixture(scope="module")
def compared():
    """Every row of a small random network, once, with fewer variations."""
    published, ours, narrow = RandomUNet(), RandomUNet(), RandomUNet(torch.bfloat16)
    model = Windowed(ours)
    sound = torch.randn(1, 600, generator=torch.Generator().manual_seed(4))
    paper = Paper.of(
        model,
        model.encode(sound[:, :256]),
        model.encode(sound),
        ("first", "second", "first"),
        steps=STEPS,
        source_guidance=2.0,
        block=4,
    )
    procedures = [Procedure("theirs", published, published=True), Procedure("ours", ours), Procedure("narrow", narrow)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("rows.SEEDS", range(VARIATIONS))
        patched.setattr("retone_engine.directions.ROUNDS", 3)
        yield paper, measure(paper, procedures, list(paper.rows()), repeat=1)


def counts(lines):
    return [(line.took.calls, line.rows) for line in lines]


def test_every_row_is_made_by_every_procedure_that_a_user_can_have(compared):
    _, found = compared
    names = {name: [line.procedure.name for line in lines] for name, lines in found.items()}
    assert names.pop("directions") == ["theirs", "ours"]
    assert set(names) == {"first", "second", "strength", "variations", "long"}
    assert all(lines == ["theirs", "ours", "narrow"] for lines in names.values())


def test_the_published_procedure_inverts_all_steps_row_by_row_for_every_edit(compared):
    """Two calls for each of N = 6 steps, then two for each step from Tstart on."""
    paper, found = compared
    assert counts(found["first"])[0] == counts(found["second"])[0] == (12 + 6, 18)
    assert counts(found["strength"])[0] == (12 + 4, 16)
    assert counts(found["variations"])[0] == (VARIATIONS * 18, VARIATIONS * 18)
    windows = len(Windowed(RandomUNet()).starts(paper.long.latent.shape[2]))
    assert windows > 1
    assert counts(found["long"])[0] == (windows * 18, windows * 18)


def test_ours_asks_for_the_needed_steps_alone(compared):
    """Of steps 0 to 5 the last three, two in a block of four rows: 2-3, filled up, and 4-5; then three pairs."""
    _, found = compared
    inverted = (2, 8)
    assert counts(found["first"])[1] == (inverted[0] + 3, inverted[1] + 6)
    assert counts(found["second"])[1] == (3, 6)
    assert counts(found["strength"])[1] == (2, 4)
    assert counts(found["variations"])[1] == (VARIATIONS * inverted[0] + 3, VARIATIONS * (inverted[1] + 6))


def test_directions_are_counted_by_their_vectors(compared):
    published, ours = compared[1]["directions"]
    assert (published.took.calls, published.rows) == (2 + 50 * 2, 2 + 50 * 2 * COUNT)
    assert ours.rows == ours.took.result.products * 2


def test_both_sides_make_the_same_edit(compared):
    paper, found = compared
    sentences = apart(paper, found, lambda latents: latents, "steps")
    assert [sentence.split(":")[0] for sentence in sentences] == [
        "first edit, strength 0.5", "a second prompt on the same clip", "another strength, 0.3", "3 directions",
        "2 variations",
    ]  # fmt: skip
    for name in ("first", "second", "strength", "variations"):
        theirs, ours, narrow = (line.took.result for line in found[name])
        missed = paper.missed(Windowed(RandomUNet()), paper.rows()[name].seeds)
        torch.testing.assert_close(ours, theirs + missed, atol=1e-4, rtol=0)
        assert (narrow - ours).abs().max() > 1e-4
        assert (ours - paper.short.latent).abs().max() > 0.1


def test_another_edit_is_told_apart(compared):
    """The sentence would say so if one side made something else."""
    paper, found = compared
    swapped = {"first": [found["first"][0], *found["second"][1:]]}
    (same,), (other,) = (apart(paper, one, lambda x: x, "steps") for one in ({"first": found["first"]}, swapped))
    far, near = (float(sentence.split("precision ")[1].split()[0]) for sentence in (other, same))
    assert near < 1e-4 < 0.01 < far


def test_what_a_work_takes_is_seen():
    model, took = RandomUNet(), Took()

    def work(counted):
        assert counted.window == model.window
        return torch.ones(16 * 2**20, dtype=torch.uint8).clone()

    for _ in range(3):
        took.run(model, work)
    assert len(took.seconds) == len(took.cpu_seconds) == 3
    assert 0 < took.typical < 10
    assert 16 * 2**20 <= took.memory < 400 * 2**20


def test_the_published_directions_are_those_of_a_known_posterior():
    model = Gaussian(dtype=torch.float64)
    level = schedule(model.path, 0.6, 40).level[slice(0, 1)]
    x = model.sample(3)
    vectors, variances = directions_published(model, x, level, guidance(model, "", 1), 2)
    values, axes = torch.linalg.eigh(model.posterior(level))
    assert (vectors.flatten(1) @ axes.flip(1)[:, :2]).diagonal().abs().min() > 0.999
    torch.testing.assert_close(variances.double(), values.flip(0)[:2], rtol=1e-2, atol=0)
