"""Judge edits of held-out music against the true answer: the same notes rendered by the wanted timbre.

Every row of the table is one method at one setting over the same pairs (source timbre -> wanted timbre): how often
the classifier hears the wanted timbre, the F1 of the notes heard against the score (same pitch, onset within 0.1 s),
and the distance of log-mels to the truth in nat, both floored 60 dB below their loudest point.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from data import CLIP_SAMPLES, HELD_OUT, SEQUENCES, open_arrays
from judges import Classifier, Transcriber, heard_mel, load_judges, note_f1, notes_in, transcribe
from retone_engine.baselines import METHODS
from retone_engine.guidance import guidance
from retone_engine.inversion import Inversion
from retone_engine.model import PEAK, Encoded, LatentModel
from retone_engine.models.pocket import PocketModel, load
from retone_engine.models.pocket.mel import SAMPLE_RATE
from retone_engine.models.pocket.text import TIMBRES
from retone_engine.path import schedule
from scores import PROGRAMS, random_sequence

# (strength, guidance) of the card's rows beside the default's.
MORE_EDITS = ((0.5, 4.0), (0.8, 2.5))
SDEDITS = ((0.5, 2.5), (0.5, 4.5), (0.6, 2.5))
DDIMS = ((0.5, 4.0), (0.65, 2.5))


@dataclass(frozen=True)
class Pair:
    """One edit to make: sound (1, samples), its truth, the notes of both, the words for both timbres."""

    source: Tensor
    truth: Tensor
    score: list[tuple[float, float, int]]
    source_timbre: str
    target_timbre: str
    prompt: str


@dataclass(frozen=True)
class Setting:
    """One row's settings; `method` is a name of METHODS, `spacing` one of path.SPACINGS."""

    method: str
    strength: float
    guidance_scale: float
    steps: int = 60
    guidance_rescale: float = 0.0
    name_source: bool = False
    restore: bool = True
    spacing: str = "log_snr"


@dataclass(frozen=True)
class Figures:
    """What was measured over the pairs; `recognised`, `probability` and `note_f1` lie in 0..1, `mel` is in nat."""

    pairs: int
    recognised: float
    probability: float
    note_f1: float
    mel: float


def draw_pairs(work: Path, per_target: int, seconds: float, seed: int = 5) -> list[Pair]:
    """`per_target` pairs for every timbre, sources, sequences and places drawn at random from the held-out music."""
    rng, timbres, samples = np.random.default_rng(seed), list(PROGRAMS), round(seconds * SAMPLE_RATE)
    audio, _ = open_arrays(work)
    pairs: list[Pair] = []
    for target in range(len(timbres)):
        prompt = str(rng.choice(TIMBRES[timbres[target]]))
        for source in rng.choice([t for t in range(len(timbres)) if t != target], per_target, replace=False):
            score: list[tuple[float, float, int]] = []
            while not score:
                index = int(rng.integers(SEQUENCES - HELD_OUT, SEQUENCES))
                start = int(rng.integers(0, CLIP_SAMPLES - samples + 1))
                score = notes_in(random_sequence(index).notes, start / SAMPLE_RATE, seconds)
            sounds = [
                _at_peak(torch.from_numpy(audio[t, index, start : start + samples] / 32768)) for t in (source, target)
            ]
            pairs.append(Pair(sounds[0], sounds[1], score, timbres[source], timbres[target], prompt))
    return pairs


def _at_peak(sound: Tensor) -> Tensor:
    return (sound.float() * (PEAK / sound.abs().max().clamp_min(1e-4)))[None]


Judges = tuple[Classifier, Transcriber]


def judge_one(sound: Tensor, pair: Pair, judges: Judges) -> Figures:
    """The figures of one sound (1, samples)."""
    sound = _at_peak(sound[0])
    heard = heard_mel(sound)
    with torch.no_grad():
        scores = judges[0](heard)[0].softmax(0)
    wanted = list(PROGRAMS).index(pair.target_timbre)
    f1 = note_f1(transcribe(judges[1], sound)[0], pair.score)
    distance = float((heard - heard_mel(pair.truth)).abs().mean())
    return Figures(1, float(scores.argmax() == wanted), float(scores[wanted]), f1, distance)


def judge(made: Iterable[Tensor], pairs: list[Pair], judges: Judges) -> list[Figures]:
    """The figures of each of the sounds `made`, one a pair."""
    return [judge_one(sound, pair, judges) for sound, pair in zip(made, pairs, strict=True)]


def mean(figures: list[Figures]) -> Figures:
    """All of them as one."""
    names = ("recognised", "probability", "note_f1", "mel")
    return Figures(len(figures), *(round(float(np.mean([getattr(f, n) for f in figures])), 4) for n in names))


class Editor:
    """Edits the pairs; inversions are kept, as every strength below reuses them."""

    def __init__(self, model: LatentModel, pairs: list[Pair]) -> None:
        self.model, self.pairs = model, pairs
        self.encoded: list[Encoded] = [model.encode(pair.source) for pair in pairs]
        self.known: dict[tuple[object, ...], Inversion] = {}

    def edit(self, setting: Setting, seeds: Sequence[int] | None = None) -> list[Tensor]:
        """The edits of all pairs, (1, samples) each; pairs that share a prompt are replayed together.

        `seeds` name each pair's noise; without them all pairs have the same.
        """
        model, method = self.model, METHODS[setting.method]
        steps = schedule(model.path, setting.strength, setting.steps, setting.spacing)
        by_prompt: dict[str, list[int]] = {}
        for number, pair in enumerate(self.pairs):
            by_prompt.setdefault(pair.prompt, []).append(number)
        made: list[Tensor] = [torch.empty(0)] * len(self.pairs)
        for prompt, numbers in by_prompt.items():
            inversions = []
            for number in numbers:
                name = self.pairs[number].source_timbre if setting.name_source else ""
                seed = 0 if seeds is None else seeds[number]
                key = (setting.method, number, setting.steps, setting.spacing, name, seed)
                source = guidance(model, name, 1.0)
                latent = self.encoded[number].latent
                known = self.known.get(key)
                inversion = method.invert(model, latent, steps, source, seed, known=known)
                if known is None or len(known.schedule) < len(steps):
                    self.known[key] = inversion
                inversions.append(inversion)
            target = guidance(model, prompt, setting.guidance_scale, rescale=setting.guidance_rescale)
            latents = method.replay(model, inversions, target)
            for row, number in enumerate(numbers):
                made[number] = model.decode(latents[row : row + 1], self.encoded[number], setting.restore)[0]
        return made


def measure(
    work: Path, folder: Path, settings: list[Setting], per_target: int, seconds: float, out: Path, anchors: bool = True
) -> dict[str, Any]:
    """Measure `settings`; every row is in `out` as soon as it is there.

    `by_target` holds the figures of the model's default setting, where it is among them, for each wanted timbre.
    """
    torch.set_num_threads(1)
    model = load(folder, torch.device("cpu"), torch.bfloat16)
    pairs, judges = draw_pairs(work, per_target, seconds), load_judges(work)
    found: dict[str, Any] = {"clip_seconds": seconds, "rows": []}

    def keep(row: dict[str, Any]) -> None:
        found["rows"].append(row)
        print(row, flush=True)
        out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")

    if anchors:
        sources, truths = [pair.source for pair in pairs], [pair.truth for pair in pairs]
        for name, sounds in {
            "source, untouched": sources,
            "source, through the vocoder": [_vocoded(model, sound) for sound in sources],
            "truth, untouched": truths,
            "truth, through the vocoder": [_vocoded(model, sound) for sound in truths],
        }.items():
            keep({"anchor": name, **asdict(mean(judge(sounds, pairs, judges)))})
    editor = Editor(model, pairs)
    for setting in settings:
        began = time.time()
        figures = judge(editor.edit(setting), pairs, judges)
        if setting == default_setting(model):
            found["by_target"] = {
                name: asdict(mean([f for f, p in zip(figures, pairs, strict=True) if p.target_timbre == name]))
                for name in PROGRAMS
            }
        each = round((time.time() - began) / len(pairs), 2)
        keep({**asdict(setting), **asdict(mean(figures)), "seconds_an_edit": each})
    return found


def default_setting(model: PocketModel) -> Setting:
    """What `auto` means for the model."""
    auto = model.defaults
    return Setting("ddpm_inversion", auto.strength, auto.guidance_scale, auto.steps, auto.guidance_rescale)


def _vocoded(model: PocketModel, sound: Tensor) -> Tensor:
    encoded = model.encode(sound)
    return model.decode(encoded.latent, encoded, False)[0]


def everything(work: Path, folder: Path, per_target: int = 7, seconds: float = 5.12) -> None:
    """The card's table into evaluation.json, on two cores; skips when it is there."""
    if (work / "evaluation.json").exists():
        return
    auto = default_setting(load(folder, torch.device("cpu"), torch.float32))

    def others(method: str, pairs: tuple[tuple[float, float], ...]) -> list[Setting]:
        return [replace(auto, method=method, strength=strength, guidance_scale=scale) for strength, scale in pairs]

    halves = {
        "edits": [auto, replace(auto, name_source=True), *others("ddpm_inversion", MORE_EDITS)],
        "baselines": [*others("sdedit", SDEDITS), *others("ddim_inversion", DDIMS)],
    }
    spawn = multiprocessing.get_context("spawn")
    processes = [
        spawn.Process(
            target=measure,
            args=(work, folder, settings, per_target, seconds, work / f"evaluation_{name}.json", name == "edits"),
        )
        for name, settings in halves.items()
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise SystemExit("An evaluation failed; its message stands above.")
    merge(work)


def merge(work: Path) -> None:
    """Both halves of the table into one."""
    edits, baselines = (
        json.loads((work / f"evaluation_{name}.json").read_text(encoding="utf-8")) for name in ("edits", "baselines")
    )
    edits["rows"] += baselines["rows"]
    (work / "evaluation.json").write_text(json.dumps(edits, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """The command line: any settings, for trying them out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--per-target", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.56)
    parser.add_argument("--settings", required=True, help="method:strength:guidance:steps[:rescale] ... by commas")
    parser.add_argument("--name-source", action="store_true", help="tell the source's timbre while inverting")
    parser.add_argument("--no-restore", action="store_true")
    parser.add_argument("--no-anchors", action="store_true")
    chosen = parser.parse_args()
    settings = []
    for text in chosen.settings.split(","):
        method, strength, scale, steps, *rescale = text.split(":")
        numbers = float(strength), float(scale), int(steps), float(rescale[0]) if rescale else 0.0
        settings.append(Setting(method, *numbers, chosen.name_source, not chosen.no_restore))
    measure(chosen.work, chosen.model, settings, chosen.per_target, chosen.seconds, chosen.out, not chosen.no_anchors)


if __name__ == "__main__":
    main()
