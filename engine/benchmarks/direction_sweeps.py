"""Whether the constants of directions are well chosen: where they are found and act, and the finite step."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from direction_trials import Ears, HeldOut, Trial, random_like
from retone_engine import directions
from retone_engine.directions import Directions
from retone_engine.guidance import guidance, predict
from retone_engine.model import LatentModel

NOISE_LEVELS = (0.5, 0.65, 0.8)
RANGES = ((0.8, 0.45), (0.8, 0.65), (0.8, 0.0), (0.65, 0.45), (0.65, 0.0))
STEPS = (0.001, 0.01, 0.03, 0.1, 0.3, 1.0)
COUNT = 3
# Searches that are to differ by the step alone must have settled better than a user's.
FINE_TOLERANCE = 0.01


def settings(model: LatentModel, clips: Sequence[HeldOut], ears: Ears) -> None:
    """Print what noise_level and the range from strength to strength_end do, at amount +1."""
    print(
        f"Directions 1 and 2 and as many random ones of the same norm, amount +1, mean over {len(clips)} clips;\n"
        "note F1 and strangeness are those of the own ones\n"
    )
    titles = "strength", "strength_end", "variance of 1", "own, nat", "random, nat", "ratio", "note F1", "strangeness"
    print(f"| noise_level | {' | '.join(titles)} |\n|---|{'---|' * len(titles)}")
    for noise_level in NOISE_LEVELS:
        found: list[Directions] = []
        for strength, end in RANGES:
            rows = []
            for number, clip in enumerate(clips):
                trial = Trial.of(model, clip, noise_level, strength, end)
                if number == len(found):
                    found.append(trial.find(2))
                own = found[number]
                latents = trial.follow(
                    torch.cat([own.deviations(), random_like(own, 1000 + number).deviations()]), [1.0] * 4
                )
                judged = [trial.judge(one[None], ears) for one in latents[:2]]
                mine, random = np.mean([c.distance for c in judged]), np.mean(trial.distances(latents[2:]))
                f1, strange = (np.mean([getattr(c, name) for c in judged]) for name in ("note_f1", "strange"))
                rows.append((float(own.variances[0]), mine, random, mine / random, f1, strange))
            variance, mine, random, ratio, f1, strange = np.mean(rows, axis=0)
            where = f"| {noise_level:g} | {strength:g} | {end:g} | {variance:.0f} "
            print(f"{where}| {mine:.2f} | {random:.2f} | {ratio:.1f} | {f1:.2f} | {strange:.2f} |", flush=True)
    print()


def steps(model: LatentModel, double: LatentModel, clips: Sequence[HeldOut]) -> None:
    """Print how near finite differences in float32 come to exact products in float64, and what each costs."""
    kept = directions.FINITE_STEP, directions.TOLERANCE
    print(
        f"{COUNT} directions of {len(clips)} clip(s); searches until no direction turns by more than "
        f"{FINE_TOLERANCE:g} or only rounding is left, at most {directions.ROUNDS} rounds. 'Product error': of J v, "
        "for the exact directions v. 'Subspace': the smallest cosine between the two subspaces. FINITE_STEP is "
        f"{kept[0]:g}.\n"
    )
    print(
        "| noise_level | step | product error | subspace | least cosine of one direction | eigenvalue error | rounds |"
    )
    print("|---|---|---|---|---|---|---|")
    times = []
    try:
        for noise_level in NOISE_LEVELS:
            lines: dict[float, list[tuple[float, ...]]] = {step: [] for step in STEPS}
            for clip in clips:
                fine, coarse = (_at(one, clip, noise_level) for one in (double, model))
                directions.TOLERANCE = FINE_TOLERANCE
                truth = fine.find(COUNT, exact=True)
                for step in STEPS:
                    directions.FINITE_STEP = step
                    directions.TOLERANCE = FINE_TOLERANCE
                    lines[step].append(
                        (_product_error(coarse, fine, truth, step), *_compared(truth, coarse.find(COUNT)))
                    )
                directions.FINITE_STEP, directions.TOLERANCE = kept
                times.append((noise_level, _seconds(coarse, True), _seconds(coarse, False)))
            for step, rows in lines.items():
                error, subspace, least, value, rounds = np.mean(rows, axis=0)
                near = f"| {100 * error:.2f} % | {subspace:.4f} | {least:.4f} | {100 * value:.2f} % "
                print(f"| {noise_level:g} | {step:g} {near}| {rounds:.0f} |", flush=True)
    finally:
        directions.FINITE_STEP, directions.TOLERANCE = kept
    print("\nA search in float32 with the shipped settings, CPU seconds\n")
    print(
        "| noise_level | exact | rounds | finite | rounds | exact / finite | a round |\n|---|---|---|---|---|---|---|"
    )
    for noise_level, (exact, rounds), (finite, other) in times:
        print(
            f"| {noise_level:g} | {exact:.1f} | {rounds} | {finite:.1f} | {other} | {exact / finite:.2f} "
            f"| {exact / rounds / (finite / other):.2f} |"
        )
    print()


def _at(model: LatentModel, clip: HeldOut, noise_level: float) -> Trial:
    clip = replace(clip, sound=clip.sound.to(model.dtype))
    return Trial.of(model, clip, noise_level, noise_level, 0.0)


def _seconds(trial: Trial, exact: bool) -> tuple[float, int]:
    began = time.process_time()
    rounds = trial.find(COUNT, exact).rounds
    return time.process_time() - began, rounds


def _compared(truth: Directions, found: Directions) -> tuple[float, float, float, float]:
    """Smallest principal cosine, smallest cosine of one direction, largest error of a variance, rounds."""
    overlap = truth.vectors.double().flatten(1) @ found.vectors.double().flatten(1).T
    errors = (found.variances / truth.variances - 1).abs()
    return (
        float(torch.linalg.svdvals(overlap).min()),
        float(overlap.diagonal().abs().min()),
        float(errors.max()),
        found.rounds,
    )


def _product_error(coarse: Trial, fine: Trial, truth: Directions, step: float) -> float:
    """Of the finite J v in float32: the largest |J_step v - J v| / |J v| over the exact directions v."""
    state, level = fine.state(), fine.at.level[slice(0, 1)]
    exact = torch.stack([_product(fine.model, state, level.s.new_tensor(1e-5), fine, v) for v in truth.vectors])
    near = torch.stack(
        [_product(coarse.model, state.float(), level.s.new_tensor(step), coarse, v.float()) for v in truth.vectors]
    )
    missed = (near.double() - exact).flatten(1).norm(dim=1) / exact.flatten(1).norm(dim=1)
    return float(missed.max())


def _product(model: LatentModel, state: Tensor, step: Tensor, trial: Trial, vector: Tensor) -> Tensor:
    """Forward difference of the clean prediction; with a step of 1e-5 in float64 as good as exact."""
    level, source = trial.at.level[slice(0, 1)], guidance(model, "", 1.0)
    length = float(step * level.a)
    moved, still = (predict(model, x, level, source) for x in (state + length * vector, state))
    return ((moved - still) / length)[0]
