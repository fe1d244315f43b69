"""Write CARD.md beside the shipped weights, every figure from the files that the other stages left."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch

from codec_fit import DEPTH_DB, WHITENING
from data import HELD_OUT, SEQUENCES
from retone_engine.models.pocket.family import CONFIG_FILE, WEIGHTS_FILE
from retone_engine.models.pocket.text import KINDS, PACES, TIMBRES
from scores import CLIP_SECONDS, HIGHEST_PITCH, LOWEST_PITCH, PROGRAMS

METHOD_NAMES = {
    "ddpm_inversion": "edit-friendly DDPM inversion",
    "sdedit": "SDEdit",
    "ddim_inversion": "DDIM inversion",
}


def write(work: Path, folder: Path) -> None:
    """Write the card of the model in `folder`, made in `work`."""
    config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    parts = [
        _head(config, folder),
        _words(),
        _data(work),
        _training(work),
        _evaluation(work, config["defaults"]),
        _strange(work),
        _limits(work),
    ]
    (folder / "CARD.md").write_text("\n".join(parts), encoding="utf-8")


def _head(config: dict[str, Any], folder: Path) -> str:
    size = (folder / WEIGHTS_FILE).stat().st_size / 1e6
    return f"""# The pocket model

The small model that comes with Retone: it changes the instrument of a short piece of music and keeps its notes.
16 kHz mono, clips of {CLIP_SECONDS} s (longer ones in windows), {size:.1f} MB in half precision, quick on a CPU.
Trained from nothing on music that its own training code composes and renders; no recording of anyone was used.
Licence: {config["licence"]}, as the rest of Retone. Made by `engine/training/make.py`, which writes this card too.
"""


def _words() -> str:
    rows = "\n".join(f"| {timbre} | {', '.join(names)} |" for timbre, names in TIMBRES.items())
    kinds = ", ".join(name for names in KINDS.values() for name in names)
    return f"""## What it understands

A prompt names one of {len(TIMBRES)} sounds; words around it do no harm ("a melody played by a string quartet").

| sound | names it goes by |
|---|---|
{rows}

It has also heard: {kinds}, {", ".join(PACES)}.
Words it does not know say nothing to it, and a prompt without any known word is the empty prompt; Retone warns of that.
"""


def _data(work: Path) -> str:
    hours, seconds = (work / "data.done").read_text().split(" hours in ")
    return f"""## Data

{SEQUENCES} random note sequences (melodies, arpeggios, chords, two-voice pieces; several scales, paces, registers,
articulations; MIDI notes {LOWEST_PITCH} to {HIGHEST_PITCH}; tuning off by up to 30 cents), each played by
all {len(PROGRAMS)} sounds, General MIDI programs, without reverb or chorus: {hours} hours, rendered with fluidsynth in
{seconds.strip()}. The last {HELD_OUT} sequences were kept out of all training and are what is measured below.
Soundfont: FluidR3 GM by Frank Wen and others (MIT licence), as packaged by Debian (`fluid-soundfont-gm`).
"""


def _training(work: Path) -> str:
    pair = torch.load(work / "denoiser.pt", weights_only=True)
    vocoder = torch.load(work / "vocoder.pt", weights_only=True)
    judges = {name: torch.load(work / f"{name}.pt", weights_only=True) for name in ("classifier", "transcriber")}

    codec = f"128-band log-mel, floored {DEPTH_DB:.0f} dB below a clip's usual peak, "
    codec += f"4x4 patches on their principal axes, whitened to the power {WHITENING}"
    codec_time = (work / "codec.done").read_text().split(",")[0]
    denoiser_time = f"{pair['step']} steps of 16 crops of 2.56 s, {pair['seconds'] / 60:.0f} min"
    vocoder_time = f"{vocoder['step']} steps of 12 crops of 1.09 s, {vocoder['seconds'] / 60:.0f} min"

    def size(state: dict[str, Any], start: str = "") -> str:
        return f"{sum(v.numel() for k, v in state.items() if k.startswith(start)) / 1e6:.2f} M"

    return f"""## Parts and training

Each network trained in one thread on a shared two-core machine without a GPU; the times are on the wall.

| part | what it is | parameters | training |
|---|---|---|---|
| codec | {codec} | closed form | {codec_time} |
| denoiser | U-Net, v-prediction, continuous noise level | {size(pair["mean"], "denoiser")} | {denoiser_time} |
| text | sum of word vectors, two layers | {size(pair["mean"], "text")} | with the denoiser |
| vocoder | ConvNeXt, inverse Fourier transform; spectral losses, no GAN | {size(vocoder["mean"])} | {vocoder_time} |

The judges, which do not ship: a timbre classifier ({judges["classifier"]["step"]} steps) and a note transcriber
({judges["transcriber"]["step"]} steps), convolutional, on the training sequences, half of what they hear passed
through the vocoder.
"""


def _evaluation(work: Path, defaults: dict[str, Any]) -> str:
    found = json.loads((work / "evaluation.json").read_text(encoding="utf-8"))
    rows = found["rows"]
    untouched = next(row["mel"] for row in rows if row.get("anchor") == "source, untouched")
    seconds = next(row["seconds_an_edit"] for row in rows if row.get("method") == "ddpm_inversion")
    lines = []
    for row in rows:
        if "anchor" in row:
            name, setting = row["anchor"], " | | "
        else:
            name = METHOD_NAMES[row["method"]]
            name += "; source named" if row["name_source"] else ""
            name += "; nothing given back" if not row["restore"] else ""
            setting = f"{row['strength']:g} | {row['guidance_scale']:g} | {row['steps']}"
            if row["guidance_rescale"]:
                setting += f", rescale {row['guidance_rescale']:g}"
        away = 100 * (row["mel"] / untouched - 1)
        cells = f"{100 * row['recognised']:.0f} % | {row['note_f1']:.2f} | {row['mel']:.3f} ({away:+.0f} %)"
        lines.append(f"| {name} | {setting} | {row['pairs']} | {cells} |")
    body = "\n".join(lines)
    return f"""## Measured

Held-out music, random pairs (source sound to wanted sound), clips of {found["clip_seconds"]:g} s, prompts drawn from
the names above, the source's sound not told unless said. *Recognised*: the classifier hears the wanted sound first.
*Notes*: F1 of the transcriber's notes against the score (same pitch, onset within 0.1 s). *Distance*: log-mel to the
true rendering by the wanted sound, in nat, both floored 60 dB below their loudest point; in brackets against the
untouched source. All methods share the decoding, and what it gives back of the source.
`auto` is strength {defaults["strength"]:g}, guidance {defaults["guidance_scale"]:g}, {defaults["steps"]} steps; it was
chosen on smaller draws from the same held-out music. One such edit took {seconds:.1f} s in one thread of the shared
machine, the judging counted in.

| method | strength | guidance | steps | pairs | recognised | notes | distance |
|---|---|---|---|---|---|---|---|
{body}
{_by_target(found)}"""


def _by_target(found: dict[str, Any]) -> str:
    if "by_target" not in found:
        return ""
    rows = "\n".join(
        f"| {name} | {100 * row['recognised']:.0f} % | {row['note_f1']:.2f} | {row['mel']:.3f} |"
        for name, row in found["by_target"].items()
    )
    return f"""
At the default, by wanted sound ({next(iter(found["by_target"].values()))["pairs"]} pairs each):

| wanted | recognised | notes | distance |
|---|---|---|---|
{rows}
"""


def _strange(work: Path) -> str:
    rows = json.loads((work / "strange.json").read_text(encoding="utf-8"))
    body = "\n".join(
        f"| {row['sound']} | {row['prompt']} | {row['heard']} ({row['probability']:.2f} for the wanted one) "
        f"| {row['rhythm']:.2f} | {row['change']:.2f} |"
        for row in rows
    )
    return f"""## Sounds it was not made for

At the default. *Rhythm*: correlation of the loudness curves before and after. *Change*: distance to the source, nat.

| sound | prompt | classifier hears | rhythm | change |
|---|---|---|---|---|
{body}
"""


def _limits(work: Path) -> str:
    found = json.loads((work / "evaluation.json").read_text(encoding="utf-8")).get("by_target", {})
    worst = sorted(found, key=lambda name: found[name]["note_f1"])[:3]
    missed = sorted(found, key=lambda name: found[name]["recognised"])[:3]
    return f"""## Limits

- Only the sounds above, as one soundfont plays them. It is no singer, knows no drums and has heard no recording.
- 16 kHz mono: what lies above 8 kHz, and the stereo image, is Retone's own work around the model.
- It has heard no note below MIDI {LOWEST_PITCH}, and its bands lie 23 Hz apart below 1 kHz: dense low chords are hard.
- At the default, notes suffer most on the way to {", ".join(worst)}; the wanted sound is missed most often
  when it is {", ".join(missed)}.
- An edit keeps the source's structure, and how a note begins and ends is part of it.
- High guidance buys recognition with notes. Prompts for two sounds at once were not trained.
- Where an edit changes the sound, the vocoder invents the phase.
"""


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
