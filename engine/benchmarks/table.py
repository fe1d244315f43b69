"""The speed table: every row by the published procedure and by Retone, run in turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from measured import Took, plain_float32
from retone_engine.directions import Directions
from retone_engine.model import LatentModel
from retone_engine.windows import Windowed
from rows import Paper, Result

# Rows that take minutes on a CPU; each is run once.
SLOW = ("variations", "long")


@dataclass(frozen=True)
class Procedure:
    """A way to make the rows: ``model``, loaded for it, and whether it makes them as published.

    ``block``: rows of a call in its inversion, where they are others than the setting's.
    """

    name: str
    model: LatentModel
    published: bool = False
    block: int | None = None

    @property
    def weights(self) -> int:
        """Bytes of the network."""
        modules = self.model.modules.get("predict_clean", ())
        return sum(p.numel() * p.element_size() for module in modules for p in module.parameters())

    def work(self, paper: Paper, name: str) -> Callable[[Windowed], Result]:
        row = replace(paper, block=self.block or paper.block).rows()[name]
        return row.published if self.published else row.ready(Windowed(self.model))


@dataclass(frozen=True)
class Line:
    """One procedure's work on one row, whose source prompt takes ``branches`` rows a latent."""

    procedure: Procedure
    branches: int
    took: Took[Result] = field(default_factory=Took)

    @property
    def rows(self) -> int:
        """Rows of the network; an exact product of its Jacobian with a vector is one for each branch of guidance."""
        found = self.took.result
        products = found.products * self.branches if isinstance(found, Directions) else 0
        return max(self.took.rows, products)

    def text(self, base: Line, floor: Floor | None = None) -> str:
        """What is printed; ``base`` is what its time is compared with."""
        took, memory = self.took, (self.procedure.weights + self.took.memory) / 2**20
        times = "" if self is base else f"{base.took.typical / took.typical:.1f}"
        cpu = sorted(took.cpu_seconds)[len(took.cpu_seconds) // 2]
        return (
            f"  {self.procedure.name:26}{took.calls:7}{self.rows:7}{took.typical:10.2f}{cpu:13.2f}"
            f"{memory:13.0f}{times:>15}" + ("" if floor is None else f"{floor(self):11.2f}")
        )


Floor = Callable[[Line], float]
"""The seconds that a line's work must take on the device, whatever the procedure."""


HEAD = f"{'':28}{'calls':>7}{'rows':>7}{'seconds':>10}{'CPU seconds':>13}{'memory, MiB':>13}{'times as fast':>15}"


def measure(
    paper: Paper, procedures: Sequence[Procedure], names: Sequence[str], repeat: int, floor: Floor | None = None
) -> dict[str, list[Line]]:
    """Run and print the rows called ``names``; the first of ``procedures`` is what the others are compared with."""
    rows, found = paper.rows(), dict[str, list[Line]]()
    print(HEAD + ("" if floor is None else f"{'floor, s':>11}"))
    for name in names:
        row = rows[name]
        lines = [Line(procedure, paper.source.rows) for procedure in procedures[: None if row.narrow else 2]]
        with plain_float32():
            works = [line.procedure.work(paper, name) for line in lines]
            for _ in range(1 if name in SLOW else repeat):
                for line, work in zip(lines, works, strict=True):
                    line.took.run(line.procedure.model, work)
        print(row.name)
        for line in lines:
            print(line.text(lines[0], floor), flush=True)
        found[name] = lines
    return found


def apart(paper: Paper, found: Mapping[str, Sequence[Line]], heard: Callable[[Tensor], Tensor], unit: str) -> list[str]:
    """How far the results lie apart, a sentence for each row of ``found`` that can be compared.

    The lines of a row are the published procedure, ours at equal precision and, where there is one, ours at the
    default precision. ``heard``: latents to what the last two are compared by, in ``unit``.
    """
    rows, sentences = paper.rows(), []
    for name, lines in found.items():
        row, results = rows[name], [line.took.result for line in lines]
        theirs, ours = results[:2]
        if isinstance(ours, Directions):
            assert isinstance(theirs, Tensor)
            cosines = torch.linalg.svdvals(theirs.flatten(1).double() @ ours.vectors.flatten(1).double().T)
            shown = ", ".join(f"{value:.4f}" for value in cosines.tolist())
            sentences.append(f"{row.name}: cosines between the two sets of directions {shown}; {ours.rounds} rounds.")
        elif row.seeds is not None:
            assert isinstance(theirs, Tensor) and isinstance(ours, Tensor)
            missed = paper.missed(Windowed(lines[1].procedure.model), row.seeds)
            away = (ours - theirs - missed).abs().max()
            sentence = f"{row.name}: at equal precision {float(away):.1e} apart in the latent"
            if len(results) > 2:
                assert isinstance(results[2], Tensor)
                moved = (heard(results[2]) - heard(ours)).abs().mean()
                sentence += f"; the default precision moves it by {float(moved):.4f} {unit}"
            sentences.append(sentence + ".")
    return sentences
