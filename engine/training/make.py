"""Make the pocket model from nothing: one command, stages that skip when done.

    python engine/training/make.py --work DIR [--out FOLDER] [--time-scale 1.0] [--pairs 7]

It needs `fluidsynth`, the FluidR3 soundfont (Debian: fluid-soundfont-gm), `espeak-ng` and `sox` for the strange sounds,
the package itself, and `pip install mido`. Two cores and about two and a half hours; a killed run goes on where it
stopped. The denoiser trains on one core while vocoder and judges train on the other.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from pathlib import Path

import card
import evaluate
import strange
from codec_fit import make_codec
from data import make_data
from export import SHIPPED, export
from judges import train_judges
from train_denoiser import train as train_denoiser
from train_vocoder import train as train_vocoder

DENOISER_MINUTES = 100.0
VOCODER_MINUTES = 53.0
CLASSIFIER_MINUTES = 3.5
TRANSCRIBER_MINUTES = 8.0


def _other_core(work: Path, scale: float) -> None:
    train_vocoder(work, VOCODER_MINUTES * scale)
    train_judges(work, CLASSIFIER_MINUTES * scale, TRANSCRIBER_MINUTES * scale)


def main() -> None:
    """Run every stage that is not done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="a folder for data and checkpoints (5 GB)")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="where the model goes; the package by default")
    parser.add_argument("--time-scale", type=float, default=1.0, help="multiplies every training time")
    parser.add_argument("--pairs", type=int, default=7, help="edits judged for every wanted sound, 13 at most")
    chosen = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    work: Path = chosen.work
    work.mkdir(parents=True, exist_ok=True)
    make_data(work)
    make_codec(work)
    spawn = multiprocessing.get_context("spawn")
    networks = [
        spawn.Process(target=train_denoiser, args=(work, DENOISER_MINUTES * chosen.time_scale)),
        spawn.Process(target=_other_core, args=(work, chosen.time_scale)),
    ]
    for process in networks:
        process.start()
    for process in networks:
        process.join()
    if any(process.exitcode for process in networks):
        raise SystemExit("A training process failed; its message stands above. Run again to go on.")
    print(f"weights: {export(work, chosen.out)} bytes")
    evaluate.everything(work, chosen.out, chosen.pairs)
    strange.measure(work, chosen.out)
    card.write(work, chosen.out)


if __name__ == "__main__":
    main()
