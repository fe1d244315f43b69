"""What an edit did to a clip, in numbers: notes, sound and distance; and the amount that goes a wanted distance.

Sounds are (samples,) at ``RATE`` and compared as they are: nothing is made equally loud first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from retone_engine.models.mel import MelFrontEnd

RATE, HOP = 16_000, 256
HEARD_NATS = 60 / 20 * np.log(10)
NEAR_SECONDS = 0.1
# Frames over which a rise counts as one attack: 32 ms.
RISE_FRAMES = 2

Note = tuple[float, int]
"""Onset in seconds, MIDI pitch."""


@dataclass(frozen=True)
class Matched:
    """How the notes of an edit answer those of its source; ``shifts``: of the kept ones, seconds, later is positive."""

    kept: int
    added: int
    removed: int
    shifts: tuple[float, ...]

    @property
    def f1(self) -> float:
        """1 where there is nothing to keep and nothing was added."""
        total = 2 * self.kept + self.added + self.removed
        return 2 * self.kept / total if total else 1.0

    @property
    def timing_ms(self) -> float:
        """The mean absolute shift of the kept notes; nan where none is kept."""
        return 1000 * float(np.mean(np.abs(self.shifts))) if self.shifts else float("nan")


def match(source: Sequence[Note], edit: Sequence[Note]) -> Matched:
    """Notes of the same pitch within 0.1 s are the same note, the nearest first, each used once."""
    near = sorted(
        (abs(after[0] - before[0]), i, j)
        for i, before in enumerate(source)
        for j, after in enumerate(edit)
        if before[1] == after[1] and abs(after[0] - before[0]) <= NEAR_SECONDS
    )
    mine, theirs, shifts = set[int](), set[int](), list[float]()
    for _, i, j in near:
        if i not in mine and j not in theirs:
            mine.add(i)
            theirs.add(j)
            shifts.append(edit[j][0] - source[i][0])
    return Matched(len(shifts), len(edit) - len(shifts), len(source) - len(shifts), tuple(shifts))


class Heard:
    """A source, to which edits are compared."""

    def __init__(self, source: Tensor) -> None:
        self._front = MelFrontEnd(RATE, 1024, HOP, 128)
        self._mel = self._front(source[None].float())[0]
        self._floor = float(self._mel.max()) - HEARD_NATS
        self._source = source

    def mel(self, sound: Tensor) -> Tensor:
        """Log-mel (T, 128), floored 60 dB below the source's loudest point."""
        return self._front(sound[None].float())[0].clamp_min(self._floor)

    def distance(self, sound: Tensor) -> float:
        """Mean difference of the log-mels in nat, both floored 60 dB below the source's loudest point."""
        return float((self.mel(sound) - self._mel.clamp_min(self._floor)).abs().mean())

    def spread(self, sound: Tensor) -> float:
        """The part of the clip's frames, those that changed most, that hold 80 % of the distance: 0.8 is everywhere."""
        change = (self.mel(sound) - self._mel.clamp_min(self._floor)).abs().sum(1).sort(descending=True).values
        held = change.cumsum(0) / change.sum().clamp_min(1e-9)
        return (int((held < 0.8).sum()) + 1) / len(held)

    def level_db(self, sound: Tensor) -> float:
        """How much louder (RMS) than the source."""
        return 10 * float(torch.log10(sound.square().mean() / self._source.square().mean()))

    def brightness(self, sound: Tensor) -> float:
        """How many octaves the spectral centroid (of magnitudes) lies above the source's."""
        return float(np.log2(_centroid(sound) / _centroid(self._source)))

    def attack(self, sound: Tensor) -> float:
        """How much sharper attacks are than the source's: 0.1 is 10 %.

        Their sharpness is the root of the mean squared rise of the floored log-mel within 32 ms, falls not counted:
        a note that rises as far in more time counts less.
        """
        return _rise(self.mel(sound)) / _rise(self.mel(self._source)) - 1

    def noisiness_db(self, sound: Tensor) -> float:
        """How much flatter the spectrum is than the source's, in dB of spectral flatness."""
        return _flatness_db(sound, self._source) - _flatness_db(self._source, self._source)


def _rise(mel: Tensor) -> float:
    return max(float((mel[RISE_FRAMES:] - mel[:-RISE_FRAMES]).clamp_min(0).square().mean().sqrt()), 1e-9)


def _spectra(sound: Tensor) -> Tensor:
    """Magnitudes (513, T)."""
    return torch.stft(sound.float(), 1024, HOP, window=torch.hann_window(1024), return_complex=True).abs()


def _centroid(sound: Tensor) -> float:
    sizes = _spectra(sound).sum(1)
    return float((sizes * torch.linspace(0, RATE / 2, len(sizes))).sum() / sizes.sum())


def _flatness_db(sound: Tensor, source: Tensor) -> float:
    """Geometric over arithmetic mean of the power spectrum, mean over the source's frames that are no pause."""
    power = _spectra(sound).square() + 1e-10
    level = _spectra(source).square().mean(0)
    sounding = level > level.max() * 1e-4
    flat = 10 * (power.log10().mean(0) - power.mean(0).log10())
    return float(flat[sounding].mean())


def amounts_for(
    distances: Callable[[Sequence[int], Sequence[float]], Sequence[float]],
    targets: Sequence[float],
    limit: float,
    near: float = 0.05,
    tries: int = 8,
) -> list[float | None]:
    """For each row the amount, from 0 to ``limit``, that goes ``targets[row]`` far, give or take the part ``near``.

    ``distances(rows, amounts)`` measures some rows at once, at amount 1 first; it should rise with the amount. The
    bracket is cut where a power law through its ends says, but never within a tenth of an end. None: not found within
    ``tries``, or beyond the limit.
    """
    low: list[tuple[float, float] | None] = [None] * len(targets)
    high: list[tuple[float, float] | None] = [None] * len(targets)
    guess = [1.0] * len(targets)
    found: list[float | None] = [None] * len(targets)
    open_rows = list(range(len(targets)))
    for _ in range(tries):
        if not open_rows:
            break
        gone = distances(open_rows, [guess[row] for row in open_rows])
        for row, distance in zip(tuple(open_rows), gone, strict=True):
            there = guess[row], max(distance, 1e-9)
            if abs(distance / targets[row] - 1) <= near:
                found[row] = guess[row]
                open_rows.remove(row)
                continue
            if distance < targets[row]:
                low[row] = there
                if guess[row] >= limit:
                    open_rows.remove(row)
                    continue
            else:
                high[row] = there
            guess[row] = _between(low[row], high[row], targets[row], limit)
    return found


def _between(low: tuple[float, float] | None, high: tuple[float, float] | None, target: float, limit: float) -> float:
    """Where to look next: inside the bracket, or beyond its only end."""
    if low is None or high is None:
        amount, distance = low or high or (1.0, target)
        # At most tenfold: far out the distance saturates.
        return min(limit, amount * float(np.clip(target / distance, 0.1, 10)) * (1.05 if high is None else 1 / 1.05))
    share = np.log(target / low[1]) / max(np.log(high[1] / low[1]), 1e-9)
    return low[0] * float((high[0] / low[0]) ** np.clip(share, 0.1, 0.9))


def interval(values: Sequence[float], draws: int = 2000) -> tuple[float, float, float]:
    """The mean of ``values``, one a clip, nan left out, and its 95 % bootstrap interval over clips."""
    kept = np.asarray(values, dtype=np.float64)
    kept = kept[~np.isnan(kept)]
    if not len(kept):
        return float("nan"), float("nan"), float("nan")
    rng = np.random.default_rng(0)
    means = kept[rng.integers(0, len(kept), (draws, len(kept)))].mean(1)
    return float(kept.mean()), float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))
