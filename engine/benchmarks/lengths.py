"""Time and memory of an edit of short and long clips, each in a process of its own, as a user's would be.

    python engine/benchmarks/lengths.py [--model pocket] [--seconds 5 30 180]

The clip is the bundled demo, repeated: stereo, 44.1 kHz. "First" is the first edit of the clip, "second" another prompt
for it, with the inversion kept. Memory is the process's peak, once before any edit and once in the end.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import soundfile

DEMO = Path(__file__).parents[2] / "bridge/retone_bridge/data/demo.flac"
# ru_maxrss counts bytes on macOS and KiB elsewhere.
_UNIT = 1 if sys.platform == "darwin" else 1024


def measure(model: str, seconds: float) -> dict[str, float]:
    """Both edits of a clip of ``seconds``, in this process."""
    # Imported here, so that the process that only starts others holds no torch.
    from retone_engine import device
    from retone_engine.progress import Reporter
    from retone_engine.render import Engine, render
    from retone_engine.request import EditRequest

    samples, rate = soundfile.read(DEMO, dtype="float32", always_2d=True)
    frames = round(seconds * rate)
    engine = Engine(device.choose("auto"), model)
    engine.model(model, device.precision(None, engine.device))
    found = {"loaded": peak()}
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.wav"
        with soundfile.SoundFile(clip, "w", rate, samples.shape[1], subtype="FLOAT") as file:
            for start in range(0, frames, len(samples)):
                file.write(samples[: frames - start])
        for name, prompt in (("first", "strings"), ("second", "guitar")):
            began = time.perf_counter()
            request = EditRequest.of(str(clip), {"prompt": prompt})
            render(request, [Path(folder) / f"{name}.wav"], engine, Reporter(lambda progress: None, lambda: False))
            found[name] = time.perf_counter() - began
    return {**found, "peak": peak()}


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="pocket")
    parser.add_argument("--seconds", type=float, nargs="+", default=[5, 30, 180])
    parser.add_argument("--one", type=float, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one is not None:
        print(json.dumps(measure(asked.model, asked.one)))
        return
    print("| stereo clip | first edit | second prompt | memory, model loaded | memory, peak |")
    print("|---|---|---|---|---|")
    for seconds in asked.seconds:
        command = [sys.executable, __file__, "--model", asked.model, "--one", str(seconds)]
        child = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(child.stdout.splitlines()[-1])
        memory = (f"{found[name] / 2**20:.0f} MiB" for name in ("loaded", "peak"))
        print(
            f"| {seconds:g} s | {found['first']:.1f} s | {found['second']:.1f} s | {' | '.join(memory)} |", flush=True
        )


if __name__ == "__main__":
    main()
