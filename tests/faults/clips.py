"""Clips that campaigns render, made of the demo clip."""

from pathlib import Path

import numpy as np
import soundfile

DEMO = Path(__file__).parents[2] / "bridge/retone_bridge/data/demo.flac"


def tiled_demo(folder, seconds):
    """The demo clip over and over as a WAV file of so many ``seconds``."""
    samples, rate = soundfile.read(DEMO, always_2d=True)
    frames = round(seconds * rate)
    path = Path(folder) / f"demo-{seconds}.wav"
    soundfile.write(path, np.tile(samples, (-(-frames // len(samples)), 1))[:frames], rate)
    return path
