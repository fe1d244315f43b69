"""Captions for rendered clips, drawn from the templates and words the model may know."""

from __future__ import annotations

import numpy as np

from retone_engine.models.pocket.text import KINDS, TEMPLATES, TIMBRES
from scores import Sequence


def caption(timbre: str, sequence: Sequence, rng: np.random.Generator) -> str:
    """A random true caption of `sequence` played by `timbre`."""
    pace = "slow" if sequence.beats_per_minute < 95 else "fast" if sequence.beats_per_minute > 135 else ""
    if rng.random() < 0.5:
        pace = ""
    text = str(rng.choice(TEMPLATES)).format(
        timbre=rng.choice(TIMBRES[timbre]), kind=rng.choice(KINDS[sequence.kind]), pace=pace
    )
    return " ".join(text.split())
