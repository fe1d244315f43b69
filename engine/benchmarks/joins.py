"""Whether the joins of a long clip's windows can be heard: the edit's jumps there against its jumps everywhere else.

    python engine/benchmarks/joins.py [--model pocket] [--seconds 30]

The clip is the bundled demo, repeated, with the model's default settings. A jump is the mean change of the log-mel
spectrum (nat), or the change of level (dB), from one 16 ms frame to the next; a join is the middle of the overlap of
two windows, give or take 100 ms. The source's own jumps at the same places stand beside them.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch

from retone_engine import device
from retone_engine.models.mel import MelFrontEnd
from retone_engine.progress import Reporter
from retone_engine.render import Engine, render
from retone_engine.request import EditRequest
from retone_engine.windows import Windowed

DEMO = Path(__file__).parents[2] / "bridge/retone_bridge/data/demo.flac"
RATE, HOP = 16_000, 256
NEAR_SECONDS = 0.1


def jumps(samples: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Spectral (nat) and level (dB) change before each frame of ``samples`` (frames, channels)."""
    mono = soxr.resample(samples.mean(axis=1), rate, RATE)
    mono = mono[: len(mono) // HOP * HOP].astype(np.float32)
    mel = MelFrontEnd(RATE, 1024, HOP, 64)(torch.from_numpy(mono)[None])[0].numpy()
    mel = np.maximum(mel, mel.max() - np.log(1000))  # 60 dB: what lies deeper is not heard
    level = 10 * np.log10(np.square(mono).reshape(-1, HOP).mean(axis=1) + 1e-6)
    return np.abs(np.diff(mel, axis=0)).mean(axis=1), np.abs(np.diff(level))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="pocket")
    parser.add_argument("--seconds", type=float, default=30)
    asked = parser.parse_args()
    engine = Engine(device.choose("auto"), asked.model)
    model = Windowed(engine.model(asked.model, device.precision(None, engine.device)))
    samples, rate = soundfile.read(DEMO, dtype="float32", always_2d=True)
    frames = round(asked.seconds * rate)
    samples = np.tile(samples, (-(-frames // len(samples)), 1))[:frames]
    with tempfile.TemporaryDirectory() as folder:
        clip, output = Path(folder) / "clip.wav", Path(folder) / "edit.wav"
        soundfile.write(clip, samples, rate, subtype="FLOAT")
        request = EditRequest.of(str(clip), {"prompt": "strings"})
        render(request, [output], engine, Reporter(lambda progress: None, lambda: False))
        edited, _ = soundfile.read(output, dtype="float32", always_2d=True)
    latent_frames = -(-round(asked.seconds * model.sample_rate) // model.hop)
    stride = model.frames - model.overlap
    joins = np.arange(model.frames - model.overlap / 2, latent_frames, stride) * model.hop / model.sample_rate
    found = {"source": jumps(samples, rate), "edit": jumps(edited, rate)}
    times = (np.arange(len(found["edit"][0])) + 1) * HOP / RATE
    at_join = (np.abs(times[:, None] - joins[None, :]) < NEAR_SECONDS).any(axis=1)
    print(f"{len(joins)} joins in {asked.seconds:g} s")
    print("| | at joins, mean | elsewhere, mean | at joins, largest | elsewhere, largest |")
    print("|---|---|---|---|---|")
    for kind, unit in enumerate(("spectrum, nat", "level, dB")):
        for name, both in found.items():
            near, far = both[kind][at_join], both[kind][~at_join]
            print(f"| {name}: {unit} | {near.mean():.3f} | {far.mean():.3f} | {near.max():.2f} | {far.max():.2f} |")


if __name__ == "__main__":
    main()
