"""What directions are worth: the clip's own principal components against other directions, on held-out music.

    python engine/benchmarks/directions.py --work build/pocket [--clips 12] [--shown 4]
    python engine/benchmarks/directions.py --work build/pocket --settings [--clips 3]
    python engine/benchmarks/directions.py --work build/pocket --steps [--clips 1]
    python engine/benchmarks/directions.py --work build/pocket --picture FILE.png [--shown 1]

``--work`` is where the pocket model was made (make pocket); its held-out clips and its transcriber are used, and its
`mido`. Everything is single-threaded float32 on the CPU. Directions are found by finite differences, which find the
same ones (``--steps`` measures it), with the model's default settings.

A "random" direction is Gaussian in the latent, orthonormal to the others; "another clip's" is the principal component
of the clip before. Both are given the standard deviation of the clip's own direction of the same number, so that
amount 1 has the same norm for all three.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from direction_measures import amounts_for
from direction_sweeps import settings, steps
from direction_tables import (
    COMPARED,
    COUNT,
    KINDS,
    LIMIT,
    Followed,
    at_equal_distance,
    at_equal_norm,
    each_clip,
    each_direction,
)
from direction_trials import Ears, HeldOut, Trial, as_if, held_out, random_like
from retone_engine import models
from retone_engine.describe import acted_on
from retone_engine.directions import Directions
from retone_engine.model import LatentModel
from retone_engine.picture import compare as compare_sounds


def follow(trial: Trial, own: Directions, other: Directions, seed: int, ears: Ears) -> Followed:
    """``trial``'s clip along its ``own`` directions, an ``other`` clip's and random ones."""
    latents = trial.follow(own.deviations().repeat(2, 1, 1, 1), [1.0] * COUNT + [-1.0] * COUNT)
    plus, minus = ([trial.judge(one[None], ears) for one in part] for part in latents.split(COUNT))
    sounds = [trial.decode(one[None]) for one in latents]
    acts_on = [
        acted_on(sounds[k][None].numpy(), sounds[k + COUNT][None].numpy(), trial.model.sample_rate)
        for k in range(COUNT)
    ]
    deviations = torch.cat([d.deviations()[:COMPARED] for d in (as_if(other, own), random_like(own, seed))])
    made: dict[tuple[int, float], Tensor] = {}

    def distances(rows: Sequence[int], amounts: Sequence[float]) -> list[float]:
        latents = trial.follow(deviations[list(rows)], amounts)
        made.update({(row, amount): one[None] for row, amount, one in zip(rows, amounts, latents, strict=True)})
        return trial.distances(latents)

    targets = [one.distance for one in plus[:COMPARED]] * 2
    found = amounts_for(distances, targets, LIMIT)
    norm = [trial.judge(made[row, 1.0], ears) for row in range(len(found))]
    equal = [None if a is None else trial.judge(made[row, a], ears) for row, a in enumerate(found)]
    others, one, two = KINDS[1:], slice(None, COMPARED), slice(COMPARED, None)
    return Followed(
        trial,
        own,
        len(trial.own_notes(ears)),
        plus,
        minus,
        acts_on,
        {"own": plus[:COMPARED]} | {kind: norm[part] for kind, part in zip(others, (one, two), strict=True)},
        {"own": list(plus[:COMPARED])} | {kind: equal[part] for kind, part in zip(others, (one, two), strict=True)},
        {kind: found[part] for kind, part in zip(others, (one, two), strict=True)},
    )


def compare(model: LatentModel, clips: Sequence[HeldOut], ears: Ears, shown: int) -> None:
    """Print all tables of the default run."""
    trials = [Trial.default(model, clip) for clip in clips]
    owns = [trial.find(COUNT) for trial in trials]
    auto = model.defaults
    print(
        f"{len(clips)} held-out clips of 5.12 s, {COUNT} directions each, noise_level {auto.noise_level:g}, "
        f"strength {auto.steer_strength:g}, strength_end {auto.steer_strength_end:g}, {auto.steps} steps\n",
        flush=True,
    )
    results = []
    for number, (trial, own) in enumerate(zip(trials, owns, strict=True)):
        results.append(follow(trial, own, owns[number - 1], 1000 + number, ears))
    at_equal_norm(results)
    at_equal_distance(results)
    each_clip(results)
    each_direction(results[:shown])


def picture(trial: Trial, path: Path) -> None:
    """Draw the clip, its first direction at +1 and -1, and a random one scaled until it goes as far as +1."""
    own = trial.find(COUNT)
    plus, minus = trial.follow(own.deviations()[:1].repeat(2, 1, 1, 1), [1.0, -1.0]).split(1)
    random = random_like(own, 1000).deviations()[:1]
    (target,) = trial.distances(plus)
    (amount,) = amounts_for(lambda rows, amounts: trial.distances(trial.follow(random, amounts)), [target], LIMIT)
    latents = [trial.encoded.latent, plus, minus]
    labels = [trial.clip.name, "direction 1, amount +1", "direction 1, amount -1"]
    if amount is not None:
        latents.append(trial.follow(random, [amount]))
        labels.append(f"a random direction, amount {amount:.1f}: as far as +1")
    before, *afters = (trial.decode(latent)[None].numpy() for latent in latents)
    compare_sounds(before, afters, trial.model.sample_rate, path, labels)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--clips", type=int)
    parser.add_argument(
        "--shown", type=int, default=4, help="clips whose directions are told one by one, or the drawn one"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--settings", action="store_true", help="noise_level, strength and strength_end instead")
    which.add_argument("--steps", action="store_true", help="the finite differences' step instead")
    which.add_argument("--picture", type=Path, help="draw a clip along its first direction instead")
    asked = parser.parse_args()
    began = time.perf_counter(), time.process_time()
    torch.set_num_threads(1)
    model = models.load("pocket", torch.device("cpu"), torch.float32)
    clips, ears = held_out(asked.work, asked.clips or (3 if asked.settings else 1 if asked.steps else 12))
    if asked.settings:
        settings(model, clips, ears)
    elif asked.picture:
        picture(Trial.default(model, clips[asked.shown - 1]), asked.picture)
    elif asked.steps:
        steps(model, models.load("pocket", torch.device("cpu"), torch.float64), clips)
    else:
        compare(model, clips, ears, asked.shown)
    print(f"{time.perf_counter() - began[0]:.0f} s, {time.process_time() - began[1]:.0f} s of it on the core")


if __name__ == "__main__":
    main()
