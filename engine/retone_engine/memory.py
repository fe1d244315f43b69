"""A model on a device that may be too small for it: fewer rows a call, then its parts one after another, then an error.

A family loads its modules into main memory; here they go to the device. What is found not to fit stays so for as long
as the model is loaded: the same clip asked for again would not fit either.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn

from retone_engine.cache import Cache
from retone_engine.device import is_out_of_memory
from retone_engine.errors import RetoneError
from retone_engine.model import Embedding, Encoded, LatentModel, Wrapped
from retone_engine.path import Level

# Prompts are short: this holds hundreds of them on the families with the longest embeddings.
EMBEDDINGS_BYTES = 64 << 20

Value = TypeVar("Value")


class Placed(Wrapped):
    """``model``, whose modules are moved about so that each of its calls finds them where it computes.

    ``relieve`` is called where the device is full: it gives back what only saves time. Raises
    RetoneError(out_of_memory) where one row of one part does not fit.
    """

    def __init__(self, model: LatentModel, relieve: Callable[[], None] = lambda: None) -> None:
        super().__init__(model)
        self.relieve = relieve
        self._limits: dict[str, int] = {}
        self._staged = False
        self._here: list[nn.Module] = []
        self._cut = False
        self._embedded: Cache[Embedding] = Cache(EMBEDDINGS_BYTES)

    @property
    def size(self) -> int:
        """Bytes of all its weights."""
        return sum(tensor.nbytes for module in self._all() for tensor in (*module.parameters(), *module.buffers()))

    @property
    def limits(self) -> Mapping[str, int]:
        """At most so many ``rows`` a call, and ``vectors`` a product, as more did not fit; empty as a rule."""
        return dict(self._limits)

    @property
    def shortage(self) -> str | None:
        """A sentence that says what is done slower for want of memory."""
        if self._staged:
            return f"{self.device} is too small for all of {self.name}, whose parts take turns there; it takes longer."
        if self._limits:
            return f"{self.device} is too small for the usual batches of {self.name}; smaller ones take longer."
        return None

    def place(self) -> None:
        """Onto the device now, not only when it is first called; raises RetoneError(out_of_memory)."""
        self._run("predict_clean", lambda: None)

    def park(self) -> None:
        """Off the device, into main memory, from where it comes back by itself."""
        if self.device.type == "cpu":
            return
        for module in self._all():
            module.to("cpu")
        self._here = []
        empty(self.device)

    def encode(self, audio: Tensor) -> Encoded:
        return self._run("encode", lambda: self.model.encode(audio))

    def decode(self, latent: Tensor, source: Encoded, restore: bool) -> Tensor:
        return self._run("decode", lambda: self.model.decode(latent, source, restore))

    def embed(self, prompts: Sequence[str], frames: int | None = None) -> Embedding:
        return Embedding.cat([self._row(prompt, frames) for prompt in prompts])

    def predict_clean(self, x: Tensor, level: Level, embedding: Embedding) -> Tensor:
        return self.in_batches(
            "rows", len(x), lambda part: self.model.predict_clean(x[part], level[part], embedding[part])
        )

    def in_batches(self, what: str, count: int, call: Callable[[slice], Tensor]) -> Tensor:
        """``call`` of the rows 0 to ``count``, as many at a time as fit, the results put together.

        ``what`` names the limit, as different rows take different room. A call within is not cut once more: its rows
        may each stand for several of the outer one's.
        """
        if self._cut:
            return call(slice(0, count))
        made: list[Tensor] = []
        first = 0
        self._cut = True
        try:
            while first < count:
                part = slice(first, min(count, first + self._limits.get(what, count)))
                found = self._attempt("predict_clean", lambda part=part: call(part))  # type: ignore[misc]
                if found is not None:
                    made.append(found[0])
                    first = part.stop
                elif part.stop - first > 1:
                    self._limits[what] = (part.stop - first) // 2
                else:
                    self._take_turns()
        finally:
            self._cut = False
        return made[0] if len(made) == 1 else torch.cat(made)

    def _row(self, prompt: str, frames: int | None) -> Embedding:
        row = self._embedded.get((prompt, frames))
        if row is None:
            row = self._run("embed", lambda: self.model.embed([prompt], frames))
            self._embedded.put((prompt, frames), row, sum(tensor.nbytes for tensor in row.tensors.values()))
        return row

    def _run(self, stage: str, call: Callable[[], Value]) -> Value:
        while (found := self._attempt(stage, call)) is None:
            self._take_turns()
        return found[0]

    def _attempt(self, stage: str, call: Callable[[], Value]) -> tuple[Value] | None:
        """What ``call`` gives, or None where the device is full."""
        try:
            self._bring(stage)
            return (call(),)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        # Not before here has the error gone, and with it the frames that hold what filled the memory.
        self.relieve()
        gc.collect()
        empty(self.device)
        return None

    def _take_turns(self) -> None:
        """From now on only the part that computes is on the device, which leaves more room for rows, too."""
        possible = not self._staged and self.device.type != "cpu"
        self.park()
        if not possible:
            raise full(self.device, self.name)
        self._staged = True
        self._limits.clear()

    def _bring(self, stage: str) -> None:
        if self.device.type == "cpu":
            return
        wanted = list(self.modules[stage]) if self._staged else self._all()
        for module in self._here:
            if module not in wanted:
                module.to("cpu")
        self._here = [module for module in self._here if module in wanted]
        for module in wanted:
            if module not in self._here:
                module.to(self.device)
                self._here.append(module)

    def _all(self) -> list[nn.Module]:
        return list(dict.fromkeys(module for part in self.modules.values() for module in part))


def in_batches(model: LatentModel, what: str, count: int, call: Callable[[slice], Tensor]) -> Tensor:
    """``Placed.in_batches`` of the placed model that ``model`` is or is wrapped around; without one, all at once."""
    while isinstance(model, Wrapped) and not isinstance(model, Placed):
        model = model.model
    return model.in_batches(what, count, call) if isinstance(model, Placed) else call(slice(0, count))


def full(device: torch.device, what: str) -> RetoneError:
    """The error that says so, and what can be changed."""
    elsewhere = "" if device.type == "cpu" else ", or start Retone with --device cpu"
    advice = f"edit a shorter region, use a smaller model, close other programs{elsewhere}"
    return RetoneError("out_of_memory", f"There is too little memory on {device} for {what} and this clip; {advice}.")


def empty(device: torch.device) -> None:
    """Memory of ``device`` that torch holds back for its next use is given back."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
