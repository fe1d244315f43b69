"""Sounds that no synthesiser of the training heard: a speaking voice, a drum loop and a swept saw wave.

There is no truth to compare with, so what is told is how far the edit goes from the source, whether its rhythm is
kept (correlation of the loudness curves), and what the classifier hears in it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch
from torch import Tensor

from evaluate import Editor, Pair, Setting
from judges import heard_mel, load_judges
from retone_engine.model import PEAK
from retone_engine.models.pocket import load
from retone_engine.models.pocket.mel import SAMPLE_RATE
from scores import PROGRAMS

SECONDS = 5.12
SENTENCE = "The quick brown fox jumps over the lazy dog, and nobody in the village was surprised."
TARGETS = ("flute", "strings", "organ", "marimba")


def sounds() -> dict[str, Tensor]:
    """The sounds by name, (1, samples) each, made here and now."""
    with tempfile.TemporaryDirectory() as folder:
        voice, drums, saw = (Path(folder, f"{name}.wav") for name in ("voice", "drums", "saw"))
        subprocess.run(["espeak-ng", "-s", "150", "-w", voice, SENTENCE], check=True)
        _drum_loop(drums)
        sweep = ["synth", str(SECONDS), "sawtooth", "220-660", "tremolo", "3", "60", "gain", "-6"]
        subprocess.run(["sox", "-n", "-r", str(SAMPLE_RATE), "-c", "1", saw, *sweep], check=True)
        return {
            "a speaking voice (espeak-ng)": _read(voice),
            "a drum loop (noise bursts and a sine thump)": _read(drums),
            "a gliding saw wave (sox)": _read(saw),
        }


def _drum_loop(path: Path) -> None:
    rng, time = np.random.default_rng(1), np.arange(round(SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    sound = np.zeros_like(time)
    for beat in np.arange(0, SECONDS, 0.25):
        since = np.clip(time - beat, 0, None) * (time >= beat)
        noise = rng.standard_normal(len(time)) * (time >= beat)
        sound += 0.15 * noise * np.exp(-since * 60)
        if round(beat * 4) % 4 == 0:
            sound += (
                np.sin(2 * np.pi * (50 * since + 6 * (1 - np.exp(-since * 30)))) * np.exp(-since * 12) * (since > 0)
            )
        if round(beat * 4) % 4 == 2:
            sound += 0.6 * noise * np.exp(-since * 18)
    soundfile.write(path, 0.5 * sound / np.abs(sound).max(), SAMPLE_RATE)


def _read(path: Path) -> Tensor:
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = soxr.resample(sound.mean(1), rate, SAMPLE_RATE)[: round(SECONDS * SAMPLE_RATE)]
    mono = np.pad(mono, (0, round(SECONDS * SAMPLE_RATE) - len(mono)))
    return torch.from_numpy(mono * (PEAK / np.abs(mono).max()))[None].float()


def measure(work: Path, folder: Path) -> list[dict[str, object]]:
    """Edit each sound to each of TARGETS at the model's defaults; rows into strange.json."""
    torch.set_num_threads(1)
    model, (classifier, _) = load(folder, torch.device("cpu"), torch.bfloat16), load_judges(work)
    chosen = model.defaults
    setting = Setting("ddpm_inversion", chosen.strength, chosen.guidance_scale, chosen.steps, chosen.guidance_rescale)
    rows: list[dict[str, object]] = []
    for name, sound in sounds().items():
        pairs = [Pair(sound, sound, [], "", target, target) for target in TARGETS]
        for pair, made in zip(pairs, Editor(model, pairs).edit(setting), strict=True):
            made = made * (PEAK / made.abs().max())
            before, after = heard_mel(sound)[0], heard_mel(made)[0]
            with torch.no_grad():
                scores = classifier(after[None])[0].softmax(0)
            rhythm = torch.corrcoef(torch.stack((before.exp().sum(1).log(), after.exp().sum(1).log())))[0, 1]
            rows.append(
                {
                    "sound": name,
                    "prompt": pair.prompt,
                    "heard": list(PROGRAMS)[int(scores.argmax())],
                    "probability": round(float(scores[list(PROGRAMS).index(pair.target_timbre)]), 3),
                    "rhythm": round(float(rhythm), 3),
                    "change": round(float((before - after).abs().mean()), 3),
                }
            )
            print(rows[-1], flush=True)
    (work / "strange.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return rows


if __name__ == "__main__":
    measure(Path(sys.argv[1]), Path(sys.argv[2]))
