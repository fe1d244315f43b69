"""Seconds spent in each stage of a job."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """``with clock("decode"): ...`` adds to ``seconds["decode"]``."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start

    def rounded(self) -> dict[str, float]:
        """The seconds, to the millisecond, and their sum."""
        stages = {stage: round(seconds, 3) for stage, seconds in self.seconds.items()}
        return {**stages, "all": round(sum(self.seconds.values()), 3)}
