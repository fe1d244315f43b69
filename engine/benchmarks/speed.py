"""How long an edit takes, against the published procedure on the same machine, model, levels and precision.

    python engine/benchmarks/speed.py [--model pocket] [--clip FILE] [--seconds 5] [--steps 100] [--repeat 3]

First the setting of the paper: N levels, strength Tstart / N = 0.5, a source prompt with guidance 3. There both make
the same edit, which is checked. Then the model's own defaults. "Second" is another prompt for the same clip: the
published code inverts again, Retone has the inversion. Encoding and decoding are the same for all and not timed.
CPU seconds are the process's; where another program keeps the machine busy they say more than the clock.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import soundfile
import soxr
import torch
from torch import Tensor

from published import edit_published, published_schedule
from retone_engine import device, models
from retone_engine.guidance import Guidance, guidance
from retone_engine.inversion import Inversion, invert
from retone_engine.model import PEAK, Counted, Encoded, LatentModel
from retone_engine.models.mel import MelFrontEnd
from retone_engine.path import Schedule, schedule
from retone_engine.replay import replay
from retone_engine.windows import Windowed

DEMO = Path(__file__).parents[2] / "bridge/retone_bridge/data/demo.flac"
# Words that every model knows; the first is what the demo clip is.
SOURCE, TARGET, OTHER = "piano", "strings", "guitar"
SOURCE_GUIDANCE = 3.0
SEED = 0
BLOCK = 16


@dataclass
class Case:
    """One way to make an edit, the seconds it took each time, and what it asked of the network."""

    name: str
    make: Callable[[LatentModel], Tensor]
    model: LatentModel
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    calls: int = 0
    rows: int = 0

    def run(self) -> Tensor:
        counted = Counted(self.model)
        began, cpu_began = time.perf_counter(), time.process_time()
        result = self.make(counted)
        self.seconds.append(time.perf_counter() - began)
        self.cpu_seconds.append(time.process_time() - cpu_began)
        self.calls, self.rows = counted.calls, counted.rows
        return result

    def line(self, base: Case) -> str:
        """Its row of the table; ``base`` is what it is compared with."""
        times = statistics.median(base.seconds) / statistics.median(self.seconds)
        spent = statistics.median(self.seconds), statistics.median(self.cpu_seconds)
        return f"{self.name:40}{self.calls:7}{self.rows:7}{spent[0]:9.2f}{spent[1]:13.2f}{times:15.2f}"


@dataclass(frozen=True)
class Setting:
    """The levels and prompts of one comparison."""

    schedule: Schedule
    source: Guidance
    target: Guidance
    other: Guidance

    def invert(self, model: LatentModel, latent: Tensor) -> Inversion:
        return invert(model, latent, self.schedule, self.source, SEED, block=BLOCK)

    def first(self, latent: Tensor) -> Callable[[LatentModel], Tensor]:
        return lambda model: replay(model, [self.invert(model, latent)], self.target)

    def second(self, inversion: Inversion) -> Callable[[LatentModel], Tensor]:
        return lambda model: replay(model, [inversion], self.other)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", default="pocket")
    options.add_argument("--clip", type=Path, default=DEMO)
    options.add_argument("--seconds", type=float, default=5.0)
    options.add_argument("--steps", type=int, default=100, help="N of the paper's setting")
    options.add_argument("--repeat", type=int, default=3)
    asked = options.parse_args()

    chosen = device.choose("auto")
    exact = Windowed(models.load(asked.model, chosen, torch.float32))
    narrow = Windowed(models.load(asked.model, chosen, torch.bfloat16))
    precision = device.precision(None, chosen)
    default = narrow if precision == torch.bfloat16 else exact
    encoded = exact.encode(load_clip(asked.clip, asked.seconds, exact).to(chosen))
    latent = encoded.latent
    print(f"{asked.model} on {chosen}, {torch.get_num_threads()} threads, {asked.seconds:g} s of audio")

    whole = published_schedule(exact.path, asked.steps)
    start = len(whole) // 2
    scale = exact.defaults.guidance_scale
    target, other = (guidance(exact, prompt, scale) for prompt in (TARGET, OTHER))
    paper = Setting(whole.tail(start), guidance(exact, SOURCE, SOURCE_GUIDANCE), target, other)
    auto = exact.defaults
    own = Setting(
        schedule(exact.path, auto.strength, auto.steps),
        guidance(exact, "", auto.source_guidance_scale),
        guidance(exact, TARGET, scale, rescale=auto.guidance_rescale),
        guidance(exact, OTHER, scale, rescale=auto.guidance_rescale),
    )

    def published(model: LatentModel) -> Tensor:
        return edit_published(model, latent, whole, start, paper.source, target, SEED)

    inverted = paper.invert(exact, latent)
    shown = str(precision).removeprefix("torch.")
    cases = [
        Case("published, every edit, float32", published, exact),
        Case("Retone, first, float32", paper.first(latent), exact),
        Case("Retone, second, float32", paper.second(inverted), exact),
        Case(f"Retone, first, {shown} as by default", paper.first(latent), default),
        Case(f"Retone, second, {shown} as by default", paper.second(paper.invert(default, latent)), default),
        Case("Retone, first, all defaults", own.first(latent), default),
        Case("Retone, second, all defaults", own.second(own.invert(default, latent)), default),
    ]
    results = {case.name: case.run() for case in cases}
    for _ in range(asked.repeat - 1):
        for case in cases:
            case.run()

    print(f"\n{'':40}{'calls':>7}{'rows':>7}{'seconds':>9}{'CPU seconds':>13}{'times as fast':>15}")
    for case in cases:
        print(case.line(cases[0]))

    missed = latent - inverted.kept[-1:].to(latent)
    theirs, ours = results["published, every edit, float32"], results["Retone, first, float32"]
    print(
        f"\nThe two float32 edits differ by up to {(ours - theirs - missed).abs().max():.1e} in the latent, apart from"
    )
    print(f"the last step's z, which is published as 0: that loses up to {missed.abs().max():.1e} of the clip.")
    before, wide, short = (log_mel(exact, x, encoded) for x in (latent, ours, paper.first(latent)(narrow)))
    print(f"bfloat16 moves the edit by {(wide - short).abs().mean():.3f} nat of log-mel on average,", end=" ")
    print(f"where the edit moves the clip by {(wide - before).abs().mean():.3f}.")


def load_clip(path: Path, seconds: float, model: LatentModel) -> Tensor:
    """The first ``seconds`` of a file, mixed to one channel for each of the model's: (channels, frames)."""
    samples, rate = soundfile.read(path, frames=-1, dtype="float32", always_2d=True)
    mono = soxr.resample(samples[: round(seconds * rate)].mean(axis=1), rate, model.sample_rate)
    return torch.from_numpy(mono * (PEAK / abs(mono).max())).repeat(model.channels, 1)


def log_mel(model: LatentModel, latent: Tensor, encoded: Encoded) -> Tensor:
    """What is heard of ``latent``: its decoded audio's log-mel, nothing of the source given back."""
    audio = model.decode(latent, encoded, restore=False)[0].float()
    hop = 256
    return MelFrontEnd(model.sample_rate, 1024, hop, 64)(audio[:, : audio.shape[1] // hop * hop])


if __name__ == "__main__":
    main()
