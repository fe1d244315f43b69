"""The speed table for AudioLDM2 and Stable Audio Open at full size, with random weights, for a GPU.

    python engine/benchmarks/full_size.py [--model audioldm2 stable-audio-open-1.0] [--rows first ...] [--block 16 32]
        [--compile] [--steps 200] [--repeat 3] [--device auto] [--tiny] [--count]

The networks have the true configurations behind Retone's own adapters (networks.py); encoders and autoencoders are left
out, latents and embeddings are random. Rows, procedures and columns are those of speed.py. ``--block`` tries several
sizes of an inversion's calls, ``--compile`` runs Retone's default also with its network compiled by torch.compile; the
seconds that its first call takes are printed, as it has to earn them back.

The floor is what the network's work must take on this device, whatever the procedure: for each line the larger of its
operations (counted by torch.utils.flop_counter) over the measured rate of large matrix products in the line's
precision, and the network's weights, read once a call, over the measured bandwidth. ``--count`` prints the operations
of one call and ends; it needs no memory. ``--tiny`` has the same code run in seconds, with figures that mean nothing.
"""

from __future__ import annotations

import argparse
import time
from contextlib import nullcontext
from dataclasses import dataclass
from unittest.mock import patch

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from measured import plain_float32, wait
from networks import NETWORKS, latent_shape
from retone_engine import device
from retone_engine.guidance import guidance
from retone_engine.model import Encoded, LatentModel
from retone_engine.settings import BLOCK
from retone_engine.windows import Windowed
from rows import Paper
from table import Line, Procedure, apart, measure

ROWS = ("first", "second", "strength", "directions", "variations", "long")
PROMPTS = ("a piano", "a string quartet", "guitar")
# As published: steps, and guidance on the source.
PUBLISHED = {"audioldm2": (200, 3.0), "stable-audio-open-1.0": (100, 1.0)}
LONG_SECONDS = 60.0
# Both clips, in windows, where the figures mean nothing. (Stable Audio Open's window is always whole.)
TINY = (0.125, 1.75)


@dataclass(frozen=True)
class Floor:
    """``operations`` a row of the network; ``rate``: operations a second; ``bandwidth``: bytes a second."""

    operations: float
    rate: float
    bandwidth: float

    def seconds(self, line: Line) -> float:
        """What the calls and rows of ``line`` must take."""
        return max(line.rows * self.operations / self.rate, line.took.calls * line.procedure.weights / self.bandwidth)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", nargs="+", choices=tuple(NETWORKS), default=tuple(NETWORKS))
    options.add_argument("--rows", nargs="+", choices=ROWS, default=ROWS, metavar="ROW", help=", ".join(ROWS))
    options.add_argument("--block", nargs="+", type=int, default=[BLOCK], help="rows of a call in an inversion")
    options.add_argument("--compile", action="store_true")
    options.add_argument("--steps", type=int, help="N of the paper, else as published for the model")
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--device", default="auto")
    options.add_argument("--tiny", action="store_true")
    options.add_argument("--count", action="store_true")
    asked = options.parse_args()
    for name in asked.model:
        if asked.count:
            print(f"{name}: {operations(name, asked.tiny) / 1e9:.0f} GFLOP a row")
        else:
            run(name, asked)


def run(name: str, asked: argparse.Namespace) -> None:
    """Print the table of one model."""
    chosen = device.choose(asked.device)
    steps, source_guidance = PUBLISHED[name]
    procedures = all_procedures(name, chosen, asked)
    model = Windowed(procedures[1].model)
    long = LONG_SECONDS * model.sample_rate / model.window
    paper = Paper.of(
        model,
        drawn(model, TINY[0] if asked.tiny and name == "audioldm2" else 1.0),
        drawn(model, TINY[1] if asked.tiny else long) if "long" in asked.rows else None,
        PROMPTS,
        steps=asked.steps or steps,
        source_guidance=source_guidance,
        block=asked.block[0],
    )
    counted, bandwidth = operations(name, asked.tiny), bandwidth_of(chosen)
    floors = {dtype: Floor(counted, rate_of(chosen, dtype), bandwidth) for dtype in (torch.float32, torch.bfloat16)}
    print(
        f"\n{name}{' (tiny)' if asked.tiny else ''} on {named(chosen)}, torch {torch.__version__}: "
        f"{len(paper.whole)} levels, {counted / 1e9:.3g} GFLOP a row; {bandwidth / 1e9:.3g} GB/s, "
        + ", ".join(f"{floor.rate / 1e12:.3g} TFLOP/s in {str(dtype)[6:]}" for dtype, floor in floors.items())
    )
    found = measure(
        paper, procedures, asked.rows, asked.repeat, lambda line: floors[line.procedure.model.dtype].seconds(line)
    )
    for sentence in apart(paper, found, lambda latents: latents, "in the latent, which means little at random weights"):
        print(sentence)


def all_procedures(name: str, chosen: torch.device, asked: argparse.Namespace) -> list[Procedure]:
    """The published one, ours at equal precision, ours by default; then other blocks, and compiled."""

    def build(dtype: torch.dtype) -> LatentModel:
        return NETWORKS[name](chosen, dtype, asked.tiny)

    narrow = build(torch.bfloat16)
    procedures = [
        Procedure("published, float32", build(torch.float32), published=True),
        Procedure("Retone, float32", build(torch.float32)),
        Procedure("Retone, bfloat16", narrow),
    ]
    for network in procedures[0].model.modules["predict_clean"]:
        network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    procedures += [Procedure(f"Retone, bfloat16, block {block}", narrow, block=block) for block in asked.block[1:]]
    if asked.compile:
        compiled = build(torch.bfloat16)
        for network in compiled.modules["predict_clean"]:
            network.compile()
        began = time.perf_counter()
        one_call(compiled)
        wait(chosen)
        print(f"{name}: the first call of the compiled network took {time.perf_counter() - began:.0f} s")
        procedures.append(Procedure("Retone, bfloat16, compiled", compiled))
    return procedures


def one_call(model: LatentModel) -> Tensor:
    """One row of one window."""
    level = model.path.at(torch.zeros(1))
    x = torch.randn(latent_shape(model), device=model.device)
    return model.predict_clean(x, level, guidance(model, PROMPTS[0], 1.0).embedding)


def drawn(model: LatentModel, windows: float) -> Encoded:
    """A random clip of so many windows, in whole strides of them."""
    shape = list(latent_shape(model, windows))
    generator = torch.Generator().manual_seed(1)
    frames = round(windows * model.window)
    return Encoded(torch.randn(shape, generator=generator).to(model.device), frames, {})


def operations(name: str, tiny: bool) -> float:
    """Of one row of the network, counted on torch's meta device, which computes nothing."""
    model = NETWORKS[name](torch.device("meta"), torch.float32, tiny)
    # It knows no autocast either, not even one that is off.
    with FlopCounterMode(display=False) as counter, patch("torch.autocast", lambda *args, **named: nullcontext()):
        one_call(model)
    return float(counter.get_total_flops())


def rate_of(chosen: torch.device, dtype: torch.dtype) -> float:
    """Operations a second of large square matrix products, without TF32."""
    size = 8192 if chosen.type == "cuda" else 1024
    a, b = (torch.randn(size, size, device=chosen).to(dtype) for _ in range(2))
    with plain_float32():
        return 2 * size**3 / best(lambda: a @ b, chosen)


def bandwidth_of(chosen: torch.device) -> float:
    """Bytes a second, read and written, of a large copy."""
    data = torch.zeros((2**30 if chosen.type == "cuda" else 2**27) // 4, device=chosen)
    other = torch.empty_like(data)
    return 2 * data.numel() * 4 / best(lambda: other.copy_(data), chosen)


def best(work: object, chosen: torch.device) -> float:
    """The seconds of the fastest of ten runs."""
    found = []
    for _ in range(10):
        wait(chosen)
        began = time.perf_counter()
        work()  # type: ignore[operator]
        wait(chosen)
        found.append(time.perf_counter() - began)
    return min(found)


def named(chosen: torch.device) -> str:
    return (
        torch.cuda.get_device_name(chosen) if chosen.type == "cuda" else f"{chosen}, {torch.get_num_threads()} threads"
    )


if __name__ == "__main__":
    main()
