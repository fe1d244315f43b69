"""One request to its files: the whole way of a clip."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from retone_engine import audio, device, models
from retone_engine.bounds import Bounds
from retone_engine.cache import Cache
from retone_engine.clock import Clock
from retone_engine.describe import Described
from retone_engine.edit import check_segments, edited
from retone_engine.guidance import guidance
from retone_engine.kept import Shelf
from retone_engine.memory import Placed, empty
from retone_engine.path import schedule
from retone_engine.previews import previewed
from retone_engine.progress import Reporter
from retone_engine.recipe import Recipe
from retone_engine.request import ClipRequest, DirectionsRequest, EditRequest, RetoneError, SteerRequest
from retone_engine.settings import Settings, filled, known
from retone_engine.signals import Kept, Passage, Signal
from retone_engine.steer import steered
from retone_engine.windows import Windowed

OnWarning = Callable[[str, str], None]
OnResult = Callable[[int, Path], None]
OnDirection = Callable[[Described], None]

ANYWHERE = Bounds()
# Beside torch, whose version a recipe has, these hold the networks' code.
_LIBRARIES = ("diffusers", "transformers")


class Engine:
    """What outlives a request: the device, the model used last, and the inversions kept for the next request."""

    def __init__(self, chosen: torch.device, default_model: str, shelf: Shelf | None = None) -> None:
        self.device = chosen
        self.default_model = default_model
        self.kept: Kept = Cache()
        self._shelf = shelf
        self._hashes: dict[str, str] = {}
        self._name = ""
        self._loaded: dict[torch.dtype, Placed] = {}

    def model(self, name: str, dtype: torch.dtype) -> Placed:
        """The model called ``name``, loaded unless it was the last one used; that one's memory is freed first.

        Directions want another precision than edits: where the machine has room, the model of the other one waits in
        main memory, as reading a large one again takes longer than a whole edit.
        """
        if name != self._name:
            self._unload()
        if dtype not in self._loaded:
            self._loaded[dtype] = self._load(name, dtype)
            self._name = name
        found = self._loaded[dtype]
        found.relieve = self.kept.clear
        for other in self._loaded.values():
            if other is not found:
                other.park()
        found.place()
        return found

    def warm(self) -> None:
        """Load the default model and take a window of silence through all of it, so that the first job finds it warm.

        Raises RetoneError.
        """
        model = self.model(self.default_model, device.precision(None, self.device))
        encoded = model.encode(torch.zeros(model.channels, model.window, device=self.device))
        level = schedule(model.path, 0.5, 2).level[slice(0, 1)]
        latent = model.predict_clean(encoded.latent, level, model.embed([""]))
        model.decode(latent, encoded, restore=True)

    def forget(self) -> None:
        """Give back all memory that can be had again."""
        self.kept.clear()
        self._unload()

    def shelf(self, name: str, model: Placed) -> Shelf | None:
        """Where inversions by the ``model`` called ``name`` are kept between runs; None where none are."""
        if self._shelf is None:
            return None
        beside = {library: version(library) for library in _LIBRARIES} | {"processor": device.processor(self.device)}
        return replace(self._shelf, engine=lambda: {**self.origin(name, model), **beside})

    def origin(self, name: str, model: Placed) -> Mapping[str, Any]:
        """What a recipe says of this engine and the ``model`` called ``name``.

        It tells whether the same bits can be expected again, to which the size of a batch belongs where memory was
        short.
        """
        return {
            "retone": version("retone"),
            "torch": torch.__version__,
            "device": str(self.device),
            "threads": torch.get_num_threads(),
            "model": Path(name).name,
            "model_sha256": self._hashes[name],
            **model.limits,
        }

    def _load(self, name: str, dtype: torch.dtype) -> Placed:
        # A folder may hold another model than when it was last loaded: what that one made is of no use to this one.
        found = models.fingerprint(name)
        if self._hashes.get(name, found) != found:
            self.forget()
        self._hashes[name] = found
        # Two of a size stay only while they take less than half the machine's memory.
        if 4 * sum(model.size for model in self._loaded.values()) > device.main_memory():
            self._unload()
        try:
            return models.load(name, self.device, dtype)
        except RetoneError as error:
            if error.code != "out_of_memory" or not self._loaded:
                raise
        self._unload()
        return models.load(name, self.device, dtype)

    def _unload(self) -> None:
        self._loaded.clear()
        gc.collect()  # before this a model's parts that know one another are still there
        empty(self.device)


def render(
    request: ClipRequest,
    outputs: Sequence[Path],
    engine: Engine,
    reporter: Reporter,
    *,
    overwrite: bool = False,
    bounds: Bounds = ANYWHERE,
    on_warning: OnWarning = lambda code, message: None,
    on_direction: OnDirection = lambda described: None,
    on_result: OnResult = lambda index, path: None,
) -> dict[str, Any]:
    """Make ``outputs``, one file for each of the request's ``results``; returns what was measured on the way.

    All files appear at the end or, where anything fails, none; of names to ``overwrite``, those already replaced stay.
    ``bounds`` says which very clip and folder are meant, and whose job it is.
    Raises RetoneError.
    """
    clock = Clock()
    for path in outputs:
        audio.free(path, overwrite)
    with clock("read"):
        reporter.stage("read")
        clip = audio.read(request.path, request.region_start, request.region_frames, bounds.clip)
        audio.mask_of(clip, request)  # refused before any work is done
        if isinstance(request, EditRequest):
            check_segments(clip, request)
    with clock("load"):
        reporter.stage("load")
        name = request.model or engine.default_model
        loaded = engine.model(name, _precision(request, engine.device))
        model = Windowed(loaded, before_call=reporter.look)
    asked = filled(request, model)
    with clock("read"):
        prepared = audio.prepare(clip, model.sample_rate, model.channels, request.stereo)
        signals = [Signal.of(samples) for samples in prepared.signals]
    source = guidance(model, asked.source_prompt, known(asked.source_guidance_scale), frames=prepared.frames)
    settings = Settings.of(asked, model, name)
    shelf = engine.shelf(name, loaded)
    passage = Passage(model, settings, source, asked.restore, engine.kept, reporter, clock, prepared.frames, shelf)
    results: list[audio.Fitted] = []
    for made in _made(passage, asked, clip, prepared, signals, on_warning):
        if isinstance(made, Described):
            on_direction(made)
        else:
            results.append(made)

    reporter.stage("write")
    with clock("write"):
        origin, several = engine.origin(name, loaded), len(asked.all_results()) > 1
        recipes = []
        for index, one in zip(asked.wanted, results, strict=True):
            own = replace(asked, only=index + 1 if several else None, model=origin["model"])
            recipes.append(Recipe.of(own, one.clip, origin, bounds.job if bounds.signed else None).to_json())
        _write_all(outputs, [one.samples for one in results], clip.rate, recipes, overwrite, bounds)
    if loaded.shortage is not None:
        on_warning("low_memory", loaded.shortage)
    for code, message in dict.fromkeys(warning for one in results for warning in one.warnings):
        on_warning(code, message)
    for index, path in enumerate(outputs, 1):
        on_result(index, path)
    steps = len(settings.schedule(model, known(asked.strength)))
    return {"seconds": clock.rounded(), "steps": steps, **results[0].figures}


def _made(
    passage: Passage,
    request: ClipRequest,
    clip: audio.Clip,
    prepared: audio.Prepared,
    signals: list[Signal],
    on_warning: OnWarning,
) -> Iterator[Described | audio.Fitted]:
    """What ``request`` (filled) makes, in order."""
    match request:
        case EditRequest():
            if passage.model.distilled:
                lost = "is distilled to few steps, so edits keep less of the clip; a base checkpoint keeps more"
                on_warning("distilled", f"{passage.model.name} {lost}.")
            for prompt in (request.prompt, *(part.prompt for part in request.parts)):
                if (why := passage.model.unknown_prompt(prompt)) is not None:
                    on_warning("unknown_words", why)
            edits = edited(passage, request, clip, signals)
        case SteerRequest():
            edits = steered(passage, request, clip, signals)
        case DirectionsRequest():
            yield from previewed(passage, request, clip, prepared, signals, on_warning)
            return
        case _:
            raise TypeError(f"{type(request).__name__} is no request that can be rendered.")
    for edit in edits:
        with passage.clock("fit"):
            yield audio.fit(clip, prepared, edit, request)


def _precision(request: ClipRequest, chosen: torch.device) -> torch.dtype:
    """Directions are differences of predictions that bfloat16 cannot tell apart."""
    if isinstance(request, DirectionsRequest):
        return torch.float32
    return device.precision(request.precision, chosen)


def _write_all(
    outputs: Sequence[Path],
    edits: Sequence[audio.Samples],
    rate: int,
    recipes: Sequence[str],
    overwrite: bool,
    bounds: Bounds,
) -> None:
    written: list[Path] = []
    try:
        for path, samples, recipe in zip(outputs, edits, recipes, strict=True):
            audio.write(path, samples, rate, recipe, overwrite, bounds)
            written.append(path)
    except RetoneError:
        # Where names were to be overwritten, what stood there is gone: a whole new file is better than none.
        for path in () if overwrite else written:
            path.unlink(missing_ok=True)
        raise
