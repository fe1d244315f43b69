"""One request to its files: the whole way of a clip."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from retone_engine import audio, device, models
from retone_engine.cache import Cache
from retone_engine.clock import Clock
from retone_engine.edit import Edit, Kept, Signal
from retone_engine.model import LatentModel
from retone_engine.progress import Reporter
from retone_engine.recipe import Recipe
from retone_engine.request import EditRequest, RetoneError
from retone_engine.settings import Settings
from retone_engine.windows import Windowed


class Engine:
    """What outlives a request: the device, the model used last, and the inversions kept for the next request."""

    def __init__(self, chosen: torch.device, default_model: str) -> None:
        self.device = chosen
        self.default_model = default_model
        self.kept: Kept = Cache()
        self._loaded: tuple[tuple[str, torch.dtype], LatentModel] | None = None

    def model(self, name: str, dtype: torch.dtype) -> LatentModel:
        """The model called ``name``, loaded unless it was the last one used; that one's memory is freed first."""
        if self._loaded is None or self._loaded[0] != (name, dtype):
            self.forget()
            self._loaded = ((name, dtype), models.load(name, self.device, dtype))
        return self._loaded[1]

    def forget(self) -> None:
        """Give back all memory that can be had again."""
        self._loaded = None
        self.kept.clear()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def origin(self) -> Mapping[str, Any]:
        """What a recipe says of this engine: enough to know whether the same bits can be expected again."""
        return {
            "retone": version("retone"),
            "torch": torch.__version__,
            "device": str(self.device),
            "threads": torch.get_num_threads(),
        }


def render(
    request: EditRequest,
    outputs: Sequence[Path],
    engine: Engine,
    reporter: Reporter,
    *,
    overwrite: bool = False,
    on_warning: Callable[[str, str], None] = lambda code, message: None,
    on_result: Callable[[int, Path], None] = lambda index, path: None,
) -> dict[str, Any]:
    """Edit the clip of ``request`` into ``outputs``, one file a variation; returns what was measured on the way.

    All files appear at the end or, where anything fails, none; of names to ``overwrite``, those already replaced stay.
    Raises RetoneError.
    """
    clock = Clock()
    for path in outputs:
        audio.free(path, overwrite)
    with clock("read"):
        reporter.stage("read")
        clip = audio.read(request.path, request.region_start, request.region_frames)
        audio.mask_of(clip, request)  # refused before any work is done
    with clock("load"):
        reporter.stage("load")
        name = request.model or engine.default_model
        loaded = engine.model(name, device.precision(request.precision, engine.device))
        model = Windowed(loaded, before_call=reporter.look)
    if (why := model.unknown_prompt(request.prompt)) is not None:
        on_warning("unknown_words", why)
    settings = Settings.of(request, model, name)
    edit = Edit.of(model, settings)
    with clock("read"):
        prepared = audio.prepare(clip, model.sample_rate, model.channels, request.stereo)
        signals = [Signal.of(samples) for samples in prepared.signals]

    seeds = range(request.seed, request.seed + request.variations)
    reporter.plan(len(seeds) * sum(edit.work(signal) for signal in signals))
    fitted = []
    for seed in seeds:
        edited = [edit.apply(signal, seed, engine.kept, reporter, clock) for signal in signals]
        with clock("fit"):
            fitted.append(audio.fit(clip, prepared, np.stack(edited), request))

    reporter.stage("write")
    with clock("write"):
        recipes = [Recipe.of(settings.filled(request, seed), clip, engine.origin()).to_json() for seed in seeds]
        _write_all(outputs, [one.samples for one in fitted], clip.rate, recipes, overwrite)
    for code, message in dict.fromkeys(warning for one in fitted for warning in one.warnings):
        on_warning(code, message)
    for index, path in enumerate(outputs, 1):
        on_result(index, path)
    return {"seconds": clock.rounded(), "steps": len(edit.schedule), **fitted[0].figures}


def _write_all(
    outputs: Sequence[Path], edits: Sequence[audio.Samples], rate: int, recipes: Sequence[str], overwrite: bool
) -> None:
    written: list[Path] = []
    try:
        for path, samples, recipe in zip(outputs, edits, recipes, strict=True):
            audio.write(path, samples, rate, recipe, overwrite)
            written.append(path)
    except RetoneError:
        # Where names were to be overwritten, what stood there is gone: a whole new file is better than none.
        for path in () if overwrite else written:
            path.unlink(missing_ok=True)
        raise
