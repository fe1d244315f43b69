"""What the inversions that stay on the disk are worth: `retone edit` of one clip, every time in a new process.

    python engine/benchmarks/runs.py [--model pocket] [--seconds 1 5 30] [--repeats 3]

The clip is the bundled demo, cut or repeated: stereo, 44.1 kHz. Every run asks for another prompt, in turn with nothing
kept and with what the first run left. The medians of the repeats, as processor time and as time on the wall, which
includes the start of Python and torch and the loading of the model; and the bytes on the disk.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import soundfile

DEMO = Path(__file__).parents[2] / "bridge/retone_bridge/data/demo.flac"
PROMPTS = ("strings", "guitar", "flute", "organ", "choir", "piano", "marimba", "trumpet")


def edited(clip: Path, home: Path, prompt: str, model: str, keep: float) -> tuple[float, float]:
    """Seconds of processor time and of time for one edit of ``clip``, with the user's folder in ``home``."""
    result = clip.with_name("result.wav")
    command = [sys.executable, "-m", "retone_bridge.cli", "edit", str(clip), prompt, "-o", str(result), "--force"]
    command += ["--no-service", "--no-picture", "--model", model, "--keep-inversions", str(keep)]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "XDG_DATA_HOME": str(home)})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="pocket")
    parser.add_argument("--seconds", type=float, nargs="+", default=[1, 5, 30])
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    samples, rate = soundfile.read(DEMO, dtype="float32", always_2d=True)
    print("| stereo clip | nothing kept | kept | ratio | on the wall | kept | ratio | on the disk |")
    print("|---|---|---|---|---|---|---|---|")
    for seconds in asked.seconds:
        with tempfile.TemporaryDirectory() as folder:
            clip, home = Path(folder) / "clip.wav", Path(folder) / "home"
            frames = round(seconds * rate)
            with soundfile.SoundFile(clip, "w", rate, samples.shape[1], subtype="FLOAT") as file:
                for start in range(0, frames, len(samples)):
                    file.write(samples[: frames - start])
            edited(clip, home, PROMPTS[-1], asked.model, 10)
            ways = [
                [edited(clip, home, prompt, asked.model, keep) for keep in (0, 10)]
                for prompt, _ in zip(PROMPTS * asked.repeats, range(asked.repeats), strict=False)
            ]
            bare, kept = zip(*ways, strict=True)
            row = [f"{seconds:g} s"]
            for kind in (0, 1):
                without, within = (statistics.median(run[kind] for run in runs) for runs in (bare, kept))
                row += [f"{without:.1f} s", f"{within:.1f} s", f"{without / within:.2f}"]
            size = sum(path.stat().st_size for path in home.rglob("*.safetensors"))
        print("| " + " | ".join([*row, f"{size / 1e6:.1f} MB"]) + " |", flush=True)


if __name__ == "__main__":
    main()
