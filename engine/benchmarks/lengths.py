"""Time and memory of edits and directions of short and long clips, each in a process of its own, as a user's would be.

    python engine/benchmarks/lengths.py [--model pocket] [--seconds 5 30 180] [--directions]

The clip is the bundled demo, repeated: stereo, 44.1 kHz. "First" is the first edit of the clip, "second" another prompt
for it, with the inversion kept; with ``--directions`` three directions with their previews, and a steer after that.
Memory is the process's peak, once before any work and once in the end.
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


def measure(model: str, seconds: float, directions: bool) -> dict[str, float]:
    """Two requests for a clip of ``seconds``, one after the other, in this process."""
    # Imported here, so that the process that only starts others holds no torch.
    from retone_engine import device
    from retone_engine.progress import Reporter
    from retone_engine.render import Engine, render
    from retone_engine.request import DirectionsRequest, EditRequest, Push, SteerRequest

    samples, rate = soundfile.read(DEMO, dtype="float32", always_2d=True)
    frames = round(seconds * rate)
    engine = Engine(device.choose("auto"), model)
    engine.model(model, device.precision("float32" if directions else None, engine.device))
    found = {"loaded": peak()}
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.wav"
        with soundfile.SoundFile(clip, "w", rate, samples.shape[1], subtype="FLOAT") as file:
            for start in range(0, frames, len(samples)):
                file.write(samples[: frames - start])
        if directions:
            pushes = (Push(1, (0.5,)),)
            requests = [DirectionsRequest.of(str(clip), {}), SteerRequest.of(str(clip), {}, pushes=pushes)]
        else:
            requests = [EditRequest.of(str(clip), {"prompt": prompt}) for prompt in ("strings", "guitar")]
        for name, request in zip(("first", "second"), requests, strict=True):
            began = time.perf_counter()
            outputs = [Path(folder) / f"{name}-{label}.wav" for label in request.results]
            render(request, outputs, engine, Reporter(lambda progress: None, lambda: False))
            found[name] = time.perf_counter() - began
    return {**found, "peak": peak()}


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="pocket")
    parser.add_argument("--seconds", type=float, nargs="+", default=[5, 30, 180])
    parser.add_argument("--directions", action="store_true")
    parser.add_argument("--one", type=float, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one is not None:
        print(json.dumps(measure(asked.model, asked.one, asked.directions)))
        return
    names = ("three directions", "a steer after that") if asked.directions else ("first edit", "second prompt")
    print(f"| stereo clip | {' | '.join(names)} | memory, model loaded | memory, peak |")
    print("|---|---|---|---|---|")
    for seconds in asked.seconds:
        command = [sys.executable, __file__, "--model", asked.model, "--one", str(seconds)]
        command += ["--directions"] if asked.directions else []
        child = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(child.stdout.splitlines()[-1])
        memory = (f"{found[name] / 2**20:.0f} MiB" for name in ("loaded", "peak"))
        print(
            f"| {seconds:g} s | {found['first']:.1f} s | {found['second']:.1f} s | {' | '.join(memory)} |", flush=True
        )


if __name__ == "__main__":
    main()
