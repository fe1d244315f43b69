"""How long it takes, against the published procedure on the same machine, model and levels: one table.

    python engine/benchmarks/speed.py [--model pocket] [--rows first second ...] [--steps 100] [--repeat 3]

The rows are what a musician asks for, in the setting of the paper: N levels, strength Tstart / N = 0.5, a source prompt
with guidance 3. Each is made by the published procedure (float32 without TF32, contiguous memory, one row a call, two
calls a step, all N steps inverted, for every edit again; its directions are 50 rounds of two calls with three rows), by
Retone in float32 as well, and by Retone in the precision that it takes on this device by itself; directions it always
looks for in float32. Encoding, prompts and decoding are the same for all and not timed.

Nothing is estimated: what takes too long can be left out (--rows) or made smaller (--long-seconds, --steps). The
paper's code edits a long clip in one piece only; its row is run over our windows one by one. Memory is the network's
weights and what the work took beside what was there before: of the process, or of a CUDA GPU's own memory. CPU seconds
are the process's; where another program keeps the machine busy they say more than the clock.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch
from torch import Tensor

from retone_engine import device, models
from retone_engine.model import PEAK, Encoded, LatentModel
from retone_engine.models.mel import MelFrontEnd
from retone_engine.settings import BLOCK
from retone_engine.windows import Windowed
from rows import STRENGTH, Paper
from table import Procedure, apart, measure

DEMO = Path(__file__).parents[2] / "bridge/retone_bridge/data/demo.flac"
ROWS = ("first", "second", "strength", "directions", "variations", "long")
# Words that every model knows; the first is what the demo clip is.
PROMPTS = ("piano", "strings", "guitar")
SOURCE_GUIDANCE = 3.0


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", default="pocket", help="a model's name, or a checkpoint's folder")
    options.add_argument("--rows", nargs="+", choices=ROWS, default=ROWS, metavar="ROW", help=", ".join(ROWS))
    options.add_argument("--clip", type=Path, default=DEMO)
    options.add_argument("--seconds", type=float, default=5.0, help="of the clip that is edited")
    options.add_argument("--long-seconds", type=float, default=60.0, help="of the long clip: the same one, repeated")
    options.add_argument("--steps", type=int, default=100, help="N of the paper")
    options.add_argument("--repeat", type=int, default=3, help="runs of each row but the slow ones; the median counts")
    asked = options.parse_args()

    chosen = device.choose("auto")
    procedures = three_procedures(asked.model, chosen)
    exact = Windowed(procedures[1].model)
    short = encode(exact, asked.clip, asked.seconds)
    long = encode(exact, asked.clip, asked.long_seconds) if "long" in asked.rows else None
    paper = Paper.of(exact, short, long, PROMPTS, steps=asked.steps, source_guidance=SOURCE_GUIDANCE, block=BLOCK)
    print(
        f"{asked.model} on {chosen}, {torch.get_num_threads()} threads, torch {torch.__version__}: {asked.seconds:g} s "
        f"of audio, {len(paper.whole)} levels, strength {STRENGTH:g}, {PROMPTS[0]!r} at guidance {SOURCE_GUIDANCE:g} "
        f"to {PROMPTS[1]!r} at {exact.defaults.guidance_scale:g}"
        + (f"; the long clip has {asked.long_seconds:g} s" if long is not None else "")
    )
    found = measure(paper, procedures, asked.rows, asked.repeat)
    for sentence in apart(paper, found, lambda latents: log_mel(exact, latents, short), "nat of log-mel"):
        print(sentence)
    print("(Apart from the last step's noise, which is published as 0: here it is what gives the clip back exactly.)")


def three_procedures(name: str, chosen: torch.device) -> list[Procedure]:
    """The published one, Retone at equal precision and, where that is another, at the default one."""
    reference = loaded(name, chosen, torch.float32)
    for network in reference.modules["predict_clean"]:
        network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    procedures = [
        Procedure("published, float32", reference, published=True),
        Procedure("Retone, float32", loaded(name, chosen, torch.float32)),
    ]
    precision = device.precision(None, chosen)
    if precision != torch.float32:
        shown = str(precision).removeprefix("torch.")
        procedures.append(Procedure(f"Retone, {shown}, default", loaded(name, chosen, precision)))
    return procedures


def loaded(name: str, chosen: torch.device, dtype: torch.dtype) -> LatentModel:
    """The model with all its parts on the device: nothing is moved while it is timed."""
    model = models.load(name, chosen, dtype)
    for modules in model.modules.values():
        for module in modules:
            module.to(chosen)
    return model


def encode(model: LatentModel, path: Path, seconds: float) -> Encoded:
    """``seconds`` of a file, repeated where it ends before, on each of the model's channels."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = np.resize(samples.mean(axis=1), round(seconds * rate))
    mono = soxr.resample(mono, rate, model.sample_rate)
    audio = torch.from_numpy(mono * (PEAK / abs(mono).max())).repeat(model.channels, 1)
    return model.encode(audio.to(model.device))


def log_mel(model: LatentModel, latents: Tensor, encoded: Encoded) -> Tensor:
    """What is heard of ``latents`` (B, ...): their decoded audio's log-mel, nothing of the source given back."""
    audio = torch.cat([model.decode(latent[None], encoded, restore=False)[0].float() for latent in latents])
    hop = 256
    return MelFrontEnd(model.sample_rate, 1024, hop, 64)(audio[:, : audio.shape[1] // hop * hop])


if __name__ == "__main__":
    main()
