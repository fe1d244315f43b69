"""What a piece of work took: network calls and rows, seconds, processor seconds and memory."""

from __future__ import annotations

import ctypes
import gc
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import psutil
import torch

from retone_engine.model import Counted, LatentModel
from retone_engine.windows import Windowed

# Seconds between two looks at the process's memory.
LOOK = 0.002

Result = TypeVar("Result")


@dataclass
class Took(Generic[Result]):
    """Every run of one piece of work. ``memory``: bytes it took at most beside what was there before it."""

    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    memory: int = 0
    calls: int = 0
    rows: int = 0
    result: Result | None = None

    @property
    def typical(self) -> float:
        """Its median time."""
        return statistics.median(self.seconds)

    def run(self, model: LatentModel, work: Callable[[Windowed], Result]) -> None:
        """``work`` once, on ``model`` at any length."""
        counted = Counted(model)
        with _memory(model.device) as held:
            began, cpu_began = time.perf_counter(), time.process_time()
            result = work(Windowed(counted))
            wait(model.device)
            self.seconds.append(time.perf_counter() - began)
            self.cpu_seconds.append(time.process_time() - cpu_began)
        self.memory = max(self.memory, held.most)
        self.calls, self.rows, self.result = counted.calls, counted.rows, result


@dataclass
class _Held:
    most: int = 0


@contextmanager
def _memory(device: torch.device) -> Iterator[_Held]:
    """The most bytes that were held at once beside those held before: of the GPU, or else of the process."""
    held = _Held()
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        yield held
        held.most = torch.cuda.max_memory_allocated(device) - before
        return
    _give_back()
    process, ended = psutil.Process(), threading.Event()
    before = process.memory_info().rss

    def look() -> None:
        while not ended.wait(LOOK):
            held.most = max(held.most, process.memory_info().rss - before)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield held
    finally:
        ended.set()
        looking.join()


def wait(device: torch.device) -> None:
    """Until the device has done what it was asked."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def _give_back() -> None:
    """Freed memory to the system, where the C library would keep it and hide what the next work takes."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)


@contextmanager
def plain_float32() -> Iterator[None]:
    """Matrix products and convolutions of float32 in float32, not in TF32."""
    parts = (torch.backends.cuda.matmul, torch.backends.cudnn)
    before = [part.allow_tf32 for part in parts]
    for part in parts:
        part.allow_tf32 = False
    try:
        yield
    finally:
        for part, allowed in zip(parts, before, strict=True):
            part.allow_tf32 = allowed
