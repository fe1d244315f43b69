"""The tables of the comparison of a clip's own directions with others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from direction_measures import interval
from direction_trials import Changed, Trial
from retone_engine.describe import energy, within
from retone_engine.directions import Directions

COUNT = 3
# Directions of each kind that are compared, and the amount past which a kind is given up.
COMPARED, LIMIT = 2, 100.0
KINDS = ("own", "another clip's", "random")

MEASURES: dict[str, tuple[str, Callable[[Changed], float]]] = {
    "distance": ("distance, nat", lambda c: c.distance),
    "spread": ("part of the clip that holds 80 % of it", lambda c: c.spread),
    "note_f1": ("note F1", lambda c: c.note_f1),
    "kept": ("notes kept", lambda c: c.kept),
    "added": ("notes added", lambda c: c.added),
    "removed": ("notes removed", lambda c: c.removed),
    "timing": ("timing of kept notes, ms", lambda c: c.timing_ms),
    "brightness": ("brightness, octaves either way", lambda c: abs(c.brightness)),
    "attack": ("attack, % either way", lambda c: 100 * abs(c.attack)),
    "level": ("level, dB either way", lambda c: abs(c.level_db)),
    "noisiness": ("noisiness, dB of flatness", lambda c: c.noisiness_db),
    "strange": ("strangeness (source: 1)", lambda c: c.strange),
}


@dataclass(frozen=True)
class Followed:
    """One clip's results: its own directions at +1 and -1; every kind at equal norm, and at the own ones' distance.

    ``amounts``: what took another kind that far, by kind; None where nothing within LIMIT did, and then ``equal`` has
    None at that place too.
    """

    trial: Trial
    own: Directions
    notes: int
    plus: list[Changed]
    minus: list[Changed]
    acts_on: list[tuple[float, float]]
    norm: dict[str, list[Changed]]
    equal: dict[str, list[Changed | None]]
    amounts: dict[str, list[float | None]]


def at_equal_norm(results: Sequence[Followed]) -> None:
    print("Equal norm: amount +1 of each kind, mean over clips of their directions 1 and 2 [95 % interval]\n")
    print(f"| | {' | '.join(KINDS)} |\n|---|---|---|---|")
    for name in ("distance", "note_f1", "strange"):
        title, measure = MEASURES[name]
        cells = [_cell([_mean(measure, one.norm[kind]) for one in results]) for kind in KINDS]
        print(f"| {title} | {' | '.join(cells)} |")
    ratios = [
        _mean(MEASURES["distance"][1], r.norm["own"]) / _mean(MEASURES["distance"][1], r.norm["random"])
        for r in results
    ]
    print(f"\nThe clip's own go {_cell(ratios)} times as far as random ones.\n")


def at_equal_distance(results: Sequence[Followed]) -> None:
    pairs = [(r, k) for r in results for k in range(COMPARED)]
    print("Equal distance: each clip's own at +1, the others scaled until they go as far (within 5 %)\n")
    for kind in KINDS[1:]:
        amounts = [a for r in results for a in r.amounts[kind]]
        there = [a for a in amounts if a is not None]
        print(
            f"{kind}: {len(there)} of {len(amounts)} got there with an amount up to {LIMIT:g}; median amount "
            f"{np.median(there):.1f}, from {min(there):.1f} to {max(there):.1f}"
            if there
            else f"{kind}: none of {len(amounts)} got there with an amount up to {LIMIT:g}"
        )
    kept = [(r, k) for r, k in pairs if all(r.equal[kind][k] is not None for kind in KINDS)]
    print(f"\nMean over clips of the {len(kept)} of {len(pairs)} directions that all kinds reached [95 % interval]\n")
    print(f"| | {' | '.join(KINDS)} | own less random |\n|---|---|---|---|---|")
    for title, measure in MEASURES.values():
        by_kind = {}
        for kind in KINDS:
            mine = [[r.equal[kind][k] for q, k in kept if q is r] for r in results]
            by_kind[kind] = [_mean(measure, [c for c in one if c is not None]) for one in mine]
        less = [a - b for a, b in zip(by_kind["own"], by_kind["random"], strict=True)]
        print(f"| {title} | {' | '.join(_cell(by_kind[kind]) for kind in KINDS)} | {_cell(less)} |")
    print()


def each_clip(results: Sequence[Followed]) -> None:
    print(
        f"Each clip: means over its {COUNT} own directions at +1 and -1; 'error' is the source's own denoising error\n"
    )
    titles = "notes", "rounds", "share", "distance", "smallest", "largest", "note F1", "lowest", "strangeness", "error"
    print(f"| clip | {' | '.join(titles)} |\n|---|{'---|' * len(titles)}")
    every: list[Changed] = []
    for r in results:
        both = r.plus + r.minus
        every += both
        distances, f1 = [c.distance for c in both], [c.note_f1 for c in both]
        print(
            f"| {r.trial.clip.name} | {r.notes} | {r.own.rounds}{'' if r.own.settled else ' (not settled)'} "
            f"| {100 * float(r.own.shares.sum()):.1f} % | {np.mean(distances):.2f} | {min(distances):.2f} "
            f"| {max(distances):.2f} | {np.mean(f1):.2f} | {min(f1):.2f} | {np.mean([c.strange for c in both]):.2f} "
            f"| {r.trial.own_error:.3f} |"
        )
    nothing, lost = sum(c.distance < 0.1 for c in every), sum(c.note_f1 < 0.5 for c in every)
    errors = [r.trial.own_error for r in results]
    print(
        f"\nOf these {len(every)} edits {nothing} moved less than 0.1 nat, {lost} have a note F1 below 0.5, "
        f"{sum(c.strange > 1.2 for c in every)} a strangeness above 1.2. Sources' errors lie between {min(errors):.3f} "
        f"and {max(errors):.3f}, mean {np.mean(errors):.3f}.\n"
    )


def each_direction(results: Sequence[Followed]) -> None:
    print("Each direction of a few clips, amount +1 / -1\n")
    titles = "share", "when, s", "Hz", "distance", "notes added", "removed", "brightness", "attack", "level", "timing"
    print(f"| clip | {' | '.join(titles)} |\n|---|{'---|' * len(titles)}")
    for r in results:
        for k in range(COUNT):
            each = energy([r.own.vectors[k]], r.trial.model.time_axis)
            first, last = within(each)
            seconds = r.trial.model.hop / r.trial.model.sample_rate
            a, b = r.plus[k], r.minus[k]
            low, high = r.acts_on[k]
            print(
                f"| {r.trial.clip.name}, {k + 1} | {100 * float(r.own.shares[k]):.1f} % "
                f"| {first * seconds:.1f} to {(last + 1) * seconds:.1f} | {low:.0f} to {high:.0f} "
                f"| {a.distance:.2f} / {b.distance:.2f} | {a.added:g} / {b.added:g} | {a.removed:g} / {b.removed:g} "
                f"| {a.brightness:+.2f} / {b.brightness:+.2f} oct | {100 * a.attack:+.0f} / {100 * b.attack:+.0f} % "
                f"| {a.level_db:+.1f} / {b.level_db:+.1f} dB | {a.timing_ms:.0f} / {b.timing_ms:.0f} ms |"
            )
    print()


def _mean(measure: Callable[[Changed], float], changes: Sequence[Changed]) -> float:
    """nan where there is nothing, or nothing that could be measured."""
    values = np.array([measure(one) for one in changes])
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else float("nan")


def _cell(values: Sequence[float]) -> str:
    mean, low, high = interval(values)
    return f"{mean:.2f} [{low:.2f}, {high:.2f}]"
